#ifndef SIGNET_SRC_WIDE_ID_H_
#define SIGNET_SRC_WIDE_ID_H_

#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>

#include "signet/revocation.h"

namespace signet {

// A WideId is an id as a big-endian number, in two words: it sorts as the
// bytes do, and faster.
struct WideId {
  uint64_t high = 0, low = 0;
  auto operator<=>(const WideId&) const = default;
};

inline uint64_t BigEndian(uint64_t word) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(word)
                                                    : word;
}

inline WideId ToWide(const RevocationId& id) {
  uint64_t words[2];
  std::memcpy(words, id.data(), sizeof(words));
  return {BigEndian(words[0]), BigEndian(words[1])};
}

inline RevocationId FromWide(const WideId& wide) {
  const uint64_t words[2] = {BigEndian(wide.high), BigEndian(wide.low)};
  RevocationId id;
  std::memcpy(id.data(), words, sizeof(words));
  return id;
}

}  // namespace signet

#endif  // SIGNET_SRC_WIDE_ID_H_
