#ifndef SIGNET_KEY_IMPORT_H_
#define SIGNET_KEY_IMPORT_H_

#include <string_view>

#include "signet/keys.h"

namespace signet {

// ParseSecretKey reads a secret key that was made elsewhere, in one of these
// spellings:
//
//   "k4.secret." base64url( seed 32 ‖ public key 32 )   PASERK; the format
//                                                       must be v4.public
//   base64url( 32 bytes )   the Ed25519 seed or symmetric key; any format
//
// It succeeds only if the text is canonical, the halves belong together, and
// the spelling may hold a key of the format: PASERK binds a key to one use
// (kInvalid). kUnsupported: a PASERK that is encrypted. Nothing of the text
// stands in the error. Safe from any thread.
Result<SecretKey> ParseSecretKey(KeyFormat format, std::string_view text);

}  // namespace signet

#endif  // SIGNET_KEY_IMPORT_H_
