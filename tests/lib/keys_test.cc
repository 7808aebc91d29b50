#include "signet/keys.h"

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

#include "tests/lib/hex.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::NewKey;

using Signature = std::array<uint8_t, 64>;

Signature SignWith(const SecretKey& key, std::string_view message) {
  const std::string text = key.Sign(AsBytes(message));
  Signature signature{};
  REQUIRE(text.size() == signature.size());
  std::copy(text.begin(), text.end(), signature.begin());
  return signature;
}

static_assert(!std::is_copy_constructible_v<SecretKey>);
static_assert(!std::is_copy_assignable_v<SecretKey>);
static_assert(std::is_nothrow_move_constructible_v<SecretKey>);

// RFC 8037 appendix A: the key of all of its examples.
constexpr std::string_view kRfc8037Secret =
    "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
constexpr std::string_view kRfc8037Public =
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

SecretKey Rfc8037Key(KeyFormat format) {
  const Result<std::string> seed = Base64UrlDecode(kRfc8037Secret);
  Result<SecretKey> key = SecretKey::FromSecret(format, AsBytes(*seed));
  REQUIRE(key.ok());
  return *std::move(key);
}

constexpr KeyFormat kAllFormats[] = {
    KeyFormat::kPasetoV4Public, KeyFormat::kJwtEdDsa,
    KeyFormat::kRefreshMac,     KeyFormat::kFeedEd25519,
    KeyFormat::kPasetoV4Local,  KeyFormat::kJwtEs256,
    KeyFormat::kJwtRs256,       KeyFormat::kJwtPs256,
    KeyFormat::kJwtHs256,       KeyFormat::kJweDir,
    KeyFormat::kJweP256,        KeyFormat::kJweX25519};

TEST_CASE("format names are parsed back, and nothing else is") {
  for (KeyFormat format : kAllFormats) {
    CHECK(*ParseKeyFormat(KeyFormatName(format)) == format);
  }
  for (std::string_view name :
       {"", "v3.local", "V4.PUBLIC", "v4.public ", "none", "v3.public",
        "jwt-es384", "ES256", "jwe-rsa"}) {
    CHECK(!ParseKeyFormat(name).ok());
  }
  for (int unknown : {0, 13, 255}) {
    CHECK(KeyFormatName(static_cast<KeyFormat>(unknown)).empty());
    CHECK(JoseAlgorithm(static_cast<KeyFormat>(unknown)).empty());
    CHECK(!IsSymmetric(static_cast<KeyFormat>(unknown)));
  }
}

