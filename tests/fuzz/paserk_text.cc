// PASERK of every type: what is read is written again, and what was wrapped is
// opened by its key alone.
#include <algorithm>

#include "paserk.h"
#include "signet/keys.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

using paserk::PasswordCost;
using paserk::Type;

constexpr std::string_view kPassword = "correct horse";
// The least that Argon2id takes: texts that ask for more are refused unread.
constexpr PasswordCost kCheap{1, 8 << 10};

using Seed = std::array<uint8_t, 32>;

// Opener undoes one kind of wrapping, with the keys of this world.
Result<paserk::SecretKeyBytes> Open(Type type, std::string_view text) {
  switch (type) {
    case Type::kLocal:
      return paserk::DecodeLocal(text);
    case Type::kSecret:
      return paserk::DecodeSecret(text);
    case Type::kLocalWrap:
      return paserk::UnwrapLocal(text, kKek);
    case Type::kSecretWrap:
      return paserk::UnwrapSecret(text, kKek);
    case Type::kLocalPw:
      return paserk::UnwrapLocalWithPassword(text, kPassword, kCheap);
    case Type::kSecretPw:
      return paserk::UnwrapSecretWithPassword(text, kPassword, kCheap);
    case Type::kSeal:
      return paserk::Unseal(text, kKek);
    default:
      return Error{ErrorCode::kInvalid, "holds no secret"};
  }
}

constexpr Type kSecretTypes[] = {
    Type::kLocal,   Type::kSecret,   Type::kLocalWrap, Type::kSecretWrap,
    Type::kLocalPw, Type::kSecretPw, Type::kSeal};

std::string Write(Type type, const Seed& key) {
  switch (type) {
    case Type::kLocal:
      return paserk::ExposeLocal(key);
    case Type::kSecret:
      return paserk::ExposeSecret(key);
    case Type::kLocalWrap:
      return paserk::WrapLocal(key, kKek);
    case Type::kSecretWrap:
      return paserk::WrapSecret(key, kKek);
    case Type::kLocalPw:
      return *paserk::WrapLocalWithPassword(key, kPassword, kCheap);
    case Type::kSecretPw:
      return *paserk::WrapSecretWithPassword(key, kPassword, kCheap);
    default: {
      static const VerifyKey recipient =
          SecretKey::FromSecret(KeyFormat::kPasetoV4Public, kKek)->Public();
      return *paserk::Seal(key, recipient.bytes().first<32>());
    }
  }
}

// Read opens a text as every type: as its own at most.
void Read(std::string_view text) {
  const auto type = paserk::TypeOf(text);
  for (const Type other : kSecretTypes) {
    const auto opened = Open(other, text);
    if (!opened) {
      FUZZ_CHECK(!opened.error().message.empty());
      continue;
    }
    FUZZ_CHECK(type && *type == other);
    Seed key;
    std::ranges::copy(opened->span(), key.begin());
    if (other == Type::kLocal || other == Type::kSecret) {
      FUZZ_CHECK(Write(other, key) == text);
    }
  }
  for (const Type id : {Type::kLid, Type::kPid, Type::kSid}) {
    if (paserk::CheckId(id, text)) FUZZ_CHECK(type && *type == id);
  }
  const auto point = paserk::DecodePublic(text);
  if (!point) return;
  FUZZ_CHECK(type && *type == Type::kPublic);
  FUZZ_CHECK(paserk::EncodePublic(*point) == text);
  auto key = VerifyKey::Create(KeyFormat::kPasetoV4Public, *point);
  if (key) FUZZ_CHECK(key->id() == paserk::PublicId(*point));
}

// WriteAndSpoil writes the input's bytes as a key, opens them, and changes one
// character: in the clear that is another key or none, else it is denied.
void WriteAndSpoil(Type type, std::string_view input) {
  const uint8_t where = TakeByte(input);
  Seed key{};
  for (uint8_t& byte : key) byte = TakeByte(input);
  std::string text = Write(type, key);
  const auto opened = Open(type, text);
  FUZZ_CHECK(opened.ok());
  FUZZ_CHECK(AsText(opened->span()) == AsText(key));
  char& spoilt = text[text.size() * where / 256];
  spoilt = spoilt == 'A' ? 'B' : 'A';
  const auto again = Open(type, text);
  if (again) {
    FUZZ_CHECK(type == Type::kLocal);
    FUZZ_CHECK(AsText(again->span()) != AsText(key));
  }
}

FUZZ_TARGET(input) {
  if (input.starts_with("k")) return Read(input);
  const uint8_t choice = TakeByte(input);
  WriteAndSpoil(kSecretTypes[choice % std::size(kSecretTypes)], input);
}

}  // namespace
}  // namespace signet::fuzz
