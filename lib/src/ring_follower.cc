#include "signet/ring_follower.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "signet/mutex.h"
#include "time_text.h"

namespace signet {
namespace {

void AppendOutOfRange(std::string& problems, std::string_view name,
                      Duration value) {
  constexpr Duration kLow(100);
  constexpr Duration kHigh = std::chrono::hours(1);
  if (kLow <= value && value <= kHigh) return;
  if (!problems.empty()) problems += "; ";
  problems += std::string(name) + " is " + FormatDuration(value) +
              ", the range is " + FormatDuration(kLow) + " to " +
              FormatDuration(kHigh);
}

}  // namespace

RingSource PublicRingFile(std::string path) {
  return [path = std::move(path)] { return ReadPublicRing(path); };
}

RingSource SealedRingFile(std::shared_ptr<RingStore> store,
                          KeyPurpose purpose) {
  return [store = std::move(store), purpose]() -> Result<KeyRing> {
    Result<SigningRing> ring = store->Load(purpose);
    if (!ring) return ring.error();
    return ring->ForVerifier();
  };
}

Status RingFollowerOptions::Validate() const {
  std::string problems;
  AppendOutOfRange(problems, "interval", interval);
  AppendOutOfRange(problems, "cooldown", cooldown);
  if (problems.empty()) return {};
  return Error{ErrorCode::kInvalid, "ring follower: " + problems};
}

struct RingFollower::Impl {
  using SteadyTime = std::chrono::steady_clock::time_point;

  RingSource source;
  RingFollowerOptions options;
  const Clock& clock;
  LiveRing live;
  std::atomic<bool> wanted = false;  // a token named an unknown key
  Mutex mutex;
  CondVar wake;
  bool stopping SIGNET_GUARDED_BY(mutex) = false;
  RingFollowerStatus status SIGNET_GUARDED_BY(mutex);
  std::thread thread;

  Impl(RingSource s, RingFollowerOptions o, const Clock& c)
      : source(std::move(s)), options(o), clock(c) {
    live.OnUnknownKey([this] { Want(); });
  }
  ~Impl() {
    {
      MutexLock lock(mutex);
      stopping = true;
    }
    wake.NotifyAll();
    if (thread.joinable()) thread.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Want is called on the verifiers' threads: of all that come between two
  // questions one takes the lock.
  void Want() {
    if (wanted.exchange(true)) return;
    { MutexLock lock(mutex); }
    wake.NotifyAll();
  }

  Status TakeRing() {
    Result<KeyRing> ring = source();
    if (!ring) return ring.error();
    // Publishing waits for readers: not for what is in force already.
    const std::optional<KeyRing> present = live.Copy(ring->info().purpose);
    if (present && *present == *ring) return {};
    return live.Publish(*std::move(ring));
  }

  Status Ask() {
    Status taken = TakeRing();
    const std::optional<KeyRing> present = live.Copy();
    MutexLock lock(mutex);
    if (present) status.generation = present->info().generation;
    if (taken) {
      status.confirmed_at = clock.MonotonicNow();
      status.last_error.clear();
    } else {
      ++status.failures;
      status.last_error = taken.error().message;
    }
    return taken;
  }

  void Run() {
    SteadyTime asked = std::chrono::steady_clock::now();
    MutexLock lock(mutex);
    while (!stopping) {
      const Duration pause = wanted
                                 ? std::min(options.interval, options.cooldown)
                                 : options.interval;
      const SteadyTime next = asked + pause;
      if (std::chrono::steady_clock::now() < next) {
        wake.WaitUntil(mutex, next);
        continue;
      }
      lock.Unlock();
      wanted = false;
      (void)Ask();  // status says how it went
      asked = std::chrono::steady_clock::now();
      lock.Lock();
    }
  }
};

RingFollower::RingFollower(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
RingFollower::~RingFollower() = default;

Result<std::unique_ptr<RingFollower>> RingFollower::Start(
    RingSource source, RingFollowerOptions options, const Clock& clock) {
  if (Status ok = options.Validate(); !ok) return ok.error();
  auto impl = std::make_unique<Impl>(std::move(source), options, clock);
  if (Status first = impl->Ask(); !first) return first.error();
  impl->thread = std::thread([impl = impl.get()] { impl->Run(); });
  return std::unique_ptr<RingFollower>(new RingFollower(std::move(impl)));
}

const LiveRing& RingFollower::keys() const { return impl_->live; }

RingFollowerStatus RingFollower::status() const {
  MutexLock lock(impl_->mutex);
  return impl_->status;
}

}  // namespace signet
