// Keys in PEM, in DER, and in the spellings that are imported.
#include "signet/jwk.h"
#include "signet/key_import.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

bool IsSane(const Error& error) {
  return !error.message.empty() && (error.code == ErrorCode::kInvalid ||
                                    error.code == ErrorCode::kUnsupported);
}

constexpr std::string_view kPrivate = "PRIVATE KEY-----";

bool IsPrivate(std::string_view text) {
  return text.find(kPrivate) != text.npos;
}

// Whether the parts of an RSA secret belong together takes as long to find out
// as a hundred other inputs do. Most texts that are so long are read as if
// they held a public key.
std::string SpareTime(size_t draw, std::string_view text) {
  constexpr size_t kRsaSize = 1500;
  std::string out(text);
  if (text.size() < kRsaSize || draw % 32 == 0) return out;
  for (size_t at = 0; (at = out.find(kPrivate, at)) != out.npos;) {
    out.replace(at, kPrivate.size(), "PUBLIC KEY-----");
  }
  return out;
}

void CheckSecret(const Result<SecretKey>& key, KeyFormat format) {
  if (!key) {
    FUZZ_CHECK(IsSane(key.error()));
    return;
  }
  FUZZ_CHECK(key->format() == format);
  const auto again = SecretKey::FromSecret(format, key->ExposeSecret());
  FUZZ_CHECK(again && again->id() == key->id());
  FUZZ_CHECK(AsText(again->ExposeSecret()) == AsText(key->ExposeSecret()));
  const VerifyKey half = key->ForVerifier();
  FUZZ_CHECK(half.id() == key->id());
  if (!IsJws(format)) return;
  FUZZ_CHECK(
      half.Verify(AsBytes("message"), AsBytes(key->Sign(AsBytes("message")))));
}

void CheckPublic(const Result<VerifyKey>& key, KeyFormat format) {
  if (!key) {
    FUZZ_CHECK(IsSane(key.error()));
    return;
  }
  FUZZ_CHECK(key->format() == format && !key->holds_secret());
  const auto again = VerifyKey::Create(format, key->bytes());
  FUZZ_CHECK(again && *again == *key);
  FUZZ_CHECK(!key->Verify(AsBytes("message"), AsBytes("signature")));
}

FUZZ_TARGET(input) {
  const size_t draw = DrawOf(input);
  const uint8_t choice = TakeByte(input);
  const KeyFormat format = kAllFormats[choice % std::size(kAllFormats)];
  switch (choice >> 6) {
    case 0: {
      // Each function gets the texts that are meant for it, and some others.
      const std::string text = SpareTime(draw, input);
      if (IsPrivate(text) == (draw / 32 % 4 != 0)) {
        return CheckSecret(ReadSecretPem(text, format), format);
      }
      return CheckPublic(ReadPem(text, format), format);
    }
    case 1: {
      const auto key = VerifyKey::Create(format, AsBytes(input));
      // One spelling per key.
      if (key) FUZZ_CHECK(AsText(key->bytes()) == input);
      return CheckPublic(key, format);
    }
    case 2:
      return CheckSecret(SecretKey::FromSecret(format, AsBytes(input)), format);
    default:
      return CheckSecret(ParseSecretKey(format, SpareTime(draw, input)),
                         format);
  }
}

}  // namespace
}  // namespace signet::fuzz
