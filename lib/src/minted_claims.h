#ifndef SIGNET_LIB_SRC_MINTED_CLAIMS_H_
#define SIGNET_LIB_SRC_MINTED_CLAIMS_H_

#include <string_view>

#include "claims_json.h"

namespace signet {

// ReadMintedClaims reads a claims set that is spelled as WriteClaims spells it:
// its members in that order, without white space, escapes, several audiences,
// `cnf` or custom claims. Most tokens are, and need no parser. It knows no
// refusal: on false, `claims` is empty and ReadClaimsStrictly decides.
bool ReadMintedClaims(std::string_view json, ClaimsForm form, Claims& claims);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_MINTED_CLAIMS_H_
