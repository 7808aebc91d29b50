#ifndef SIGNET_JWK_H_
#define SIGNET_JWK_H_

#include <optional>
#include <string>
#include <string_view>

#include "signet/key_ring.h"
#include "signet/keys.h"
#include "signet/result.h"

namespace signet {

// JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037) and PEM, in and out.
//
// Reading is strict: base64url is canonical, coordinates have their full
// length, integers no leading zeros, points lie on their curve; `use`,
// `key_ops` and `alg` must allow what the format does, and that half of the
// key: "verify" a public or a shared one, "sign" a private one. Unknown members
// are ignored (RFC 7517 section 4).
//
// `format` says what the key will do. Without it the key must say so itself:
// by its `alg`, or by a curve that has only one use (Ed25519 signs). What it
// says must agree with `format` in any case. All functions are safe from any
// thread. kInvalid names the member that was wrong; kUnsupported stands for a
// `kty`, `crv` or `alg` that Signet does not have.

// ReadJwk reads a public key. A private or a symmetric key is refused: in a
// place where public keys are due it has leaked. The key's id is its
// thumbprint (RFC 7638) or, for v4.public, its PASERK id; see ReadJwks for
// `kid`.
Result<VerifyKey> ReadJwk(std::string_view json,
                          std::optional<KeyFormat> format = std::nullopt);

// ReadSecretJwk reads a private or symmetric key.
Result<SecretKey> ReadSecretJwk(std::string_view json,
                                std::optional<KeyFormat> format = std::nullopt);

// WriteJwk writes a public key with kid, use and alg, without white space.
// REQUIRES: !IsSymmetric(key.format()).
std::string WriteJwk(const VerifyKey& key);

// WriteSecretJwk writes all of a key. The caller guards the text.
std::string WriteSecretJwk(const SecretKey& key);

// ReadPem reads a public key in PEM (RFC 7468, "PUBLIC KEY"); ReadSecretPem
// a private one, not encrypted: PKCS#8 ("PRIVATE KEY"), "EC PRIVATE KEY" or
// "RSA PRIVATE KEY".
Result<VerifyKey> ReadPem(std::string_view text, KeyFormat format);
Result<SecretKey> ReadSecretPem(std::string_view text, KeyFormat format);

// ReadJwks makes a ring of another issuer's JWK set, to verify its tokens:
// of all keys that are fit for `format`, under the `kid` by which the set
// names them. Keys of other kinds beside them are passed over (RFC 7517
// section 5); a private or symmetric key, a key that says it is fit and is
// broken, two keys of one kid, more than 100 keys, or none that is fit is an
// error. A set has no schedule: its keys verify and none of them signs, so the
// ring is for memory alone. `generation` must grow with every set that is
// published to one LiveRing.
Result<KeyRing> ReadJwks(std::string_view json, KeyFormat format,
                         uint64_t generation);

}  // namespace signet

#endif  // SIGNET_JWK_H_
