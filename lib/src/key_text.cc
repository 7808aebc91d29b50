#include "key_text.h"

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
    const auto point = paserk::DecodePublic(text);
    return point ? VerifyKey::Create(format, *point) : point.error();
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
    return paserk::WrapSecret(secret.first<32>(), wrapping_key);
  }
  if (IsPaserkLocal(key.format())) {
    return paserk::WrapLocal(secret.first<32>(), wrapping_key);
  }
  return paserk::WrapBytes(kSecretWrap, secret, wrapping_key);
}

Result<SecretKey> OpenSecretKey(KeyFormat format, std::string_view text,
                                std::span<const uint8_t, 32> wrapping_key) {
  if (IsEd25519(format)) {
    const auto seed = paserk::UnwrapSecret(text, wrapping_key);
    return seed ? SecretKey::FromSecret(format, seed->span()) : seed.error();
  }
  if (IsPaserkLocal(format)) {
    const auto key = paserk::UnwrapLocal(text, wrapping_key);
    return key ? SecretKey::FromSecret(format, key->span()) : key.error();
  }
  Result<SecretBuffer> secret =
      paserk::UnwrapBytes(kSecretWrap, text, wrapping_key);
  if (!secret) return secret.error();
  return SecretKey::FromSecret(format, secret->bytes());
}

}  // namespace signet
