#ifndef SIGNET_LIB_SRC_PASERK_H_
#define SIGNET_LIB_SRC_PASERK_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "secret_buffer.h"
#include "signet/primitives.h"
#include "signet/result.h"

// PASERK (github.com/paseto-standard/paserk), version 4: texts for keys, ids
// of keys, and keys wrapped by another key (the PIE protocol). Functions are
// safe from any thread.
namespace signet::paserk {

// PublicId is "k4.pid." + …, the id of an Ed25519 public key.
std::string PublicId(std::span<const uint8_t, 32> public_key);

// LocalId is "k4.lid." + …, the id of a symmetric key.
std::string LocalId(std::span<const uint8_t, 32> key);

// EncodePublic writes "k4.public." + …; DecodePublic reads exactly that.
// Whether the bytes are a point of the curve is for VerifyKey::Create to say.
std::string EncodePublic(std::span<const uint8_t, 32> public_key);
bool DecodePublic(std::string_view text, std::span<uint8_t, 32> public_key);

// WrapLocal and WrapSecret encrypt a symmetric key, or an Ed25519 key as seed
// ‖ public key, under `wrapping_key`, with a fresh nonce.
std::string WrapLocal(std::span<const uint8_t, 32> key,
                      std::span<const uint8_t, 32> wrapping_key);
std::string WrapSecret(std::span<const uint8_t, 64> key,
                       std::span<const uint8_t, 32> wrapping_key);

// WrapBytes does so for bytes of any other kind. `prefix` names the kind, is
// authenticated, and ends in a dot; it is none of PASERK's.
std::string WrapBytes(std::string_view prefix, Bytes secret,
                      std::span<const uint8_t, 32> wrapping_key);

// UnwrapLocal and UnwrapSecret undo it. kInvalid: not such a text. kDenied:
// wrapped by another key, or altered; `key` is then as it was.
Status UnwrapLocal(std::string_view text,
                   std::span<const uint8_t, 32> wrapping_key,
                   std::span<uint8_t, 32> key);
Status UnwrapSecret(std::string_view text,
                    std::span<const uint8_t, 32> wrapping_key,
                    std::span<uint8_t, 64> key);
Result<SecretBuffer> UnwrapBytes(std::string_view prefix, std::string_view text,
                                 std::span<const uint8_t, 32> wrapping_key);

}  // namespace signet::paserk

#endif  // SIGNET_LIB_SRC_PASERK_H_
