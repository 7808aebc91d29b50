#include "ring_file.h"

#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

std::string Line(std::string_view label, Bytes value) {
  return std::string(label) + Base64UrlEncode(value) + "\n";
}

// Sealed makes a file of the document, as someone with the key could.
std::string Sealed(std::string_view document) {
  std::array<uint8_t, 16> sum{};
  std::array<uint8_t, 32> key{};
  Mac mac{};
  std::string text(document);
  Blake2b(sum, AsBytes(text));
  text += Line("sum: ", sum);
  Blake2b(key, AsBytes("signet ring mac 1"), kKek);
  Blake2b(mac, AsBytes(text), key);
  return text + Line("mac: ", mac);
}

void Open(std::string_view text) {
  const auto file = ParseRingFile(text);
  if (!file) return;
  const auto ring = OpenRingFile(*file, kKek);
  if (!ring) return;
  const std::string written =
      WriteRingFile(*ring, kKek, file->document.sealing->kdf);
  const auto reread = ParseRingFile(written);
  FUZZ_CHECK(reread.ok());
  const auto again = OpenRingFile(*reread, kKek);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(again->info() == ring->info());
  FUZZ_CHECK(again->keys().size() == ring->keys().size());
  for (size_t i = 0; i < ring->keys().size(); ++i) {
    FUZZ_CHECK(again->keys()[i].key.id() == ring->keys()[i].key.id());
    FUZZ_CHECK(again->keys()[i].schedule == ring->keys()[i].schedule);
  }
}

FUZZ_TARGET(input) {
  if (TakeByte(input) == 'r') return Open(input);
  Open(Sealed(input));
}

}  // namespace
}  // namespace signet::fuzz
