#ifndef SIGNET_KEYS_H_
#define SIGNET_KEYS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "signet/primitives.h"
#include "signet/result.h"

namespace signet {

// KeyFormat says what a key may do; a key has one format for life. The
// algorithm is a property of the key, never of a token's header.
enum class KeyFormat : uint8_t {
  kPasetoV4Public = 1,  // "v4.public": Ed25519, PASETO access tokens
  kJwtEdDsa = 2,        // "jwt-eddsa": Ed25519, JWT access tokens
  kRefreshMac = 3,      // "refresh-mac": BLAKE2b, refresh tokens
  kFeedEd25519 = 4,     // "feed-ed25519": Ed25519, frames of the feed
};

std::string_view KeyFormatName(KeyFormat format);
Result<KeyFormat> ParseKeyFormat(std::string_view name);

// IsSymmetric tells whether the format has no public half.
inline bool IsSymmetric(KeyFormat format) {
  return format == KeyFormat::kRefreshMac;
}

using Signature = std::array<uint8_t, 64>;
using Mac = std::array<uint8_t, 32>;

// VerifyKey is the public half of an Ed25519 key: a value, copied freely.
class VerifyKey {
 public:
  // Create succeeds only if the format is asymmetric and the bytes are a
  // canonical point of the prime-order group.
  static Result<VerifyKey> Create(KeyFormat format, Bytes public_key);

  KeyFormat format() const { return format_; }

  // id is the PASERK id ("k4.pid.…"), or for kJwtEdDsa the JWK thumbprint
  // (RFC 7638 with RFC 8037 section 2). It fits a `kid`.
  const std::string& id() const { return id_; }
  const std::array<uint8_t, 32>& bytes() const { return bytes_; }

  // Verify checks an Ed25519 signature (RFC 8032, strict: S < L, no point of
  // small order).
  bool Verify(Bytes message, Bytes signature) const;

  bool operator==(const VerifyKey&) const = default;

 private:
  VerifyKey() = default;
  KeyFormat format_ = KeyFormat::kPasetoV4Public;
  std::array<uint8_t, 32> bytes_{};
  std::string id_;
};

// SecretKey is the secret half: an Ed25519 key, or a symmetric key. It moves,
// does not copy, wipes itself, and cannot be printed.
class SecretKey {
 public:
  static SecretKey Generate(KeyFormat format);

  // FromSeed makes a key from its 32 secret bytes: the Ed25519 seed (RFC 8032
  // section 5.1.5) or the symmetric key.
  static Result<SecretKey> FromSeed(KeyFormat format, Bytes seed);

  KeyFormat format() const { return format_; }
  // id is the id of the public half, or the PASERK "k4.lid.…".
  const std::string& id() const { return id_; }

  // Public gives the public half. REQUIRES: !IsSymmetric(format()).
  VerifyKey Public() const;

  // Sign signs. REQUIRES: !IsSymmetric(format()).
  Signature Sign(Bytes message) const;

  // ComputeMac is keyed BLAKE2b-256. REQUIRES: IsSymmetric(format()).
  Mac ComputeMac(Bytes message) const;

  // ExposeSeed gives the secret bytes to the code that encrypts them.
  std::span<const uint8_t, 32> ExposeSeed() const { return seed_.span(); }

 private:
  SecretKey() = default;
  KeyFormat format_ = KeyFormat::kPasetoV4Public;
  SecretBytes<32> seed_;
  SecretBytes<64> expanded_;  // libsodium's seed ‖ public key; Ed25519 only
  std::string id_;
};

}  // namespace signet

#endif  // SIGNET_KEYS_H_
