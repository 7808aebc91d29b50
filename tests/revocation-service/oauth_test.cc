// POST /revoke, POST /introspect, metadata and JWKS.

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "revocation-service/oauth/requests.h"
#include "signet/primitives.h"
#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using testing::Basic;
using testing::ErrorOf;
using testing::HeaderOf;
using testing::JsonOf;
using testing::MakeRequest;
using testing::NumberOf;
using testing::ServiceUnderTest;
using testing::TextOf;

constexpr char kDev[] = "&client_id=dev&client_secret=dev-secret";
constexpr char kOther[] = "&client_id=other&client_secret=other-secret";

http::Response Revoke(ServiceUnderTest& service, const std::string& token,
                      const std::string& as = kDev) {
  return service.Form("/revoke", "token=" + token + as);
}

// ---- RFC 7009 ----

TEST_CASE("a revoked refresh token takes session and access tokens along") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const http::Response response =
      Revoke(service, TextOf(session, "refresh_token"));
  CHECK(response.status == 200);
  CHECK(response.body.empty());
  CHECK(HeaderOf(response, "Cache-Control") == "no-store");
  CHECK(service.Refresh(TextOf(session, "refresh_token")).status == 400);
  CHECK_FALSE(service.IsActive(TextOf(session, "access_token")));
}

TEST_CASE("a superseded refresh token still revokes its session") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const std::string old = TextOf(session, "refresh_token");
  const auto next = JsonOf(service.Refresh(old));
  CHECK(Revoke(service, old).status == 200);
  CHECK(service.Refresh(TextOf(next, "refresh_token")).status == 400);
}

TEST_CASE("a revoked access token leaves its session alone") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const auto next = JsonOf(service.Refresh(TextOf(session, "refresh_token")));
  CHECK(Revoke(service, TextOf(session, "access_token")).status == 200);
  CHECK_FALSE(service.IsActive(TextOf(session, "access_token")));
  CHECK(service.IsActive(TextOf(next, "access_token")));
  CHECK(service.Refresh(TextOf(next, "refresh_token")).status == 200);
}

TEST_CASE("a wrong or unknown hint hides no token") {
  ServiceUnderTest service;
  for (const char* hint : {"access_token", "refresh_token", "x", ""}) {
    CAPTURE(hint);
    const auto session = service.Open("alice");
    for (const char* name : {"access_token", "refresh_token"}) {
      CHECK(Revoke(service, TextOf(session, name),
                   "&token_type_hint=" + std::string(hint) + kDev)
                .status == 200);
      CHECK_FALSE(service.IsActive(TextOf(session, name)));
    }
  }
}

TEST_CASE("an unknown, expired or revoked token is 200 (RFC 7009 2.2)") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const std::string access = TextOf(session, "access_token");
  CHECK(Revoke(service, "junk").status == 200);
  CHECK(Revoke(service, "srt1.AAAA").status == 200);
  CHECK(Revoke(service, access).status == 200);
  CHECK(Revoke(service, access).status == 200);
  service.clock.Advance(std::chrono::hours(2));
  CHECK(Revoke(service, access).status == 200);
}

TEST_CASE("another client's token is refused and stays alive") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  for (const char* name : {"access_token", "refresh_token"}) {
    const http::Response response =
        Revoke(service, TextOf(session, name), kOther);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
    // A public client proves nothing and is told nothing.
    CHECK(Revoke(service, TextOf(session, name), "&client_id=app").status ==
          200);
    CHECK(service.IsActive(TextOf(session, name)));
  }
}

TEST_CASE("a public client revokes its own tokens") {
  ServiceUnderTest service;
  const auto session = service.Open("alice", R"(,"client_id":"app")");
  CHECK(Revoke(service, TextOf(session, "refresh_token"), "&client_id=app")
            .status == 200);
  CHECK_FALSE(service.IsActive(TextOf(session, "access_token")));
}

TEST_CASE("a revocation that is not stored is 503, never 200") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  service.fault = Fault::kUnavailable;
  for (const char* name : {"access_token", "refresh_token"}) {
    const http::Response response = Revoke(service, TextOf(session, name));
    CHECK(response.status == 503);
    CHECK(HeaderOf(response, "Retry-After") == "1");
  }
  service.fault = Fault::kNone;
  CHECK(service.IsActive(TextOf(session, "access_token")));
  CHECK(service.IsActive(TextOf(session, "refresh_token")));
}

