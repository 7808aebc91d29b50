#ifndef SIGNET_UNVERIFIED_H_
#define SIGNET_UNVERIFIED_H_

#include <string>
#include <string_view>

#include "signet/result.h"

namespace signet {

// UnverifiedToken is what a text claims to be. NOTHING IN IT IS TRUE until a
// Verifier has accepted the token, and no function that authorises takes it.
// It serves people who look at a token, and logs.
struct UnverifiedToken {
  std::string format;  // "v4.public", "v4.local", "jwt" or "jwe"
  std::string header;  // JOSE: the header's JSON. PASETO: empty
  std::string footer;  // PASETO: the footer text. JOSE: empty
  std::string key_id;  // from header or footer; may be empty
  std::string claims;  // the claims set's JSON text; empty if encrypted
};

// InspectUnverified splits and decodes a token without checking anything but
// its form. kInvalid if the text is no token, kUnsupported if it is of a kind
// that Signet does not read.
Result<UnverifiedToken> InspectUnverified(std::string_view token);

}  // namespace signet

#endif  // SIGNET_UNVERIFIED_H_
