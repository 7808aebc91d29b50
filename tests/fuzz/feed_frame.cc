// Whole frames: the harness signs, so that bodies are reached; and bodies cut
// into frames.
#include "signet/feed_frame.h"

#include "feed_body.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

struct Service {
  SigningRing ring = FixedRing(KeyFormat::kFeedEd25519);
  KeyRing known = ring.Public();
  const SecretKey& key = ring.keys()[1].key;
};

const Service& TheService() {
  static const Service service;
  return service;
}

// Sign puts head and tail of a frame about a body.
std::string Sign(uint8_t type, std::string_view body) {
  const SecretKey& key = TheService().key;
  std::array<uint8_t, 16> hint{};
  Blake2b(hint, AsBytes(key.id()));
  std::string frame = {0x53, 0x01, static_cast<char>(type)};
  frame += AsText(hint).substr(0, 4);
  frame += body;
  std::array<uint8_t, 64> digest{};
  Blake2b(digest, AsBytes(frame));
  const std::string message =
      "signet feed frame v1" + std::string(AsText(digest));
  return frame + key.Sign(AsBytes(message));
}

void Read(std::string_view text) {
  const auto frame = DecodeFrame(AsBytes(text), TheService().known, Time(kNow));
  if (!frame) return;
  FUZZ_CHECK(EncodeFrame(*frame, TheService().key) == text);
}

void Split(std::string_view body) {
  const auto frames = SplitFrames(AsBytes(body));
  if (!frames) return;
  std::string again;
  for (Bytes frame : *frames) AppendFrame(again, AsText(frame));
  FUZZ_CHECK(again == body);
}

FUZZ_TARGET(input) {
  const size_t draw = DrawOf(input);
  const uint8_t type = TakeByte(input);
  if (type == 'r') return Read(input);
  if (type == 's') return Split(input);
  const bool good =
      DecodeBody(static_cast<FrameType>(type), AsBytes(input)).ok();
  // Signatures take longest: what is no body is signed now and then, and what
  // is one is written again or spoilt.
  if (!good && draw % 8 != 0) return;
  std::string text = Sign(type, input);
  const auto frame = DecodeFrame(AsBytes(text), TheService().known, Time(kNow));
  FUZZ_CHECK(frame.ok() == good);
  if (!good) return;
  if (draw % 2 == 0) {
    FUZZ_CHECK(EncodeFrame(*frame, TheService().key) == text);
    return;
  }
  text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 1);
  FUZZ_CHECK(!DecodeFrame(AsBytes(text), TheService().known, Time(kNow)).ok());
}

}  // namespace
}  // namespace signet::fuzz