TEST_CASE("a revocation whose answer is lost is 503, and a retry 200") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  service.commit_fault = Fault::kLostAnswer;
  CHECK(Revoke(service, TextOf(session, "refresh_token")).status == 503);
  service.commit_fault = Fault::kNone;
  CHECK(Revoke(service, TextOf(session, "refresh_token")).status == 200);
  CHECK(service.Refresh(TextOf(session, "refresh_token")).status == 400);
  CHECK(service.publisher->CatchUp().ok());
  CHECK_FALSE(service.IsActive(TextOf(session, "access_token")));
}

TEST_CASE("a revocation needs a client and a token") {
  ServiceUnderTest service;
  CHECK(service.Form("/revoke", "token=x").status == 401);
  CHECK(service.Form("/revoke", std::string("token=") + kDev).status == 400);
  CHECK(service.Form("/revoke?token=x", std::string("a=b") + kDev).status ==
        400);
}

// ---- RFC 7662 ----

TEST_CASE("introspection of a live access token tells its claims") {
  ServiceUnderTest service;
  const auto session =
      service.Open("alice", R"(,"audience":"orders","scope":"read",)"
                            R"("claims":{"username":"eve","roles":["x"]})");
  const auto body = service.Introspect(TextOf(session, "access_token"));
  CHECK(body.at("active") == true);
  CHECK(TextOf(body, "token_type") == "Bearer");
  CHECK(TextOf(body, "iss") == "https://auth.example");
  CHECK(TextOf(body, "sub") == "alice");
  CHECK(TextOf(body, "aud") == "orders");
  CHECK(TextOf(body, "client_id") == "dev");
  CHECK(TextOf(body, "scope") == "read");
  CHECK(TextOf(body, "sid") == TextOf(session, "session_id"));
  CHECK(TextOf(body, "jti").size() == 22);
  CHECK(NumberOf(body, "exp") - NumberOf(body, "iat") == 600);
  CHECK(NumberOf(body, "iat") >= 1'763'769'600);
  // A custom claim cannot pose as a member of RFC 7662.
  CHECK_FALSE(body.contains("username"));
}

TEST_CASE("several audiences are an array") {
  ServiceUnderTest service;
  const auto session = service.Open("alice", R"(,"audience":["a","b"])");
  const auto body = service.Introspect(TextOf(session, "access_token"));
  CHECK(body.at("aud") == boost::json::array{"a", "b"});
}

TEST_CASE("introspection of the live refresh token tells its session") {
  ServiceUnderTest service;
  const auto session = service.Open("alice", R"(,"scope":"read")");
  const auto body = service.Introspect(TextOf(session, "refresh_token"));
  CHECK(body.at("active") == true);
  CHECK(TextOf(body, "sub") == "alice");
  CHECK(TextOf(body, "client_id") == "dev");
  CHECK(TextOf(body, "scope") == "read");
  CHECK(TextOf(body, "sid") == TextOf(session, "session_id"));
  CHECK_FALSE(body.contains("token_type"));
  CHECK(NumberOf(body, "exp") - NumberOf(body, "iat") == 30 * 24 * 3600);
}

TEST_CASE("a superseded refresh token is inactive, its successor active") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const std::string old = TextOf(session, "refresh_token");
  const auto next = JsonOf(service.Refresh(old));
  CHECK_FALSE(service.IsActive(old));
  CHECK(service.IsActive(TextOf(next, "refresh_token")));
}

TEST_CASE("a resource server sees access tokens and no refresh tokens") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const auto ask = [&](const char* name) {
    return service
        .Form("/introspect", "token=" + TextOf(session, name),
              {Basic("gate", "gate-secret")})
        .body;
  };
  CHECK(ask("refresh_token") == R"({"active":false})");
  CHECK(ask("access_token").starts_with(R"({"active":true)"));
}

TEST_CASE("of an inactive token nothing is said but that") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const auto ask = [&](const std::string& token) {
    const http::Response response =
        service.Form("/introspect", "token=" + token + kDev);
    CHECK(response.status == 200);
    CHECK(HeaderOf(response, "Cache-Control") == "no-store");
    return response.body;
  };
  const std::string inactive = R"({"active":false})";
  const std::string access = TextOf(session, "access_token");
  CHECK(ask("junk") == inactive);
  CHECK(ask("eyJhbGciOiJub25lIn0.e30.") == inactive);
  CHECK(ask(access + "A") == inactive);
  CHECK(ask(std::string(50'000, 'a')) == inactive);
  Revoke(service, TextOf(session, "refresh_token"));
  CHECK(ask(access) == inactive);
  CHECK(ask(TextOf(session, "refresh_token")) == inactive);
}

TEST_CASE("an access token is inactive from exp on, without leeway") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const std::string access = TextOf(session, "access_token");
  service.clock.Advance(std::chrono::seconds(599));
  CHECK(service.IsActive(access));
  service.clock.Advance(std::chrono::seconds(1));
  CHECK_FALSE(service.IsActive(access));
}

TEST_CASE("a token of a key that the ring does not hold is inactive") {
  ServiceUnderTest service;
  ServiceUnderTest stranger;
  const auto session = stranger.Open("alice");
  CHECK_FALSE(service.IsActive(TextOf(session, "access_token")));
  CHECK_FALSE(service.IsActive(TextOf(session, "refresh_token")));
}

TEST_CASE("introspection that cannot know is 503, never active:false") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  service.fault = Fault::kUnavailable;
  const http::Response response = service.Form(
      "/introspect", "token=" + TextOf(session, "refresh_token") + kDev);
  CHECK(response.status == 503);
  CHECK(HeaderOf(response, "Retry-After") == "1");
}

