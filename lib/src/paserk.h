#ifndef SIGNET_LIB_SRC_PASERK_H_
#define SIGNET_LIB_SRC_PASERK_H_

#include "secret_buffer.h"
#include "signet/paserk.h"

// The parts that the kinds of PASERK share.
namespace signet::paserk {

std::string_view Prefix(Type type);

// BodySize is how many bytes stand in base64url behind the prefix.
size_t BodySize(Type type);

// EncodeBody writes prefix and body, and leaves no copy of the body behind.
// REQUIRES: body.size() == BodySize(type).
std::string EncodeBody(Type type, Bytes body);

// DecodeBody reads a text of that type. If it fails, `body` holds nothing of
// use. REQUIRES: body.size() == BodySize(type).
Status DecodeBody(Type type, std::string_view text, std::span<uint8_t> body);

// Denied is the error of a tag that does not match.
Error Denied(Type type);

// SeedOf cuts the seed from seed ‖ public key. kInvalid unless the public
// key is the seed's: signing with another one would give the key away.
Result<SecretKeyBytes> SeedOf(std::span<const uint8_t, 64> secret);

// WrapBytes and UnwrapBytes are the PIE wrap for secrets that PASERK has no
// type for. `prefix` names the kind and is authenticated; it ends in a dot.
std::string WrapBytes(std::string_view prefix, Bytes secret,
                      KeySpan wrapping_key);
Result<SecretBuffer> UnwrapBytes(std::string_view prefix, std::string_view text,
                                 KeySpan wrapping_key);

}  // namespace signet::paserk

#endif  // SIGNET_LIB_SRC_PASERK_H_
