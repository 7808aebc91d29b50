// The C interface on a feed that is alive. Its mistakes and its other half are
// tested from C (tests/c).
#include <doctest/doctest.h>
#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "signet/signet_feed.h"
#include "tests/eventually.h"
#include "tests/lib/fake_feed_service.h"

namespace signet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Eventually;

constexpr int64_t kLimitMs = 10'000;

template <auto kFree>
struct Freed {
  template <class Handle>
  void operator()(Handle* handle) const {
    kFree(handle);
  }
};
using Ring = std::unique_ptr<signet_ring, Freed<signet_ring_free>>;
using Options =
    std::unique_ptr<signet_feed_options, Freed<signet_feed_options_free>>;
using Feed = std::unique_ptr<signet_feed, Freed<signet_feed_free>>;
using PolicyHandle = std::unique_ptr<signet_policy, Freed<signet_policy_free>>;
using VerifierHandle =
    std::unique_ptr<signet_verifier, Freed<signet_verifier_free>>;
using Verdict = std::unique_ptr<signet_verdict, Freed<signet_verdict_free>>;

Options OptionsFor(const FakeFeedService& service) {
  const std::string json = service.feed_ring().Serialize();
  signet_ring* ring = nullptr;
  REQUIRE(signet_ring_parse(json.data(), json.size(), &ring, nullptr, 0) ==
          SIGNET_OK);
  const Ring feed_ring(ring);
  Options options(signet_feed_options_new());
  signet_feed_options* o = options.get();
  // The first of two services is dead: the next one is tried.
  CHECK(signet_feed_options_add_service(o, "http://127.0.0.1:1") == SIGNET_OK);
  CHECK(signet_feed_options_add_service(o, service.url().c_str()) == SIGNET_OK);
  CHECK(signet_feed_options_set_client(o, FakeFeedService::kClient,
                                       FakeFeedService::kSecret) == SIGNET_OK);
  CHECK(signet_feed_options_set_ring(o, feed_ring.get()) == SIGNET_OK);
  CHECK(signet_feed_options_set_max_backoff(o, 100) == SIGNET_OK);
  return options;
}

Feed StartFresh(const Options& options) {
  signet_feed* feed = nullptr;
  char error[SIGNET_ERROR_SIZE];
  REQUIRE_MESSAGE(
      signet_feed_start(options.get(), &feed, error, sizeof error) == SIGNET_OK,
      error);
  Feed started(feed);
  REQUIRE_MESSAGE(signet_feed_wait_until_fresh(feed, kLimitMs, error,
                                               sizeof error) == SIGNET_OK,
                  error);
  CHECK(std::strlen(error) == 0);
  return started;
}

signet_feed_status StatusOf(const Feed& feed) {
  signet_feed_status status{};
  CHECK(signet_feed_read_status(feed.get(), &status, sizeof status) ==
        SIGNET_OK);
  return status;
}

VerifierHandle VerifierOn(const Feed& feed) {
  const PolicyHandle policy(signet_policy_new());
  signet_policy_any_issuer(policy.get());
  signet_policy_any_audience(policy.get());
  signet_verifier* verifier = nullptr;
  char error[SIGNET_ERROR_SIZE];
  REQUIRE_MESSAGE(signet_verifier_new(policy.get(), feed.get(), &verifier,
                                      error, sizeof error) == SIGNET_OK,
                  error);
  return VerifierHandle(verifier);
}

TEST_CASE("the C interface follows a feed and tells its state") {
  FakeFeedService service;
  service.Revoke(1);
  const Feed feed = StartFresh(OptionsFor(service));
  signet_feed_status status = StatusOf(feed);
  CHECK(status.entries == 1);
  CHECK(status.epoch == 1);
  CHECK(status.sequence == 1);
  CHECK(status.ring_generation == 2);
  CHECK(status.frames > 0);
  CHECK(status.refused == 0);
  CHECK(status.staleness_ms >= 0);
  CHECK(Eventually([&] { return StatusOf(feed).connected == 1; }));
  CHECK(Eventually(
      [&] { return signet_feed_last_error(feed.get(), nullptr, 0) == 0; }));
  service.Revoke(2);
  CHECK(Eventually([&] { return StatusOf(feed).sequence == 2; }));
}

// Told is what a callback has been told.
struct Told {
  Mutex mutex;
  std::map<int, std::string> events SIGNET_GUARDED_BY(mutex);
  bool Has(signet_feed_event event) {
    const MutexLock lock(mutex);
    return events.contains(event);
  }
};

extern "C" void Note(void* context, signet_feed_event event,
                     const char* message) {
  auto* told = static_cast<Told*>(context);
  const MutexLock lock(told->mutex);
  told->events[event] = message;
}

