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
  const uint8_t choice = TakeByte(input);
  const KeyFormat format = kAllFormats[choice % std::size(kAllFormats)];
  switch (choice >> 6) {
    case 0:
      CheckPublic(ReadPem(input, format), format);
      CheckSecret(ReadSecretPem(input, format), format);
      return;
    case 1: {
      const auto key = VerifyKey::Create(format, AsBytes(input));
      // One spelling per key.
      if (key) FUZZ_CHECK(AsText(key->bytes()) == input);
      return CheckPublic(key, format);
    }
    case 2:
      return CheckSecret(SecretKey::FromSecret(format, AsBytes(input)), format);
    default:
      return CheckSecret(ParseSecretKey(format, input), format);
  }
}

}  // namespace
}  // namespace signet::fuzz
