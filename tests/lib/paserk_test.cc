#include "paserk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "signet/keys.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using paserk::Type;

constexpr paserk::PasswordCost kCheap{1, 8u << 10};
constexpr std::array<uint8_t, 32> kKey{9};
constexpr std::array<uint8_t, 32> kKek{7};
constexpr std::string_view kPassword = "correct horse";

// OneOfEach is a good text of every type, all of kKey.
std::vector<std::pair<Type, std::string>> OneOfEach() {
  const SecretKey key =
      *SecretKey::FromSecret(KeyFormat::kPasetoV4Public, kKey);
  const VerifyKey verify_key = key.Public();
  const auto public_key = verify_key.bytes().first<32>();
  return {
      {Type::kLid, paserk::LocalId(kKey)},
      {Type::kLocal, paserk::ExposeLocal(kKey)},
      {Type::kLocalPw, *paserk::WrapLocalWithPassword(kKey, kPassword, kCheap)},
      {Type::kLocalWrap, paserk::WrapLocal(kKey, kKek)},
      {Type::kPid, paserk::PublicId(public_key)},
      {Type::kPublic, paserk::EncodePublic(public_key)},
      {Type::kSeal, *paserk::Seal(kKey, public_key)},
      {Type::kSecret, paserk::ExposeSecret(kKey)},
      {Type::kSecretPw,
       *paserk::WrapSecretWithPassword(kKey, kPassword, kCheap)},
      {Type::kSecretWrap, paserk::WrapSecret(kKey, kKek)},
      {Type::kSid, paserk::SecretId(kKey)},
  };
}

// Read reads a text as one of that type; a secret must then be kKey.
Status Read(Type type, std::string_view text) {
  auto secret = [](const Result<paserk::SecretKeyBytes>& read) -> Status {
    if (!read.ok()) return read.error();
    CHECK(AsText(read->span()) == AsText(kKey));
    return {};
  };
  switch (type) {
    case Type::kLid:
    case Type::kPid:
    case Type::kSid:
      return paserk::CheckId(type, text);
    case Type::kPublic: {
      auto read = paserk::DecodePublic(text);
      return read.ok() ? Status() : Status(read.error());
    }
    case Type::kLocal:
      return secret(paserk::DecodeLocal(text));
    case Type::kSecret:
      return secret(paserk::DecodeSecret(text));
    case Type::kLocalPw:
      return secret(paserk::UnwrapLocalWithPassword(text, kPassword, kCheap));
    case Type::kSecretPw:
      return secret(paserk::UnwrapSecretWithPassword(text, kPassword, kCheap));
    case Type::kLocalWrap:
      return secret(paserk::UnwrapLocal(text, kKek));
    case Type::kSecretWrap:
      return secret(paserk::UnwrapSecret(text, kKek));
    case Type::kSeal:
      return secret(paserk::Unseal(text, kKey));
  }
  return Error{};
}

TEST_CASE("a PASERK of each type is read as what it is, and as nothing else") {
  for (const auto& one : OneOfEach()) {
    const Type type = one.first;
    const std::string& text = one.second;
    CAPTURE(text);
    REQUIRE(paserk::TypeOf(text).ok());
    CHECK(*paserk::TypeOf(text) == type);
    CHECK(text.starts_with(paserk::Prefix(type)));
    for (const auto& [slot, unused] : OneOfEach()) {
      const Status status = Read(slot, text);
      CHECK(status.ok() == (slot == type));
      if (slot == type) continue;
      // HOSTILE 38: a sid where a pid is due.
      CHECK(status.error().code == ErrorCode::kInvalid);
      CHECK(status.error().message ==
            "a " + std::string(paserk::Prefix(type)) + " text where " +
                std::string(paserk::Prefix(slot)) + " is due");
    }
  }
}