TEST_CASE("a callback of the C interface is told what happens") {
  FakeFeedService service;
  const Options options = OptionsFor(service);
  signet_feed_options* o = options.get();
  Told told;
  CHECK(signet_feed_options_set_callback(nullptr, Note, &told) ==
        SIGNET_INVALID);
  CHECK(signet_feed_options_set_callback(o, Note, &told) == SIGNET_OK);
  CHECK(signet_feed_options_set_stale_after(o, 500) == SIGNET_OK);
  CHECK(signet_feed_options_set_timeout(o, 300) == SIGNET_OK);
  const Feed feed = StartFresh(options);
  CHECK(Eventually([&] { return told.Has(SIGNET_FEED_CONNECTED); }));
  CHECK(Eventually([&] { return told.Has(SIGNET_FEED_FRESH); }));
  CHECK(Eventually([&] { return told.Has(SIGNET_FEED_NEW_RINGS); }));
  CHECK(Eventually([&] {
    const signet_feed_status status = StatusOf(feed);
    return status.transport == SIGNET_FEED_STREAM && status.stale == 0;
  }));
  service.Answer("/feed/log", 503);
  service.Answer("/feed/stream", 503);
  service.CutStreams();
  CHECK(Eventually([&] { return told.Has(SIGNET_FEED_DISCONNECTED); }));
  CHECK(Eventually([&] { return told.Has(SIGNET_FEED_STALE); }));
  CHECK(Eventually([&] {
    const signet_feed_status status = StatusOf(feed);
    return status.transport == SIGNET_FEED_NO_TRANSPORT && status.stale == 1;
  }));
}

TEST_CASE("without a callback nothing is told") {
  FakeFeedService service;
  const Options options = OptionsFor(service);
  Told told;
  CHECK(signet_feed_options_set_callback(options.get(), Note, &told) ==
        SIGNET_OK);
  CHECK(signet_feed_options_set_callback(options.get(), nullptr, &told) ==
        SIGNET_OK);
  const Feed feed = StartFresh(options);
  CHECK_FALSE(told.Has(SIGNET_FEED_CONNECTED));
  CHECK(signet_feed_options_set_stale_after(options.get(), 99) == SIGNET_OK);
  signet_feed* refused = nullptr;
  CHECK(signet_feed_start(options.get(), &refused, nullptr, 0) ==
        SIGNET_INVALID);
}

TEST_CASE("a polling feed of the C interface does the same") {
  FakeFeedService service;
  const Options options = OptionsFor(service);
  REQUIRE(signet_feed_options_poll(options.get(), 50) == SIGNET_OK);
  const Feed feed = StartFresh(options);
  service.Revoke(1);
  CHECK(Eventually([&] { return StatusOf(feed).sequence == 1; }));
  CHECK(service.Requests("/feed/stream") == 0);
}

TEST_CASE("a verifier of the C interface outlives the feed's handle") {
  FakeFeedService service;
  Feed feed = StartFresh(OptionsFor(service));
  const VerifierHandle verifier = VerifierOn(feed);
  feed.reset();
  // The feed goes on: it is still asked for what is new.
  const size_t before = service.Requests("/feed/stream");
  service.CutStreams();
  CHECK(Eventually([&] { return service.Requests("/feed/stream") > before; }));
  const Verdict verdict(signet_verdict_new());
  CHECK(signet_verify(verifier.get(), "v4.public.AA", 12, verdict.get()) ==
        SIGNET_REFUSED);
  CHECK(signet_verdict_refusal(verdict.get()) == SIGNET_REFUSAL_MALFORMED);
}

// BlockedBy reads the signals that a thread of this process blocks.
uint64_t BlockedBy(const std::string& thread) {
  std::ifstream status("/proc/self/task/" + thread + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigBlk:")) {
      return std::stoull(line.substr(7), nullptr, 16);
    }
  }
  return 0;
}

std::set<std::string> Threads() {
  std::set<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/task")) {
    names.insert(entry.path().filename());
  }
  return names;
}

TEST_CASE("a feed's threads take no signal, and the caller's mask stays") {
  FakeFeedService service;
  const Options options = OptionsFor(service);
  sigset_t before;
  sigset_t after;
  REQUIRE(pthread_sigmask(SIG_SETMASK, nullptr, &before) == 0);
  const std::set<std::string> others = Threads();
  signet_feed* feed = nullptr;
  REQUIRE(signet_feed_start(options.get(), &feed, nullptr, 0) == SIGNET_OK);
  const Feed started(feed);
  REQUIRE(pthread_sigmask(SIG_SETMASK, nullptr, &after) == 0);
  CHECK(sigismember(&before, SIGPIPE) == sigismember(&after, SIGPIPE));
  CHECK(sigismember(&after, SIGTERM) == 0);
  // A server's threads come and go; some of the new ones are the feed's.
  size_t blocking = 0;
  for (const std::string& thread : Threads()) {
    const uint64_t mask = BlockedBy(thread);
    const auto blocks = [mask](int signal) {
      return (mask >> (signal - 1) & 1) != 0;
    };
    if (others.count(thread) == 0 && blocks(SIGPIPE) && blocks(SIGTERM)) {
      ++blocking;
    }
  }
  CHECK(blocking > 0);
}

}  // namespace
}  // namespace signet
