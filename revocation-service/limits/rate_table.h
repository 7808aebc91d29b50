#ifndef SIGNET_SERVICE_LIMITS_RATE_TABLE_H_
#define SIGNET_SERVICE_LIMITS_RATE_TABLE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "signet/clock.h"
#include "signet/mutex.h"

namespace signet::service {

// Rate is a token bucket: `burst` at once, and `per_second` from then on.
// per_second 0 means that there is no limit.
struct Rate {
  uint32_t per_second = 0;
  uint32_t burst = 0;

  bool operator==(const Rate&) const = default;
};

// A RateTable keeps one bucket for each key, in memory that is fixed from the
// start. A key that finds no free place takes that of the key that owes least,
// and takes over what it owes: so a crowd of other keys, which anybody can
// make up, never wins a limited key its tokens back. All keys of one place
// together get no more than its eight buckets. Keys are hashed with a random
// key, so that nobody chooses their place. Safe from any thread.
class RateTable {
 public:
  // 16 bytes an entry. REQUIRES: entries is a multiple of 8, and not 0.
  explicit RateTable(Rate rate, size_t entries = 16'384);

  void SetRate(Rate rate) SIGNET_EXCLUDES(mutex_);

  // Take takes a token: nullopt if there was one, otherwise how long until the
  // next; then nothing is taken.
  std::optional<Duration> Take(std::string_view key, Monotonic now)
      SIGNET_EXCLUDES(mutex_);

  // Look is Take that takes nothing. Charge takes a token whether there is one
  // or not, but never owes more than one burst.
  std::optional<Duration> Look(std::string_view key, Monotonic now)
      SIGNET_EXCLUDES(mutex_);
  void Charge(std::string_view key, Monotonic now) SIGNET_EXCLUDES(mutex_);

 private:
  static constexpr size_t kWays = 8;
  using Micros = int64_t;

  // The bucket as a moment (the virtual scheduling of GCRA): when it would be
  // full again. Until then it lacks a token for each interval.
  struct Entry {
    uint64_t tag = 0;  // 0: free
    Micros full_at = 0;
  };
  struct Place {
    size_t first = 0;
    uint64_t tag = 0;
  };

  Place PlaceOf(std::string_view key) const;
  Entry* Find(const Place& place) SIGNET_REQUIRES(mutex_);
  Entry& FindOrTakeOver(const Place& place, Micros now) SIGNET_REQUIRES(mutex_);
  Micros Interval() const SIGNET_REQUIRES(mutex_);
  std::optional<Duration> Wait(Micros full_at, Micros now) const
      SIGNET_REQUIRES(mutex_);

  std::array<uint8_t, 16> hash_key_{};
  Mutex mutex_;
  Rate rate_ SIGNET_GUARDED_BY(mutex_);
  const size_t sets_;
  std::vector<Entry> entries_ SIGNET_GUARDED_BY(mutex_);
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_LIMITS_RATE_TABLE_H_
