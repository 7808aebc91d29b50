#include "signet/clock.h"

#include <ctime>

namespace signet {

const SystemClock& SystemClock::Shared() {
  static const SystemClock clock;
  return clock;
}

Moment SystemClock::Coarse() const {
#if defined(CLOCK_REALTIME_COARSE) && defined(CLOCK_MONOTONIC_COARSE)
  // A fifth of the time that the exact clocks take. Both count from the same
  // points as std::chrono's.
  const auto read = [](clockid_t id) {
    timespec time{};
    clock_gettime(id, &time);
    return Duration(int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000);
  };
  return {Time(read(CLOCK_REALTIME_COARSE)),
          Monotonic(read(CLOCK_MONOTONIC_COARSE))};
#else
  return {Now(), MonotonicNow()};
#endif
}

}  // namespace signet
