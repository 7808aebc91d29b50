#include "feed_body.h"

#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

FUZZ_TARGET(input) {
  const auto type = static_cast<FrameType>(TakeByte(input));
  const auto frame = DecodeBody(type, AsBytes(input));
  if (!frame) {
    FUZZ_CHECK(frame.error().code == ErrorCode::kInvalid);
    return;
  }
  FUZZ_CHECK(TypeOf(*frame) == type);
  std::string again;
  EncodeBody(*frame, again);
  FUZZ_CHECK(again == input);
}

}  // namespace
}  // namespace signet::fuzz
