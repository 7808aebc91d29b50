#ifndef SIGNET_LIB_SRC_SECRET_BUFFER_H_
#define SIGNET_LIB_SRC_SECRET_BUFFER_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "signet/primitives.h"

namespace signet {

// SecretBuffer holds secret bytes of any number and wipes them when it dies.
// It moves and does not copy; a moved-from value is empty.
class SecretBuffer {
 public:
  SecretBuffer() = default;
  explicit SecretBuffer(size_t size) : bytes_(size) {}
  explicit SecretBuffer(Bytes bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBuffer(SecretBuffer&& other) noexcept
      : bytes_(std::exchange(other.bytes_, {})) {}
  SecretBuffer& operator=(SecretBuffer&& other) noexcept {
    if (this == &other) return *this;
    Wipe(bytes_);
    bytes_ = std::exchange(other.bytes_, {});
    return *this;
  }
  ~SecretBuffer() { Wipe(bytes_); }

  bool empty() const { return bytes_.empty(); }
  Bytes bytes() const { return bytes_; }
  std::span<uint8_t> span() { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_SECRET_BUFFER_H_
