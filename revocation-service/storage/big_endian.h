#ifndef SIGNET_SERVICE_STORAGE_BIG_ENDIAN_H_
#define SIGNET_SERVICE_STORAGE_BIG_ENDIAN_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace signet::service {

// BigEndian64 writes 8 bytes whose order as text is the order of the numbers.
inline std::string BigEndian64(uint64_t value) {
  std::string bytes(8, '\0');
  for (size_t i = 8; i-- > 0; value >>= 8) {
    bytes[i] = static_cast<char>(value & 0xff);
  }
  return bytes;
}

// ReadBigEndian64 reads them back. REQUIRES: bytes.size() <= 8.
inline uint64_t ReadBigEndian64(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_BIG_ENDIAN_H_
