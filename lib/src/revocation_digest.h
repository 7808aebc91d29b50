#ifndef SIGNET_SRC_REVOCATION_DIGEST_H_
#define SIGNET_SRC_REVOCATION_DIGEST_H_

#include <cstdint>
#include <map>

#include "signet/revocation.h"

namespace signet {

// Times inside the list are 32-bit: seconds since 1970, and whole minutes for
// the moment at which an entry leaves.
inline constexpr uint32_t kForeverSeconds =
    static_cast<uint32_t>(kForever.time_since_epoch().count());
inline constexpr uint32_t kForeverMinutes = kForeverSeconds / 60;

// ClampSeconds brings a time into the range 0 to kForever.
uint32_t ClampSeconds(EpochSeconds time);

// DropMinute is drop_after rounded up to a whole minute.
uint32_t DropMinute(EpochSeconds drop_after);

// FirstLiveMinute is the lowest drop minute of an entry that is live at `t`.
uint32_t FirstLiveMinute(Time t);

// MinuteSums keeps the digest and the number of a list's entries, per minute
// in which they leave, so that the passing of time costs nothing per entry.
//
// digest = the sum, as two little-endian lanes mod 2^64, of
//   BLAKE2b-128(kind u8 ‖ id[16] ‖ not_before u32 LE ‖ drop_after u32 LE)
// over the live entries, drop_after in seconds. One thread at a time.
class MinuteSums {
 public:
  void Add(RevocationKind kind, const RevocationId& id, uint32_t not_before,
           uint32_t drop_minute);
  // Subtract undoes an Add with the same arguments.
  void Subtract(RevocationKind kind, const RevocationId& id,
                uint32_t not_before, uint32_t drop_minute);

  // DropBefore forgets all minutes before `minute`.
  void DropBefore(uint32_t minute);

  StateDigest DigestFrom(uint32_t minute) const;
  size_t count() const { return count_; }
  size_t bytes() const { return sums_.size() * kNodeBytes; }

 private:
  struct Sum {
    uint64_t lanes[2] = {0, 0};
    size_t count = 0;
  };
  // What a node of the map takes, about.
  static constexpr size_t kNodeBytes = sizeof(Sum) + 48;

  std::map<uint32_t, Sum> sums_;
  size_t count_ = 0;
};

}  // namespace signet

#endif  // SIGNET_SRC_REVOCATION_DIGEST_H_
