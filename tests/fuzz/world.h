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

inline constexpr KeyFormat kAllFormats[] = {
    KeyFormat::kPasetoV4Public, KeyFormat::kPasetoV4Local,
    KeyFormat::kJwtEdDsa,       KeyFormat::kJwtEs256,
    KeyFormat::kJwtRs256,       KeyFormat::kJwtPs256,
    KeyFormat::kJwtHs256,       KeyFormat::kJweDir,
    KeyFormat::kJweP256,        KeyFormat::kJweX25519,
    KeyFormat::kFeedEd25519,    KeyFormat::kRefreshMac};

KeyPurpose PurposeOf(KeyFormat format);

// FixedKey is the same key in every process; its secret follows from `number`.
SecretKey FixedKey(KeyFormat format, uint8_t number);

// FixedRing holds a key that only verifies, the active one, and a pending one.
SigningRing FixedRing(KeyFormat format);

}  // namespace signet::fuzz

#endif  // SIGNET_TESTS_FUZZ_WORLD_H_
