#include "feed_state.h"

#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

void Read(std::string_view bytes) {
  const auto state = DecodeFeedState(bytes);
  if (!state) {
    FUZZ_CHECK(state.error().code == ErrorCode::kCorrupt);
    return;
  }
  FUZZ_CHECK(EncodeFeedState(*state) == bytes);
}

FUZZ_TARGET(input) {
  if (TakeByte(input) == 'r') return Read(input);
  std::string bytes = "signet feed state 1\n" + std::string(input);
  std::array<uint8_t, 32> checksum{};
  Blake2b(checksum, AsBytes(bytes));
  bytes += AsText(checksum);
  Read(bytes);
}

}  // namespace
}  // namespace signet::fuzz
