#include "signet/feed.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "live_ring_access.h"
#include "tests/eventually.h"
#include "tests/lib/fake_feed_service.h"

namespace signet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Eventually;

constexpr Duration kLimit = seconds(10);

bool Revoked(const RevocationFeed& feed, uint8_t session) {
  TokenIdentity token;
  token.session[0] = session;
  token.has_session = true;
  return feed.revocations().IsRevoked(token);
}

bool SoonRevoked(const RevocationFeed& feed, uint8_t session) {
  return Eventually([&] { return Revoked(feed, session); });
}

// SoonFresh waits for the list to be confirmed after now.
bool SoonFresh(const RevocationFeed& feed) {
  const Time now = SystemClock::Shared().Now();
  return Eventually([&] { return feed.revocations().SignedTime() > now; });
}

std::unique_ptr<RevocationFeed> Start(FeedOptions options) {
  auto feed = RevocationFeed::Start(std::move(options));
  REQUIRE(feed.ok());
  return *std::move(feed);
}

std::unique_ptr<RevocationFeed> StartFresh(FeedOptions options) {
  auto feed = Start(std::move(options));
  const Status fresh = feed->WaitUntilFresh(kLimit);
  REQUIRE_MESSAGE(fresh.ok(), fresh.error().message);
  return feed;
}

// TemporaryDirectory removes itself.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name =
        (std::filesystem::temp_directory_path() / "feed-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string state() const { return path_ + "/state"; }

 private:
  std::string path_;
};

TEST_CASE("a subscriber gets rings, list and every revocation") {
  FakeFeedService service;
  service.Revoke(1);
  const auto feed = StartFresh(service.Options());
  CHECK(Revoked(*feed, 1));
  CHECK(feed->keys().Copy() == service.access_ring());
  for (uint8_t n = 2; n < 20; ++n) {
    service.Revoke(n);
    CHECK(SoonRevoked(*feed, n));
  }
  CHECK_FALSE(Revoked(*feed, 99));
  CHECK(SoonFresh(*feed));
  const FeedStatus status = feed->status();
  CHECK(status.connected);
  CHECK(status.position.sequence == 19);
  CHECK(status.entries == 19);
  CHECK(status.ring_generation == 2);
  CHECK(status.frames > 0);
  CHECK(status.refused == 0);
  CHECK(status.last_error.empty());
  CHECK(status.staleness < seconds(10));
  CHECK(service.Requests("/feed/log") == 0);
}

TEST_CASE("a poller gets the same") {
  FakeFeedService service;
  service.Revoke(1);
  FeedOptions options = service.Options();
  options.mode = FeedMode::kPoll;
  const auto feed = StartFresh(options);
  CHECK(Revoked(*feed, 1));
  service.Revoke(2);
  CHECK(SoonRevoked(*feed, 2));
  CHECK(SoonFresh(*feed));
  CHECK(service.Requests("/feed/stream") == 0);
  CHECK(service.Requests("/feed/snapshot") == 1);
}

TEST_CASE("a stream that was cut is resumed from the cursor") {
  FakeFeedService service;
  const auto feed = StartFresh(service.Options());
  for (uint8_t n = 1; n < 5; ++n) {
    service.CutStreams();
    service.Revoke(n);
    CHECK(SoonRevoked(*feed, n));
  }
  CHECK(feed->status().reconnects > 0);
  CHECK(service.Requests("/feed/snapshot") == 1);
}

TEST_CASE("entries lost on a stream are asked for from the cursor") {
  FakeFeedService service;
  const auto feed = StartFresh(service.Options());
  service.LoseInStreams(1);
  service.Revoke(1);
  CHECK(SoonRevoked(*feed, 1));
  CHECK(SoonFresh(*feed));
  CHECK(service.Requests("/feed/snapshot") == 1);
  CHECK(service.Requests("/feed/log") >= 1);
}

TEST_CASE("a replayed answer is refused, counted and confirms nothing") {
  FakeFeedService service;
  FeedOptions options = service.Options();
  options.mode = FeedMode::kPoll;
  const auto feed = StartFresh(options);
  service.Revoke(1);
  REQUIRE(SoonRevoked(*feed, 1));
  // From here on every poll is answered with the first answer of all.
  auto replaying = std::make_shared<std::atomic<bool>>(false);
  service.Tamper("/feed/log", [replaying, first = std::string()](
                                  std::string& frame) mutable {
    if (first.empty()) first = frame;
    frame = first;
    *replaying = true;
  });
  REQUIRE(Eventually([&] { return replaying->load(); }));
  std::this_thread::sleep_for(milliseconds(200));
  const Time seen = feed->revocations().SignedTime();
  service.Revoke(2);
  service.Restart(1, {1, 2});
  CHECK(
      Eventually([&] { return feed->status().staleness > milliseconds(500); }));
  CHECK(feed->revocations().SignedTime() == seen);
  CHECK(Revoked(*feed, 1));
  service.Tamper("/feed/log", {});
  CHECK(SoonRevoked(*feed, 2));
}

