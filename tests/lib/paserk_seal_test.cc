#include <doctest/doctest.h>

#include "signet/keys.h"
#include "signet/paserk.h"
#include "tests/lib/hex.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

constexpr std::array<uint8_t, 32> kKey{9};

// kSmallOrder are the encodings of X25519's points of small order, the last of
// them not reduced.
constexpr std::string_view kSmallOrder[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};

std::string SealTo(const SecretKey& holder) {
  auto text = paserk::Seal(kKey, holder.Public().bytes().first<32>());
  REQUIRE(text.ok());
  return *text;
}

TEST_CASE("a sealed key is opened by the one holder, and by nobody else") {
  const SecretKey holder = SecretKey::Generate(KeyFormat::kPasetoV4Public);
  const SecretKey other = SecretKey::Generate(KeyFormat::kPasetoV4Public);
  const std::string text = SealTo(holder);
  auto key = paserk::Unseal(text, holder.ExposeSecret().first<32>());
  REQUIRE(key.ok());
  CHECK(AsText(key->span()) == AsText(kKey));
  auto denied = paserk::Unseal(text, other.ExposeSecret().first<32>());
  REQUIRE_FALSE(denied.ok());
  CHECK(denied.error().code == ErrorCode::kDenied);
  CHECK(SealTo(holder) != text);
}

TEST_CASE("nothing is sealed to what is no public key") {
  const std::string identity = "01" + std::string(62, '0');
  const std::string order_two =
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
  const std::string not_reduced =
      "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
  for (const std::string& bad : {std::string(64, '0'), identity, order_two,
                                 not_reduced, std::string(64, 'f')}) {
    CAPTURE(bad);
    const std::string bytes = FromHex(bad);
    auto text = paserk::Seal(kKey, AsBytes(bytes).first<32>());
    REQUIRE_FALSE(text.ok());
    CHECK(text.error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("an ephemeral key of small order is denied") {
  const SecretKey holder = SecretKey::Generate(KeyFormat::kPasetoV4Public);
  const std::string prefix = "k4.seal.";
  auto body = Base64UrlDecode(SealTo(holder).substr(prefix.size()));
  REQUIRE(body.ok());
  for (std::string_view point : kSmallOrder) {
    CAPTURE(point);
    std::string forged = *body;
    forged.replace(32, 32, FromHex(point));
    auto key = paserk::Unseal(prefix + Base64UrlEncode(AsBytes(forged)),
                              holder.ExposeSecret().first<32>());
    REQUIRE_FALSE(key.ok());
    CHECK(key.error().code == ErrorCode::kDenied);
  }
}

TEST_CASE("the same point with its unused bit set is another text") {
  const SecretKey holder = SecretKey::Generate(KeyFormat::kPasetoV4Public);
  const std::string prefix = "k4.seal.";
  auto body = Base64UrlDecode(SealTo(holder).substr(prefix.size()));
  REQUIRE(body.ok());
  // RFC 7748 section 5: the top bit is masked, so X25519 gives the same.
  (*body)[63] = static_cast<char>((*body)[63] ^ 0x80);
  auto key = paserk::Unseal(prefix + Base64UrlEncode(AsBytes(*body)),
                            holder.ExposeSecret().first<32>());
  REQUIRE_FALSE(key.ok());
  CHECK(key.error().code == ErrorCode::kDenied);
}

}  // namespace
}  // namespace signet
