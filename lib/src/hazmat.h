#ifndef SIGNET_LIB_SRC_HAZMAT_H_
#define SIGNET_LIB_SRC_HAZMAT_H_

#include <array>
#include <cstdint>
#include <span>

#include "signet/primitives.h"

// Hazmat is the library's only door to libsodium: raw primitives that protect
// nobody from misuse. Private to lib/src; everybody else uses keys.h,
// primitives.h or paserk.h. All functions are safe from any thread.
namespace signet::hazmat {

// Ed25519 (RFC 8032). `expanded` is libsodium's form of the secret key: seed
// ‖ public key.
void Ed25519Expand(std::span<const uint8_t, 32> seed,
                   std::span<uint8_t, 64> expanded);
void Ed25519Sign(std::span<uint8_t, 64> signature, Bytes message,
                 std::span<const uint8_t, 64> expanded);

// Ed25519Verify refuses S >= L, a non-canonical key, and points of small
// order.
bool Ed25519Verify(std::span<const uint8_t, 64> signature, Bytes message,
                   std::span<const uint8_t, 32> public_key);

// Ed25519IsValidPoint tells whether the bytes are the one spelling of a point
// of the prime-order group other than its identity.
bool Ed25519IsValidPoint(std::span<const uint8_t, 32> point);

// Ed25519PublicToX25519 and Ed25519SeedToX25519 give the key of X25519 (RFC
// 7748) that is birationally equivalent. False unless the public key is a
// valid point, as above.
bool Ed25519PublicToX25519(std::span<uint8_t, 32> out,
                           std::span<const uint8_t, 32> public_key);
void Ed25519SeedToX25519(std::span<uint8_t, 32> out,
                         std::span<const uint8_t, 32> seed);

// X25519Public gives the public half of a secret key. X25519 is false if the
// shared secret is zero, because the other key is of small order.
void X25519Public(std::span<uint8_t, 32> public_key,
                  std::span<const uint8_t, 32> secret_key);
bool X25519(std::span<uint8_t, 32> shared,
            std::span<const uint8_t, 32> secret_key,
            std::span<const uint8_t, 32> public_key);

// XChaCha20Xor writes `in` XOR the key stream to `out`. REQUIRES: out and in
// are of one size, and the same memory or apart.
void XChaCha20Xor(std::span<uint8_t> out, Bytes in,
                  std::span<const uint8_t, 24> nonce,
                  std::span<const uint8_t, 32> key);

// Sha256 writes the digest of FIPS 180-4.
void Sha256(std::span<uint8_t, 32> out, Bytes message);

// HmacSha256 is HMAC (RFC 2104) with SHA-256, keyed once. Const use is safe
// from any thread; a value wipes itself.
class HmacSha256 {
 public:
  explicit HmacSha256(Bytes key);
  ~HmacSha256();
  HmacSha256(const HmacSha256&) = delete;
  HmacSha256& operator=(const HmacSha256&) = delete;

  void Compute(Bytes message, std::span<uint8_t, 32> mac) const;

 private:
  alignas(8) std::array<uint8_t, 208> keyed_;
};

// Blake2bStream is BLAKE2b (RFC 7693) over a message that comes in pieces.
// One Finish ends it. A value wipes itself, for its state is as good as its
// key.
class Blake2bStream {
 public:
  // REQUIRES: 16 <= size <= 64; key.size() == 0 or 16 <= key.size() <= 64.
  explicit Blake2bStream(size_t size, Bytes key = {});
  ~Blake2bStream();
  Blake2bStream(const Blake2bStream&) = delete;
  Blake2bStream& operator=(const Blake2bStream&) = delete;

  Blake2bStream& Update(Bytes piece);
  // REQUIRES: out.size() is the size given to the constructor.
  void Finish(std::span<uint8_t> out);

 private:
  alignas(64) std::array<uint8_t, 384> state_;
};

// The bounds of Argon2Cost: checked before a byte is hashed, because the
// numbers come from files.
inline constexpr uint64_t kMaxArgon2Passes = 16;
inline constexpr uint64_t kMinArgon2Memory = 8u << 10;
inline constexpr uint64_t kMaxArgon2Memory = 1u << 30;

// Argon2Cost says how much work a guess costs. The default is libsodium's
// MODERATE.
struct Argon2Cost {
  uint64_t passes = 3;
  uint64_t memory_bytes = 256u << 20;

  bool operator==(const Argon2Cost&) const = default;
};

// Argon2id (RFC 9106, one lane) fails with kInvalid if the cost is out of its
// bounds, and with kInternal if the memory can't be had.
Status Argon2id(std::span<uint8_t, 32> out, Bytes passphrase,
                std::span<const uint8_t, 16> salt, const Argon2Cost& cost);

}  // namespace signet::hazmat

#endif  // SIGNET_LIB_SRC_HAZMAT_H_
