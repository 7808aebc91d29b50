#ifndef SIGNET_TESTS_LIVE_SERVICE_H_
#define SIGNET_TESTS_LIVE_SERVICE_H_

#include <doctest/doctest.h>

#include "revocation-service/http/server.h"
#include "revocation-service/oauth/endpoints.h"
#include "signet/feed.h"
#include "tests/revocation-service/feed_fixture.h"

namespace signet::service::testing {

// LiveService is the feed of a service that listens. Engine, rings and clock
// outlive its restarts.
class LiveService : public BreakableStore {
 public:
  explicit LiveService(Duration heartbeat_in = std::chrono::milliseconds(50))
      : heartbeat(heartbeat_in) {
    Start();
  }
  ~LiveService() { Stop(); }

  void Start(size_t max_recent = 65'536) {
    auto opened =
        Publisher::Open(engine, *rings, clock,
                        {.heartbeat = heartbeat, .max_recent = max_recent});
    REQUIRE(opened.ok());
    publisher = std::move(opened).value();
    committer.emplace(engine, Committer::Options{});
    committer->AfterGroup([this] { (void)publisher->CatchUp(); });
    sessions.emplace(
        engine, *committer, [this] { return rings->refresh(); },
        SessionLimits{}, clock);
    Policy anyone;
    anyone.any_issuer = anyone.any_audience = true;
    auto made = Verifier::Create(anyone, rings->live_access(),
                                 publisher->revocations(), clock);
    REQUIRE(made.ok());
    verifier.emplace(std::move(made).value());
    proofs = Proofs::Create({}, "https://auth.example", *rings, clock).value();
    services.emplace(Services{*sessions, *publisher, *rings, *verifier, *proofs,
                              metrics, clock, "https://auth.example",
                              [all = TestClients()] { return all; }});
    std::vector<Route> routes = FeedRoutes(*services);
    for (Route& route : ApiRoutes(*services))
      routes.push_back(std::move(route));
    router.emplace(std::move(routes), metrics);
    Listen();
  }

  // Stop ends all but what is durable.
  void Stop() {
    server.reset();
    router.reset();
    services.reset();
    verifier.reset();
    sessions.reset();
    committer.reset();
    publisher.reset();
  }

  void Revoke(const std::vector<LogEntry>& entries) {
    Append(engine, entries);
    REQUIRE(publisher->CatchUp().ok());
  }

  FeedOptions ClientOptions(FeedMode mode) const {
    FeedOptions options;
    options.services = {"http://127.0.0.1:" + std::to_string(port)};
    options.client_id = "feeder";
    options.client_secret = "feeder-secret";
    options.feed_ring = rings->feed()->Public();
    options.mode = mode;
    options.poll_interval = std::chrono::milliseconds(50);
    options.max_backoff = std::chrono::milliseconds(200);
    return options;
  }
  std::unique_ptr<RevocationFeed> Follow(const FeedOptions& options) const {
    auto feed = RevocationFeed::Start(options, clock);
    REQUIRE(feed.ok());
    const Status fresh = (*feed)->WaitUntilFresh(std::chrono::seconds(10));
    REQUIRE_MESSAGE(fresh.ok(), fresh.error().message);
    return std::move(feed).value();
  }

  const Duration heartbeat;
  ManualClock clock{kFeedStart};
  TestRings directory;
  std::unique_ptr<Rings> rings = directory.Open();
  Metrics metrics;
  uint16_t port = 0;
  // How often a path was asked for, by name.
  std::atomic<int> snapshots{0};
  std::unique_ptr<Publisher> publisher;
  std::optional<Committer> committer;
  std::optional<SessionStore> sessions;
  std::optional<Verifier> verifier;
  std::unique_ptr<Proofs> proofs;
  std::optional<Services> services;
  std::optional<Router> router;
  std::unique_ptr<http::Server> server;

 private:
  void Listen() {
    http::ServerOptions options;
    options.listen = "127.0.0.1:" + std::to_string(port);
    auto started = http::Server::Start(
        options, [this](http::Request request,
                        std::shared_ptr<http::Responder> responder) {
          if (request.path == "/feed/snapshot") ++snapshots;
          router->Handle(std::move(request), std::move(responder));
        });
    REQUIRE_MESSAGE(started.ok(), started.error().message);
    server = std::move(started).value();
    port = server->port();
  }
};

}  // namespace signet::service::testing

#endif  // SIGNET_TESTS_LIVE_SERVICE_H_
