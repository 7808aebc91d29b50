#ifndef SIGNET_CLAIMS_H_
#define SIGNET_CLAIMS_H_

#include <optional>
#include <string>
#include <vector>

#include "signet/clock.h"

namespace signet {

// Claims is what an access token says, the same for every format. It is a
// value: it copies and compares. An empty string, an empty vector and nullopt
// mean that the token does not carry the claim.
//
// Names on the wire: iss sub aud exp iat nbf jti client_id scope sid cnf.
// JWT carries times as whole NumericDate seconds, PASETO as RFC 3339.
struct Claims {
  std::string issuer;
  std::string subject;
  std::vector<std::string> audience;
  EpochSeconds expires_at{};
  EpochSeconds issued_at{};
  std::optional<EpochSeconds> not_before;
  std::string token_id;  // jti
  std::string client_id;
  std::string scope;       // space-separated, RFC 6749 section 3.3
  std::string session_id;  // sid: base64url of the session's 16 bytes
  std::string cnf_jkt;     // cnf.jkt: thumbprint of the DPoP key, RFC 9449

  // Every other member of the claims set, as one JSON object text, or empty.
  // Issuer::Mint refuses it if it names a claim that has a member above.
  std::string custom;

  bool operator==(const Claims&) const = default;
};

}  // namespace signet

#endif  // SIGNET_CLAIMS_H_
