#include "revocation-service/session/clock_watch.h"

namespace signet::service {
namespace {

// Slower drift than this is a clock that is being corrected.
constexpr Duration kJump = std::chrono::minutes(5);
constexpr Duration kPause = std::chrono::hours(1);

}  // namespace

bool ClockWatch::MustPause() {
  MutexLock lock(mutex_);
  const Time wall = clock_.Now();
  const Monotonic monotonic = clock_.MonotonicNow();
  const Duration ahead = (wall - wall_) - (monotonic - monotonic_);
  wall_ = wall;
  monotonic_ = monotonic;
  if (ahead > kJump) paused_until_ = monotonic + kPause;
  return monotonic < paused_until_;
}

}  // namespace signet::service
