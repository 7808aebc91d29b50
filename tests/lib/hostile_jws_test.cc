// Hostile inputs, continued: families 1 to 4 and 21 to 23 against keys of
// ES256, RS256, PS256 and HS256. See hostile_test.cc for Ed25519.

#include <doctest/doctest.h>

#include "hazmat.h"
#include "signet/jwk.h"
#include "tests/lib/hex.h"
#include "tests/lib/hostile_cases.h"

namespace signet {
namespace {

using testing::Es256Fixture;
using testing::ExpectRefusal;
using testing::GoodClaims;
using testing::HostileCase;
using testing::Hs256Fixture;
using testing::JwtFixture;
using testing::Ps256Fixture;
using testing::ReplaceFirst;
using testing::Rs256Fixture;
using testing::RunAll;

constexpr Refusal kOtherAlgorithm{RefusalCode::kWrongAlgorithm, Stage::kKey,
                                  "alg"};
constexpr Refusal kForged{RefusalCode::kBadSignature, Stage::kSignature};
constexpr Refusal kMalformedText{RefusalCode::kMalformed, Stage::kFormat};
constexpr Refusal kUnsupportedAlg{RefusalCode::kUnsupported, Stage::kHeader,
                                  "alg"};

std::string B64(std::string_view text) {
  return Base64UrlEncode(AsBytes(text));
}

std::string GoodJwtClaims() {
  return *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
}

// Maced is a token that says HS256 and the ring's key id, MACed with any
// bytes: RFC 2104 takes keys of every length.
std::string Maced(const std::string& kid, std::string_view mac_key) {
  const std::string input =
      B64(JwtHeader(kid, "HS256")) + "." + B64(GoodJwtClaims());
  Mac mac;
  hazmat::HmacSha256(AsBytes(mac_key)).Compute(AsBytes(input), mac);
  return input + "." + Base64UrlEncode(mac);
}

// Pem is RFC 7468 text of a SubjectPublicKeyInfo, 64 characters a line.
std::string Pem(std::string_view spki, std::string_view end_of_line) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string body;
  for (size_t i = 0; i < spki.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j) {
      const bool there = i + j < spki.size();
      bits = bits << 8 | (there ? static_cast<uint8_t>(spki[i + j]) : 0);
    }
    for (size_t j = 0; j < 4; ++j) {
      body += i + j > spki.size() ? '=' : kAlphabet[bits >> (18 - 6 * j) & 63];
    }
  }
  std::string pem = "-----BEGIN PUBLIC KEY-----" + std::string(end_of_line);
  for (size_t i = 0; i < body.size(); i += 64) {
    pem += body.substr(i, 64) + std::string(end_of_line);
  }
  return pem + "-----END PUBLIC KEY-----" + std::string(end_of_line);
}

// SpkiOf is the SubjectPublicKeyInfo; of Ed25519 as RFC 8410 section 4 has it.
std::string SpkiOf(const VerifyKey& key) {
  if (key.format() != KeyFormat::kJwtEdDsa) {
    return std::string(AsText(key.bytes()));
  }
  return FromHex("302a300506032b6570032100") + std::string(AsText(key.bytes()));
}

TEST_CASE_TEMPLATE("family 2: HMAC keyed with what everybody knows", F,
                   JwtFixture, Es256Fixture, Rs256Fixture, Ps256Fixture) {
  F fixture;
  const VerifyKey key = fixture.key().Public();
  const std::string spki = SpkiOf(key);
  const std::string pem = Pem(spki, "\n");
  REQUIRE(ReadPem(pem, F::kFormat).ok());
  const auto tail = [&spki](size_t size) {
    return spki.substr(spki.size() - std::min(size, spki.size()));
  };
  std::vector<HostileCase> cases;
  for (const std::string& mac_key :
       {spki, std::string(AsText(key.bytes())), pem, Pem(spki, "\r\n"),
        pem.substr(0, pem.size() - 1), B64(spki), WriteJwk(key),
        fixture.live.Copy()->Jwks(Time(testing::kNow)), key.id(),
        // The coordinates of P-256, one or both, with and without a form.
        tail(32), tail(64), tail(65), std::string(), std::string(1, '\0')}) {
    cases.push_back({2, "HMAC by " + mac_key.substr(0, 40),
                     Maced(key.id(), mac_key), kOtherAlgorithm});
  }
  RunAll(fixture, cases);
}

