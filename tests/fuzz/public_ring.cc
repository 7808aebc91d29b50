#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

FUZZ_TARGET(input) {
  const auto ring = KeyRing::Parse(input);
  if (!ring) {
    FUZZ_CHECK(!ring.error().message.empty());
    return;
  }
  const std::string text = ring->Serialize();
  const auto again = KeyRing::Parse(text);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(*again == *ring);
  FUZZ_CHECK(again->Serialize() == text);
  FUZZ_CHECK(!ring->keys().empty());
  for (const RingKey& key : ring->keys()) {
    FUZZ_CHECK(ring->Find(key.key.id()) == &key);
  }
  static_cast<void>(ring->Jwks(Time(kNow)));
}

}  // namespace
}  // namespace signet::fuzz