TEST_CASE("introspection needs a client with the permission, and a token") {
  ServiceUnderTest service;
  CHECK(service.Form("/introspect", "token=x").status == 401);
  CHECK(service.Form("/introspect", std::string("token=x") + kOther).status ==
        403);
  CHECK(service.Form("/introspect", std::string("a=b") + kDev).status == 400);
  CHECK(service.Call(MakeRequest("GET", "/introspect?token=x")).status == 405);
}

// ---- RFC 8414, RFC 7517 ----

TEST_CASE("metadata names the endpoints below the issuer") {
  ServiceUnderTest service;
  const http::Response response = service.Call(
      MakeRequest("GET", "/.well-known/oauth-authorization-server"));
  CHECK(response.status == 200);
  CHECK(HeaderOf(response, "Content-Type") == "application/json");
  const auto body = JsonOf(response);
  CHECK(TextOf(body, "issuer") == "https://auth.example");
  CHECK(TextOf(body, "token_endpoint") == "https://auth.example/token");
  CHECK(TextOf(body, "revocation_endpoint") == "https://auth.example/revoke");
  CHECK(TextOf(body, "introspection_endpoint") ==
        "https://auth.example/introspect");
  CHECK(TextOf(body, "jwks_uri") ==
        "https://auth.example/.well-known/jwks.json");
  CHECK(body.at("grant_types_supported") ==
        boost::json::array{"refresh_token"});
  CHECK(body.at("response_types_supported") == boost::json::array{});
  const boost::json::array proven{"client_secret_basic", "client_secret_post",
                                  "private_key_jwt"};
  CHECK(body.at("introspection_endpoint_auth_methods_supported") == proven);
  boost::json::array all = proven;
  all.emplace_back("none");
  const boost::json::array algorithms{"EdDSA", "ES256", "RS256", "PS256",
                                      "Ed25519"};
  for (const std::string endpoint : {"token", "revocation"}) {
    CHECK(body.at(endpoint + "_endpoint_auth_methods_supported") == all);
  }
  for (const std::string endpoint : {"token", "revocation", "introspection"}) {
    CHECK(body.at(endpoint + "_endpoint_auth_signing_alg_values_supported") ==
          algorithms);
  }
  CHECK(body.at("dpop_signing_alg_values_supported") == algorithms);
  // A PASETO ring signs no JWT.
  CHECK_FALSE(body.contains("introspection_signing_alg_values_supported"));
}

TEST_CASE("the same metadata stands where OpenID Connect looks for it") {
  ServiceUnderTest service({.issuer = "https://auth.example/tenant"});
  const std::string body =
      service
          .Call(MakeRequest("GET",
                            "/.well-known/oauth-authorization-server/tenant"))
          .body;
  for (const char* path : {"/.well-known/openid-configuration",
                           "/tenant/.well-known/openid-configuration"}) {
    CHECK(service.Call(MakeRequest("GET", path)).body == body);
  }
}