TEST_CASE("family 3: a public set gives no HMAC key") {
  Rs256Fixture rsa;
  const std::string jwks = rsa.live.Copy()->Jwks(Time(testing::kNow));
  const auto ring = ReadJwks(jwks, KeyFormat::kJwtHs256, 1);
  REQUIRE_FALSE(ring.ok());
  CHECK(ring.error().code == ErrorCode::kInvalid);
}

TEST_CASE("family 23: no key shorter than the hash, and none that is empty") {
  for (size_t size : {0, 1, 16, 31}) {
    const std::string secret(size, 'k');
    const auto key =
        SecretKey::FromSecret(KeyFormat::kJwtHs256, AsBytes(secret));
    REQUIRE_FALSE(key.ok());
    CHECK(key.error().message == "secret key of " + std::to_string(size) +
                                     " bytes, it must be 32 to 128");
  }
  Hs256Fixture fixture;
  std::vector<HostileCase> cases;
  for (const std::string& wrong : {std::string(), std::string(32, '\0'),
                                   std::string("secret"), fixture.key().id()}) {
    cases.push_back({23, wrong, Maced(fixture.key().id(), wrong), kForged});
  }
  RunAll(fixture, cases);
}

TEST_CASE_TEMPLATE("families 1 and 4: the header says another algorithm", F,
                   Es256Fixture, Rs256Fixture, Ps256Fixture, Hs256Fixture) {
  F fixture;
  const std::string& kid = fixture.key().id();
  const std::string claims = GoodJwtClaims();
  std::vector<HostileCase> cases;
  for (std::string_view alg :
       {"HS256",   "HS384", "HS512", "RS256", "RS384", "RS512",  "PS256",
        "PS384",   "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA",
        "Ed25519", "es256", "Rs256", "ps256", "hs256", "dir",    "A256KW"}) {
    if (alg == JoseAlgorithm(F::kFormat)) continue;
    cases.push_back({4, std::string(alg),
                     SignJws(fixture.key(), JwtHeader(kid, alg), claims),
                     kOtherAlgorithm});
  }
  for (std::string_view none : {"none", "None", "NONE", "nOnE"}) {
    const std::string header = JwtHeader(kid, none);
    cases.push_back({1, "no signature", B64(header) + "." + B64(claims) + ".",
                     kMalformedText});
    cases.push_back({1, "a good signature",
                     SignJws(fixture.key(), header, claims), kUnsupportedAlg});
  }
  RunAll(fixture, cases);
}

// WithSignature replaces the signature of a good token.
std::string WithSignature(const std::string& token, std::string_view bytes) {
  return token.substr(0, token.rfind('.') + 1) + B64(bytes);
}
std::string SignatureOf(const std::string& token) {
  return *Base64UrlDecode(token.substr(token.rfind('.') + 1));
}

