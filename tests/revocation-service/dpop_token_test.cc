// DPoP at the token endpoint: RFC 9449 sections 5, 6 and 8.

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "tests/revocation-service/proof_fixture.h"
#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using signet::testing::NewProver;
using signet::testing::Prove;
using testing::ErrorOf;
using testing::HeaderOf;
using testing::JsonOf;
using testing::MakeClient;
using testing::MakePublicClient;
using testing::ServiceUnderTest;
using testing::TextOf;

constexpr char kTokenUrl[] = "https://auth.example/token";
constexpr char kApp[] = "client_id=app";
constexpr char kDev[] = "client_id=dev&client_secret=dev-secret";

std::string OpenToken(ServiceUnderTest& service, const std::string& more) {
  return TextOf(service.Open("alice", more), "refresh_token");
}
std::string OpenApp(ServiceUnderTest& service, const std::string& more = "") {
  return OpenToken(service, R"(,"client_id":"app")" + more);
}

http::Response RefreshWith(ServiceUnderTest& service, const std::string& token,
                           const std::string& as, http::Headers headers) {
  return service.Form(
      "/token", "grant_type=refresh_token&refresh_token=" + token + "&" + as,
      std::move(headers));
}
http::Response RefreshBy(ServiceUnderTest& service, const std::string& token,
                         const DpopProver& prover,
                         const std::string& as = kApp) {
  return RefreshWith(service, token, as, {{"DPoP", Prove(prover, kTokenUrl)}});
}

TEST_CASE("with a proof the access token is bound to its key") {
  ServiceUnderTest service;
  const DpopProver prover = NewProver(service.clock);
  const auto body =
      JsonOf(RefreshBy(service, OpenToken(service, ""), prover, kDev));
  CHECK(TextOf(body, "token_type") == "DPoP");
  const std::string access = TextOf(body, "access_token");
  const auto verified = service.verifier->Verify(access);
  REQUIRE(verified.ok());
  CHECK(verified->claims().cnf_jkt == prover.jkt());
  const auto seen = service.Introspect(access);
  CHECK(TextOf(seen, "token_type") == "DPoP");
  CHECK(TextOf(seen.at("cnf").as_object(), "jkt") == prover.jkt());
}

TEST_CASE("a confidential client may change its key, and go without") {
  ServiceUnderTest service;
  const auto first = JsonOf(RefreshBy(service, OpenToken(service, ""),
                                      NewProver(service.clock), kDev));
  const auto second = JsonOf(RefreshBy(service, TextOf(first, "refresh_token"),
                                       NewProver(service.clock), kDev));
  const auto third =
      JsonOf(service.Refresh(TextOf(second, "refresh_token"), kDev));
  CHECK(TextOf(third, "token_type") == "Bearer");
}

TEST_CASE("a public client's session opens bound to the key it names") {
  ServiceUnderTest service;
  const DpopProver prover = NewProver(service.clock);
  const auto session = service.Open(
      "alice", R"(,"client_id":"app","dpop_jkt":")" + prover.jkt() + "\"");
  CHECK(TextOf(session, "token_type") == "DPoP");
  const std::string token = TextOf(session, "refresh_token");
  const auto seen = service.Introspect(token);
  CHECK(TextOf(seen.at("cnf").as_object(), "jkt") == prover.jkt());

  for (const http::Response& response :
       {service.Refresh(token, kApp),
        RefreshBy(service, token, NewProver(service.clock))}) {
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_grant");
  }
  // Whoever has no key has ended nothing.
  const http::Response good = RefreshBy(service, token, prover);
  CHECK(good.status == 200);
  CHECK(TextOf(JsonOf(good), "token_type") == "DPoP");
  CHECK(service.metrics.Print().find(
            "signet_exchange_total{outcome=\"client_mismatch\"} 2") !=
        std::string::npos);
}

TEST_CASE("a public client's session is bound to the first key that comes") {
  ServiceUnderTest service;
  const DpopProver prover = NewProver(service.clock);
  const auto first = JsonOf(RefreshBy(service, OpenApp(service), prover));
  const std::string token = TextOf(first, "refresh_token");
  CHECK(ErrorOf(service.Refresh(token, kApp)) == "invalid_grant");
  CHECK(RefreshBy(service, token, prover).status == 200);
}

TEST_CASE("dpop_jkt is a thumbprint") {
  ServiceUnderTest service;
  for (const std::string jkt : {"x", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3u"}) {
    const http::Response response =
        service.Json("dev", "/v1/sessions",
                     R"({"subject":"alice","dpop_jkt":")" + jkt + "\"}");
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
  }
}

