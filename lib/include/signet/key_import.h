#ifndef SIGNET_KEY_IMPORT_H_
#define SIGNET_KEY_IMPORT_H_

#include <string_view>

#include "signet/keys.h"

namespace signet {

// ParseSecretKey reads a secret key that was made elsewhere, in one of these
// spellings:
//
//   "k4.secret.…"   PASERK; the format must be v4.public
//   "k4.local.…"    PASERK; the format must be v4.local
//   {…}             a private or symmetric JWK (jwk.h)
//   -----BEGIN …    a private key in PEM (jwk.h), not encrypted
//   base64url       the bytes that SecretKey::FromSecret takes
//
// It succeeds only if the text is canonical, the halves belong together, and
// the key is fit for the format (kInvalid). kUnsupported: a PASERK that is
// encrypted, or a JWK of an unknown kind. Nothing of the text stands in the
// error. Safe from any thread.
Result<SecretKey> ParseSecretKey(KeyFormat format, std::string_view text);

}  // namespace signet

#endif  // SIGNET_KEY_IMPORT_H_
