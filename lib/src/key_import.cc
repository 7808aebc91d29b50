#include "signet/key_import.h"

#include <algorithm>

namespace signet {

namespace {

constexpr std::string_view kSecret = "k4.secret.";
constexpr std::string_view kLocal = "k4.local.";

Error Invalid(const std::string& what) {
  return {ErrorCode::kInvalid, "reading a secret key: " + what};
}

// FromPaserk reads what stands behind "k4.secret.".
Result<SecretKey> FromPaserk(KeyFormat format, std::string_view encoded) {
  if (format != KeyFormat::kPasetoV4Public) {
    return Invalid(
        "a k4.secret key signs v4.public tokens and nothing else, "
        "it can't be of format " +
        std::string(KeyFormatName(format)));
  }
  SecretBytes<64> bytes;
  if (!Base64UrlDecodeTo(encoded, bytes.span())) {
    return Invalid("not the base64url of 64 bytes behind \"k4.secret.\"");
  }
  Result<SecretKey> key = SecretKey::FromSeed(format, bytes.span().first<32>());
  if (!key.ok()) return key.error();
  // A signature made under a foreign public half gives the seed away.
  const VerifyKey open = key->Public();
  if (!std::ranges::equal(open.bytes(), bytes.span().last<32>())) {
    return Invalid("its public half is another key's");
  }
  return key;
}

}  // namespace

Result<SecretKey> ParseSecretKey(KeyFormat format, std::string_view text) {
  if (text.starts_with(kSecret)) {
    return FromPaserk(format, text.substr(kSecret.size()));
  }
  if (text.starts_with(kLocal)) {
    return Invalid(
        "a k4.local key encrypts v4.local tokens and nothing else, "
        "it can't be of format " +
        std::string(KeyFormatName(format)));
  }
  if (text.starts_with("k4.")) {
    return Error{ErrorCode::kUnsupported,
                 "reading a secret key: of PASERK only k4.secret is read"};
  }
  SecretBytes<32> seed;
  if (!Base64UrlDecodeTo(text, seed.span())) {
    return Invalid("neither k4.secret nor the base64url of 32 bytes");
  }
  return SecretKey::FromSeed(format, seed.span());
}

}  // namespace signet
