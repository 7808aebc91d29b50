#include <pthread.h>
#include <signal.h>

#include <string>

#include "c_interface.h"
#include "signet/feed.h"
#include "signet/signet_feed.h"

struct signet_feed_options {
  signet::FeedOptions options;
};

struct signet_feed {
  std::shared_ptr<signet::RevocationFeed> feed;
};

namespace signet::c_interface {
namespace {

// SignalsBlocked keeps signals off the threads that are made meanwhile: they
// belong to the host, and a broken connection is no reason to end it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

// Set changes options, unless an argument is missing.
template <class Change>
signet_code Set(signet_feed_options* options, Change change) {
  if (options == nullptr) return SIGNET_INVALID;
  return Guarded(ErrorText(nullptr, 0),
                 [&] { return change(options->options), kOk; });
}

signet_feed_status StatusOf(const FeedStatus& status) {
  signet_feed_status out{};
  out.connected = status.connected ? 1 : 0;
  out.epoch = status.position.epoch;
  out.sequence = status.position.sequence;
  const bool known = status.staleness != Duration::max();
  out.staleness_ms = known ? status.staleness.count() : -1;
  out.ring_generation = status.ring_generation;
  out.entries = status.entries;
  out.frames = status.frames;
  out.refused = status.refused;
  out.reconnects = status.reconnects;
  out.acks = status.acks;
  out.transport = static_cast<int32_t>(status.transport);
  out.stale = status.stale ? 1 : 0;
  return out;
}

constexpr int64_t kOneDayMs = 86'400'000;

}  // namespace
}  // namespace signet::c_interface

using signet::FeedOptions;
using signet::c_interface::ErrorText;
using signet::c_interface::Guarded;
namespace c = signet::c_interface;

signet_feed_options* signet_feed_options_new(void) {
  return c::New<signet_feed_options>();
}

void signet_feed_options_free(signet_feed_options* options) { delete options; }

signet_code signet_feed_options_add_service(signet_feed_options* options,
                                            const char* url) {
  if (url == nullptr) return SIGNET_INVALID;
  return c::Set(options, [&](FeedOptions& o) { o.services.emplace_back(url); });
}

signet_code signet_feed_options_set_client(signet_feed_options* options,
                                           const char* client_id,
                                           const char* client_secret) {
  if (client_id == nullptr || client_secret == nullptr) return SIGNET_INVALID;
  return c::Set(options, [&](FeedOptions& o) {
    o.client_id = client_id;
    o.client_secret = client_secret;
  });
}

signet_code signet_feed_options_set_ring(signet_feed_options* options,
                                         const signet_ring* feed_ring) {
  if (feed_ring == nullptr) return SIGNET_INVALID;
  return c::Set(options,
                [&](FeedOptions& o) { o.feed_ring = feed_ring->live->Copy(); });
}

signet_code signet_feed_options_subscribe(signet_feed_options* options) {
  return c::Set(options,
                [](FeedOptions& o) { o.mode = signet::FeedMode::kSubscribe; });
}

signet_code signet_feed_options_poll(signet_feed_options* options, int64_t ms) {
  return c::Set(options, [ms](FeedOptions& o) {
    o.mode = signet::FeedMode::kPoll;
    o.poll_interval = signet::Duration(ms);
  });
}

signet_code signet_feed_options_set_timeout(signet_feed_options* options,
                                            int64_t ms) {
  return c::Set(options,
                [ms](FeedOptions& o) { o.timeout = signet::Duration(ms); });
}

signet_code signet_feed_options_set_max_backoff(signet_feed_options* options,
                                                int64_t ms) {
  return c::Set(options,
                [ms](FeedOptions& o) { o.max_backoff = signet::Duration(ms); });
}

signet_code signet_feed_options_set_state_directory(
    signet_feed_options* options, const char* path) {
  if (path == nullptr) return SIGNET_INVALID;
  return c::Set(options, [&](FeedOptions& o) { o.state_directory = path; });
}

signet_code signet_feed_options_set_ca_file(signet_feed_options* options,
                                            const char* path) {
  if (path == nullptr) return SIGNET_INVALID;
  return c::Set(options, [&](FeedOptions& o) { o.ca_file = path; });
}

signet_code signet_feed_options_set_callback(signet_feed_options* options,
                                             signet_feed_callback callback,
                                             void* context) {
  return c::Set(options, [&](FeedOptions& o) {
    o.on_event = nullptr;
    if (callback == nullptr) return;
    o.on_event = [callback, context](const signet::FeedEvent& event) {
      callback(context, static_cast<signet_feed_event>(event.kind),
               event.message.c_str());
    };
  });
}

signet_code signet_feed_options_set_stale_after(signet_feed_options* options,
                                                int64_t ms) {
  return c::Set(options,
                [ms](FeedOptions& o) { o.stale_after = signet::Duration(ms); });
}

signet_code signet_feed_start(const signet_feed_options* options,
                              signet_feed** feed, char* error,
                              size_t error_size) {
  const ErrorText text(error, error_size);
  if (options == nullptr || feed == nullptr) return text.FailNull();
  return Guarded(text, [&] {
    const c::SignalsBlocked blocked;
    auto started = signet::RevocationFeed::Start(options->options);
    if (!started) return text.Fail(started.error());
    *feed = new signet_feed{*std::move(started)};
    return c::kOk;
  });
}

void signet_feed_free(signet_feed* feed) { delete feed; }

signet_code signet_feed_wait_until_fresh(const signet_feed* feed,
                                         int64_t limit_ms, char* error,
                                         size_t error_size) {
  const ErrorText text(error, error_size);
  if (feed == nullptr) return text.FailNull();
  if (limit_ms < 0 || limit_ms > c::kOneDayMs) {
    return text.Fail(SIGNET_INVALID, "limit_ms is not 0 to 86400000");
  }
  return Guarded(text, [&] {
    const auto fresh = feed->feed->WaitUntilFresh(signet::Duration(limit_ms));
    return fresh ? c::kOk : text.Fail(fresh.error());
  });
}

signet_code signet_feed_read_status(const signet_feed* feed,
                                    signet_feed_status* status, size_t size) {
  if (feed == nullptr || status == nullptr) return SIGNET_INVALID;
  return Guarded(ErrorText(nullptr, 0), [&] {
    const signet_feed_status known = c::StatusOf(feed->feed->status());
    const size_t copied = std::min(size, sizeof known);
    std::memcpy(status, &known, copied);
    std::memset(reinterpret_cast<char*>(status) + copied, 0, size - copied);
    return c::kOk;
  });
}

size_t signet_feed_last_error(const signet_feed* feed, char* buffer,
                              size_t size) {
  size_t length = 0;
  const ErrorText text(buffer, size);
  if (feed == nullptr) return length;
  Guarded(text, [&] {
    length = c::CopyText(feed->feed->status().last_error, buffer, size);
    return c::kOk;
  });
  return length;
}

signet_code signet_verifier_new(const signet_policy* policy, signet_feed* feed,
                                signet_verifier** verifier, char* error,
                                size_t error_size) {
  const ErrorText text(error, error_size);
  if (policy == nullptr || feed == nullptr || verifier == nullptr) {
    return text.FailNull();
  }
  return Guarded(text, [&] {
    return c::GiveVerifier(
        signet::Verifier::Create(policy->policy, feed->feed->keys(),
                                 feed->feed->revocations()),
        feed->feed, verifier, text);
  });
}
