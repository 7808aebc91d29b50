#include "key_text.h"

#include <array>

#include "key_material.h"
#include "paserk.h"

namespace signet {
namespace {

constexpr std::string_view kSpki = "spki.";
constexpr std::string_view kSecretWrap = "signet.secret-wrap.pie.";

bool IsEd25519(KeyFormat format) {
  const FormatInfo* info = InfoOf(format);
  return info != nullptr && info->type == KeyType::kEd25519;
}

bool IsPaserkLocal(KeyFormat format) {
  return format == KeyFormat::kRefreshMac ||
         format == KeyFormat::kPasetoV4Local;
}

}  // namespace

std::string PublicKeyText(const VerifyKey& key) {
  if (IsEd25519(key.format())) {
    return paserk::EncodePublic(key.bytes().first<32>());
  }
  return std::string(kSpki) + Base64UrlEncode(key.bytes());
}

Result<VerifyKey> ParsePublicKeyText(KeyFormat format, std::string_view text) {
  if (IsEd25519(format)) {
    std::array<uint8_t, 32> point;
    if (!paserk::DecodePublic(text, point)) {
      return Error{ErrorCode::kInvalid, "not a k4.public key"};
    }
    return VerifyKey::Create(format, point);
  }
  Error wrong{ErrorCode::kInvalid, "not spki. and base64url"};
  if (!text.starts_with(kSpki)) return wrong;
  Result<std::string> der = Base64UrlDecode(text.substr(kSpki.size()));
  if (!der) return wrong;
  return VerifyKey::Create(format, AsBytes(*der));
}

std::string SealSecretKey(const SecretKey& key,
                          std::span<const uint8_t, 32> wrapping_key) {
  const Bytes secret = key.ExposeSecret();
  if (IsEd25519(key.format())) {
    return paserk::WrapSecret(
        KeyAccess::Of(key).ed25519_expanded.span(), wrapping_key);
  }
  if (IsPaserkLocal(key.format())) {
    return paserk::WrapLocal(secret.first<32>(), wrapping_key);
  }
  return paserk::WrapBytes(kSecretWrap, secret, wrapping_key);
}

Result<SecretKey> OpenSecretKey(KeyFormat format, std::string_view text,
                                std::span<const uint8_t, 32> wrapping_key) {
  if (IsEd25519(format)) {
    // The public half beside the seed is not looked at: the key is made from
    // the seed, and must then have the id that the ring's document names.
    SecretBytes<64> expanded;
    Status done = paserk::UnwrapSecret(text, wrapping_key, expanded.span());
    if (!done) return done.error();
    return SecretKey::FromSecret(format, expanded.span().first<32>());
  }
  if (IsPaserkLocal(format)) {
    SecretBytes<32> secret;
    Status done = paserk::UnwrapLocal(text, wrapping_key, secret.span());
    if (!done) return done.error();
    return SecretKey::FromSecret(format, secret.span());
  }
  Result<SecretBuffer> secret =
      paserk::UnwrapBytes(kSecretWrap, text, wrapping_key);
  if (!secret) return secret.error();
  return SecretKey::FromSecret(format, secret->bytes());
}

}  // namespace signet
