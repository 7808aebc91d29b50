// How the feed's client follows redirects: within one path, never elsewhere.

#include <doctest/doctest.h>
#include <httplib.h>

#include <string>
#include <thread>

#include "feed_net_http.h"

namespace signet {
namespace {

// Site answers every path but /feed/last with a redirect.
class Site {
 public:
  explicit Site(std::string reference) {
    server_.Get(".*", [this, reference](const httplib::Request& request,
                                        httplib::Response& response) {
      ++requests;
      if (request.path == "/base/feed/below/last") {
        response.set_content("found", "text/plain");
        return;
      }
      response.status = 307;
      response.set_header("Location", reference);
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Site() {
    server_.stop();
    thread_.join();
  }

  Result<FeedHttp::Answer> Get() const {
    FeedOptions options;
    options.services = {"http://127.0.0.1:" + std::to_string(port_) + "/base"};
    return FeedHttp(options).Get("/feed/first", 100);
  }

  std::atomic<int> requests{0};

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

TEST_CASE("a redirect to a place below is followed") {
  const Site site("below/last");
  const auto answer = site.Get();
  REQUIRE(answer.ok());
  CHECK(answer->status == 200);
  CHECK(answer->body == "found");
}

TEST_CASE("no redirect leads elsewhere, where credentials would go along") {
  for (const char* reference :
       {"", "/base/feed/below/last", "//127.0.0.1/last", "../below/last",
        "below/../../last", "http://127.0.0.1:1/", "below/last?x=1",
        "below\\last", "%2e%2e/last"}) {
    CAPTURE(reference);
    const Site site(reference);
    const auto answer = site.Get();
    REQUIRE(answer.ok());
    CHECK(answer->status == 307);
    CHECK(site.requests == 1);
  }
}

TEST_CASE("redirects without end are given up") {
  const Site site("again");
  const auto answer = site.Get();
  REQUIRE(answer.ok());
  CHECK(answer->status == 307);
  CHECK(site.requests == 5);
}

}  // namespace
}  // namespace signet
