#include "paserk.h"

#include <algorithm>
#include <vector>

#include "hazmat.h"

// public   = "k4.public." base64url(key 32)
// id       = ("k4.pid." | "k4.lid.") base64url(BLAKE2b-264(prefix ‖ paserk))
// wrapped  = prefix base64url(tag 32 ‖ nonce 32 ‖ ciphertext)
// prefix   = "k4.local-wrap.pie." | "k4.secret-wrap.pie."

namespace signet::paserk {

namespace {

constexpr std::string_view kPublic = "k4.public.";
constexpr std::string_view kLocal = "k4.local.";
constexpr std::string_view kPublicId = "k4.pid.";
constexpr std::string_view kLocalId = "k4.lid.";
constexpr std::string_view kLocalWrap = "k4.local-wrap.pie.";
constexpr std::string_view kSecretWrap = "k4.secret-wrap.pie.";
constexpr size_t kTagSize = 32;
constexpr size_t kNonceSize = 32;

// Id names the key whose PASERK is `type` and `encoded`.
std::string Id(std::string_view prefix, std::string_view type,
               std::string_view encoded) {
  std::array<uint8_t, 33> digest;
  hazmat::Blake2bStream(digest.size())
      .Update(AsBytes(prefix))
      .Update(AsBytes(type))
      .Update(AsBytes(encoded))
      .Finish(digest);
  return std::string(prefix) + Base64UrlEncode(digest);
}

// PieKeys are the keys of one wrapping, from the wrapping key and the nonce.
struct PieKeys {
  SecretBytes<56> cipher;  // XChaCha20 key 32 ‖ nonce 24
  SecretBytes<32> mac;
};

PieKeys DerivePieKeys(std::span<const uint8_t, 32> wrapping_key, Bytes nonce) {
  // PASERK, "PIE wrap", version 4: the leading byte keeps the two apart.
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

std::string Wrap(std::string_view prefix, Bytes key,
                 std::span<const uint8_t, 32> wrapping_key) {
  std::vector<uint8_t> sealed(kTagSize + kNonceSize + key.size());
  const std::span<uint8_t> all(sealed);
  const auto nonce = all.subspan(kTagSize, kNonceSize);
  FillRandom(nonce);
  const PieKeys keys = DerivePieKeys(wrapping_key, nonce);
  Crypt(keys, key, all.subspan(kTagSize + kNonceSize));
  ComputeTag(keys, prefix, all.subspan(kTagSize), all.first(kTagSize));
  return std::string(prefix) + Base64UrlEncode(sealed);
}

Status Unwrap(std::string_view prefix, std::string_view text,
              std::span<const uint8_t, 32> wrapping_key,
              std::span<uint8_t> key) {
  std::vector<uint8_t> sealed(kTagSize + kNonceSize + key.size());
  if (!text.starts_with(prefix) ||
      !Base64UrlDecodeTo(text.substr(prefix.size()), sealed)) {
    return Error{ErrorCode::kInvalid, "not a " + std::string(prefix) + " text"};
  }
  const Bytes all(sealed);
  const PieKeys keys =
      DerivePieKeys(wrapping_key, all.subspan(kTagSize, kNonceSize));
  std::array<uint8_t, kTagSize> tag;
  ComputeTag(keys, prefix, all.subspan(kTagSize), tag);
  if (!ConstantTimeEqual(tag, all.first(kTagSize))) {
    return Error{ErrorCode::kDenied, "unwrapping a " + std::string(prefix) +
                                         " key: another wrapping key, or an "
                                         "altered text"};
  }
  Crypt(keys, all.subspan(kTagSize + kNonceSize), key);
  return {};
}

}  // namespace

std::string PublicId(std::span<const uint8_t, 32> public_key) {
  return Id(kPublicId, kPublic, Base64UrlEncode(public_key));
}

std::string LocalId(std::span<const uint8_t, 32> key) {
  std::string encoded = Base64UrlEncode(key);
  std::string id = Id(kLocalId, kLocal, encoded);
  Wipe({reinterpret_cast<uint8_t*>(encoded.data()), encoded.size()});
  return id;
}

std::string EncodePublic(std::span<const uint8_t, 32> public_key) {
  return std::string(kPublic) + Base64UrlEncode(public_key);
}

bool DecodePublic(std::string_view text, std::span<uint8_t, 32> public_key) {
  return text.starts_with(kPublic) &&
         Base64UrlDecodeTo(text.substr(kPublic.size()), public_key);
}

std::string WrapLocal(std::span<const uint8_t, 32> key,
                      std::span<const uint8_t, 32> wrapping_key) {
  return Wrap(kLocalWrap, key, wrapping_key);
}

std::string WrapSecret(std::span<const uint8_t, 64> key,
                       std::span<const uint8_t, 32> wrapping_key) {
  return Wrap(kSecretWrap, key, wrapping_key);
}

std::string WrapBytes(std::string_view prefix, Bytes secret,
                      std::span<const uint8_t, 32> wrapping_key) {
  return Wrap(prefix, secret, wrapping_key);
}

Result<SecretBuffer> UnwrapBytes(std::string_view prefix, std::string_view text,
                                 std::span<const uint8_t, 32> wrapping_key) {
  const size_t overhead = kTagSize + kNonceSize;
  const size_t encoded =
      text.size() > prefix.size() ? text.size() - prefix.size() : 0;
  const size_t size = encoded / 4 * 3 + encoded % 4 * 3 / 4;
  SecretBuffer secret(size > overhead ? size - overhead : 0);
  Status done = Unwrap(prefix, text, wrapping_key, secret.span());
  if (!done) return done.error();
  return secret;
}

Status UnwrapLocal(std::string_view text,
                   std::span<const uint8_t, 32> wrapping_key,
                   std::span<uint8_t, 32> key) {
  return Unwrap(kLocalWrap, text, wrapping_key, key);
}

Status UnwrapSecret(std::string_view text,
                    std::span<const uint8_t, 32> wrapping_key,
                    std::span<uint8_t, 64> key) {
  return Unwrap(kSecretWrap, text, wrapping_key, key);
}

}  // namespace signet::paserk
