// The whole path of a revocation: engine, publisher, HTTP server, feed client.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "revocation-service/feed/broadcaster.h"
#include "tests/revocation-service/live_service.h"

namespace signet::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Append;
using testing::Basic;
using testing::Entry;
using testing::Eventually;
using testing::kFeedStart;
using testing::LiveService;
using testing::TempDir;
using testing::Tokens;

constexpr auto kToken = RevocationKind::kToken;

bool Revokes(const RevocationList& list, const std::string& token) {
  TokenIdentity identity;
  identity.has_token = true;
  identity.token = MakeRevocationId(kToken, token);
  return list.IsRevoked(identity);
}

constexpr FeedMode kModes[] = {FeedMode::kSubscribe, FeedMode::kPoll};

TEST_CASE("what was and what will be revoked arrives, by poll and by stream") {
  for (FeedMode mode : kModes) {
    CAPTURE(static_cast<int>(mode));
    LiveService service;
    service.Revoke(Tokens(5, "before"));
    const auto feed = service.Follow(service.ClientOptions(mode));
    CHECK(Revokes(feed->revocations(), "before4"));
    CHECK(feed->keys().Copy() == service.rings->access()->Public());
    for (int i = 0; i < 10; ++i) {
      service.Revoke(Tokens(3, "after" + std::to_string(i) + "."));
    }
    CHECK(Eventually([&] {
      return Revokes(feed->revocations(), "after9.2") &&
             feed->status().position == FeedPosition{1, 35};
    }));
    CHECK(feed->revocations().size() == 35);
    CHECK(feed->revocations().DigestAt(kFeedStart) ==
          service.publisher->revocations().DigestAt(kFeedStart));
    CHECK(feed->status().last_error == "");
  }
}

TEST_CASE("a rotated access ring is announced, fetched and in force") {
  for (FeedMode mode : kModes) {
    CAPTURE(static_cast<int>(mode));
    LiveService service;
    const auto feed = service.Follow(service.ClientOptions(mode));
    service.directory.Rotate(KeyPurpose::kAccess, kFeedStart);
    REQUIRE(service.rings->Reload().ok());
    service.publisher->Wake();
    CHECK(Eventually([&] {
      return feed->keys().Copy() == service.rings->access()->Public();
    }));
    CHECK(feed->keys().Copy()->keys().size() == 2);
  }
}

TEST_CASE("a new feed key is learnt before it signs, and then believed") {
  for (FeedMode mode : kModes) {
    CAPTURE(static_cast<int>(mode));
    LiveService service;
    const auto feed = service.Follow(service.ClientOptions(mode));
    service.directory.Rotate(KeyPurpose::kFeed, kFeedStart);
    REQUIRE(service.rings->Reload().ok());
    service.publisher->Wake();
    REQUIRE(Eventually([&] { return feed->status().ring_generation == 3; }));

    const auto old_key =
        service.rings->feed()->Active(service.clock.Now())->key.id();
    service.clock.Advance(minutes(5));
    REQUIRE(service.rings->feed()->Active(service.clock.Now())->key.id() !=
            old_key);
    service.Revoke({Entry(kToken, "later", minutes(60), {},
                          ToSeconds(service.clock.Now()))});
    CHECK(Eventually([&] { return Revokes(feed->revocations(), "later"); }));
  }
}

TEST_CASE("after a restart of the service a replica goes on where it was") {
  for (FeedMode mode : kModes) {
    CAPTURE(static_cast<int>(mode));
    LiveService service;
    service.Revoke(Tokens(5, "t"));
    const auto feed = service.Follow(service.ClientOptions(mode));
    const int snapshots = service.snapshots;
    service.Stop();
    Append(service.engine, Tokens(3, "meanwhile"));
    service.clock.Advance(seconds(1));
    service.Start();
    service.Revoke(Tokens(1, "new"));
    CHECK(Eventually([&] { return Revokes(feed->revocations(), "new0"); }));
    CHECK(Revokes(feed->revocations(), "meanwhile2"));
    CHECK(feed->revocations().size() == 9);
    CHECK(service.snapshots == snapshots);
  }
}

TEST_CASE("a replica that lies too far behind takes a snapshot") {
  for (FeedMode mode : kModes) {
    CAPTURE(static_cast<int>(mode));
    LiveService service;
    service.Revoke(Tokens(5, "t"));
    const auto feed = service.Follow(service.ClientOptions(mode));
    const int snapshots = service.snapshots;
    service.Stop();
    Append(service.engine, Tokens(100, "many"));
    service.clock.Advance(seconds(1));
    service.Start(10);
    CHECK(Eventually([&] { return Revokes(feed->revocations(), "many99"); }));
    CHECK(service.snapshots > snapshots);
  }
}

TEST_CASE("a long backlog reaches a replica that subscribes") {
  LiveService service;
  const auto feed = service.Follow(service.ClientOptions(FeedMode::kSubscribe));
  const int snapshots = service.snapshots;
  service.Stop();
  Append(service.engine, Tokens(5 * feed::kMaxStep, "t"));
  service.clock.Advance(seconds(1));
  service.Start();
  CHECK(Eventually(
      [&] { return feed->revocations().size() == 5 * feed::kMaxStep; }));
  CHECK(service.snapshots == snapshots);
}

TEST_CASE("a burst reaches a replica that is subscribed") {
  LiveService service;
  const auto feed = service.Follow(service.ClientOptions(FeedMode::kSubscribe));
  service.Revoke(Tokens(5 * feed::kMaxStep, "t"));
  CHECK(Eventually(
      [&] { return feed->revocations().size() == 5 * feed::kMaxStep; }));
}

TEST_CASE("a replica becomes stale when the store fails, and then recovers") {
  LiveService service;
  const auto feed = service.Follow(service.ClientOptions(FeedMode::kSubscribe));
  service.fault = Fault::kUnavailable;
  service.clock.Advance(seconds(11));
  std::this_thread::sleep_for(milliseconds(200));
  CHECK(feed->revocations().Staleness(
            service.clock.Now(), service.clock.MonotonicNow()) >= seconds(11));
  service.fault = Fault::kNone;
  CHECK(Eventually([&] {
    return feed->revocations().Staleness(
               service.clock.Now(), service.clock.MonotonicNow()) < seconds(11);
  }));
}

// SlowReader subscribes and never reads.
class SlowReader {
 public:
  explicit SlowReader(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    const int small = 4096;
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&address),
                    sizeof(address)) == 0);
    const std::string request =
        "GET /feed/stream HTTP/1.1\r\nHost: t\r\nAuthorization: " +
        Basic("feeder", "feeder-secret").second + "\r\n\r\n";
    REQUIRE(write(fd_, request.data(), request.size()) ==
            static_cast<ssize_t>(request.size()));
  }
  ~SlowReader() { close(fd_); }

 private:
  int fd_;
};

TEST_CASE("a slow subscriber is cut off and holds nobody up") {
  LiveService service;
  const auto feed = service.Follow(service.ClientOptions(FeedMode::kSubscribe));
  const SlowReader slow(service.port);
  REQUIRE(Eventually([&] { return service.publisher->subscribers() == 2; }));
  uint64_t written = 0;
  CHECK(Eventually([&] {
    service.Revoke(Tokens(1'000, "t" + std::to_string(written) + "."));
    written += 1'000;
    REQUIRE(Eventually([&] { return feed->revocations().size() == written; }));
    return service.server->stats().streams_cut == 1;
  }));
  CHECK(Eventually([&] { return service.publisher->subscribers() == 1; }));
  CHECK(feed->revocations().size() == written);
}

}  // namespace
}  // namespace signet::service
