#ifndef SIGNET_SERVICE_FEED_FEED_CLOCK_H_
#define SIGNET_SERVICE_FEED_FEED_CLOCK_H_

#include <optional>

#include "signet/clock.h"
#include "signet/mutex.h"
#include "signet/result.h"

namespace signet::service::feed {

// A FeedClock reads the time that goes into heads. Entries leave the list by
// that time everywhere, so a wall clock that leaps ahead would give revoked
// tokens their life back: such a leap is believed only once it has lasted.
// Until then there is no time, no head is signed, and verifiers say `stale`.
// A step back is believed at once: it forgets nothing. Safe from any thread.
class FeedClock {
 public:
  // A leap is a step ahead of the monotonic clock by more than kLeap; it is
  // believed after kHold.
  static constexpr Duration kLeap = std::chrono::minutes(1);
  static constexpr Duration kHold = std::chrono::seconds(30);

  // The clock is borrowed.
  explicit FeedClock(const Clock& clock) : clock_(clock) {}

  // Now is kUnavailable while a leap is in doubt.
  Result<Time> Now();

 private:
  struct Leap {
    Duration offset{};
    Monotonic since{};
  };

  const Clock& clock_;
  Mutex mutex_;
  // Wall clock minus monotonic clock, as last believed.
  std::optional<Duration> offset_ SIGNET_GUARDED_BY(mutex_);
  std::optional<Leap> leap_ SIGNET_GUARDED_BY(mutex_);
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_FEED_CLOCK_H_
