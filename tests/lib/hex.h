#ifndef SIGNET_TESTS_LIB_HEX_H_
#define SIGNET_TESTS_LIB_HEX_H_

#include <string>
#include <string_view>

namespace signet {

// FromHex decodes a test vector. REQUIRES: pairs of hexadecimal digits.
inline std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(
        std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

}  // namespace signet

#endif  // SIGNET_TESTS_LIB_HEX_H_