TEST_CASE("introspection is signed for the caller that asks for a JWT") {
  ServiceUnderTest service({.format = KeyFormat::kJwtEs256});
  const auto session = service.Open("alice", R"(,"audience":"orders")");
  const std::string form = "token=" + TextOf(session, "access_token") +
                           "&client_id=gate&client_secret=gate-secret";
  const auto ask = [&](const std::string& accept) {
    return service.Form("/introspect", form, {{"Accept", accept}});
  };
  const http::Response response =
      ask("text/html, Application/token-introspection+jwt;q=1");
  CHECK(response.status == 200);
  CHECK(HeaderOf(response, "Content-Type") ==
        "application/token-introspection+jwt");
  const std::string& jwt = response.body;
  const size_t dot = jwt.find('.');
  const auto header = boost::json::parse(
      Base64UrlDecode(std::string_view(jwt).substr(0, dot)).value());
  CHECK(header.at("typ") == "token-introspection+jwt");
  CHECK(header.at("alg") == "ES256");
  const auto claims =
      boost::json::parse(Base64UrlDecode(std::string_view(jwt).substr(
                                             dot + 1, jwt.rfind('.') - dot - 1))
                             .value());
  CHECK(claims.at("iss") == "https://auth.example");
  CHECK(claims.at("aud") == "gate");
  CHECK(claims.at("token_introspection").at("active").as_bool());
  CHECK(claims.at("token_introspection").at("sub") == "alice");
  const auto ring = service.rings->access()->ForVerifier();
  const std::string signature =
      Base64UrlDecode(std::string_view(jwt).substr(jwt.rfind('.') + 1)).value();
  CHECK(ring.keys()[0].key.Verify(AsBytes(jwt.substr(0, jwt.rfind('.'))),
                                  AsBytes(signature)));
  // No access token: another typ, and none of its claims.
  CHECK_FALSE(service.verifier->Verify(jwt).ok());
  const std::string type = "application/token-introspection+jwt";
  for (const std::string& accept :
       {std::string(), std::string("application/json"), std::string("*/*"),
        type + ";q=0", type + "; Q=0.000", type + ";q=x",
        type + ";q=0.5, application/json;q=0.501", "x" + type, type + "x",
        "text/x;a=\"," + type + ",\"", type + ";q=1x", type + ";q=2"}) {
    CAPTURE(accept);
    CHECK(HeaderOf(ask(accept), "Content-Type") == "application/json");
  }
  for (const std::string& accept :
       {type + ";q=0.001", "application/json\t;q=0.4 ," + type + " ; q=0.4",
        "application/json," + type}) {
    CAPTURE(accept);
    CHECK(HeaderOf(ask(accept), "Content-Type") == type);
  }
  const http::Response lines = service.Form(
      "/introspect", form, {{"Accept", "text/html"}, {"accept", type}});
  CHECK(HeaderOf(lines, "Content-Type") == type);
}

TEST_CASE("a ring that signs no JWT answers in JSON") {
  ServiceUnderTest service;
  const http::Response response =
      service.Form("/introspect", std::string("token=x&") + service.kAsDev,
                   {{"Accept", "application/token-introspection+jwt"}});
  CHECK(response.body == R"({"active":false})");
}

TEST_CASE("an issuer with a path has its metadata between host and path") {
  ServiceUnderTest service({.issuer = "https://auth.example/tenant/1/"});
  const auto body = JsonOf(service.Call(
      MakeRequest("GET", "/.well-known/oauth-authorization-server/tenant/1")));
  CHECK(TextOf(body, "issuer") == "https://auth.example/tenant/1/");
  CHECK(TextOf(body, "token_endpoint") ==
        "https://auth.example/tenant/1/token");
  // The endpoints stand where the metadata says, and at the root.
  CHECK(service.Form("/tenant/1/token", "").status == 401);
  CHECK(service.Form("/token", "").status == 401);
  CHECK(service.Call(MakeRequest("GET", "/tenant/1/.well-known/jwks.json"))
            .status == 200);
}

TEST_CASE("an issuer's path is what follows its host") {
  CHECK(IssuerPath("https://auth.example") == "");
  CHECK(IssuerPath("https://auth.example/") == "");
  CHECK(IssuerPath("https://auth.example:8443/a/b/") == "/a/b");
  CHECK(IssuerPath("http://[::1]:1/a") == "/a");
}

TEST_CASE("the JWK set of a PASETO ring is empty") {
  ServiceUnderTest service;
  const http::Response response =
      service.Call(MakeRequest("GET", "/.well-known/jwks.json"));
  CHECK(response.status == 200);
  CHECK(response.body == R"({"keys":[]})");
}

TEST_CASE("the JWK set may be kept as long as the ring's refresh interval") {
  ServiceUnderTest service({.format = KeyFormat::kJwtEdDsa});
  const http::Response response =
      service.Call(MakeRequest("GET", "/.well-known/jwks.json"));
  CHECK(HeaderOf(response, "Cache-Control") == "public, max-age=60");
  const auto keys = JsonOf(response).at("keys").as_array();
  REQUIRE(keys.size() == 1);
  const auto key = keys[0].as_object();
  CHECK(TextOf(key, "kty") == "OKP");
  CHECK(TextOf(key, "use") == "sig");
  CHECK_FALSE(key.contains("d"));
}

}  // namespace
}  // namespace signet::service
