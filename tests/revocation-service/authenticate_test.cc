// Client authentication at the endpoints: RFC 6749 section 2.3.

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using testing::Basic;
using testing::DescriptionOf;
using testing::ErrorOf;
using testing::HeaderOf;
using testing::MakeRequest;
using testing::ServiceUnderTest;

constexpr char kChallenge[] = "Basic realm=\"signet\"";
// A request that reaches the exchange exactly if authentication succeeds.
constexpr char kGrant[] = "grant_type=refresh_token&refresh_token=junk";

bool IsAuthenticated(const http::Response& response) {
  return response.status == 400 && ErrorOf(response) == "invalid_grant";
}

// WithHeader sends the grant with an Authorization header.
http::Response WithHeader(ServiceUnderTest& service, std::string value,
                          const std::string& more = "") {
  return service.Form("/token", kGrant + more,
                      {{"Authorization", std::move(value)}});
}

std::string BasicValue(const std::string& text) {
  const size_t colon = text.find(':');
  return Basic(text.substr(0, colon), text.substr(colon + 1)).second;
}

TEST_CASE("a confidential client authenticates by header or by body") {
  ServiceUnderTest service;
  CHECK(IsAuthenticated(WithHeader(service, BasicValue("dev:dev-secret"))));
  CHECK(IsAuthenticated(service.Form(
      "/token", std::string(kGrant) + "&client_id=dev"
                                      "&client_secret=dev-secret")));
}

TEST_CASE("Basic halves are form-decoded (RFC 6749 section 2.3.1)") {
  ServiceUnderTest service;
  CHECK(IsAuthenticated(WithHeader(service, BasicValue("%64ev:dev%2Dsecret"))));
  // '+' is a space, so this is another secret.
  CHECK(WithHeader(service, BasicValue("dev:dev+secret")).status == 401);
  CHECK(WithHeader(service, BasicValue("dev:dev%secret")).status == 401);
}

TEST_CASE("the scheme's name has no case, and spaces may follow it") {
  ServiceUnderTest service;
  const std::string token = BasicValue("dev:dev-secret").substr(6);
  CHECK(IsAuthenticated(WithHeader(service, "bAsIc " + token)));
  CHECK(IsAuthenticated(WithHeader(service, "Basic   " + token)));
}

TEST_CASE("a header in any other form is 401 with a challenge") {
  ServiceUnderTest service;
  const std::string good = BasicValue("dev:dev-secret");
  for (const std::string& value :
       {std::string("Bearer abc"), std::string("Basic"), std::string("Basic "),
        std::string(), good + " ", good + "=", "Basic" + good.substr(6),
        "Basic\t" + good.substr(6), std::string("Basic ZGV2"),
        std::string("Basic !!!!"), BasicValue(":dev-secret"),
        BasicValue("dev:"), BasicValue("nobody:dev-secret"),
        BasicValue("dev:wrong"), BasicValue("app:")}) {
    CAPTURE(value);
    const http::Response response = WithHeader(service, value);
    CHECK(response.status == 401);
    CHECK(ErrorOf(response) == "invalid_client");
    CHECK(HeaderOf(response, "WWW-Authenticate") == kChallenge);
    CHECK(HeaderOf(response, "Cache-Control") == "no-store");
  }
}

TEST_CASE("credentials that fail in the body are 401 without a challenge") {
  ServiceUnderTest service;
  for (const char* more :
       {"&client_id=nobody", "&client_id=dev",
        "&client_id=dev&client_secret=", "&client_id=dev&client_secret=wrong",
        "&client_id=app&client_secret=wrong", "&client_secret=dev-secret"}) {
    CAPTURE(more);
    const http::Response response =
        service.Form("/token", std::string(kGrant) + more);
    CHECK(response.status == 401);
    CHECK(ErrorOf(response) == "invalid_client");
    CHECK(HeaderOf(response, "WWW-Authenticate").empty());
  }
}

TEST_CASE("a request without any credentials is 401 with a challenge") {
  ServiceUnderTest service;
  for (const char* form : {"token=x", "token=x&client_id="}) {
    const http::Response response = service.Form("/introspect", form);
    CHECK(response.status == 401);
    CHECK(HeaderOf(response, "WWW-Authenticate") == kChallenge);
  }
}

TEST_CASE("an unknown client and a wrong secret look alike") {
  ServiceUnderTest service;
  CHECK(WithHeader(service, BasicValue("nobody:x")).body ==
        WithHeader(service, BasicValue("dev:x")).body);
}

TEST_CASE("a public client names itself") {
  ServiceUnderTest service;
  CHECK(IsAuthenticated(
      service.Form("/token", std::string(kGrant) + "&client_id=app")));
}

TEST_CASE("more than one method in a request is invalid_request") {
  ServiceUnderTest service;
  const std::string good = BasicValue("dev:dev-secret");
  for (const char* more :
       {"&client_secret=dev-secret", "&client_id=dev&client_secret=dev-secret",
        "&client_assertion=x", "&client_id=app"}) {
    CAPTURE(more);
    const http::Response response = WithHeader(service, good, more);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
  }
  CHECK(IsAuthenticated(WithHeader(service, good, "&client_id=dev")));
}

TEST_CASE("two Authorization headers are invalid_request") {
  ServiceUnderTest service;
  const auto header = Basic("dev", "dev-secret");
  const http::Response response =
      service.Form("/token", kGrant, {header, header});
  CHECK(response.status == 400);
  CHECK(ErrorOf(response) == "invalid_request");
}

TEST_CASE("an assertion of a client without keys proves nothing") {
  ServiceUnderTest service;
  const http::Response response = service.Form(
      "/token", std::string(kGrant) +
                    "&client_id=dev&client_assertion=eyJ&client_assertion_type="
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  CHECK(response.status == 401);
  CHECK(ErrorOf(response) == "invalid_client");
  CHECK(DescriptionOf(response) == "client authentication failed");
}

TEST_CASE("failures are counted") {
  ServiceUnderTest service;
  WithHeader(service, "Bearer x");
  service.Form("/token", kGrant);
  const std::string metrics = service.metrics.Print();
  CHECK(metrics.find("signet_client_auth_failures_total 2") !=
        std::string::npos);
}

TEST_CASE("where Basic is the only way its absence is challenged") {
  ServiceUnderTest service;
  const http::Response response =
      service.Call(MakeRequest("GET", "/v1/sessions?subject=alice"));
  CHECK(response.status == 401);
  CHECK(HeaderOf(response, "WWW-Authenticate") == kChallenge);
}

TEST_CASE("a missing permission is 403, a public client 401") {
  ServiceUnderTest service;
  const http::Response lacking =
      service.Send("GET", "idler", "/v1/sessions?subject=alice");
  CHECK(lacking.status == 403);
  CHECK(DescriptionOf(lacking).find("session.read") != std::string::npos);
  CHECK(service.Form("/introspect", "token=x&client_id=app").status == 401);
  CHECK(service
            .Form("/introspect",
                  "token=x&client_id=other"
                  "&client_secret=other-secret")
            .status == 403);
}

TEST_CASE("nothing of a request is echoed in a header") {
  ServiceUnderTest service;
  const http::Response response =
      WithHeader(service, BasicValue("evil\r\nX: y:secret"));
  CHECK(response.status == 401);
  for (const auto& [name, value] : response.headers) {
    CHECK(value.find("evil") == std::string::npos);
  }
}

}  // namespace
}  // namespace signet::service