TEST_CASE("a log that went back is refused until it has caught up") {
  FakeFeedService service;
  for (uint8_t n = 1; n < 4; ++n) service.Revoke(n);
  const auto feed = StartFresh(service.Options());
  service.Restart(1, {1});
  CHECK(Eventually([&] { return feed->status().refused > 0; }));
  CHECK(feed->status().last_error.find("went back") != std::string::npos);
  CHECK(Revoked(*feed, 3));
  CHECK(feed->status().position.sequence == 3);
}

TEST_CASE("a fork is noticed, and both sides' entries count") {
  FakeFeedService service;
  service.Revoke(1);
  const auto feed = StartFresh(service.Options());
  service.Restart(1, {2, 3});
  CHECK(SoonRevoked(*feed, 2));
  CHECK(SoonRevoked(*feed, 3));
  CHECK(Revoked(*feed, 1));
  CHECK(feed->status().refused > 0);
  CHECK(SoonFresh(*feed));
}

TEST_CASE("a new epoch is followed, and nothing is forgotten") {
  FakeFeedService service;
  service.Revoke(1);
  service.Revoke(2);
  const auto feed = StartFresh(service.Options());
  service.Restart(2, {1});
  CHECK(Eventually([&] { return feed->status().position.epoch == 2; }));
  CHECK(Revoked(*feed, 2));
  service.Revoke(3);
  CHECK(SoonRevoked(*feed, 3));
  CHECK(SoonFresh(*feed));
}

TEST_CASE("a cursor that was compacted is replaced by a snapshot") {
  FakeFeedService service;
  service.Revoke(1);
  const auto feed = StartFresh(service.Options());
  service.Answer("/feed/stream", 410);
  service.CutStreams();
  service.Revoke(2);
  CHECK(SoonRevoked(*feed, 2));
  CHECK(service.Requests("/feed/snapshot") >= 2);
  service.Answer("/feed/stream", 0);
  CHECK(SoonFresh(*feed));
}

TEST_CASE("a frozen stream is taken for dead and opened again") {
  FakeFeedService service;
  FeedOptions options = service.Options();
  options.timeout = milliseconds(300);
  const auto feed = StartFresh(options);
  service.Freeze(true);
  service.Revoke(1);
  CHECK(Eventually([&] {
    const FeedStatus status = feed->status();
    return status.reconnects > 0 && !status.last_error.empty();
  }));
  service.Freeze(false);
  CHECK(SoonRevoked(*feed, 1));
  CHECK(SoonFresh(*feed));
}

TEST_CASE("where there is no stream the feed polls") {
  FakeFeedService service;
  service.Answer("/feed/stream", 404);
  const auto feed = StartFresh(service.Options());
  service.Revoke(1);
  CHECK(SoonRevoked(*feed, 1));
  CHECK(service.Requests("/feed/log") > 0);
  CHECK(service.Requests("/feed/stream") == 1);
}

TEST_CASE("frames of a key outside the feed ring are refused") {
  FakeFeedService service;
  service.SignWithStranger();
  const auto feed = Start(service.Options());
  CHECK(Eventually([&] { return feed->status().refused > 0; }));
  const Status fresh = feed->WaitUntilFresh(milliseconds(50));
  REQUIRE_FALSE(fresh.ok());
  CHECK(fresh.error().code == ErrorCode::kUnavailable);
  CHECK(fresh.error().message.find("feed ring lacks") != std::string::npos);
  CHECK_FALSE(feed->keys().Copy());
  CHECK(feed->revocations().SignedTime() == Time{});
}

TEST_CASE("a frame with a flipped bit is refused, and the next one counts") {
  FakeFeedService service;
  const auto feed = StartFresh(service.Options());
  service.Tamper("/feed/stream", [](std::string& frame) { frame[30] ^= 1; });
  CHECK(Eventually([&] { return feed->status().refused > 0; }));
  service.Revoke(1);
  std::this_thread::sleep_for(milliseconds(100));
  CHECK_FALSE(Revoked(*feed, 1));
  service.Tamper("/feed/stream", {});
  CHECK(SoonRevoked(*feed, 1));
}

