#ifndef SIGNET_LIB_SRC_KEY_TEXT_H_
#define SIGNET_LIB_SRC_KEY_TEXT_H_

#include <span>
#include <string>
#include <string_view>

#include "signet/keys.h"
#include "signet/result.h"

namespace signet {

// How ring files spell keys:
//
//   public = Ed25519: PASERK "k4.public.…"
//            X25519, P-256, RSA: "spki." base64url(SubjectPublicKeyInfo DER)
//   sealed = Ed25519: PASERK "k4.secret-wrap.pie.…"
//            refresh-mac, v4.local: PASERK "k4.local-wrap.pie.…"
//            others: "signet.secret-wrap.pie." base64url(tag 32 ‖ nonce 32 ‖
//            ciphertext), the PIE protocol over SecretKey::ExposeSecret

// REQUIRES: !IsSymmetric(key.format()).
std::string PublicKeyText(const VerifyKey& key);
Result<VerifyKey> ParsePublicKeyText(KeyFormat format, std::string_view text);

std::string SealSecretKey(const SecretKey& key,
                          std::span<const uint8_t, 32> wrapping_key);

// OpenSecretKey fails with kDenied if another key wrapped the text, or if it
// was altered.
Result<SecretKey> OpenSecretKey(KeyFormat format, std::string_view text,
                                std::span<const uint8_t, 32> wrapping_key);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_KEY_TEXT_H_
