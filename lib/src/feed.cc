#include "signet/feed.h"

#include <signal.h>

#include <array>
#include <atomic>
#include <system_error>
#include <thread>
#include <utility>

#include "feed_net_acks.h"
#include "feed_net_board.h"
#include "feed_net_follower.h"
#include "feed_net_http.h"
#include "feed_net_rings.h"
#include "feed_net_watch.h"
#include "feed_state.h"

namespace signet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Problems gathers what is wrong with the options.
class Problems {
 public:
  void Add(const std::string& problem) {
    if (!text_.empty()) text_ += "; ";
    text_ += problem;
  }
  void CheckRange(const char* name, Duration value, Duration low,
                  Duration high) {
    if (value >= low && value <= high) return;
    Add(std::string(name) + " is " + std::to_string(value.count()) +
        " ms, the limits are " + std::to_string(low.count()) + " ms and " +
        std::to_string(high.count()) + " ms");
  }
  Status status() const {
    if (text_.empty()) return {};
    return Error{ErrorCode::kInvalid, text_};
  }

 private:
  std::string text_;
};

// StartThread runs `body` with SIGPIPE blocked: TLS writes to a connection
// that is gone raise it, and the application may not expect that.
template <class Body>
std::thread StartThread(std::atomic<int>& running, Body body) {
  return std::thread([&running, body] {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    ++running;
    body();
    --running;
  });
}

// DrawId makes the name by which the service tells this feed from others.
std::string DrawId() {
  std::array<uint8_t, 16> id{};
  FillRandom(id);
  return Base64UrlEncode(id);
}

}  // namespace

Status FeedOptions::Validate() const {
  Problems problems;
  if (services.empty()) problems.Add("no service is named");
  bool any_https = false;
  for (const std::string& service : services) {
    const auto url = ParseServiceUrl(service);
    if (!url) problems.Add(url.error().message);
    any_https |= url.ok() && url->https;
  }
  if (!ca_file.empty() && !any_https) {
    problems.Add("ca_file is set, and no service is https");
  }
  if (client_id.empty()) problems.Add("client_id is empty");
  if (client_secret.empty()) problems.Add("client_secret is empty");
  if (!feed_ring) {
    problems.Add("feed_ring is missing");
  } else if (feed_ring->info().purpose != KeyPurpose::kFeed) {
    problems.Add("feed_ring is not of purpose feed");
  }
  problems.CheckRange("poll_interval", poll_interval, milliseconds(50),
                      hours(1));
  problems.CheckRange("timeout", timeout, milliseconds(100), seconds(60));
  problems.CheckRange("max_backoff", max_backoff, milliseconds(50), hours(1));
  problems.CheckRange("stale_after", stale_after, milliseconds(100), hours(24));
  return problems.status();
}

struct RevocationFeed::Impl {
  Impl(FeedOptions feed_options, const Clock& feed_clock,
       std::optional<StateDirectory> state)
      : options(std::move(feed_options)),
        clock(feed_clock),
        directory(std::move(state)),
        verifier_id(options.watch_only ? "none" : DrawId()),
        board(*options.feed_ring, options.on_event != nullptr),
        follower(options, clock, board, list, DirectoryOrNull(), verifier_id),
        rings(options, clock, board, live, DirectoryOrNull()),
        acks(options, board, verifier_id),
        watch(options, clock, board, list) {}

  const StateDirectory* DirectoryOrNull() const {
    return directory ? &*directory : nullptr;
  }

  Status Begin();
  void Stop();

  const FeedOptions options;
  const Clock& clock;
  const std::optional<StateDirectory> directory;
  const std::string verifier_id;
  FeedBoard board;
  RevocationList list;
  LiveRing live;
  FeedFollower follower;
  RingKeeper rings;
  AckSender acks;
  FeedWatch watch;

  std::atomic<int> running{0};
  std::vector<std::thread> threads;
};

Status RevocationFeed::Impl::Begin() {
  live.OnUnknownKey([this] { board.WantRings(); });
  rings.Restore();
  follower.Restore();
  try {
    threads.push_back(StartThread(running, [this] { follower.Run(); }));
    threads.push_back(StartThread(running, [this] { rings.Run(); }));
    threads.push_back(StartThread(running, [this] { acks.Run(); }));
    if (options.on_event) {
      threads.push_back(StartThread(running, [this] { watch.Run(); }));
    }
  } catch (const std::system_error& e) {
    Stop();
    return Error{ErrorCode::kInternal,
                 std::string("starting the feed's threads: ") + e.what()};
  }
  return {};
}

void RevocationFeed::Impl::Stop() {
  board.Stop();
  // A connection that is being made just now may escape one call.
  while (running > 0) {
    follower.Cancel();
    rings.Cancel();
    acks.Cancel();
    std::this_thread::sleep_for(milliseconds(5));
  }
  for (std::thread& thread : threads) thread.join();
  threads.clear();
}

Result<std::unique_ptr<RevocationFeed>> RevocationFeed::Start(
    FeedOptions options, const Clock& clock) {
  if (Status valid = options.Validate(); !valid) return valid.error();
  std::optional<StateDirectory> directory;
  if (!options.state_directory.empty()) {
    auto opened = StateDirectory::Open(options.state_directory);
    if (!opened) return opened.error();
    directory.emplace(*std::move(opened));
  }
  auto impl =
      std::make_unique<Impl>(std::move(options), clock, std::move(directory));
  if (Status begun = impl->Begin(); !begun) return begun.error();
  return std::unique_ptr<RevocationFeed>(new RevocationFeed(std::move(impl)));
}

RevocationFeed::RevocationFeed(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

RevocationFeed::~RevocationFeed() { impl_->Stop(); }

const LiveRing& RevocationFeed::keys() const { return impl_->live; }

const RevocationList& RevocationFeed::revocations() const {
  return impl_->list;
}

Status RevocationFeed::WaitUntilFresh(Duration limit) const {
  return impl_->board.WaitUntilFresh(limit);
}

FeedStatus RevocationFeed::status() const {
  FeedStatus status = impl_->board.status();
  status.staleness =
      impl_->list.Staleness(impl_->clock.Now(), impl_->clock.MonotonicNow());
  status.stale = status.staleness > impl_->options.stale_after;
  status.entries = impl_->list.size();
  status.verifier_id = impl_->verifier_id;
  return status;
}

}  // namespace signet
