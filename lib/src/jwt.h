#ifndef SIGNET_LIB_SRC_JWT_H_
#define SIGNET_LIB_SRC_JWT_H_

#include <optional>
#include <string>
#include <string_view>

#include "claims_json.h"
#include "signet/keys.h"
#include "signet/verifier.h"
#include "token_header.h"

namespace signet {

// SignJws makes a JWS in compact serialization (RFC 7515 section 7.1).
// REQUIRES: the key is of a format that signs.
std::string SignJws(const SecretKey& key, std::string_view header,
                    std::string_view payload);

// JwtHeader is the header that Signet writes:
// {"alg":"EdDSA","typ":"at+jwt","kid":"…"}.
std::string JwtHeader(std::string_view key_id,
                      std::string_view algorithm = "EdDSA",
                      std::string_view type = "at+jwt");

// A Jws is a compact JWS taken apart. Nothing in it is true until Verify has
// said so. It borrows the token's text.
class Jws {
 public:
  // MadeBy tells whether keys of that format make such tokens.
  static bool MadeBy(KeyFormat format) { return IsJws(format); }
  static ClaimsForm Form(TokenType type) {
    return type == TokenType::kPlainJwt ? ClaimsForm::kPlainJwt
                                        : ClaimsForm::kJwt;
  }

  // Split decodes the three segments: nullopt unless there are three, none is
  // empty, and all are canonical base64url.
  static std::optional<Jws> Split(std::string_view token);

  std::string_view header() const;
  std::string_view message() const;

  // ReadHeader reads a header of that type, and refuses
  // every parameter by which a sender could choose how it is verified.
  std::optional<Refusal> ReadHeader(
      TokenHeader& header, TokenType type = TokenType::kAccessToken) const;

  // AgreesWith tells whether alg is the one of keys of that format.
  static bool AgreesWith(const TokenHeader& header, KeyFormat format);

  // Verify checks the signature. A JWT has no implicit assertion: with one
  // that is not empty it is never valid.
  bool Verify(const VerifyKey& key, std::string_view implicit_assertion) const;

 private:
  Jws() = default;

  std::string_view signing_input_;
  std::string decoded_;  // header ‖ payload ‖ signature
  size_t header_size_ = 0;
  size_t payload_size_ = 0;
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_JWT_H_
