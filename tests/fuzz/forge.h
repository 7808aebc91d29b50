#ifndef SIGNET_TESTS_FUZZ_FORGE_H_
#define SIGNET_TESTS_FUZZ_FORGE_H_

#include <string>
#include <string_view>

#include "signet/keys.h"

namespace signet::fuzz {

// Tokens of any header and any content, made with a good key. Nothing in them
// is random but what signatures of ES256 and PS256 draw.

// GoodHeader is the header, or the footer of a PASETO, that names the key.
std::string GoodHeader(const SecretKey& key);

// Forge signs or encrypts. REQUIRES: the key is of a format of access tokens.
std::string Forge(const SecretKey& key, std::string_view header,
                  std::string_view claims, std::string_view assertion = {});

// GoodWrapper is the header of a token that is encrypted to a key of kJweP256
// or kJweX25519; ForgeWrapped encrypts under any header. The ephemeral key is
// a fixed one; apu and apv of the header enter the encryption.
std::string GoodWrapper(const VerifyKey& recipient);
std::string ForgeWrapped(const VerifyKey& recipient, std::string_view header,
                         std::string_view content);

}  // namespace signet::fuzz

#endif  // SIGNET_TESTS_FUZZ_FORGE_H_
