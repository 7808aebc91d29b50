// The poller of docs/pollers.md, and a log that was trimmed past it.

#include <doctest/doctest.h>

#include "revocation-service/http/server.h"
#include "tests/poller_process.h"
#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using testing::ServiceUnderTest;

TEST_CASE("the printed poller begins anew when the log was trimmed past it") {
  ServiceUnderTest service;
  // The poller has no other clock than that of the machine.
  service.clock.Advance(SystemClock().Now() - service.clock.Now());
  std::atomic<bool> out{false};
  http::ServerOptions options;
  options.listen = "127.0.0.1:0";
  auto server = http::Server::Start(
      options,
      [&](http::Request request, std::shared_ptr<http::Responder> responder) {
        if (out) return responder->Send(Unavailable("for a while"));
        service.router->Handle(std::move(request), std::move(responder));
      });
  REQUIRE(server.ok());
  signet::testing::PollerProcess poller("http://127.0.0.1:" +
                                        std::to_string((*server)->port()));
  const auto revoke = [&](const std::string& id) {
    CHECK(service
              .Json("dev", "/v1/revocations",
                    R"({"kind":"token","value":")" + id + "\"}")
              .status == 201);
  };
  const auto token = [&](const std::string& id) {
    return boost::json::object{
        {"jti", id}, {"sub", "alice"}, {"iat", 1'763'769'600}};
  };
  CHECK(poller.Becomes("good", token("one"), "some-key", 60));
  revoke("one");
  CHECK(poller.Becomes("revoked", token("one")));

  // While it gets no answer, what it has not seen is trimmed.
  out = true;
  revoke("two");
  service.clock.Advance(std::chrono::hours(48));
  revoke("three");
  auto trimmed = std::make_shared<testing::Catcher>();
  service.publisher->Trim(
      *service.committer, 100, [trimmed](const Result<size_t>& count) {
        trimmed->Send({count && *count == 2 ? 200 : 500, {}, ""});
      });
  REQUIRE(trimmed->Wait().status == 200);
  CHECK(poller.Verdict(token("three")) == "good");
  out = false;
  CHECK(poller.Becomes("revoked", token("three")));
  CHECK(poller.Verdict(token("four")) == "good");
  (*server)->Drain(Duration::zero());
}

}  // namespace
}  // namespace signet::service
