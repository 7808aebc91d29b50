#ifndef SIGNET_LIB_SRC_JWK_USE_H_
#define SIGNET_LIB_SRC_JWK_USE_H_

#include <string_view>

#include "signet/keys.h"
#include "signet/result.h"
#include "strict_json.h"

namespace signet {

// JwkHalf is the part of a key that a JWK is read for.
enum class JwkHalf : bool { kPublic, kSecret };

// CheckJwkUse: what a JWK is said to be for (`use` and `key_ops`, RFC 7517
// sections 4.2 and 4.3) must include what that half will do.
Status CheckJwkUse(const JsonNode& jwk, KeyFormat format, JwkHalf half);

// JwkText reads an optional member that is a string if it is there.
Result<std::string_view> JwkText(const JsonNode& jwk, std::string_view name);

// JwkInvalid says what is wrong with which member.
Error JwkInvalid(std::string_view member, std::string_view problem);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_JWK_USE_H_
