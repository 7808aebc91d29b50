#ifndef SIGNET_LIB_SRC_JWE_H_
#define SIGNET_LIB_SRC_JWE_H_

#include <optional>
#include <string>
#include <string_view>

#include "claims_json.h"
#include "evp_key.h"
#include "signet/keys.h"
#include "signet/verifier.h"
#include "token_header.h"

namespace signet {

// SealJweDir encrypts a claims set under a shared key.
// REQUIRES: the key is of format kJweDir.
std::string SealJweDir(const SecretKey& key, std::string_view claims);

// SealJweTo encrypts a signed token to the holder of a key (RFC 7519 section
// 11.2). REQUIRES: the key is of format kJweP256 or kJweX25519.
std::string SealJweTo(const VerifyKey& key, std::string_view signed_token);

// A Jwe is a compact JWE taken apart. Nothing in it is true, and it has no
// message, until Verify has said so. It borrows the token's text.
class Jwe {
 public:
  static bool MadeBy(KeyFormat format) { return IsJwe(format); }
  static ClaimsForm Form(TokenType type) {
    return type == TokenType::kPlainJwt ? ClaimsForm::kPlainJwt
                                        : ClaimsForm::kJwt;
  }

  // Split decodes the five segments: nullopt unless all are canonical
  // base64url.
  static std::optional<Jwe> Split(std::string_view token);

  Jwe(Jwe&&) noexcept = default;
  Jwe& operator=(Jwe&&) noexcept = default;
  ~Jwe();

  std::string_view header() const { return header_; }
  // message is the claims set, or if nested() the signed token.
  std::string_view message() const { return message_; }

  // ReadHeader refuses every parameter by which a sender could choose how it
  // is decrypted, or what that costs.
  std::optional<Refusal> ReadHeader(TokenHeader& header,
                                    TokenType type = TokenType::kAccessToken);

  // nested tells, after ReadHeader, whether a signed token is inside: whoever
  // knows a public key can encrypt, so that alone proves nothing.
  bool nested() const { return ephemeral_.has_value(); }

  // AgreesWith tells whether alg is the one of keys of that format.
  static bool AgreesWith(const TokenHeader& header, KeyFormat format) {
    return header.algorithm == JoseAlgorithm(format);
  }

  // Verify decrypts. A JWT has no implicit assertion: with one that is not
  // empty it is never valid.
  bool Verify(const VerifyKey& key, std::string_view implicit_assertion);

 private:
  Jwe() = default;

  // FindContentKey gives the key of the content, by the key of the ring.
  bool FindContentKey(const VerifyKey& key,
                      std::span<uint8_t, 32> content_key) const;

  std::string_view header_text_;
  std::string header_;
  std::string encrypted_key_;
  std::string nonce_;
  std::string ciphertext_;
  std::string tag_;
  std::optional<hazmat::EvpKey> ephemeral_;  // epk
  std::string apu_, apv_;
  std::string message_;
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_JWE_H_
