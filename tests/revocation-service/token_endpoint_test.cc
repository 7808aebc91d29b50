// POST /token: RFC 6749 section 6.

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using testing::DescriptionOf;
using testing::ErrorOf;
using testing::HeaderOf;
using testing::JsonOf;
using testing::MakeRequest;
using testing::NumberOf;
using testing::ServiceUnderTest;
using testing::TextOf;

constexpr char kDev[] = "client_id=dev&client_secret=dev-secret";
constexpr char kFormType[] = "application/x-www-form-urlencoded";

std::string OpenToken(ServiceUnderTest& service, const std::string& more = "") {
  return TextOf(service.Open("alice", more), "refresh_token");
}

TEST_CASE("a refresh gives new tokens in the form of RFC 6749 section 5.1") {
  ServiceUnderTest service;
  const auto session =
      service.Open("alice", R"(,"audience":["a","b"],"scope":"read write",)"
                            R"("claims":{"tenant":"blue"})");
  service.clock.Advance(std::chrono::seconds(5));
  const http::Response response =
      service.Refresh(TextOf(session, "refresh_token"));
  REQUIRE(response.status == 200);
  CHECK(HeaderOf(response, "Content-Type") == "application/json");
  CHECK(HeaderOf(response, "Cache-Control") == "no-store");
  CHECK(HeaderOf(response, "Pragma") == "no-cache");
  const auto body = JsonOf(response);
  CHECK(TextOf(body, "token_type") == "Bearer");
  CHECK(NumberOf(body, "expires_in") == 600);
  CHECK(TextOf(body, "scope") == "read write");
  CHECK(TextOf(body, "refresh_token") != TextOf(session, "refresh_token"));
  CHECK_FALSE(body.contains("session_id"));

  const auto verified = service.verifier->Verify(TextOf(body, "access_token"));
  REQUIRE(verified.ok());
  const Claims& claims = verified->claims();
  CHECK(claims.issuer == "https://auth.example");
  CHECK(claims.subject == "alice");
  CHECK(claims.audience == std::vector<std::string>{"a", "b"});
  CHECK(claims.client_id == "dev");
  CHECK(claims.scope == "read write");
  CHECK(claims.session_id == TextOf(session, "session_id"));
  CHECK(claims.token_id.size() == 22);
  CHECK(claims.expires_at - claims.issued_at == std::chrono::minutes(10));
  CHECK_FALSE(claims.not_before.has_value());
  CHECK(claims.custom.find("\"tenant\":\"blue\"") != std::string::npos);
}

TEST_CASE("a session without a scope has none in its answers") {
  ServiceUnderTest service;
  const auto body = JsonOf(service.Refresh(OpenToken(service)));
  CHECK_FALSE(body.contains("scope"));
}

TEST_CASE("a lost answer: the retry gets the same refresh token") {
  ServiceUnderTest service;
  const std::string token = OpenToken(service);
  const auto lost = JsonOf(service.Refresh(token));
  const auto retry = JsonOf(service.Refresh(token));
  CHECK(TextOf(retry, "refresh_token") == TextOf(lost, "refresh_token"));
  CHECK(TextOf(retry, "access_token") != TextOf(lost, "access_token"));
}

TEST_CASE("every reason for a refresh token's end is the same answer") {
  ServiceUnderTest service;
  const std::string reused = OpenToken(service);
  const auto next = JsonOf(service.Refresh(reused));
  const auto last = JsonOf(service.Refresh(TextOf(next, "refresh_token")));
  const http::Response junk = service.Refresh("junk");
  CHECK(junk.status == 400);
  CHECK(ErrorOf(junk) == "invalid_grant");
  const http::Response reuse = service.Refresh(reused);
  const http::Response revoked = service.Refresh(TextOf(last, "refresh_token"));
  const http::Response mismatch = service.Refresh(
      OpenToken(service), "client_id=other&client_secret=other-secret");
  const std::string idle_token = OpenToken(service);
  service.clock.Advance(std::chrono::hours(24 * 31));
  const http::Response idle = service.Refresh(idle_token);
  for (const http::Response& response : {reuse, revoked, mismatch, idle}) {
    CHECK(response.status == 400);
    CHECK(response.body == junk.body);
  }
  const std::string metrics = service.metrics.Print();
  for (const char* outcome : {"malformed", "rotated"}) {
    CHECK(metrics.find(outcome) != std::string::npos);
  }
}

TEST_CASE("a token that is used again ends the session's access tokens") {
  ServiceUnderTest service;
  const std::string token = OpenToken(service);
  const auto next = JsonOf(service.Refresh(token));
  const auto last = JsonOf(service.Refresh(TextOf(next, "refresh_token")));
  CHECK(service.IsActive(TextOf(last, "access_token")));
  CHECK(service.Refresh(token).status == 400);
  CHECK_FALSE(service.IsActive(TextOf(last, "access_token")));
}

TEST_CASE("scope may be narrowed for one token and never widened") {
  ServiceUnderTest service;
  const std::string token = OpenToken(service, R"(,"scope":"read write")");
  const auto narrow =
      JsonOf(service.Refresh(token, std::string(kDev) + "&scope=read"));
  CHECK(TextOf(narrow, "scope") == "read");
  const std::string narrowed = TextOf(narrow, "refresh_token");
  const http::Response wide =
      service.Refresh(narrowed, std::string(kDev) + "&scope=read+admin");
  CHECK(wide.status == 400);
  CHECK(ErrorOf(wide) == "invalid_scope");
  // RFC 6749 section 6: the refresh token keeps the original scope.
  CHECK(TextOf(JsonOf(service.Refresh(narrowed)), "scope") == "read write");
}

