#ifndef SIGNET_LIB_SRC_JWS_SIGNER_H_
#define SIGNET_LIB_SRC_JWS_SIGNER_H_

#include <string_view>

#include "jwt.h"
#include "signet/jws_keys.h"

namespace signet {

enum class JwsSigner { kFound, kNone, kUnknownKey };

// FindSigner tells whether one of the keys has signed. A kid names one key; if
// it is empty every key of the algorithm is tried, of which there are few
// (RFC 7515 appendix D). kUnknownKey: there is none to try.
JwsSigner FindSigner(const Jws& jws, std::string_view algorithm,
                     std::string_view key_id, const JwsKeys& keys);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_JWS_SIGNER_H_