TEST_CASE("rings that a head announces are fetched") {
  FakeFeedService service;
  const auto feed = StartFresh(service.Options());
  service.RotateRings();
  CHECK(
      Eventually([&] { return feed->keys().Copy() == service.access_ring(); }));
  CHECK(feed->status().ring_generation == 3);
}

TEST_CASE("rings that cannot be fetched leave the old ones in force") {
  FakeFeedService service;
  const auto feed = StartFresh(service.Options());
  const KeyRing before = service.access_ring();
  service.Answer("/feed/rings", 503);
  service.RotateRings();
  CHECK(Eventually([&] { return service.Requests("/feed/rings") > 1; }));
  CHECK(feed->keys().Copy() == before);
  service.Answer("/feed/rings", 0);
  CHECK(
      Eventually([&] { return feed->keys().Copy() == service.access_ring(); }));
}

TEST_CASE("unknown keys share one fetch of the rings") {
  FakeFeedService service;
  const auto feed = StartFresh(service.Options());
  const size_t before = service.Requests("/feed/rings");
  for (int i = 0; i < 10'000; ++i) {
    LiveRingAccess::AnnounceUnknownKey(feed->keys());
  }
  CHECK(Eventually([&] { return service.Requests("/feed/rings") > before; }));
  CHECK(service.Requests("/feed/rings") <= before + 2);
}

TEST_CASE("wrong credentials are named as such") {
  FakeFeedService service;
  FeedOptions options = service.Options();
  options.client_secret = "wrong";
  const auto feed = Start(options);
  CHECK(Eventually([&] {
    return feed->status().last_error.find("credentials") != std::string::npos;
  }));
  CHECK_FALSE(feed->WaitUntilFresh(milliseconds(10)).ok());
}

TEST_CASE("a missing permission is named as such") {
  FakeFeedService service;
  service.Answer("/feed/snapshot", 403);
  const auto feed = Start(service.Options());
  CHECK(Eventually([&] {
    return feed->status().last_error.find("permission") != std::string::npos;
  }));
}

TEST_CASE("the next service is asked if the first does not answer") {
  FakeFeedService service;
  service.Revoke(1);
  FeedOptions options = service.Options();
  options.services = {"http://127.0.0.1:1", service.url() + "/"};
  const auto feed = StartFresh(options);
  CHECK(Revoked(*feed, 1));
}

TEST_CASE("a restart is protected before the first answer, but not fresh") {
  const TemporaryDirectory directory;
  FakeFeedService service;
  FeedOptions options = service.Options();
  options.state_directory = directory.state();
  service.Revoke(1);
  service.Revoke(2);
  StartFresh(options).reset();

  FeedOptions nowhere = options;
  nowhere.services = {"http://127.0.0.1:1"};
  {
    const auto feed = Start(nowhere);
    CHECK(Revoked(*feed, 2));
    CHECK(feed->keys().Copy() == service.access_ring());
    CHECK(feed->status().position.sequence == 2);
    CHECK(feed->status().staleness == Duration::max());
    CHECK_FALSE(feed->WaitUntilFresh(milliseconds(50)).ok());
  }
  service.Revoke(3);
  const auto feed = StartFresh(options);
  CHECK(Revoked(*feed, 3));
  CHECK(service.Requests("/feed/snapshot") == 1);
}

TEST_CASE("a restart refuses a service that went back in time") {
  const TemporaryDirectory directory;
  FakeFeedService service;
  FeedOptions options = service.Options();
  options.state_directory = directory.state();
  service.Revoke(1);
  service.Revoke(2);
  StartFresh(options).reset();
  service.Restart(1, {1});
  const auto feed = Start(options);
  CHECK(Eventually([&] { return feed->status().refused > 0; }));
  CHECK(feed->status().staleness == Duration::max());
  CHECK(Revoked(*feed, 2));
}

TEST_CASE("a damaged state is reported and replaced") {
  const TemporaryDirectory directory;
  FakeFeedService service;
  FeedOptions options = service.Options();
  options.state_directory = directory.state();
  service.Revoke(1);
  StartFresh(options).reset();
  for (const char* name : {"/list.state", "/rings.frame"}) {
    std::ofstream(directory.state() + name) << "junk";
  }
  FeedOptions nowhere = options;
  nowhere.services = {"http://127.0.0.1:1"};
  {
    const auto feed = Start(nowhere);
    CHECK_FALSE(Revoked(*feed, 1));
    CHECK_FALSE(feed->keys().Copy());
  }
  const auto feed = StartFresh(options);
  CHECK(Revoked(*feed, 1));
}