TEST_CASE("a public client refreshes its own sessions by client_id alone") {
  ServiceUnderTest service;
  const std::string token = OpenToken(service, R"(,"client_id":"app")");
  CHECK(service.Refresh(token, "client_id=rival").status == 400);
  CHECK(service.Refresh(token, "client_id=app").status == 200);
}

TEST_CASE("other methods are 405") {
  ServiceUnderTest service;
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}) {
    const http::Response response = service.Call(MakeRequest(method, "/token"));
    CHECK(response.status == 405);
    CHECK(HeaderOf(response, "Allow") == "POST");
  }
}

TEST_CASE("only a form is read, with or without a charset") {
  ServiceUnderTest service;
  const std::string body =
      "grant_type=refresh_token&refresh_token=junk&" + std::string(kDev);
  const auto send = [&](http::Headers headers) {
    return ErrorOf(
        service.Call(MakeRequest("POST", "/token", std::move(headers), body)));
  };
  CHECK(send({{"Content-Type", kFormType}}) == "invalid_grant");
  CHECK(send({{"content-type", "Application/X-WWW-Form-UrlEncoded"}}) ==
        "invalid_grant");
  CHECK(send({{"Content-Type", std::string(kFormType) + " ;charset=UTF-8"}}) ==
        "invalid_grant");
  CHECK(send({}) == "invalid_request");
  CHECK(send({{"Content-Type", "application/json"}}) == "invalid_request");
  CHECK(send({{"Content-Type", std::string(kFormType) + "x"}}) ==
        "invalid_request");
  CHECK(send({{"Content-Type", kFormType}, {"Content-Type", kFormType}}) ==
        "invalid_request");
}

TEST_CASE("credentials in the query are refused") {
  ServiceUnderTest service;
  const std::string body =
      "grant_type=refresh_token&refresh_token=junk&" + std::string(kDev);
  for (const char* query : {"client_secret=dev-secret", "refresh_token=x",
                            "%74oken=x", "a=b&client_assertion=x", "a=%zz"}) {
    CAPTURE(query);
    const http::Response response =
        service.Form("/token?" + std::string(query), body);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
  }
  CHECK(ErrorOf(service.Form("/token?tenant=blue", body)) == "invalid_grant");
}

TEST_CASE("a repeated parameter is refused, an unknown one ignored") {
  ServiceUnderTest service;
  const std::string token = OpenToken(service);
  for (const char* repeated :
       {"refresh_token=x", "client_id=dev", "grant_type=refresh_token"}) {
    const http::Response response =
        service.Refresh(token, std::string(kDev) + "&" + repeated);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
  }
  CHECK(service.Refresh(token, std::string(kDev) + "&colour=blue&scope=")
            .status == 200);
}

TEST_CASE("missing parameters are named") {
  ServiceUnderTest service;
  const auto describe = [&](const std::string& body) {
    const http::Response response = service.Form("/token", body + "&" + kDev);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
    return DescriptionOf(response);
  };
  CHECK(describe("refresh_token=x") == "grant_type is missing");
  CHECK(describe("grant_type=&refresh_token=x") == "grant_type is missing");
  CHECK(describe("grant_type=refresh_token") == "refresh_token is missing");
  CHECK(describe("grant_type=refresh_token&refresh_token=") ==
        "refresh_token is missing");
}

TEST_CASE("another grant is unsupported_grant_type") {
  ServiceUnderTest service;
  for (const char* grant : {"password", "authorization_code",
                            "client_credentials", "REFRESH_TOKEN", "x"}) {
    const http::Response response =
        service.Form("/token", "grant_type=" + std::string(grant) + "&" + kDev);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "unsupported_grant_type");
  }
}

TEST_CASE("a store that does not answer is 503 and costs no session") {
  ServiceUnderTest service;
  const std::string token = OpenToken(service);
  service.fault = Fault::kUnavailable;
  const http::Response response = service.Refresh(token);
  CHECK(response.status == 503);
  CHECK(HeaderOf(response, "Retry-After") == "1");
  CHECK(ErrorOf(response) == "temporarily_unavailable");
  service.fault = Fault::kNone;
  CHECK(service.Refresh(token).status == 200);
}

TEST_CASE("a commit whose answer is lost is 503, and a retry succeeds") {
  ServiceUnderTest service;
  const std::string token = OpenToken(service);
  service.commit_fault = Fault::kLostAnswer;
  CHECK(service.Refresh(token).status == 503);
  service.commit_fault = Fault::kNone;
  CHECK(service.Refresh(token).status == 200);
}

TEST_CASE("a JWT ring gives JWTs") {
  ServiceUnderTest service(
      {.format = KeyFormat::kJwtEdDsa, .issuer = "https://auth.example"});
  const auto session = service.Open("alice", R"(,"audience":"orders")");
  const auto body = JsonOf(service.Refresh(TextOf(session, "refresh_token")));
  CHECK(TextOf(body, "access_token").starts_with("eyJ"));
  CHECK(service.IsActive(TextOf(body, "access_token")));
}

}  // namespace
}  // namespace signet::service
