// private_key_jwt at the endpoints: RFC 7521 section 4.2, RFC 7523.

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "tests/revocation-service/proof_fixture.h"
#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using signet::testing::AssertionMaker;
using testing::DescriptionOf;
using testing::ErrorOf;
using testing::HeaderOf;
using testing::JsonOf;
using testing::MakeClient;
using testing::MakePublicClient;
using testing::MakeRequest;
using testing::ServiceUnderTest;
using testing::TextOf;

constexpr char kIssuer[] = "https://auth.example";
constexpr char kGrant[] = "grant_type=refresh_token&refresh_token=junk&";

// KeyedService has the confidential client `billing`, which has a key and may
// do everything, beside `dev`, which has a secret.
struct KeyedService {
  explicit KeyedService(ProofOptions proofs = {})
      : service({.proofs = proofs, .clients = MakeClients()}) {}

  std::shared_ptr<const Clients> MakeClients() const {
    Client billing =
        MakeClient("billing", {"session.open", "session.read", "session.end",
                               "revoke", "introspect", "feed"});
    billing.secret_digest.clear();
    billing.jwks = maker.jwks();
    auto clients = Clients::Create(
        {billing, MakeClient("dev", {"introspect"}), MakePublicClient("app")});
    REQUIRE(clients.ok());
    return std::make_shared<const Clients>(std::move(clients).value());
  }

  std::string Assertion(const std::string& more = "") {
    return maker.Make(ToSeconds(service.clock.Now()), more);
  }
  http::Response Refresh(const std::string& assertion,
                         const std::string& more = "") {
    return service.Form("/token",
                        kGrant + AssertionMaker::Parameters(assertion) + more);
  }
  http::Response Bearer(const std::string& method, const std::string& target,
                        const std::string& body = "") {
    return service.Call(MakeRequest(method, target,
                                    {{"Authorization", "Bearer " + Assertion()},
                                     {"Content-Type", "application/json"}},
                                    body));
  }

  AssertionMaker maker{"billing", kIssuer};
  ServiceUnderTest service;
};

bool IsAuthenticated(const http::Response& response) {
  return response.status == 400 && ErrorOf(response) == "invalid_grant";
}

TEST_CASE("an assertion authenticates with and without client_id") {
  KeyedService keyed;
  CHECK(IsAuthenticated(keyed.Refresh(keyed.Assertion())));
  CHECK(
      IsAuthenticated(keyed.Refresh(keyed.Assertion(), "&client_id=billing")));
}

TEST_CASE("a bad assertion is 401 invalid_client without a challenge") {
  KeyedService keyed;
  const std::string used = keyed.Assertion();
  CHECK(IsAuthenticated(keyed.Refresh(used)));
  const AssertionMaker stranger("billing", kIssuer);
  const EpochSeconds now = ToSeconds(keyed.service.clock.Now());
  const AssertionMaker nobody("nobody", kIssuer);
  for (const std::string& assertion :
       {used, std::string("eyJ"), stranger.Make(now), nobody.Make(now),
        keyed.maker.Make(now - Seconds(3600)),
        keyed.maker.Sign(R"({"iss":"billing","sub":"billing"})")}) {
    const http::Response response = keyed.Refresh(assertion);
    CHECK(response.status == 401);
    CHECK(ErrorOf(response) == "invalid_client");
    CHECK(HeaderOf(response, "WWW-Authenticate").empty());
  }
  CHECK(DescriptionOf(keyed.Refresh(used)).find("replayed (jti)") !=
        std::string::npos);
}

TEST_CASE("an assertion from before the start is 503, and a new one is good") {
  KeyedService keyed;
  const auto made = [&](Seconds before) {
    const EpochSeconds now = ToSeconds(keyed.service.clock.Now());
    return keyed.Assertion(
        ",\"iat\":" +
        std::to_string((now - before).time_since_epoch().count()));
  };
  const http::Response old = keyed.Refresh(made(Seconds(1)));
  CHECK(old.status == 503);
  CHECK_FALSE(HeaderOf(old, "Retry-After").empty());
  CHECK(IsAuthenticated(keyed.Refresh(made(Seconds(0)))));
}

