#include "revocation_digest.h"

#include <algorithm>

#include "feed_wire.h"

namespace signet {
namespace {

struct Lanes {
  uint64_t a = 0, b = 0;
};

Lanes HashEntry(RevocationKind kind, const RevocationId& id,
                uint32_t not_before, uint32_t drop_minute) {
  std::array<uint8_t, 25> message;
  message[0] = static_cast<uint8_t>(kind);
  std::copy(id.begin(), id.end(), message.begin() + 1);
  StoreLittleEndian(message.data() + 17, not_before);
  StoreLittleEndian(message.data() + 21, drop_minute * 60);
  std::array<uint8_t, 16> digest;
  Blake2b(digest, message);
  return {LoadLittleEndian<uint64_t>(digest.data()),
          LoadLittleEndian<uint64_t>(digest.data() + 8)};
}

}  // namespace

uint32_t ClampSeconds(EpochSeconds time) {
  return static_cast<uint32_t>(
      std::clamp<int64_t>(time.time_since_epoch().count(), 0, kForeverSeconds));
}

uint32_t DropMinute(EpochSeconds drop_after) {
  const uint32_t seconds = ClampSeconds(drop_after);
  return seconds / 60 + (seconds % 60 != 0);
}

uint32_t FirstLiveMinute(Time t) {
  const int64_t ms = std::max<int64_t>(t.time_since_epoch().count(), 0);
  const int64_t minute = ms / 60'000 + (ms % 60'000 != 0);
  // At kForever and later, what never leaves is still there.
  return static_cast<uint32_t>(std::min<int64_t>(minute, kForeverMinutes));
}

void MinuteSums::Add(RevocationKind kind, const RevocationId& id,
                     uint32_t not_before, uint32_t drop_minute) {
  const Lanes lanes = HashEntry(kind, id, not_before, drop_minute);
  Sum& sum = sums_[drop_minute];
  sum.lanes[0] += lanes.a;
  sum.lanes[1] += lanes.b;
  ++sum.count;
  ++count_;
}

void MinuteSums::Subtract(RevocationKind kind, const RevocationId& id,
                          uint32_t not_before, uint32_t drop_minute) {
  const auto found = sums_.find(drop_minute);
  if (found == sums_.end()) return;
  const Lanes lanes = HashEntry(kind, id, not_before, drop_minute);
  found->second.lanes[0] -= lanes.a;
  found->second.lanes[1] -= lanes.b;
  --count_;
  if (--found->second.count == 0) sums_.erase(found);
}

void MinuteSums::DropBefore(uint32_t minute) {
  while (!sums_.empty() && sums_.begin()->first < minute) {
    count_ -= sums_.begin()->second.count;
    sums_.erase(sums_.begin());
  }
}

StateDigest MinuteSums::DigestFrom(uint32_t minute) const {
  uint64_t lanes[2] = {0, 0};
  for (auto it = sums_.lower_bound(minute); it != sums_.end(); ++it) {
    lanes[0] += it->second.lanes[0];
    lanes[1] += it->second.lanes[1];
  }
  StateDigest digest;
  StoreLittleEndian(digest.data(), lanes[0]);
  StoreLittleEndian(digest.data() + 8, lanes[1]);
  return digest;
}

}  // namespace signet