TEST_CASE("two feeds cannot share a state directory") {
  const TemporaryDirectory directory;
  FakeFeedService service;
  FeedOptions options = service.Options();
  options.state_directory = directory.state();
  const auto feed = Start(options);
  CHECK(RevocationFeed::Start(options).error().code == ErrorCode::kConflict);
}

TEST_CASE("a feed stops while its stream is silent or nobody answers") {
  FakeFeedService service;
  service.Freeze(true);
  FeedOptions options = service.Options();
  options.timeout = seconds(60);
  auto silent = Start(options);
  CHECK(Eventually([&] { return service.Requests("/feed/stream") > 0; }));
  silent.reset();
  // An address for documentation (RFC 5737): no answer, or none in time.
  options.services = {"http://192.0.2.1:9"};
  Start(options).reset();
}

// Heard keeps the events that a feed tells.
class Heard {
 public:
  std::function<void(const FeedEvent&)> Listener() {
    return [this](const FeedEvent& event) {
      const MutexLock lock(mutex_);
      events_.push_back(event);
    };
  }
  std::vector<FeedEvent> All() const {
    const MutexLock lock(mutex_);
    return events_;
  }
  size_t Count(FeedEventKind kind) const {
    size_t count = 0;
    for (const FeedEvent& event : All()) count += event.kind == kind ? 1 : 0;
    return count;
  }
  bool Soon(FeedEventKind kind, size_t times = 1) const {
    return Eventually([&] { return Count(kind) >= times; });
  }

 private:
  mutable Mutex mutex_;
  std::vector<FeedEvent> events_ SIGNET_GUARDED_BY(mutex_);
};

TEST_CASE("the application is told of connections, of age and of new rings") {
  Heard heard;
  FakeFeedService service;
  FeedOptions options = service.Options();
  options.timeout = milliseconds(300);
  options.stale_after = milliseconds(1500);
  options.on_event = heard.Listener();
  const auto feed = StartFresh(options);
  CHECK(heard.Soon(FeedEventKind::kConnected));
  CHECK(heard.Soon(FeedEventKind::kFresh));
  CHECK(heard.Soon(FeedEventKind::kNewRings));
  CHECK(Eventually([&] { return !feed->status().stale; }));
  service.Freeze(true);
  service.Answer("/feed/log", 503);
  service.CutStreams();
  CHECK(heard.Soon(FeedEventKind::kDisconnected));
  CHECK(heard.Soon(FeedEventKind::kStale));
  CHECK(feed->status().stale);
  const size_t fresh = heard.Count(FeedEventKind::kFresh);
  service.Freeze(false);
  service.Answer("/feed/log", 0);
  CHECK(heard.Soon(FeedEventKind::kFresh, fresh + 1));
  CHECK(heard.Soon(FeedEventKind::kConnected, 2));
  service.RotateRings();
  CHECK(heard.Soon(FeedEventKind::kNewRings, 2));
  bool told_why = false;
  for (const FeedEvent& event : heard.All()) {
    told_why = told_why || (event.kind == FeedEventKind::kDisconnected &&
                            !event.message.empty());
  }
  CHECK(told_why);
}

TEST_CASE("the application is told of what was refused, and of a resync") {
  Heard heard;
  FakeFeedService service;
  for (uint8_t n = 1; n < 4; ++n) service.Revoke(n);
  FeedOptions options = service.Options();
  options.on_event = heard.Listener();
  const auto feed = StartFresh(options);
  CHECK(heard.Count(FeedEventKind::kResynced) == 0);
  service.Restart(1, {1, 9, 3});
  CHECK(heard.Soon(FeedEventKind::kForked));
  CHECK(heard.Soon(FeedEventKind::kResynced));
  CHECK(SoonRevoked(*feed, 9));
  service.Tamper("/feed/stream", [](std::string& frame) { frame[30] ^= 1; });
  CHECK(heard.Soon(FeedEventKind::kRefused));
  service.Restart(1, {1});
  CHECK(heard.Soon(FeedEventKind::kRolledBack));
}

