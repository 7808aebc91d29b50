// JWKs and sets of them: what is read is written again, and the same key.
#include "signet/jwk.h"

#include "tests/fuzz/plain_json.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

using Wanted = std::optional<KeyFormat>;

void CheckError(const Error& error) {
  FUZZ_CHECK(!error.message.empty());
  FUZZ_CHECK(error.code == ErrorCode::kInvalid ||
             error.code == ErrorCode::kUnsupported ||
             error.code == ErrorCode::kNotFound);
}

// HoldsSecret reads the object a second time.
bool HoldsSecret(const PlainValue& jwk) {
  for (const char* name :
       {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}) {
    if (jwk.Find(name) != nullptr) return true;
  }
  return false;
}

void ReadPublic(std::string_view text, Wanted format) {
  const auto key = ReadJwk(text, format);
  if (!key) return CheckError(key.error());
  const auto plain = ParsePlainJson(text);
  FUZZ_CHECK(plain && !HoldsSecret(*plain));
  FUZZ_CHECK(!IsSymmetric(key->format()) && !key->holds_secret());
  FUZZ_CHECK(!format || key->format() == *format);
  const std::string written = WriteJwk(*key);
  const auto again = ReadJwk(written, key->format());
  FUZZ_CHECK(again && *again == *key && WriteJwk(*again) == written);
  const auto same = VerifyKey::Create(key->format(), key->bytes());
  FUZZ_CHECK(same && *same == *key);
  // What it says of itself, and what it is asked to be, are one.
  FUZZ_CHECK(ReadJwk(text, key->format()).ok());
}

void ReadSecret(std::string_view text, Wanted format) {
  const auto key = ReadSecretJwk(text, format);
  if (!key) return CheckError(key.error());
  FUZZ_CHECK(!format || key->format() == *format);
  FUZZ_CHECK(!ReadJwk(text, format).ok());
  const std::string written = WriteSecretJwk(*key);
  const auto again = ReadSecretJwk(written, key->format());
  FUZZ_CHECK(again && again->id() == key->id());
  FUZZ_CHECK(WriteSecretJwk(*again) == written);
  if (!IsSymmetric(key->format())) {
    FUZZ_CHECK(again->Public() == key->Public());
  }
}

void ReadSet(std::string_view text, KeyFormat format) {
  const auto ring = ReadJwks(text, format, 7);
  if (!ring) return CheckError(ring.error());
  FUZZ_CHECK(ring->info().generation == 7 && !ring->keys().empty());
  FUZZ_CHECK(ring->keys().size() <= 100);
  std::string written;
  for (const RingKey& key : ring->keys()) {
    FUZZ_CHECK(key.key.format() == format && !key.key.holds_secret());
    FUZZ_CHECK(ring->Find(key.key.id()) == &key);
    FUZZ_CHECK(key.schedule.StateAt(Time(kNow)) != KeyState::kActive);
    written += (written.empty() ? "" : ",") + WriteJwk(key.key);
  }
  const auto again = ReadJwks("{\"keys\":[" + written + "]}", format, 7);
  FUZZ_CHECK(again.ok() && *again == *ring);
}

FUZZ_TARGET(input) {
  const uint8_t choice = TakeByte(input);
  if (HasVastExponent(input)) return;
  const size_t number = choice % (std::size(kAllFormats) + 1);
  Wanted format;
  if (number > 0) format = kAllFormats[number - 1];
  if ((choice & 0x40) == 0) {
    ReadPublic(input, format);
    ReadSecret(input, format);
  }
  if (!format) return;
  ReadSet((choice & 0x40) == 0 ? "{\"keys\":[" + std::string(input) + "]}"
                               : std::string(input),
          *format);
}

}  // namespace
}  // namespace signet::fuzz
