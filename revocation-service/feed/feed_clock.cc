#include "revocation-service/feed/feed_clock.h"

namespace signet::service::feed {

Result<Time> FeedClock::Now() {
  MutexLock lock(mutex_);
  const Time wall = clock_.Now();
  const Monotonic monotonic = clock_.MonotonicNow();
  const Duration offset =
      wall.time_since_epoch() - monotonic.time_since_epoch();
  if (offset_.has_value() && offset > *offset_ + kLeap) {
    // A second leap on top of the first begins the wait anew.
    if (!leap_.has_value() || offset > leap_->offset + kLeap) {
      leap_ = {.offset = offset, .since = monotonic};
    }
    if (monotonic - leap_->since < kHold) {
      const auto ahead = std::chrono::floor<Seconds>(offset - *offset_);
      return Error{
          ErrorCode::kUnavailable,
          "the wall clock leapt ahead by " + std::to_string(ahead.count()) +
              " s: waiting " +
              std::to_string(
                  Seconds(std::chrono::floor<Seconds>(kHold)).count()) +
              " s before it is believed"};
    }
  }
  leap_.reset();
  offset_ = offset;
  return wall;
}

}  // namespace signet::service::feed
