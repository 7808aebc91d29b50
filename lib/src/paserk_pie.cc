#include <algorithm>
#include <vector>

#include "hazmat.h"
#include "paserk.h"

// PASERK, "PIE wrap", version 4:
//
//   wrapped = prefix base64url( tag 32 ‖ nonce 32 ‖ ciphertext )
//   prefix  = "k4.local-wrap.pie." | "k4.secret-wrap.pie."
//   tag     = BLAKE2b-256( key = mac key, prefix ‖ nonce ‖ ciphertext )

namespace signet::paserk {

namespace {

constexpr size_t kTagSize = 32;
constexpr size_t kNonceSize = 32;

// PieKeys are the keys of one wrapping, from the wrapping key and the nonce.
struct PieKeys {
  SecretBytes<56> cipher;  // XChaCha20 key 32 ‖ nonce 24
  SecretBytes<32> mac;
};

PieKeys DerivePieKeys(KeySpan wrapping_key, Bytes nonce) {
  // The leading byte keeps the two apart.
  constexpr uint8_t kEncryption[] = {0x80};
  constexpr uint8_t kAuthentication[] = {0x81};
  PieKeys keys;
  hazmat::Blake2bStream(56, wrapping_key)
      .Update(kEncryption)
      .Update(nonce)
      .Finish(keys.cipher.span());
  hazmat::Blake2bStream(32, wrapping_key)
      .Update(kAuthentication)
      .Update(nonce)
      .Finish(keys.mac.span());
  return keys;
}

void Crypt(const PieKeys& keys, Bytes in, std::span<uint8_t> out) {
  hazmat::XChaCha20Xor(out, in, keys.cipher.span().subspan<32, 24>(),
                       keys.cipher.span().first<32>());
}

void ComputeTag(const PieKeys& keys, std::string_view prefix,
                Bytes nonce_and_ciphertext, std::span<uint8_t> tag) {
  hazmat::Blake2bStream(kTagSize, keys.mac.span())
      .Update(AsBytes(prefix))
      .Update(nonce_and_ciphertext)
      .Finish(tag);
}

std::vector<uint8_t> WrapBody(std::string_view prefix, Bytes key,
                              KeySpan wrapping_key) {
  std::vector<uint8_t> wrapped(kTagSize + kNonceSize + key.size());
  const std::span<uint8_t> all(wrapped);
  const auto nonce = all.subspan(kTagSize, kNonceSize);
  FillRandom(nonce);
  const PieKeys keys = DerivePieKeys(wrapping_key, nonce);
  Crypt(keys, key, all.subspan(kTagSize + kNonceSize));
  ComputeTag(keys, prefix, all.subspan(kTagSize), all.first(kTagSize));
  return wrapped;
}

// UnwrapBody is false if the tag is wrong; `key` is then as it was.
// REQUIRES: wrapped.size() == kTagSize + kNonceSize + key.size().
bool UnwrapBody(std::string_view prefix, Bytes wrapped, KeySpan wrapping_key,
                std::span<uint8_t> key) {
  const PieKeys keys =
      DerivePieKeys(wrapping_key, wrapped.subspan(kTagSize, kNonceSize));
  std::array<uint8_t, kTagSize> tag;
  ComputeTag(keys, prefix, wrapped.subspan(kTagSize), tag);
  if (!ConstantTimeEqual(tag, wrapped.first(kTagSize))) return false;
  Crypt(keys, wrapped.subspan(kTagSize + kNonceSize), key);
  return true;
}

std::string Wrap(Type type, Bytes key, KeySpan wrapping_key) {
  return EncodeBody(type, WrapBody(Prefix(type), key, wrapping_key));
}

Status Unwrap(Type type, std::string_view text, KeySpan wrapping_key,
              std::span<uint8_t> key) {
  std::vector<uint8_t> wrapped(BodySize(type));
  Status decoded = DecodeBody(type, text, wrapped);
  if (!decoded.ok()) return decoded;
  if (!UnwrapBody(Prefix(type), wrapped, wrapping_key, key)) {
    return Denied(type);
  }
  return {};
}

}  // namespace

std::string WrapLocal(KeySpan key, KeySpan wrapping_key) {
  return Wrap(Type::kLocalWrap, key, wrapping_key);
}

std::string WrapSecret(KeySpan seed, KeySpan wrapping_key) {
  SecretBytes<64> expanded;
  hazmat::Ed25519Expand(seed, expanded.span());
  return Wrap(Type::kSecretWrap, expanded.span(), wrapping_key);
}

Result<SecretKeyBytes> UnwrapLocal(std::string_view text,
                                   KeySpan wrapping_key) {
  SecretKeyBytes key;
  Status unwrapped = Unwrap(Type::kLocalWrap, text, wrapping_key, key.span());
  if (!unwrapped.ok()) return unwrapped.error();
  return key;
}

Result<SecretKeyBytes> UnwrapSecret(std::string_view text,
                                    KeySpan wrapping_key) {
  SecretBytes<64> secret;
  Status unwrapped =
      Unwrap(Type::kSecretWrap, text, wrapping_key, secret.span());
  if (!unwrapped.ok()) return unwrapped.error();
  return SeedOf(secret.span());
}

std::string WrapBytes(std::string_view prefix, Bytes secret,
                      KeySpan wrapping_key) {
  return std::string(prefix) +
         Base64UrlEncode(WrapBody(prefix, secret, wrapping_key));
}

Result<SecretBuffer> UnwrapBytes(std::string_view prefix, std::string_view text,
                                 KeySpan wrapping_key) {
  const std::string name = "a " + std::string(prefix) + " text";
  const Error invalid{ErrorCode::kInvalid, "not " + name};
  if (!text.starts_with(prefix)) return invalid;
  Result<std::string> wrapped = Base64UrlDecode(text.substr(prefix.size()));
  if (!wrapped || wrapped->size() < kTagSize + kNonceSize) return invalid;
  SecretBuffer secret(wrapped->size() - kTagSize - kNonceSize);
  if (!UnwrapBody(prefix, AsBytes(*wrapped), wrapping_key, secret.span())) {
    return Error{ErrorCode::kDenied, "unwrapping " + name +
                                         ": another wrapping key, or an "
                                         "altered text"};
  }
  return secret;
}

}  // namespace signet::paserk
