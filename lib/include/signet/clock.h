#ifndef SIGNET_CLOCK_H_
#define SIGNET_CLOCK_H_

#include <atomic>
#include <chrono>

namespace signet {

using Duration = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

// Time is wall-clock time, UTC, to the millisecond. Times inside tokens and
// revocations are whole seconds: EpochSeconds.
using Time = std::chrono::time_point<std::chrono::system_clock, Duration>;

// EpochSeconds counts seconds since 1970-01-01T00:00:00Z, as the NumericDate
// of RFC 7519 section 2 does.
using EpochSeconds = std::chrono::sys_seconds;

// Monotonic never runs backwards and means nothing outside this process.
using Monotonic = std::chrono::time_point<std::chrono::steady_clock, Duration>;

inline EpochSeconds ToSeconds(Time time) {
  return std::chrono::floor<Seconds>(time);
}

// Moment is what both clocks said when something began.
struct Moment {
  Time now;
  Monotonic monotonic;
};

// Clock tells both times. Implementations are safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
  virtual Monotonic MonotonicNow() const = 0;

  // Coarse tells both at once and cheaply: each is up to kCoarseLag behind, and
  // more while a virtual machine is not let run; neither is ever ahead.
  virtual Moment Coarse() const { return {Now(), MonotonicNow()}; }
};

// One tick of the slowest timer that Linux is built with.
inline constexpr Duration kCoarseLag{10};

// SystemClock reads the clocks of the machine.
class SystemClock final : public Clock {
 public:
  Time Now() const override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
  Monotonic MonotonicNow() const override {
    return std::chrono::floor<Duration>(std::chrono::steady_clock::now());
  }
  Moment Coarse() const override;

  // Shared returns the instance that is used where no clock is named. It has
  // no state and lives for ever.
  static const SystemClock& Shared();
};

// ManualClock stands still until it is told to move: for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time now) : now_(now) {}

  Time Now() const override { return now_.load(); }
  Monotonic MonotonicNow() const override { return monotonic_.load(); }

  // Advance lets time pass on both clocks. REQUIRES: by >= 0.
  void Advance(Duration by) {
    now_ = now_.load() + by;
    monotonic_ = monotonic_.load() + by;
  }
  // SetWall steps the wall clock alone, as an administrator or NTP might.
  void SetWall(Time now) { now_ = now; }

 private:
  std::atomic<Time> now_;
  std::atomic<Monotonic> monotonic_{Monotonic(Duration(1'000'000))};
};

}  // namespace signet

#endif  // SIGNET_CLOCK_H_
