#ifndef SIGNET_PASERK_H_
#define SIGNET_PASERK_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "signet/primitives.h"
#include "signet/result.h"

// PASERK (github.com/paseto-standard/paserk), version 4: keys as texts, to
// be stored, shown or sent. To export a key, choose the kind of text; to
// import one, ask TypeOf what it is and call the function of that type.
//
// A symmetric key is 32 bytes. An Ed25519 secret key is given and taken as
// its seed of 32 bytes (RFC 8032 section 5.1.5): the texts carry seed and
// public key, and are refused if the two do not belong together.
//
// What reads a text fails with kUnsupported for another version or wrapping
// protocol, kInvalid for another type, length or spelling, and kDenied for a
// wrong key or password or an altered text, which can't be told apart.
// Functions are safe from any thread.
namespace signet::paserk {

using KeySpan = std::span<const uint8_t, 32>;
using SecretKeyBytes = SecretBytes<32>;

enum class Type : uint8_t {
  kLid,         // "k4.lid.": id of a symmetric key
  kLocal,       // "k4.local.": a symmetric key
  kLocalPw,     // "k4.local-pw.": one under a password
  kLocalWrap,   // "k4.local-wrap.pie.": one under another symmetric key
  kPid,         // "k4.pid.": id of a public key
  kPublic,      // "k4.public.": an Ed25519 public key
  kSeal,        // "k4.seal.": a symmetric key for the holder of an Ed25519 key
  kSecret,      // "k4.secret.": an Ed25519 secret key
  kSecretPw,    // "k4.secret-pw.": one under a password
  kSecretWrap,  // "k4.secret-wrap.pie.": one under a symmetric key
  kSid,         // "k4.sid.": id of a secret key
};

// TypeOf reads the header alone; the rest of the text may still be malformed.
Result<Type> TypeOf(std::string_view text);

// PublicId, LocalId and SecretId name a key without revealing it. The ids of
// the two halves of one key differ.
std::string PublicId(KeySpan public_key);
std::string LocalId(KeySpan key);
std::string SecretId(KeySpan seed);

// CheckId succeeds only if the text is an id of that type. REQUIRES: type is
// kLid, kPid or kSid.
Status CheckId(Type type, std::string_view text);

// EncodePublic and DecodePublic are for public keys. Whether the bytes are a
// point of the curve is for VerifyKey::Create to say.
std::string EncodePublic(KeySpan public_key);
Result<std::array<uint8_t, 32>> DecodePublic(std::string_view text);

// ExposeLocal and ExposeSecret write the key in the clear: the caller keeps
// the text secret and wipes it.
std::string ExposeLocal(KeySpan key);
std::string ExposeSecret(KeySpan seed);
Result<SecretKeyBytes> DecodeLocal(std::string_view text);
Result<SecretKeyBytes> DecodeSecret(std::string_view text);

// WrapLocal and WrapSecret encrypt a key under `wrapping_key`, with a fresh
// nonce; UnwrapLocal and UnwrapSecret undo it.
std::string WrapLocal(KeySpan key, KeySpan wrapping_key);
std::string WrapSecret(KeySpan seed, KeySpan wrapping_key);
Result<SecretKeyBytes> UnwrapLocal(std::string_view text, KeySpan wrapping_key);
Result<SecretKeyBytes> UnwrapSecret(std::string_view text,
                                    KeySpan wrapping_key);

// PasswordCost is what one guess of a password costs, in Argon2id (RFC 9106,
// one lane): 1 to 16 passes over 8 KiB to 1 GiB of memory. The default is
// libsodium's MODERATE.
struct PasswordCost {
  uint32_t passes = 3;
  uint64_t memory_bytes = 256u << 20;
};

// kPasswordCostLimit, libsodium's SENSITIVE, is what a text may ask of its
// reader where the reader sets no other limit.
inline constexpr PasswordCost kPasswordCostLimit{4, 1u << 30};

// WrapLocalWithPassword and WrapSecretWithPassword encrypt a key under a
// password. kInvalid: the password is empty or the cost out of its range.
Result<std::string> WrapLocalWithPassword(KeySpan key,
                                          std::string_view password,
                                          const PasswordCost& cost = {});
Result<std::string> WrapSecretWithPassword(KeySpan seed,
                                           std::string_view password,
                                           const PasswordCost& cost = {});

// UnwrapLocalWithPassword and UnwrapSecretWithPassword undo it. The text says
// what it costs to read: before anything is hashed, kInvalid if that is more
// than `limit`, and kUnsupported if it is not one lane.
Result<SecretKeyBytes> UnwrapLocalWithPassword(
    std::string_view text, std::string_view password,
    const PasswordCost& limit = kPasswordCostLimit);
Result<SecretKeyBytes> UnwrapSecretWithPassword(
    std::string_view text, std::string_view password,
    const PasswordCost& limit = kPasswordCostLimit);

// Seal encrypts a symmetric key for whoever holds the secret half of
// `public_key`, an Ed25519 key. It says nothing of who sealed it. kInvalid:
// the bytes are not a point of Ed25519's group.
Result<std::string> Seal(KeySpan key, KeySpan public_key);
Result<SecretKeyBytes> Unseal(std::string_view text, KeySpan seed);

}  // namespace signet::paserk

#endif  // SIGNET_PASERK_H_
