#include "revocation-service/routes.h"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using testing::Catcher;
using testing::DescriptionOf;
using testing::ErrorOf;
using testing::HeaderOf;
using testing::MakeRequest;
using ResponderPtr = std::shared_ptr<http::Responder>;

Route Says(std::string method, std::string path, std::string body) {
  return {std::move(method), std::move(path), "said",
          [body](const http::Request&, ResponderPtr responder) {
            responder->Send({200, {}, body});
          }};
}

class RouterTest {
 public:
  explicit RouterTest(std::vector<Route> routes)
      : router_(std::move(routes), metrics) {}
  http::Response Call(std::string method, std::string path) {
    auto catcher = std::make_shared<Catcher>();
    router_.Handle(MakeRequest(std::move(method), std::move(path)), catcher);
    return catcher->Wait();
  }
  void Start(std::string path, std::shared_ptr<Catcher> catcher) {
    router_.Handle(MakeRequest("GET", std::move(path)), std::move(catcher));
  }
  bool Prints(const std::string& text) const {
    return metrics.Print().find(text) != std::string::npos;
  }

  Metrics metrics;

 private:
  Router router_;
};

TEST_CASE("a router matches method and whole path") {
  RouterTest test({Says("GET", "/a", "get"), Says("POST", "/a", "post"),
                   Says("GET", "/a/b", "deeper")});
  CHECK(test.Call("GET", "/a").body == "get");
  CHECK(test.Call("POST", "/a").body == "post");
  CHECK(test.Call("GET", "/a/b").body == "deeper");
  for (const char* path : {"/", "", "/A", "/a/", "//a", "/a/b/c", "/%61"}) {
    CAPTURE(path);
    CHECK(test.Call("GET", path).status == 404);
  }
}

TEST_CASE("a path that ends in {} takes exactly one more segment") {
  RouterTest test({Says("DELETE", "/s/{}", "one"), Says("GET", "/s", "all"),
                   Says("DELETE", "/s/special", "exact")});
  CHECK(test.Call("DELETE", "/s/abc").body == "one");
  CHECK(test.Call("DELETE", "/s/special").body == "exact");
  CHECK(test.Call("DELETE", "/s/").status == 404);
  CHECK(test.Call("DELETE", "/s/a/b").status == 404);
  CHECK(test.Call("GET", "/s").body == "all");
}

TEST_CASE("an unknown path is 404 with a JSON error") {
  RouterTest test({});
  const http::Response response = test.Call("GET", "/nowhere");
  CHECK(response.status == 404);
  CHECK(HeaderOf(response, "Content-Type") == "application/json");
  CHECK(ErrorOf(response) == "not_found");
}

TEST_CASE("another method is 405 and Allow lists the right ones") {
  RouterTest test({Says("GET", "/a", ""), Says("POST", "/a", ""),
                   Says("POST", "/b", ""), Says("DELETE", "/c/{}", "")});
  const http::Response both = test.Call("PUT", "/a");
  CHECK(both.status == 405);
  CHECK(HeaderOf(both, "Allow") == "GET, HEAD, POST");
  CHECK(HeaderOf(test.Call("GET", "/b"), "Allow") == "POST");
  CHECK(HeaderOf(test.Call("HEAD", "/b"), "Allow") == "POST");
  CHECK(HeaderOf(test.Call("OPTIONS", "/c/1"), "Allow") == "DELETE");
  // Methods are case-sensitive (RFC 9110 section 9.1).
  CHECK(test.Call("post", "/b").status == 405);
}

TEST_CASE("HEAD is answered as GET is") {
  RouterTest test({Says("GET", "/a", "get")});
  CHECK(test.Call("HEAD", "/a").status == 200);
}

TEST_CASE("every answer forbids sniffing its type") {
  RouterTest test({Says("GET", "/a", "")});
  CHECK(HeaderOf(test.Call("GET", "/a"), "X-Content-Type-Options") ==
        "nosniff");
  CHECK(HeaderOf(test.Call("GET", "/b"), "X-Content-Type-Options") ==
        "nosniff");
}

TEST_CASE("answers are counted by route name and status, never by path") {
  RouterTest test({Says("GET", "/a", "")});
  test.Call("GET", "/a");
  test.Call("GET", "/secret-path");
  CHECK(test.Prints("endpoint=\"said\""));
  CHECK(test.Prints("endpoint=\"unknown\""));
  CHECK_FALSE(test.Prints("secret-path"));
}

TEST_CASE("a handler that throws is answered 500") {
  RouterTest test(
      {{"GET", "/a", "boom", [](const http::Request&, const ResponderPtr&) {
          throw std::runtime_error("a secret detail");
        }}});
  const http::Response response = test.Call("GET", "/a");
  CHECK(response.status == 500);
  CHECK(response.body.find("secret") == std::string::npos);
}

TEST_CASE("a second answer to one request goes nowhere") {
  RouterTest test({{"GET", "/a", "twice",
                    [](const http::Request&, const ResponderPtr& responder) {
                      responder->Send({200, {}, ""});
                      responder->Send({201, {}, ""});
                      throw std::runtime_error("and then it throws");
                    }}});
  auto catcher = std::make_shared<Catcher>();
  test.Start("/a", catcher);
  CHECK(catcher->Wait().status == 200);
  CHECK(catcher->sent() == 1);
}

TEST_CASE("a handler that drops its responder is counted as 500") {
  RouterTest test({{"GET", "/a", "dropped",
                    [](const http::Request&, const ResponderPtr&) {}}});
  auto catcher = std::make_shared<Catcher>();
  test.Start("/a", catcher);
  // Nobody holds the responder now: the server's own would answer 500.
  CHECK(catcher.use_count() == 1);
  CHECK(test.Prints("status=\"500\""));
}

TEST_CASE("a JSON answer is not stored by anyone (RFC 6749 section 5.1)") {
  const http::Response response = JsonResponse(201, "{}");
  CHECK(response.status == 201);
  CHECK(HeaderOf(response, "Content-Type") == "application/json");
  CHECK(HeaderOf(response, "Cache-Control") == "no-store");
  CHECK(HeaderOf(response, "Pragma") == "no-cache");
}

TEST_CASE("a description keeps to the characters of RFC 6749 section 5.2") {
  const http::Response response =
      ErrorResponse(400, "invalid_request", "a\"b\\c\r\nd\x7f\xc3\xa9 ~!");
  CHECK(DescriptionOf(response) == "a'b?c??d??? ~!");
  CHECK(ErrorOf(response) == "invalid_request");
}

TEST_CASE("a description is cut off where it only repeats the request") {
  const http::Response response =
      ErrorResponse(400, "invalid_request", std::string(100'000, 'x'));
  CHECK(DescriptionOf(response).size() == 600);
}

TEST_CASE("don't know is 503 with Retry-After") {
  const http::Response response = Unavailable("the store did not answer");
  CHECK(response.status == 503);
  CHECK(HeaderOf(response, "Retry-After") == "1");
  CHECK(ErrorOf(response) == "temporarily_unavailable");
}

}  // namespace
}  // namespace signet::service
