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
  kJwtEdDsa = 2,        // "jwt-eddsa": Ed25519 (RFC 8037)
  kRefreshMac = 3,      // "refresh-mac": BLAKE2b, refresh tokens
  kFeedEd25519 = 4,     // "feed-ed25519": Ed25519, frames of the feed
  kPasetoV4Local = 5,   // "v4.local": XChaCha20 and BLAKE2b, encrypted PASETO
  kJwtEs256 = 6,        // "jwt-es256": ECDSA on P-256 (RFC 7518 section 3.4)
  kJwtRs256 = 7,        // "jwt-rs256": RSASSA-PKCS1-v1_5 (section 3.3)
  kJwtPs256 = 8,        // "jwt-ps256": RSASSA-PSS (section 3.5)
  kJwtHs256 = 9,        // "jwt-hs256": HMAC-SHA256 (section 3.2)
  kJweDir = 10,         // "jwe-dir": A256GCM under a shared key (section 4.5)
  kJweP256 = 11,        // "jwe-p256": ECDH-ES+A256KW on P-256 (section 4.6)
  kJweX25519 = 12,      // "jwe-x25519": the same on X25519 (RFC 8037)
};

std::string_view KeyFormatName(KeyFormat format);
Result<KeyFormat> ParseKeyFormat(std::string_view name);

// JoseAlgorithm is the `alg` of a format (RFC 7518 section 3.1 and 4.1), or
// empty if its tokens are not JOSE's.
std::string_view JoseAlgorithm(KeyFormat format);

// IsSymmetric tells whether the format has no public half.
bool IsSymmetric(KeyFormat format);

// IsPaseto, IsJws and IsJwe tell whose tokens a key of the format makes.
bool IsPaseto(KeyFormat format);
bool IsJws(KeyFormat format);
bool IsJwe(KeyFormat format);

using Mac = std::array<uint8_t, 32>;

struct KeyMaterial;

// VerifyKey is what checks a token: the public half of a key. For a symmetric
// format it is the secret itself, and for encryption the private half, and
// holds_secret says so. It is a value, copied freely; const use is safe from
// any thread.
class VerifyKey {
 public:
  // Create makes a public key from its bytes. It succeeds only if the format
  // is asymmetric and they are, for Ed25519, 32 bytes, a canonical point of
  // the prime-order group; for the others, canonical DER of a
  // SubjectPublicKeyInfo (RFC 5280) with a point of the right curve, or an
  // RSA modulus of 2048 to 4096 bits with an exponent from 65537 to 2^32.
  static Result<VerifyKey> Create(KeyFormat format, Bytes public_key);

  KeyFormat format() const;

  // id is the PASERK id ("k4.pid.…", "k4.lid.…"), or for JOSE formats the JWK
  // thumbprint (RFC 7638), unless WithId gave another. It fits a `kid`.
  const std::string& id() const { return id_; }

  // WithId returns the same key under the name by which another issuer's JWK
  // set calls it.
  VerifyKey WithId(std::string id) const;

  // bytes is what Create takes; empty if the format is symmetric.
  Bytes bytes() const;

  bool holds_secret() const;

  // Verify checks a signature, or an HMAC in constant time. Ed25519 is strict
  // (RFC 8032: S < L, no point of small order). False for formats that do not
  // sign.
  bool Verify(Bytes message, Bytes signature) const;

  bool operator==(const VerifyKey& other) const;

 private:
  friend class SecretKey;
  friend struct KeyAccess;
  explicit VerifyKey(std::shared_ptr<const KeyMaterial> material);
  std::shared_ptr<const KeyMaterial> material_;
  std::string id_;
};

// SecretKey is the secret half, or a symmetric key. It moves, does not copy,
// wipes itself, and cannot be printed. Of a moved-from key nothing may be
// asked.
class SecretKey {
 public:
  static SecretKey Generate(KeyFormat format);

  // FromSecret makes a key from its secret bytes: of Ed25519 the seed (RFC
  // 8032 section 5.1.5), of X25519 and P-256 the scalar, 32 bytes each; of
  // RSA PKCS#8 DER; of jwt-hs256 32 to 128 bytes, of other symmetric formats
  // 32.
  static Result<SecretKey> FromSecret(KeyFormat format, Bytes secret);

  KeyFormat format() const;
  // id is the id of the public half, or of the symmetric key.
  const std::string& id() const;

  // Public gives the public half. REQUIRES: !IsSymmetric(format()).
  VerifyKey Public() const;

  // ForVerifier gives what checks or opens tokens of this key: the public
  // half if that is enough, else the secret.
  VerifyKey ForVerifier() const;

  // Sign signs, or computes the HMAC of jwt-hs256. Ed25519 gives 64 bytes,
  // ES256 r ‖ s. REQUIRES: the format is Ed25519's or IsJws.
  std::string Sign(Bytes message) const;

  // ComputeMac is keyed BLAKE2b-256. REQUIRES: format() is kRefreshMac.
  Mac ComputeMac(Bytes message) const;

  // ExposeSecret gives what FromSecret takes to the code that encrypts it.
  Bytes ExposeSecret() const;

  SecretKey(SecretKey&&) noexcept = default;
  SecretKey& operator=(SecretKey&&) noexcept = default;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;

 private:
  friend struct KeyAccess;
  explicit SecretKey(std::shared_ptr<const KeyMaterial> material)
      : material_(std::move(material)) {}
  std::shared_ptr<const KeyMaterial> material_;
};

}  // namespace signet

#endif  // SIGNET_KEYS_H_