TEST_CASE("a listener may ask for the status, be slow, and throw") {
  FakeFeedService service;
  FeedOptions options = service.Options();
  std::atomic<const RevocationFeed*> known = nullptr;
  std::atomic<int> asked = 0;
  std::atomic<bool> hold = true;
  options.on_event = [&](const FeedEvent&) {
    while (hold) std::this_thread::sleep_for(milliseconds(1));
    if (const RevocationFeed* feed = known) {
      if (!feed->status().verifier_id.empty()) ++asked;
    }
    throw std::runtime_error("not my day");
  };
  auto feed = StartFresh(options);
  known = feed.get();
  // It holds up its own events, and nothing else.
  service.Revoke(1);
  CHECK(SoonRevoked(*feed, 1));
  hold = false;
  CHECK(Eventually([&] { return asked > 0; }));
  feed.reset();
}

TEST_CASE("the status says how answers come in, and who asks") {
  FakeFeedService service;
  const auto stream = StartFresh(service.Options());
  CHECK(Eventually(
      [&] { return stream->status().transport == FeedTransport::kStream; }));
  CHECK(stream->status().verifier_id.size() == 22);
  FeedOptions options = service.Options();
  options.mode = FeedMode::kPoll;
  const auto poll = StartFresh(options);
  CHECK(poll->status().transport == FeedTransport::kPoll);
  CHECK(poll->status().verifier_id != stream->status().verifier_id);
  service.Answer("/feed/stream", 404);
  const auto long_poll = StartFresh(service.Options());
  CHECK(Eventually([&] {
    return long_poll->status().transport == FeedTransport::kLongPoll;
  }));
  options.services = {"http://127.0.0.1:1"};
  CHECK(Start(options)->status().transport == FeedTransport::kNone);
}

TEST_CASE("a feed acknowledges what its service asks for, and tries again") {
  FakeFeedService service;
  service.AskForAcks(true);
  service.Answer("/feed/ack", 503);
  const auto feed = StartFresh(service.Options());
  service.Revoke(1);
  CHECK(Eventually([&] { return service.Requests("/feed/ack") > 1; }));
  CHECK(feed->status().acks == 0);
  service.Answer("/feed/ack", 0);
  service.Revoke(2);
  CHECK(Eventually([&] {
    return service.LastAck() ==
           "verifier=" + feed->status().verifier_id + "&epoch=1&seq=2";
  }));
  CHECK(Revoked(*feed, 2));
  CHECK(Eventually([&] { return feed->status().acks > 0; }));
  // Acknowledging is no part of following.
  CHECK(feed->status().last_error.empty());
  CHECK(feed->status().refused == 0);
}

TEST_CASE("every problem of the options is named") {
  FakeFeedService service;
  CHECK(service.Options().Validate().ok());
  const auto problem = [&](const std::function<void(FeedOptions&)>& change) {
    FeedOptions options = service.Options();
    change(options);
    const auto feed = RevocationFeed::Start(options);
    if (feed.ok()) return std::string();
    CHECK(feed.error().code == ErrorCode::kInvalid);
    return feed.error().message;
  };
  using O = FeedOptions;
  CHECK(problem([](O& o) { o.services.clear(); }) == "no service is named");
  CHECK(problem([](O& o) { o.client_id.clear(); }) == "client_id is empty");
  CHECK(problem([](O& o) { o.feed_ring.reset(); }) == "feed_ring is missing");
  CHECK(problem([&](O& o) { o.feed_ring = service.access_ring(); }) ==
        "feed_ring is not of purpose feed");
  CHECK(problem([](O& o) { o.timeout = milliseconds(99); }) ==
        "timeout is 99 ms, the limits are 100 ms and 60000 ms");
  CHECK(problem([](O& o) {
          o.poll_interval = milliseconds(49);
          o.client_secret.clear();
        }) ==
        "client_secret is empty; poll_interval is 49 ms, the limits are 50 ms "
        "and 3600000 ms");
  CHECK(problem([](O& o) { o.stale_after = milliseconds(99); }) ==
        "stale_after is 99 ms, the limits are 100 ms and 86400000 ms");
  CHECK_FALSE(problem([](O& o) { o.ca_file = "/ca.pem"; }).empty());
  for (const char* url :
       {"", "127.0.0.1:80", "ftp://a", "http://", "http://u@h", "http://h?q",
        "http://h/a b", "http://h\r\nx: y"}) {
    CAPTURE(url);
    CHECK_FALSE(problem([&](O& o) { o.services = {url}; }).empty());
  }
}

}  // namespace
}  // namespace signet
