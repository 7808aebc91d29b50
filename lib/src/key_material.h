#ifndef SIGNET_LIB_SRC_KEY_MATERIAL_H_
#define SIGNET_LIB_SRC_KEY_MATERIAL_H_

#include <array>
#include <optional>
#include <string>

#include "evp_key.h"
#include "hazmat.h"
#include "secret_buffer.h"
#include "signet/keys.h"

namespace signet {

// KeyType is the mathematics of a format's keys.
enum class KeyType : uint8_t { kSymmetric, kEd25519, kX25519, kP256, kRsa };

// FormatInfo is what the library knows of a key format.
struct FormatInfo {
  KeyFormat format;
  std::string_view name;
  KeyType type;
  // The JOSE alg that goes with the format (RFC 7518, 8037), or empty.
  std::string_view algorithm;
};

// InfoOf returns the entry of the format, or null.
const FormatInfo* InfoOf(KeyFormat format);

// KeyMaterial is a key made ready for use, with or without its secret half.
// It is immutable, and shared by the keys that were copied from one another.
struct KeyMaterial {
  KeyFormat format{};
  std::string id;
  std::string public_bytes;  // as VerifyKey::bytes
  SecretBuffer secret;       // as SecretKey::ExposeSecret, or empty

  std::array<uint8_t, 32> ed25519{};       // the public point
  SecretBytes<64> ed25519_expanded;        // seed ‖ point
  std::optional<hazmat::EvpKey> evp;       // kX25519, kP256, kRsa
  std::optional<hazmat::HmacSha256> hmac;  // kJwtHs256
};

// KeyAccess is the library's own view of a key.
struct KeyAccess {
  // Material of a moved-from SecretKey does not exist.
  static const KeyMaterial& Of(const VerifyKey& key) { return *key.material_; }
  static const KeyMaterial& Of(const SecretKey& key) { return *key.material_; }

  static Result<SecretKey> FromEvp(KeyFormat format, hazmat::EvpKey key);
  static Result<VerifyKey> PublicFromEvp(KeyFormat format, hazmat::EvpKey key);
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_KEY_MATERIAL_H_
