#ifndef SIGNET_LIB_SRC_PASETO_LOCAL_H_
#define SIGNET_LIB_SRC_PASETO_LOCAL_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "claims_json.h"
#include "paseto_parts.h"
#include "signet/keys.h"
#include "signet/verifier.h"

namespace signet {

// SealPaseto makes a v4.local token with a fresh nonce; SealPasetoWithNonce
// is for test vectors. REQUIRES: the key is of format kPasetoV4Local.
std::string SealPaseto(const SecretKey& key, std::string_view message,
                       std::string_view footer,
                       std::string_view implicit_assertion);
std::string SealPasetoWithNonce(const SecretKey& key, std::string_view message,
                                std::string_view footer,
                                std::string_view implicit_assertion,
                                std::span<const uint8_t, 32> nonce);

// A PasetoLocal is a v4.local token taken apart. Its message exists once
// Verify has said true. It wipes itself.
class PasetoLocal {
 public:
  static bool MadeBy(KeyFormat format) {
    return format == KeyFormat::kPasetoV4Local;
  }
  static ClaimsForm Form(TokenType) { return ClaimsForm::kPaseto; }

  // Split decodes the segments: nullopt unless the text is a v4.local token
  // in canonical base64url. A missing footer reads as an empty one.
  static std::optional<PasetoLocal> Split(std::string_view token);

  PasetoLocal(PasetoLocal&&) noexcept = default;
  PasetoLocal& operator=(PasetoLocal&&) noexcept = default;
  ~PasetoLocal();

  std::string_view footer() const { return footer_; }
  std::string_view message() const { return message_; }

  std::optional<Refusal> ReadHeader(TokenHeader& header,
                                    TokenType = TokenType::kAccessToken) const {
    return ReadPasetoFooter(footer_, header);
  }
  static bool AgreesWith(const TokenHeader&, KeyFormat) { return true; }

  // Verify checks the tag over all parts and the assertion, and only then
  // decrypts the message, in its place. Once it has said true, it is not
  // called again.
  bool Verify(const VerifyKey& key, std::string_view implicit_assertion);

 private:
  PasetoLocal() = default;

  std::vector<uint8_t> body_;  // nonce 32 ‖ ciphertext ‖ tag 32
  std::string footer_;
  std::string_view message_;  // in body_
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_PASETO_LOCAL_H_
