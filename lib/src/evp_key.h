#ifndef SIGNET_LIB_SRC_EVP_KEY_H_
#define SIGNET_LIB_SRC_EVP_KEY_H_

#include <memory>
#include <string>
#include <string_view>

#include "secret_buffer.h"
#include "signet/primitives.h"
#include "signet/result.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace signet::hazmat {

// The RSA moduli that are accepted, in bits.
inline constexpr int kMinRsaBits = 2048;
inline constexpr int kMaxRsaBits = 4096;

enum class EvpType : uint8_t { kEd25519, kX25519, kP256, kRsa };

// The signature schemes of EvpKey, RFC 7518 section 3.1. All hash with
// SHA-256.
enum class EvpScheme : uint8_t {
  kEs256,  // P-256; the signature is r ‖ s, 64 bytes
  kRs256,  // RSASSA-PKCS1-v1_5
  kPs256,  // RSASSA-PSS, a salt of 32 bytes
};

// RsaNumbers are the integers of an RSA key, big endian without leading
// zeros. A public key has the first two.
struct RsaNumbers {
  std::string n, e;
  SecretBuffer d, p, q, dp, dq, qi;
};

// An EvpKey is a public or a private key that OpenSSL has parsed and that was
// found to be sound: of a type above, a point of its curve, or an RSA modulus
// of accepted size, odd, not one that the ROCA flaw (CVE-2017-15361) made,
// with an odd exponent from 65537 to 2^32. It is immutable: const use is safe
// from any thread.
class EvpKey {
 public:
  // FromSpki and FromPkcs8 read DER, of public and private keys.
  static Result<EvpKey> FromSpki(Bytes der);
  static Result<EvpKey> FromPkcs8(Bytes der);
  // FromPem reads the one PEM block of a text (RFC 7468): "PUBLIC KEY",
  // "PRIVATE KEY", "EC PRIVATE KEY" or "RSA PRIVATE KEY", not encrypted, with
  // nothing behind the key or the block.
  static Result<EvpKey> FromPem(std::string_view text);

  // FromX25519, FromP256 and FromRsa make public keys from raw parts; a
  // coordinate of P-256 has 32 bytes.
  static Result<EvpKey> FromX25519(std::span<const uint8_t, 32> point);
  static Result<EvpKey> FromP256(std::span<const uint8_t, 32> x,
                                 std::span<const uint8_t, 32> y);
  static Result<EvpKey> FromRsa(const RsaNumbers& numbers);

  // FromX25519Private and FromP256Private take the secret scalar;
  // FromRsaPrivate all eight numbers, which must belong together.
  static Result<EvpKey> FromX25519Private(std::span<const uint8_t, 32> scalar);
  static Result<EvpKey> FromP256Private(std::span<const uint8_t, 32> scalar);
  static Result<EvpKey> FromRsaPrivate(const RsaNumbers& numbers);

  // Generate makes a private key; RSA has kMinRsaBits.
  static EvpKey Generate(EvpType type);

  EvpKey(EvpKey&&) noexcept;
  EvpKey& operator=(EvpKey&&) noexcept;
  ~EvpKey();

  EvpType type() const { return type_; }
  bool is_private() const { return is_private_; }

  // Spki is DER with the curve named and the point not compressed.
  std::string Spki() const;
  // REQUIRES: is_private().
  SecretBuffer Pkcs8() const;
  // Scalar is the secret of an Ed25519, X25519 or P-256 key, 32 bytes.
  // REQUIRES: is_private(); type() is not kRsa.
  SecretBuffer Scalar() const;
  // Point is the public half: of Ed25519 and X25519 32 bytes, of P-256 x ‖ y,
  // 64 bytes. REQUIRES: type() is not kRsa.
  std::string Point() const;
  // REQUIRES: type() is kRsa.
  RsaNumbers Numbers() const;

  // Sign and Verify are for the scheme that Prepare set.
  // REQUIRES: the scheme fits the type.
  void Prepare(EvpScheme scheme);
  std::string Sign(Bytes message) const;
  bool Verify(Bytes message, Bytes signature) const;

  // Agree computes the shared secret Z of ECDH (RFC 7748, SP 800-56A) with
  // another key of the same type; false if it would be all zero. REQUIRES:
  // is_private(); both are of type kX25519 or kP256.
  bool Agree(const EvpKey& peer, std::span<uint8_t, 32> secret) const;

 private:
  struct FreeKey {
    void operator()(evp_pkey_st* key) const;
  };
  using Handle = std::unique_ptr<evp_pkey_st, FreeKey>;
  struct Contexts;

  EvpKey(Handle key, EvpType type, bool is_private);
  static Result<EvpKey> Check(Handle key, bool is_private);

  Handle key_;
  EvpType type_;
  bool is_private_;
  std::unique_ptr<Contexts> contexts_;  // what Prepare made
};

}  // namespace signet::hazmat

#endif  // SIGNET_LIB_SRC_EVP_KEY_H_