TEST_CASE("a PASERK of each type has one spelling") {
  for (const auto& [type, good] : OneOfEach()) {
    const std::string body = good.substr(paserk::Prefix(type).size());
    const std::string prefix = good.substr(0, good.size() - body.size());
    for (const std::string& bad :
         {good + "=", good + "A", good + "AAAA", good + " ", " " + good,
          good.substr(0, good.size() - 1), prefix, std::string(),
          prefix.substr(0, prefix.size() - 1) + body, "K4" + good.substr(2),
          prefix + "+" + body.substr(1), prefix + "/" + body.substr(1),
          prefix + std::string(1, '\0') + body.substr(1),
          prefix + "." + body.substr(1), prefix + "\n" + body.substr(1)}) {
      CAPTURE(bad);
      const Status status = Read(type, bad);
      REQUIRE_FALSE(status.ok());
      CHECK(status.error().code == ErrorCode::kInvalid);
    }
    // RFC 4648 section 3.5: bits that stand for nothing are zero.
    if (paserk::BodySize(type) % 3 == 0) continue;
    std::string stray = good;
    stray.back() = static_cast<char>(stray.back() + 1);
    CHECK(Read(type, stray).error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("no character of an encrypted key can be changed") {
  for (const auto& [type, good] : OneOfEach()) {
    const bool encrypted = type == Type::kLocalPw || type == Type::kSecretPw ||
                           type == Type::kLocalWrap ||
                           type == Type::kSecretWrap || type == Type::kSeal;
    if (!encrypted) continue;
    for (size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] = bad[i] == 'A' ? 'B' : 'A';
      CAPTURE(bad);
      CHECK_FALSE(Read(type, bad).ok());
    }
  }
}

TEST_CASE("another version or wrapping protocol is unsupported, not invalid") {
  for (const auto& [type, good] : OneOfEach()) {
    for (char version : {'1', '2', '3', '5', '6', '9'}) {
      std::string other = good;
      other[1] = version;
      CHECK(Read(type, other).error().code == ErrorCode::kUnsupported);
    }
    std::string none = good;
    none[1] = '0';
    CHECK(Read(type, none).error().code == ErrorCode::kInvalid);
  }
  for (std::string_view other :
       {"k4.local-wrap.aws-kms.AAAA", "k4.secret-wrap.x.AAAA"}) {
    CHECK(paserk::TypeOf(other).error().code == ErrorCode::kUnsupported);
  }
  for (std::string_view unknown :
       {"", "k", "k4", "k4.", "k4.x.", "k40.local.", "v4.local.AAAA", "k4local",
        "k4.Local.AAAA", "k4.local-wrap.pie", "k4.local-pwx.AAAA"}) {
    CAPTURE(unknown);
    CHECK(paserk::TypeOf(unknown).error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("a secret key whose halves do not belong together is refused") {
  std::array<uint8_t, 64> halves{9};
  const auto other = SecretKey::Generate(KeyFormat::kPasetoV4Public).Public();
  std::ranges::copy(other.bytes(), halves.begin() + 32);
  for (const Status& status :
       {Read(Type::kSecret, "k4.secret." + Base64UrlEncode(halves)),
        Read(Type::kSecretWrap,
             paserk::WrapBytes("k4.secret-wrap.pie.", halves, kKek))}) {
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().code == ErrorCode::kInvalid);
    CHECK(status.error().message ==
          "the halves of the secret key do not belong together");
  }
}

TEST_CASE("an error of a PASERK says nothing of the text") {
  constexpr std::string_view kText = "k4.local.c2VjcmV0c2VjcmV0";
  auto read = paserk::DecodeLocal(kText);
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().message ==
        "a k4.local. text of 25 characters, it must be 52");
}

TEST_CASE("wrapping twice gives two texts that unwrap to one key") {
  std::array<uint8_t, 32> kek{7};
  std::array<uint8_t, 32> key{9};
  const std::string a = paserk::WrapLocal(key, kek);
  const std::string b = paserk::WrapLocal(key, kek);
  CHECK(a != b);
  for (const std::string& text : {a, b}) {
    const auto out = paserk::UnwrapLocal(text, kek);
    REQUIRE(out.ok());
    CHECK(AsText(out->span()) == AsText(key));
  }
}

TEST_CASE("another wrapping key is denied") {
  const std::array<uint8_t, 32> kek{7};
  const std::array<uint8_t, 32> other{8};
  const std::array<uint8_t, 32> key{9};
  const std::string text = paserk::WrapSecret(key, kek);
  REQUIRE(paserk::UnwrapSecret(text, kek).ok());
  CHECK(paserk::UnwrapSecret(text, other).error().code == ErrorCode::kDenied);
}

TEST_CASE("a wrapped key of one kind is not one of the other") {
  const std::array<uint8_t, 32> kek{7};
  const std::array<uint8_t, 32> key{};
  const std::string local = paserk::WrapLocal(key, kek);
  const std::string secret = paserk::WrapSecret(key, kek);
  CHECK(paserk::UnwrapLocal(secret, kek).error().code == ErrorCode::kInvalid);
  CHECK(paserk::UnwrapSecret(local, kek).error().code == ErrorCode::kInvalid);
  // The prefix is authenticated: the body alone does not carry over.
  const std::string forged =
      "signet.test." + local.substr(local.rfind('.') + 1);
  CHECK(paserk::UnwrapBytes("signet.test.", forged, kek).error().code ==
        ErrorCode::kDenied);
}

TEST_CASE("secrets of any size are wrapped under a name of their own") {
  const std::array<uint8_t, 32> kek{7};
  for (const size_t size : {0u, 1u, 32u, 1217u}) {
    const std::string secret(size, 's');
    const std::string text =
        paserk::WrapBytes("signet.test.", AsBytes(secret), kek);
    const auto out = paserk::UnwrapBytes("signet.test.", text, kek);
    REQUIRE(out.ok());
    CHECK(AsText(out->bytes()) == secret);
    CHECK(paserk::UnwrapBytes("signet.tset.", text, kek).error().code ==
          ErrorCode::kInvalid);
    CHECK_FALSE(paserk::UnwrapBytes("signet.test.", text + "A", kek).ok());
  }
}

}  // namespace
}  // namespace signet