TEST_CASE("family 21: ECDSA signatures out of range and of other spellings") {
  Es256Fixture fixture;
  const std::string token = fixture.Mint();
  const std::string good = SignatureOf(token);
  REQUIRE(good.size() == 64);
  const std::string r = good.substr(0, 32);
  const std::string s = good.substr(32);
  const std::string zero(32, '\0');
  const std::string order = FromHex(
      "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  std::string above = order;
  above.back() = static_cast<char>(above.back() + 1);
  const std::string most(32, '\xff');
  std::vector<HostileCase> cases;
  for (const std::string& bad : {zero + zero,
                                 zero + s,
                                 r + zero,
                                 order + s,
                                 r + order,
                                 order + order,
                                 above + s,
                                 r + above,
                                 most + most,
                                 s + r,
                                 good.substr(1),
                                 good.substr(0, 63),
                                 good + '\0',
                                 '\0' + good,
                                 good + good,
                                 std::string(1, '\0'),
                                 std::string(96, 's'),
                                 std::string(132, 's'),
                                 "\x30\x44\x02\x20" + r + "\x02\x20" + s,
                                 "\x30\x46\x02\x21" + std::string(1, '\0') + r +
                                     "\x02\x21" + std::string(1, '\0') + s}) {
    cases.push_back(
        {21, "an ECDSA signature", WithSignature(token, bad), kForged});
  }
  RunAll(fixture, cases);
}

// NegativeS is n - s for s, big endian.
std::string NegativeS(const std::string& s) {
  std::string out = FromHex(
      "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  int borrow = 0;
  for (size_t i = out.size(); i-- > 0;) {
    const int digit =
        static_cast<uint8_t>(out[i]) - static_cast<uint8_t>(s[i]) - borrow;
    borrow = digit < 0;
    out[i] = static_cast<char>(digit);
  }
  return out;
}

// RFC 7518 section 3.4 does not ask for the lower of s and n - s, and other
// issuers sign with either. Who has one token can write a second one, of the
// same claims: what voids the one voids the other.
TEST_CASE("family 40: two signatures of one token are one to the list") {
  Es256Fixture fixture;
  const std::string one = fixture.Mint();
  const std::string signature = SignatureOf(one);
  const std::string two = WithSignature(
      one, signature.substr(0, 32) + NegativeS(signature.substr(32)));
  REQUIRE(one != two);
  const Verifier verifier = fixture.MakeVerifier();
  REQUIRE(verifier.Verify(one).ok());
  REQUIRE(verifier.Verify(two).ok());
  const Revocation entry = testing::Cut(RevocationKind::kToken,
                                        GoodClaims().token_id, EpochSeconds{});
  fixture.revocations.Apply({&entry, 1});
  for (const std::string& token : {one, two}) {
    ExpectRefusal(verifier, token, {RefusalCode::kRevoked, Stage::kRevocation});
  }
}

TEST_CASE_TEMPLATE("family 22: RSA signatures of other sizes and paddings", F,
                   Rs256Fixture, Ps256Fixture) {
  F fixture;
  const std::string token = fixture.Mint();
  const std::string good = SignatureOf(token);
  REQUIRE(good.size() == 256);
  const KeyFormat other = F::kFormat == KeyFormat::kJwtRs256
                              ? KeyFormat::kJwtPs256
                              : KeyFormat::kJwtRs256;
  const auto same_key =
      SecretKey::FromSecret(other, fixture.key().ExposeSecret());
  REQUIRE(same_key.ok());
  const std::string input = token.substr(0, token.rfind('.'));
  std::vector<HostileCase> cases;
  for (const std::string& bad :
       {good.substr(1), good.substr(0, 255), good + '\0', '\0' + good,
        good + good, std::string(1, '\1'), std::string(256, '\0'),
        std::string(255, '\0') + '\1', std::string(256, '\xff'),
        std::string(4000, 's'), same_key->Sign(AsBytes(input))}) {
    cases.push_back(
        {22, "an RSA signature", WithSignature(token, bad), kForged});
  }
  RunAll(fixture, cases);
}

TEST_CASE("family 22: a public key that is not sound makes no ring") {
  // 1024 bits, e = 3, an even modulus; evp_key_test.cc has the other kinds.
  const std::string odd = "\x80" + std::string(126, '\0') + "\1";
  const std::string large = "\x80" + std::string(254, '\0');
  const auto set = [](std::string_view n, std::string_view e) {
    return R"({"keys":[{"kty":"RSA","alg":"RS256","kid":"a","n":")" + B64(n) +
           R"(","e":")" + B64(e) + R"("}]})";
  };
  const auto why = [](const std::string& jwks) {
    const auto ring = ReadJwks(jwks, KeyFormat::kJwtRs256, 1);
    return ring.ok() ? "accepted" : ring.error().message;
  };
  const std::string f4("\1\0\1", 3);
  CHECK(why(set(large + '\1', f4)) == "accepted");
  CHECK(why(set(odd, f4)) ==
        "JWK: an RSA modulus of 1024 bits, the range is 2048 to 4096");
  CHECK(why(set(large + '\2', f4)) == "JWK: an even RSA modulus");
  for (std::string_view e : {"\1", "\3", "\2"}) {
    CHECK(why(set(large + '\1', e)) ==
          "JWK: an RSA exponent that is even, below 65537 or above 2^32");
  }
}

TEST_CASE("families 21 to 23: a bit of a signature is changed") {
  const auto each_byte = [](const auto& fixture) {
    const Verifier verifier = fixture.MakeVerifier();
    const std::string token = fixture.Mint();
    const std::string good = SignatureOf(token);
    for (size_t i = 0; i < good.size(); ++i) {
      std::string flipped = good;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << i % 8));
      ExpectRefusal(verifier, WithSignature(token, flipped), kForged);
    }
  };
  each_byte(Es256Fixture());
  each_byte(Rs256Fixture());
  each_byte(Ps256Fixture());
  each_byte(Hs256Fixture());
}

}  // namespace
}  // namespace signet