TEST_CASE("a jwt-eddsa key has the thumbprint of RFC 8037 appendix A.3") {
  const SecretKey key = Rfc8037Key(KeyFormat::kJwtEdDsa);
  CHECK(Base64UrlEncode(key.Public().bytes()) == kRfc8037Public);
  CHECK(key.id() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  CHECK(key.Public().id() == key.id());
}

TEST_CASE("a signature is that of RFC 8037 appendix A.4") {
  const SecretKey key = Rfc8037Key(KeyFormat::kJwtEdDsa);
  const std::string_view input =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const Signature signature = SignWith(key, input);
  CHECK(Base64UrlEncode(signature) ==
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt"
        "9g7sVvpAr_MuM0KAg");
  CHECK(key.Public().Verify(AsBytes(input), signature));
}

TEST_CASE("one seed has one PASERK id in v4.public and in feed-ed25519") {
  const SecretKey paseto = Rfc8037Key(KeyFormat::kPasetoV4Public);
  const SecretKey feed = Rfc8037Key(KeyFormat::kFeedEd25519);
  CHECK(paseto.id().starts_with("k4.pid."));
  CHECK(paseto.id().size() == 7 + 44);
  CHECK(feed.id() == paseto.id());
  CHECK(!(feed.Public() == paseto.Public()));  // the format is part of it
}

TEST_CASE("a changed message, signature or key does not verify") {
  const SecretKey key = SecretKey::Generate(KeyFormat::kPasetoV4Public);
  const VerifyKey verify_key = key.Public();
  const Signature good = SignWith(key, "message");
  CHECK(verify_key.Verify(AsBytes("message"), good));
  CHECK(!verify_key.Verify(AsBytes("messagE"), good));
  CHECK(!verify_key.Verify(AsBytes(""), good));
  for (size_t byte = 0; byte < good.size(); ++byte) {
    Signature bad = good;
    bad[byte] ^= 1;
    CHECK(!verify_key.Verify(AsBytes("message"), bad));
  }
  const SecretKey other = SecretKey::Generate(KeyFormat::kPasetoV4Public);
  CHECK(!other.Public().Verify(AsBytes("message"), good));
}

TEST_CASE("a signature has 64 bytes") {
  const SecretKey key = SecretKey::Generate(KeyFormat::kFeedEd25519);
  const Signature good = SignWith(key, "m");
  std::string longer(AsText(good));
  longer += '\0';
  const VerifyKey verify_key = key.Public();
  CHECK(!verify_key.Verify(AsBytes("m"), AsBytes(longer)));
  CHECK(!verify_key.Verify(AsBytes("m"), Bytes(good).first(63)));
  CHECK(!verify_key.Verify(AsBytes("m"), {}));
}

TEST_CASE("a signature with S + L instead of S does not verify") {
  // RFC 8032 section 5.1.7: or every signature had a second form.
  const SecretKey key = SecretKey::Generate(KeyFormat::kPasetoV4Public);
  Signature signature = SignWith(key, "m");
  const std::string order = FromHex(
      "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    const unsigned sum =
        signature[32 + i] + static_cast<uint8_t>(order[i]) + carry;
    signature[32 + i] = static_cast<uint8_t>(sum);
    carry = sum >> 8;
  }
  CHECK(!key.Public().Verify(AsBytes("m"), signature));
  CHECK(!key.Public().Verify(AsBytes("m"), Signature{}));
}

TEST_CASE("only a canonical point of the prime-order group is a public key") {
  const std::string_view bad[] = {
      // The identity, the point of order 2, both of order 4, one of order 8.
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0000000000000000000000000000000000000000000000000000000000000080",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      // y = p and y = p + 1: 0 and 1 in a second spelling.
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
      // Not on the curve.
      "0200000000000000000000000000000000000000000000000000000000000000",
      // Wrong lengths.
      "",
      "01",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a00",
  };
  for (std::string_view hex : bad) {
    CAPTURE(hex);
    const Result<VerifyKey> key =
        VerifyKey::Create(KeyFormat::kPasetoV4Public, AsBytes(FromHex(hex)));
    REQUIRE(!key.ok());
    CHECK(key.error().code == ErrorCode::kInvalid);
  }
  const std::string good = FromHex(
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  CHECK(VerifyKey::Create(KeyFormat::kPasetoV4Public, AsBytes(good)).ok());
}

TEST_CASE("a symmetric or unknown format has no public key") {
  const std::string good(
      AsText(SecretKey::Generate(KeyFormat::kJwtEdDsa).Public().bytes()));
  CHECK(!VerifyKey::Create(KeyFormat::kRefreshMac, AsBytes(good)).ok());
  CHECK(!VerifyKey::Create(static_cast<KeyFormat>(0), AsBytes(good)).ok());
  CHECK(!VerifyKey::Create(static_cast<KeyFormat>(13), AsBytes(good)).ok());
  for (KeyFormat format : kAllFormats) {
    if (!IsSymmetric(format)) continue;
    CHECK(!VerifyKey::Create(format, AsBytes(good)).ok());
  }
}

TEST_CASE("a secret key has 32 bytes, unless it is RSA's, and a known format") {
  const std::string seed(33, 's');
  const Bytes bytes = AsBytes(seed);
  for (KeyFormat format : kAllFormats) {
    const bool rsa =
        format == KeyFormat::kJwtRs256 || format == KeyFormat::kJwtPs256;
    CHECK(SecretKey::FromSecret(format, bytes.first(32)).ok() == !rsa);
    CHECK(SecretKey::FromSecret(format, bytes).ok() ==
          (format == KeyFormat::kJwtHs256));
    CHECK(!SecretKey::FromSecret(format, bytes.first(31)).ok());
    CHECK(!SecretKey::FromSecret(format, {}).ok());
  }
  CHECK(!SecretKey::FromSecret(static_cast<KeyFormat>(0), bytes).ok());
  CHECK(!SecretKey::FromSecret(static_cast<KeyFormat>(13), bytes).ok());
}

TEST_CASE("every secret key comes back from its bytes, under the same id") {
  for (KeyFormat format : kAllFormats) {
    CAPTURE(KeyFormatName(format));
    const SecretKey key = NewKey(format);
    const Result<SecretKey> back =
        SecretKey::FromSecret(format, key.ExposeSecret());
    REQUIRE(back.ok());
    CHECK(back->format() == format);
    CHECK(back->id() == key.id());
    CHECK(ConstantTimeEqual(back->ExposeSecret(), key.ExposeSecret()));
    CHECK(back->ForVerifier() == key.ForVerifier());
    CHECK(!(SecretKey::Generate(format).ForVerifier() == key.ForVerifier()));
    CHECK(key.id().size() == (JoseAlgorithm(format).empty() ? 7 + 44 : 43));
  }
}

TEST_CASE("a verifier gets the secret only where nothing else will do") {
  for (KeyFormat format : kAllFormats) {
    CAPTURE(KeyFormatName(format));
    const SecretKey key = NewKey(format);
    const VerifyKey verifier = key.ForVerifier();
    CHECK(verifier.id() == key.id());
    CHECK(verifier.format() == format);
    CHECK(verifier.holds_secret() == (IsSymmetric(format) || IsJwe(format)));
    CHECK(verifier.bytes().empty() == IsSymmetric(format));
    if (IsSymmetric(format)) continue;
    CHECK(!key.Public().holds_secret());
    CHECK(std::ranges::equal(key.Public().bytes(), verifier.bytes()));
    CHECK((key.Public() == verifier) == !IsJwe(format));
  }
}

TEST_CASE("each signing format signs for itself, and the others never verify") {
  for (KeyFormat format : kAllFormats) {
    CAPTURE(KeyFormatName(format));
    const SecretKey key = NewKey(format);
    const VerifyKey verifier = key.ForVerifier();
    const bool signs = IsJws(format) || format == KeyFormat::kPasetoV4Public ||
                       format == KeyFormat::kFeedEd25519;
    if (!signs) {
      CHECK(!verifier.Verify(AsBytes("m"), AsBytes("")));
      CHECK(!verifier.Verify(AsBytes("m"), key.ExposeSecret()));
      continue;
    }
    const std::string good = key.Sign(AsBytes("m"));
    CHECK(verifier.Verify(AsBytes("m"), AsBytes(good)));
    CHECK(!verifier.Verify(AsBytes("n"), AsBytes(good)));
    CHECK(!verifier.Verify(AsBytes("m"), AsBytes(good).first(good.size() - 1)));
    CHECK(!verifier.Verify(AsBytes("m"), AsBytes(good + good)));
    CHECK(!verifier.Verify(AsBytes("m"), {}));
    CHECK(!SecretKey::Generate(format).ForVerifier().Verify(AsBytes("m"),
                                                            AsBytes(good)));
  }
}

TEST_CASE("formats sort into those of PASETO, JWS and JWE") {
  size_t of_paseto = 0, of_jws = 0, of_jwe = 0;
  for (KeyFormat format : kAllFormats) {
    of_paseto += IsPaseto(format);
    of_jws += IsJws(format);
    of_jwe += IsJwe(format);
    CHECK(IsPaseto(format) + IsJws(format) + IsJwe(format) <= 1);
    CHECK(JoseAlgorithm(format).empty() == (!IsJws(format) && !IsJwe(format)));
  }
  CHECK(of_paseto == 2);
  CHECK(of_jws == 5);
  CHECK(of_jwe == 3);
}

TEST_CASE("an HMAC is RFC 2104's and depends on every byte of the key") {
  // By another program: openssl dgst -sha256 -mac HMAC -macopt hexkey:6b6b…
  const std::string secret(32, 'k');
  const SecretKey key =
      *SecretKey::FromSecret(KeyFormat::kJwtHs256, AsBytes(secret));
  CHECK(
      key.Sign(AsBytes("m")) ==
      FromHex(
          "29d19b4415e968da6ace31c97968d6b0895eb76aaba54c3c7f06b326251fb267"));
  for (size_t size :
       {size_t{32}, size_t{33}, size_t{64}, size_t{65}, size_t{128}}) {
    std::string longer(size, 'k');
    const SecretKey one =
        *SecretKey::FromSecret(KeyFormat::kJwtHs256, AsBytes(longer));
    longer.back() = 'l';
    const SecretKey two =
        *SecretKey::FromSecret(KeyFormat::kJwtHs256, AsBytes(longer));
    CHECK(one.Sign(AsBytes("m")) != two.Sign(AsBytes("m")));
    CHECK(one.id() != two.id());
  }
}

TEST_CASE("a key under another name is the same key with another id") {
  const VerifyKey key = NewKey(KeyFormat::kJwtEs256).Public();
  const VerifyKey named = key.WithId("theirs");
  CHECK(named.id() == "theirs");
  CHECK(std::ranges::equal(named.bytes(), key.bytes()));
  CHECK(!(named == key));
  CHECK(named.WithId(key.id()) == key);
}

TEST_CASE("the public half that travels is the public half of the secret") {
  for (KeyFormat format : kAllFormats) {
    if (IsSymmetric(format)) continue;
    const SecretKey key = NewKey(format);
    const Result<VerifyKey> travelled =
        VerifyKey::Create(format, key.Public().bytes());
    REQUIRE(travelled.ok());
    CHECK(*travelled == key.Public());
    CHECK(travelled->id() == key.id());
  }
}

TEST_CASE("a MAC depends on key and message, and is keyed BLAKE2b-256") {
  const std::string seed(32, 'k');
  const SecretKey key =
      *SecretKey::FromSecret(KeyFormat::kRefreshMac, AsBytes(seed));
  CHECK(key.id().starts_with("k4.lid."));
  const Mac mac = key.ComputeMac(AsBytes("message"));
  Mac expected;
  Blake2b(expected, AsBytes("message"), AsBytes(seed));
  CHECK(mac == expected);
  CHECK(key.ComputeMac(AsBytes("messagE")) != mac);
  CHECK(SecretKey::Generate(KeyFormat::kRefreshMac)
            .ComputeMac(AsBytes("message")) != mac);
}

TEST_CASE("a secret key that moved signs as before and leaves zeros behind") {
  SecretKey key = SecretKey::Generate(KeyFormat::kPasetoV4Public);
  const Signature before = SignWith(key, "m");
  const SecretKey moved = std::move(key);
  CHECK(SignWith(moved, "m") == before);
}

}  // namespace
}  // namespace signet
