#include "signet/key_import.h"

#include "secret_buffer.h"
#include "signet/jwk.h"
#include "signet/paserk.h"

namespace signet {

namespace {

constexpr std::string_view kSecret = "k4.secret.";
constexpr std::string_view kLocal = "k4.local.";

Error Invalid(const std::string& what) {
  return {ErrorCode::kInvalid, "reading a secret key: " + what};
}

// PASERK binds a key to one use.
Error OtherUse(std::string_view kind, std::string_view use, KeyFormat format) {
  return Invalid("a " + std::string(kind) + " key " + std::string(use) +
                 " tokens and nothing else, it can't be of format " +
                 std::string(KeyFormatName(format)));
}

Result<SecretKey> FromPaserk(KeyFormat format,
                             const Result<paserk::SecretKeyBytes>& bytes) {
  if (!bytes) return Invalid(bytes.error().message);
  return SecretKey::FromSecret(format, bytes->span());
}

Result<SecretKey> FromBase64(KeyFormat format, std::string_view text) {
  Result<std::string> decoded = Base64UrlDecode(text);
  if (!decoded) {
    return Invalid("neither PASERK, JWK, PEM nor canonical base64url");
  }
  const SecretBuffer secret(AsBytes(*decoded));
  Wipe({reinterpret_cast<uint8_t*>(decoded->data()), decoded->size()});
  Result<SecretKey> key = SecretKey::FromSecret(format, secret.bytes());
  if (!key) return Invalid(key.error().message);
  return key;
}

}  // namespace

Result<SecretKey> ParseSecretKey(KeyFormat format, std::string_view text) {
  if (text.starts_with(kSecret)) {
    return format == KeyFormat::kPasetoV4Public
               ? FromPaserk(format, paserk::DecodeSecret(text))
               : OtherUse("k4.secret", "signs v4.public", format);
  }
  if (text.starts_with(kLocal)) {
    return format == KeyFormat::kPasetoV4Local
               ? FromPaserk(format, paserk::DecodeLocal(text))
               : OtherUse("k4.local", "encrypts v4.local", format);
  }
  for (const std::string_view version : {"k1.", "k2.", "k3.", "k4."}) {
    if (!text.starts_with(version)) continue;
    return Error{ErrorCode::kUnsupported,
                 "reading a secret key: of PASERK only k4.secret and k4.local "
                 "are read"};
  }
  if (text.starts_with("{")) return ReadSecretJwk(text, format);
  if (text.find("-----BEGIN ") != std::string_view::npos) {
    return ReadSecretPem(text, format);
  }
  return FromBase64(format, text);
}

}  // namespace signet
