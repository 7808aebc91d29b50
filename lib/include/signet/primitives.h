#ifndef SIGNET_PRIMITIVES_H_
#define SIGNET_PRIMITIVES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "signet/result.h"

namespace signet {

// The few primitives and encodings that the service and the tools share with
// the library, so that <sodium.h> is included in one file of the project.
// All functions are safe from any thread.

using Bytes = std::span<const uint8_t>;

inline Bytes AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// SecretBytes holds N bytes that are wiped when it dies. It moves and does
// not copy; a moved-from value is all zero.
template <size_t N>
class SecretBytes {
 public:
  SecretBytes() = default;
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes();

  std::span<uint8_t, N> span() { return bytes_; }
  std::span<const uint8_t, N> span() const { return bytes_; }

 private:
  std::array<uint8_t, N> bytes_{};
};

// Wipe overwrites memory in a way that the compiler keeps.
void Wipe(std::span<uint8_t> bytes);

// FillRandom fills `out` from the operating system's generator.
void FillRandom(std::span<uint8_t> out);

// ConstantTimeEqual compares without telling where the difference is. The
// lengths are not secret.
bool ConstantTimeEqual(Bytes a, Bytes b);

// Blake2b writes the BLAKE2b digest (RFC 7693) of `message` to `out`, keyed
// if `key` is not empty. REQUIRES: 16 <= out.size() <= 64; key.size() == 0 or
// 16 <= key.size() <= 64.
void Blake2b(std::span<uint8_t> out, Bytes message, Bytes key = {});

// Base64UrlEncode writes RFC 4648 section 5 without padding.
std::string Base64UrlEncode(Bytes bytes);

// Base64UrlDecode accepts exactly what Base64UrlEncode writes: no padding, no
// white space, no stray trailing bits. Anything else is kInvalid.
Result<std::string> Base64UrlDecode(std::string_view text);

// Base64UrlDecodeTo decodes text whose decoded size is known. False unless it
// is canonical and exactly out.size() bytes long.
bool Base64UrlDecodeTo(std::string_view text, std::span<uint8_t> out);

// Base64Decode accepts canonical RFC 4648 section 4, with padding: what HTTP
// Basic authentication (RFC 7617) sends.
Result<std::string> Base64Decode(std::string_view text);

template <size_t N>
SecretBytes<N>::SecretBytes(SecretBytes&& other) noexcept
    : bytes_(other.bytes_) {
  Wipe(other.bytes_);
}
template <size_t N>
SecretBytes<N>& SecretBytes<N>::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    Wipe(other.bytes_);
  }
  return *this;
}
template <size_t N>
SecretBytes<N>::~SecretBytes() {
  Wipe(bytes_);
}

}  // namespace signet

#endif  // SIGNET_PRIMITIVES_H_
