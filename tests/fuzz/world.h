#ifndef SIGNET_TESTS_FUZZ_WORLD_H_
#define SIGNET_TESTS_FUZZ_WORLD_H_

#include <array>
#include <string>

#include "signet/key_ring.h"
#include "signet/revocation.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {

// What every run shares with its seeds: the same keys at the same time, so
// that a finding means the same on every machine. The keys guard nothing.

// 2026-11-22T10:00:00Z.
inline constexpr EpochSeconds kNow{Seconds(1'795'341'600)};

inline constexpr std::array<uint8_t, 32> kKek = {0x5e, 0xa1};

inline SecretKey FixedKey(KeyFormat format, uint8_t number) {
  std::array<uint8_t, 32> seed{};
  seed[0] = number;
  auto key = SecretKey::FromSecret(format, seed);
  FUZZ_CHECK(key.ok());
  return *std::move(key);
}

// FixedRing holds a key that only verifies, the active one, and a pending one.
inline SigningRing FixedRing(KeyPurpose purpose, KeyFormat format) {
  using std::chrono::hours;
  RingInfo info;
  info.purpose = purpose;
  info.format = format;
  info.generation = 7;
  const Time now(kNow);
  KeySchedule first{now - hours(3), now - hours(3)};
  first.verify_only_at = now - hours(1);
  first.retires_at = now + hours(12);
  KeySchedule second{now - hours(2), now - hours(1)};
  second.verify_only_at = now + hours(1);
  second.retires_at = now + hours(24);
  std::vector<SigningRing::Key> keys;
  keys.push_back({FixedKey(format, 1), first});
  keys.push_back({FixedKey(format, 2), second});
  keys.push_back({FixedKey(format, 3), {now - hours(1), now + hours(1)}});
  auto ring = SigningRing::Create(info, std::move(keys));
  FUZZ_CHECK(ring.ok());
  return *std::move(ring);
}

}  // namespace signet::fuzz

#endif  // SIGNET_TESTS_FUZZ_WORLD_H_
