#ifndef SIGNET_LIB_SRC_PASETO_H_
#define SIGNET_LIB_SRC_PASETO_H_

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "claims_json.h"
#include "paseto_parts.h"
#include "signet/keys.h"
#include "signet/verifier.h"

namespace signet {

// SignPaseto makes a v4.public token. REQUIRES: the key is of a format that
// signs. The footer segment is left out if `footer` is empty.
std::string SignPaseto(const SecretKey& key, std::string_view message,
                       std::string_view footer,
                       std::string_view implicit_assertion);

// A Paseto is a v4.public token taken apart. Nothing in it is true until
// Verify has said so.
class Paseto {
 public:
  // MadeBy tells whether keys of that format make such tokens.
  static bool MadeBy(KeyFormat format) {
    return format == KeyFormat::kPasetoV4Public;
  }
  static ClaimsForm Form(TokenType) { return ClaimsForm::kPaseto; }

  // Split decodes the segments: nullopt unless the text is a v4.public token
  // in canonical base64url. A missing footer reads as an empty one.
  static std::optional<Paseto> Split(std::string_view token);

  std::string_view message() const;
  std::string_view footer() const;

  // ReadHeader reads the key id from the footer, which must be exactly one
  // JSON object with the one member `kid`.
  std::optional<Refusal> ReadHeader(TokenHeader& header,
                                    TokenType = TokenType::kAccessToken) const;

  // AgreesWith: a PASETO names no algorithm, so there is nothing to disagree.
  static bool AgreesWith(const TokenHeader&, KeyFormat) { return true; }

  // Verify checks the signature over message, footer and assertion.
  bool Verify(const VerifyKey& key, std::string_view implicit_assertion);

 private:
  Paseto() = default;

  // The pre-authentication encoding up to and including the footer: the
  // message is decoded in its place, so that nothing is copied. Verify adds
  // the assertion.
  std::string signed_;
  size_t message_size_ = 0;
  size_t footer_size_ = 0;
  std::array<uint8_t, 64> signature_{};
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_PASETO_H_
