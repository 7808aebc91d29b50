#ifndef SIGNET_LIB_SRC_PLAIN_TEXT_H_
#define SIGNET_LIB_SRC_PLAIN_TEXT_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace signet {

// IsPlain tells the characters that a JSON string shows as they are and that
// are printable ASCII.
inline bool IsPlain(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

// PlainPrefix is the number of plain characters that the text begins with. It
// looks at eight at a time.
inline size_t PlainPrefix(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101u;
  constexpr uint64_t kHighs = kOnes * 0x80;
  // Both mark bytes in their highest bit. A borrow may mark a byte wrongly, but
  // only above one that is marked rightly: the lowest mark is always right.
  const auto below = [](uint64_t word, uint8_t limit) {
    return (word - kOnes * limit) & ~word & kHighs;
  };
  const auto equal = [&](uint64_t word, char c) {
    return below(word ^ kOnes * static_cast<uint8_t>(c), 1);
  };
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof(word));
    const uint64_t marks = (word & kHighs) | below(word, 0x20) |
                           equal(word, 0x7f) | equal(word, '"') |
                           equal(word, '\\');
    if (marks == 0) continue;
    // Elsewhere the lowest bit is not the first byte's: see below.
    if constexpr (std::endian::native != std::endian::little) break;
    return at + static_cast<size_t>(std::countr_zero(marks)) / 8;
  }
  while (at < text.size() && IsPlain(text[at])) ++at;
  return at;
}

}  // namespace signet

#endif  // SIGNET_LIB_SRC_PLAIN_TEXT_H_
