// Clients whose access tokens are of another format than the first ring's.

#include <doctest/doctest.h>

#include <string>

#include "signet/unverified.h"
#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using testing::DescriptionOf;
using testing::JsonOf;
using testing::MakeRequest;
using testing::ServiceUnderTest;

// `dev` has the first ring's tokens and may act for `web`, whose tokens are
// JWTs and, with lists, have a place in one.
std::shared_ptr<const Clients> TwoKinds(bool lists) {
  Client dev = testing::MakeClient(
      "dev",
      {"session.open", "session.read", "session.end", "revoke", "introspect"},
      {"web"});
  Client web = testing::MakePublicClient("web");
  web.limits.access_format = KeyFormat::kJwtEs256;
  web.limits.status_list = lists;
  auto clients = Clients::Create({std::move(dev), std::move(web)});
  REQUIRE(clients.ok());
  return std::make_shared<const Clients>(*std::move(clients));
}

// TextOf is a member of an answer's JSON.
std::string TextOf(const http::Response& response, const char* name) {
  return testing::TextOf(JsonOf(response), name);
}

struct World {
  explicit World(bool lists = false)
      : service({.clients = TwoKinds(lists),
                 .statements = true,
                 .alt = KeyFormat::kJwtEs256}) {}

  http::Response Try(const std::string& more) {
    return service.Json("dev", "/v1/sessions",
                        R"({"subject":"alice")" + more + "}");
  }
  http::Response Open(const std::string& more) {
    http::Response response = Try(more);
    CHECK_MESSAGE(response.status == 201, response.body);
    return response;
  }
  http::Response OpenWeb() {
    return Open(R"(,"audience":"orders","client_id":"web")");
  }
  http::Response Refresh(const http::Response& before) {
    return service.Form(
        "/token", "grant_type=refresh_token&client_id=web&refresh_token=" +
                      TextOf(before, "refresh_token"));
  }
  bool IsActive(const std::string& token) {
    const http::Response response = service.Form(
        "/introspect", "client_id=dev&client_secret=dev-secret&token=" + token);
    REQUIRE(response.status == 200);
    return JsonOf(response).at("active").as_bool();
  }

  ServiceUnderTest service;
};

bool IsPasetoText(const std::string& token) {
  return token.starts_with("v4.public.");
}

// IsJwtOf tells whether the token is a JWT of that ring's key.
bool IsJwtOf(const std::string& token, const Rings::Ring& ring) {
  const auto parts = InspectUnverified(token);
  return token.starts_with("eyJ") && parts.ok() &&
         parts->key_id == ring->keys()[0].key.id();
}

TEST_CASE("a client's tokens have its format, at open, exchange and step-up") {
  World world;
  const Rings::Ring alt = world.service.rings->access_alt();
  CHECK(IsPasetoText(
      TextOf(world.Open(R"(,"audience":"orders")"), "access_token")));
  const http::Response opened = world.OpenWeb();
  CHECK(IsJwtOf(TextOf(opened, "access_token"), alt));
  const http::Response rotated = world.Refresh(opened);
  REQUIRE_MESSAGE(rotated.status == 200, rotated.body);
  CHECK(IsJwtOf(TextOf(rotated, "access_token"), alt));
  const http::Response stepped =
      world.service.Json("dev", "/v1/sessions/" + TextOf(opened, "session_id"),
                         R"({"scope":"admin"})");
  REQUIRE_MESSAGE(stepped.status == 201, stepped.body);
  CHECK(IsJwtOf(TextOf(stepped, "access_token"), alt));
}

TEST_CASE("tokens of both formats are introspected, and void with a logout") {
  World world;
  const http::Response paseto = world.Open(R"(,"audience":"orders")");
  const http::Response jwt = world.OpenWeb();
  const std::string one = TextOf(paseto, "access_token");
  const std::string other = TextOf(jwt, "access_token");
  CHECK(world.IsActive(one));
  CHECK(world.IsActive(other));
  const http::Response ended = world.service.Send(
      "DELETE", "dev", "/v1/sessions/" + TextOf(jwt, "session_id"));
  CHECK(ended.status == 204);
  CHECK(world.IsActive(one));
  CHECK_FALSE(world.IsActive(other));
  // RFC 7009 with an access token.
  const std::string last = TextOf(world.OpenWeb(), "access_token");
  CHECK(world.service.Form("/revoke", "client_id=web&token=" + last).status ==
        200);
  CHECK_FALSE(world.IsActive(last));
}

TEST_CASE("a key of the second ring is revoked like one of the first") {
  World world;
  const std::string token = TextOf(world.OpenWeb(), "access_token");
  const std::string id = world.service.rings->access_alt()->keys()[0].key.id();
  CHECK(world.service
            .Json("dev", "/v1/revocations",
                  R"({"kind":"key","value":")" + id + "\"}")
            .status == 201);
  CHECK_FALSE(world.IsActive(token));
}

TEST_CASE("the JWK set and the metadata tell of the JWT ring") {
  World world;
  const auto get = [&](const std::string& path) {
    return JsonOf(world.service.Call(MakeRequest("GET", path)));
  };
  const auto keys = get("/.well-known/jwks.json").at("keys").as_array();
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].at("alg") == "ES256");
  const auto metadata = get("/.well-known/oauth-authorization-server");
  CHECK(
      metadata.at("introspection_signing_alg_values_supported").as_array()[0] ==
      "ES256");
}

TEST_CASE("an answer of introspection is signed with the ring that can") {
  World world;
  const http::Response response = world.service.Form(
      "/introspect", "client_id=dev&client_secret=dev-secret&token=junk",
      {{"Accept", "application/token-introspection+jwt"}});
  CHECK(response.status == 200);
  CHECK(response.body.starts_with("eyJ"));
}

TEST_CASE("a JWT needs an audience, a PASETO of the same service does not") {
  World world;
  CHECK(world.Try("").status == 201);
  const http::Response refused = world.Try(R"(,"client_id":"web")");
  CHECK(refused.status == 400);
  CHECK(DescriptionOf(refused).find("audience") != std::string::npos);
}

TEST_CASE("a token of the second ring has its place in a status list") {
  World world(/*lists=*/true);
  const http::Response opened = world.OpenWeb();
  const std::string token = TextOf(opened, "access_token");
  CHECK(IsJwtOf(token, world.service.rings->access_alt()));
  const auto verified = world.service.verifier->Verify(token);
  REQUIRE(verified.ok());
  CHECK(verified->claims().custom.find("status_list") != std::string::npos);
}

TEST_CASE("without a ring of the client's format it is 503, not a wrong one") {
  ServiceUnderTest service({.clients = TwoKinds(false)});
  const http::Response response = service.Json(
      "dev", "/v1/sessions",
      R"({"subject":"alice","audience":"orders","client_id":"web"})");
  CHECK(response.status == 503);
}

}  // namespace
}  // namespace signet::service
