#include "paserk.h"
#include "signet/keys.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

void ReadPublic(std::string_view text) {
  std::array<uint8_t, 32> key{};
  if (!paserk::DecodePublic(text, key)) return;
  FUZZ_CHECK(paserk::EncodePublic(key) == text);
  auto verify = VerifyKey::Create(KeyFormat::kPasetoV4Public, key);
  if (verify) FUZZ_CHECK(verify->id() == paserk::PublicId(key));
}

// A wrapped key that opens is one that this key wrapped.
void ReadWrapped(std::string_view text) {
  SecretBytes<32> local;
  SecretBytes<64> secret;
  if (paserk::UnwrapLocal(text, kKek, local.span())) {
    FUZZ_CHECK(text.starts_with("k4.local-wrap.pie."));
  }
  if (paserk::UnwrapSecret(text, kKek, secret.span())) {
    FUZZ_CHECK(text.starts_with("k4.secret-wrap.pie."));
  }
}

// Wrap wraps the input's bytes, opens them, and spoils one character.
void Wrap(std::string_view input) {
  const uint8_t where = TakeByte(input);
  std::array<uint8_t, 32> key{};
  for (size_t i = 0; i < key.size(); ++i) key[i] = TakeByte(input);
  std::string text = paserk::WrapLocal(key, kKek);
  std::array<uint8_t, 32> opened{};
  FUZZ_CHECK(paserk::UnwrapLocal(text, kKek, opened).ok());
  FUZZ_CHECK(opened == key);
  char& spoilt = text[text.size() * where / 256];
  spoilt = spoilt == 'A' ? 'B' : 'A';
  opened.fill(0);
  FUZZ_CHECK(!paserk::UnwrapLocal(text, kKek, opened).ok());
  FUZZ_CHECK(opened == (std::array<uint8_t, 32>{}));
}

FUZZ_TARGET(input) {
  if (input.starts_with("k4.")) {
    ReadPublic(input);
    ReadWrapped(input);
    return;
  }
  Wrap(input);
}

}  // namespace
}  // namespace signet::fuzz
