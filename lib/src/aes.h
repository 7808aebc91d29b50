#ifndef SIGNET_LIB_SRC_AES_H_
#define SIGNET_LIB_SRC_AES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "secret_buffer.h"
#include "signet/primitives.h"

// AES-256 from OpenSSL. All functions are safe from any thread.
namespace signet::hazmat {

inline constexpr size_t kGcmNonceSize = 12;
inline constexpr size_t kGcmTagSize = 16;

// AesGcmSeal encrypts (SP 800-38D) and returns ciphertext ‖ tag. A nonce is
// used once with a key.
std::string AesGcmSeal(std::span<const uint8_t, 32> key,
                       std::span<const uint8_t, kGcmNonceSize> nonce,
                       Bytes additional, Bytes plaintext);

// AesGcmOpen returns the plaintext, or nothing unless the tag is right.
std::optional<std::string> AesGcmOpen(
    std::span<const uint8_t, 32> key,
    std::span<const uint8_t, kGcmNonceSize> nonce, Bytes additional,
    Bytes ciphertext, std::span<const uint8_t, kGcmTagSize> tag);

// AES key wrap (RFC 3394) of 32 bytes.
std::array<uint8_t, 40> AesKeyWrap(std::span<const uint8_t, 32> wrapping_key,
                                   std::span<const uint8_t, 32> key);
bool AesKeyUnwrap(std::span<const uint8_t, 32> wrapping_key,
                  std::span<const uint8_t, 40> wrapped,
                  std::span<uint8_t, 32> key);

}  // namespace signet::hazmat

#endif  // SIGNET_LIB_SRC_AES_H_