TEST_CASE("a bad proof is 400 invalid_dpop_proof and rotates nothing") {
  ServiceUnderTest service;
  const DpopProver prover = NewProver(service.clock);
  const std::string token = OpenApp(service);
  const std::string used = Prove(prover, kTokenUrl);
  CHECK(RefreshWith(service, OpenApp(service), kApp, {{"DPoP", used}}).status ==
        200);
  const std::string other = Prove(prover, "https://auth.example/revoke");
  const std::string good = Prove(prover, kTokenUrl);
  for (const http::Headers& headers :
       {http::Headers{{"DPoP", used}}, http::Headers{{"dpop", other}},
        http::Headers{{"DPoP", "x"}}, http::Headers{{"DPoP", ""}},
        http::Headers{{"DPoP", good}, {"DPoP", good}}}) {
    const http::Response response = RefreshWith(service, token, kApp, headers);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_dpop_proof");
    CHECK(HeaderOf(response, "DPoP-Nonce").empty());
  }
  CHECK(service.Refresh(token, kApp).status == 200);
}

TEST_CASE("a proof that is a minute old is too old") {
  ServiceUnderTest service;
  const DpopProver prover = NewProver(service.clock);
  const std::string proof = Prove(prover, kTokenUrl);
  service.clock.Advance(std::chrono::seconds(60));
  CHECK(ErrorOf(RefreshWith(service, OpenApp(service), kApp,
                            {{"DPoP", proof}})) == "invalid_dpop_proof");
}

TEST_CASE("the proof names the endpoint as the metadata does") {
  ServiceUnderTest service({.issuer = "https://auth.example/tenant"});
  const DpopProver prover = NewProver(service.clock);
  CHECK(RefreshWith(
            service, OpenApp(service), kApp,
            {{"DPoP", Prove(prover, "https://auth.example/tenant/token")}})
            .status == 200);
  CHECK(ErrorOf(RefreshBy(service, OpenApp(service), prover)) ==
        "invalid_dpop_proof");
}

TEST_CASE("a full replay memory is 503") {
  ServiceUnderTest service({.proofs = {.replay_memory = 1}});
  const DpopProver prover = NewProver(service.clock);
  CHECK(RefreshBy(service, OpenApp(service), prover).status == 200);
  const http::Response full = RefreshBy(service, OpenApp(service), prover);
  CHECK(full.status == 503);
  CHECK(HeaderOf(full, "Retry-After") == "1");
}

TEST_CASE("proofs that come with junk take no room in the memory") {
  ServiceUnderTest service({.proofs = {.replay_memory = 1}});
  const DpopProver prover = NewProver(service.clock);
  for (int i = 0; i < 3; ++i) {
    CHECK(ErrorOf(RefreshBy(service, "junk", prover)) == "invalid_grant");
  }
  CHECK(RefreshBy(service, OpenApp(service), prover).status == 200);
}

TEST_CASE("where a nonce is demanded a proof without it learns one") {
  ServiceUnderTest service({.proofs = {.dpop_nonce = true}});
  const DpopProver prover = NewProver(service.clock);
  const std::string token = OpenApp(service);
  const http::Response first = RefreshBy(service, token, prover);
  CHECK(first.status == 400);
  CHECK(ErrorOf(first) == "use_dpop_nonce");
  const std::string nonce = HeaderOf(first, "DPoP-Nonce");
  REQUIRE_FALSE(nonce.empty());
  const auto with = [&](const std::string& value) {
    return RefreshWith(service, token, kApp,
                       {{"DPoP", Prove(prover, kTokenUrl, value)}});
  };
  CHECK(ErrorOf(with("made-up")) == "use_dpop_nonce");
  CHECK(with(nonce).status == 200);
  // An aging nonce is good, and the answer brings the next (section 8.2).
  service.clock.Advance(std::chrono::minutes(5));
  const auto session = service.Open("bob", R"(,"client_id":"app")");
  const http::Response aging =
      RefreshWith(service, TextOf(session, "refresh_token"), kApp,
                  {{"DPoP", Prove(prover, kTokenUrl, nonce)}});
  CHECK(aging.status == 200);
  const std::string next = HeaderOf(aging, "DPoP-Nonce");
  CHECK_FALSE(next.empty());
  CHECK(next != nonce);
  // A client that uses no DPoP is not asked for a nonce.
  CHECK(service.Refresh(OpenToken(service, ""), kDev).status == 200);
}

TEST_CASE("a client that must use DPoP gets nothing without a proof") {
  Client app = MakePublicClient("app");
  app.require_dpop = true;
  auto clients =
      Clients::Create({MakeClient("dev", {"session.open"}, {"app"}), app});
  REQUIRE(clients.ok());
  ServiceUnderTest service(
      {.clients = std::make_shared<const Clients>(std::move(clients).value())});
  const DpopProver prover = NewProver(service.clock);
  CHECK(service
            .Json("dev", "/v1/sessions",
                  R"({"subject":"alice","client_id":"app"})")
            .status == 400);
  const std::string token =
      OpenApp(service, R"(,"dpop_jkt":")" + prover.jkt() + "\"");
  CHECK(ErrorOf(service.Refresh(token, kApp)) == "invalid_dpop_proof");
  CHECK(RefreshBy(service, token, prover).status == 200);
}

}  // namespace
}  // namespace signet::service
