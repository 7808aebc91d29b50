#ifndef SIGNET_LIB_SRC_PASERK_H_
#define SIGNET_LIB_SRC_PASERK_H_

#include "signet/paserk.h"

// The parts that the kinds of PASERK share, and the forms that write to
// memory of the caller.
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

// DecodePublic, as in the public header, to `public_key`.
bool DecodePublic(std::string_view text, std::span<uint8_t, 32> public_key);

// WrapSecret, UnwrapLocal and UnwrapSecret, as in the public header, with an
// Ed25519 key as seed ‖ public key, which are not compared. If unwrapping
// fails, `key` is as it was.
std::string WrapSecret(std::span<const uint8_t, 64> key, KeySpan wrapping_key);
Status UnwrapLocal(std::string_view text, KeySpan wrapping_key,
                   std::span<uint8_t, 32> key);
Status UnwrapSecret(std::string_view text, KeySpan wrapping_key,
                    std::span<uint8_t, 64> key);

}  // namespace signet::paserk

#endif  // SIGNET_LIB_SRC_PASERK_H_
