#include "signet/key_import.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "hazmat.h"

namespace signet {
namespace {

constexpr KeyFormat kPaseto = KeyFormat::kPasetoV4Public;

// PaserkOf writes "k4.secret." as the specification has it.
std::string PaserkOf(const SecretKey& key, const SecretKey& public_half) {
  std::array<uint8_t, 64> bytes;
  std::ranges::copy(key.ExposeSecret(), bytes.begin());
  std::ranges::copy(public_half.Public().bytes(), bytes.begin() + 32);
  return "k4.secret." + Base64UrlEncode(bytes);
}

ErrorCode WhyNot(KeyFormat format, const std::string& text) {
  const Result<SecretKey> key = ParseSecretKey(format, text);
  REQUIRE_MESSAGE(!key.ok(), text);
  const std::string& message = key.error().message;
  CHECK(message.starts_with("reading a secret key: "));
  // Not even a piece of what may be a secret.
  if (text.size() >= 20) {
    CHECK(message.find(text.substr(text.size() - 8)) == std::string::npos);
  }
  return key.error().code;
}

TEST_CASE("k4.secret is read as its specification writes it") {
  // PASERK test vectors, k4.secret-2.
  const std::string text =
      "k4.secret.cHFyc3R1dnd4eXp7fH1-f4CBgoOEhYaHiImKi4yNjo8c5WpIyC_5kWKhS8VEY"
      "SZ05dYfuTF-ZdQFV4D9vLTcNQ";
  const Result<SecretKey> key = ParseSecretKey(kPaseto, text);
  REQUIRE_MESSAGE(key.ok(), key.error().message);
  for (size_t i = 0; i < 32; ++i) CHECK(key->ExposeSecret()[i] == 0x70 + i);
  CHECK(PaserkOf(*key, *key) == text);
}

TEST_CASE("a seed becomes a key of any format") {
  const SecretKey key = SecretKey::Generate(kPaseto);
  const std::string seed = Base64UrlEncode(key.ExposeSecret());
  for (const KeyFormat format :
       {kPaseto, KeyFormat::kJwtEdDsa, KeyFormat::kRefreshMac,
        KeyFormat::kFeedEd25519}) {
    const Result<SecretKey> read = ParseSecretKey(format, seed);
    REQUIRE(read.ok());
    CHECK(read->format() == format);
    CHECK(ConstantTimeEqual(read->ExposeSecret(), key.ExposeSecret()));
  }
}

TEST_CASE("a PASERK key has one use and no other") {
  const SecretKey key = SecretKey::Generate(kPaseto);
  for (const KeyFormat format : {KeyFormat::kJwtEdDsa, KeyFormat::kRefreshMac,
                                 KeyFormat::kFeedEd25519}) {
    CHECK(WhyNot(format, PaserkOf(key, key)) == ErrorCode::kInvalid);
  }
  CHECK(WhyNot(KeyFormat::kRefreshMac,
               "k4.local." + Base64UrlEncode(key.ExposeSecret())) ==
        ErrorCode::kInvalid);
}

TEST_CASE("halves that do not belong together are refused") {
  const SecretKey key = SecretKey::Generate(kPaseto);
  const SecretKey other = SecretKey::Generate(kPaseto);
  CHECK(WhyNot(kPaseto, PaserkOf(key, other)) == ErrorCode::kInvalid);
}

TEST_CASE("another spelling of a key is refused") {
  const SecretKey key = SecretKey::Generate(kPaseto);
  const std::string seed = Base64UrlEncode(key.ExposeSecret());
  const std::string paserk = PaserkOf(key, key);
  for (const std::string& bad :
       {std::string(), seed + "=", seed + "\n", " " + seed, seed.substr(1),
        seed + "A", paserk + "=", paserk + ".", paserk.substr(0, 20),
        "K4.secret." + paserk.substr(10), "k5.secret." + paserk.substr(10),
        std::string(100'000, 'A')}) {
    CHECK(WhyNot(kPaseto, bad) == ErrorCode::kInvalid);
  }
}

TEST_CASE("an encrypted or older PASERK is refused as unsupported") {
  for (const char* type :
       {"k4.secret-wrap.pie.", "k4.secret-pw.", "k4.seal.", "k4.public.",
        "k1.secret.", "k3.secret.", "k2.local."}) {
    CHECK(WhyNot(kPaseto, type + std::string(86, 'A')) ==
          ErrorCode::kUnsupported);
  }
}

}  // namespace
}  // namespace signet