TEST_CASE("client_id names the client of the assertion") {
  KeyedService keyed;
  for (const char* other : {"&client_id=dev", "&client_id=app"}) {
    CHECK(keyed.Refresh(keyed.Assertion(), other).status == 401);
  }
}

TEST_CASE("the token endpoint is an audience only if the option says so") {
  const auto ask = [](bool allowed) {
    KeyedService keyed({.assertion_for_token_endpoint = allowed});
    const std::string claims =
        R"({"iss":"billing","sub":"billing","jti":"1",)"
        R"("aud":"https://auth.example/token","exp":)" +
        std::to_string(
            ToSeconds(keyed.service.clock.Now()).time_since_epoch().count() +
            60) +
        "}";
    return keyed.Refresh(keyed.maker.Sign(claims));
  };
  CHECK(ask(false).status == 401);
  CHECK(IsAuthenticated(ask(true)));
}

TEST_CASE("assertion and type belong together, and are the only method") {
  KeyedService keyed;
  const std::string parameters = AssertionMaker::Parameters(keyed.Assertion());
  const size_t middle = parameters.find('&');
  for (const std::string& some :
       {parameters.substr(0, middle), parameters.substr(middle + 1),
        parameters + "&client_secret=x"}) {
    const http::Response response = keyed.service.Form("/token", kGrant + some);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
  }
  const http::Response other = keyed.service.Form(
      "/token", std::string(kGrant) +
                    "client_assertion_type=urn:saml&client_assertion=x");
  CHECK(other.status == 401);
}

TEST_CASE("a client without a secret has no secret, and one is not public") {
  KeyedService keyed;
  for (const char* as : {"client_id=billing&client_secret=billing-secret",
                         "client_id=billing"}) {
    CHECK(keyed.service.Form("/token", std::string(kGrant) + as).status == 401);
  }
}

TEST_CASE("a full replay memory is 503, not a refusal") {
  KeyedService keyed({.replay_memory = 1});
  CHECK(IsAuthenticated(keyed.Refresh(keyed.Assertion())));
  const http::Response full = keyed.Refresh(keyed.Assertion());
  CHECK(full.status == 503);
  CHECK(HeaderOf(full, "Retry-After") == "1");
  keyed.service.clock.Advance(std::chrono::minutes(2));
  CHECK(IsAuthenticated(keyed.Refresh(keyed.Assertion())));
}

TEST_CASE("revocation and introspection take assertions") {
  KeyedService keyed;
  for (const char* path : {"/revoke", "/introspect"}) {
    const http::Response response = keyed.service.Form(
        path, "token=x&" + AssertionMaker::Parameters(keyed.Assertion()));
    CHECK(response.status == 200);
  }
}

TEST_CASE("a request without a form brings its assertion as Bearer") {
  KeyedService keyed;
  const http::Response opened =
      keyed.Bearer("POST", "/v1/sessions", R"({"subject":"alice"})");
  REQUIRE(opened.status == 201);
  CHECK(keyed.Bearer("GET", "/v1/sessions?subject=alice").status == 200);
  CHECK(keyed
            .Bearer("DELETE",
                    "/v1/sessions/" + TextOf(JsonOf(opened), "session_id"))
            .status == 204);
  CHECK(keyed.service
            .Call(MakeRequest(
                "GET", "/v1/sessions?subject=alice",
                {{"Authorization", "bearer   " + keyed.Assertion()}}))
            .status == 200);
  const http::Response bad = keyed.service.Call(MakeRequest(
      "GET", "/v1/sessions?subject=alice", {{"Authorization", "Bearer x"}}));
  CHECK(bad.status == 401);
  CHECK(HeaderOf(bad, "WWW-Authenticate") == "Bearer realm=\"signet\"");
  // A form has a place for it, so there the header is not read.
  const http::Response form = keyed.service.Form(
      "/token", kGrant, {{"Authorization", "Bearer " + keyed.Assertion()}});
  CHECK(form.status == 401);
}

}  // namespace
}  // namespace signet::service
