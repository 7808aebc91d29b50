#ifndef SIGNET_LIB_SRC_RING_RULES_H_
#define SIGNET_LIB_SRC_RING_RULES_H_

#include <algorithm>
#include <string_view>
#include <vector>

#include "signet/key_ring.h"

namespace signet {

// The most keys that one ring holds.
inline constexpr size_t kMaxRingKeys = 1000;
// The highest generation: every JSON reader can hold it (RFC 7493 section
// 2.2).
inline constexpr uint64_t kMaxGeneration = (uint64_t{1} << 53) - 1;

// The longest max_token_life that a policy may name.
inline constexpr Duration kMaxTokenLife = std::chrono::days(400);

// KeyFacts is what the rules look at: of a public and of a secret key alike.
struct KeyFacts {
  std::string_view id;
  KeyFormat format;
  KeySchedule schedule;
};

inline KeyFacts FactsOf(const RingKey& key) {
  return {key.key.id(), key.key.format(), key.schedule};
}
inline KeyFacts FactsOf(const SigningRing::Key& key) {
  return {key.key.id(), key.key.format(), key.schedule};
}

template <typename Key>
std::vector<KeyFacts> AllFacts(const std::vector<Key>& keys) {
  std::vector<KeyFacts> facts;
  facts.reserve(keys.size());
  for (const Key& key : keys) facts.push_back(FactsOf(key));
  return facts;
}

// InRingOrder tells whether `a` stands before `b` in a ring: by activation.
bool InRingOrder(const KeyFacts& a, const KeyFacts& b);

template <typename Key>
void SortKeys(std::vector<Key>& keys) {
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
    return InRingOrder(FactsOf(a), FactsOf(b));
  });
}

// CheckRing tells whether the keys keep the promises of KeyRing::Create. The
// error names the key and both numbers. REQUIRES: keys are in ring order.
Status CheckRing(const RingInfo& info, const std::vector<KeyFacts>& keys);

// VerifyOnlyNeeded is how long the key must verify after it stopped signing.
Duration VerifyOnlyNeeded(const KeySchedule& schedule,
                          const RotationPolicy& policy);

// NeverActive tells whether the key was revoked before it could sign.
bool NeverActive(const KeySchedule& schedule);

// RevokedWhileActive tells whether revocation is what ended the key's signing.
bool RevokedWhileActive(const KeySchedule& schedule);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_RING_RULES_H_
