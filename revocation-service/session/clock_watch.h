#ifndef SIGNET_SERVICE_SESSION_CLOCK_WATCH_H_
#define SIGNET_SERVICE_SESSION_CLOCK_WATCH_H_

#include "signet/clock.h"
#include "signet/mutex.h"

namespace signet::service {

// A ClockWatch tells whether the wall clock has lately jumped ahead of the
// monotonic one: what is removed for its age cannot be brought back if the
// clock was wrong. The clock is borrowed. Safe from any thread.
class ClockWatch {
 public:
  explicit ClockWatch(const Clock& clock)
      : clock_(clock), wall_(clock.Now()), monotonic_(clock.MonotonicNow()) {}

  // MustPause compares the clocks since the last call; it is true for an hour
  // after a jump.
  bool MustPause() SIGNET_EXCLUDES(mutex_);

 private:
  const Clock& clock_;
  Mutex mutex_;
  Time wall_ SIGNET_GUARDED_BY(mutex_);
  Monotonic monotonic_ SIGNET_GUARDED_BY(mutex_);
  Monotonic paused_until_ SIGNET_GUARDED_BY(mutex_){};
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_CLOCK_WATCH_H_
