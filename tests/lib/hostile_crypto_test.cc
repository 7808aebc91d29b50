// Hostile inputs, continued: Ed25519 signatures and PASETO. See
// hostile_test.cc.

#include <doctest/doctest.h>

#include <random>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::AllFixtures;
using testing::ExpectRefusal;
using testing::GoodClaims;
using testing::JweFixture;
using testing::JwtFixture;
using testing::LocalFixture;
using testing::PasetoFixture;
using testing::ReplaceFirst;

constexpr Refusal kMalformedText{RefusalCode::kMalformed, Stage::kFormat};
constexpr Refusal kUnsupportedText{RefusalCode::kUnsupported, Stage::kFormat};
constexpr Refusal kForged{RefusalCode::kBadSignature, Stage::kSignature};

std::string B64(std::string_view text) {
  return Base64UrlEncode(AsBytes(text));
}

// WithSignature replaces the signature of a good token.
template <class F>
std::string WithSignature(const std::string& token, std::string_view bytes) {
  if (F::kIsJwt) return token.substr(0, token.rfind('.') + 1) + B64(bytes);
  size_t dot = token.rfind('.');
  std::string body = *Base64UrlDecode(token.substr(10, dot - 10));
  body.replace(body.size() - 64, 64, bytes);
  return "v4.public." + B64(body) + token.substr(dot);
}

template <class F>
std::string SignatureOf(const std::string& token) {
  size_t dot = token.rfind('.');
  std::string bytes = *Base64UrlDecode(F::kIsJwt ? token.substr(dot + 1)
                                                 : token.substr(10, dot - 10));
  return bytes.substr(bytes.size() - 64);
}

// AddOrder adds L, the order of the group, to S: the same signature to a lax
// verifier (RFC 8032 section 5.1.7).
std::string AddOrder(std::string signature) {
  constexpr uint8_t kOrder[32] = {
      0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
      0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
      0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    carry += static_cast<uint8_t>(signature[32 + i]) + kOrder[i];
    signature[32 + i] = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
  return signature;
}

TEST_CASE_TEMPLATE("families 21 and 40: signatures of other spellings", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  std::string token = fixture.Mint();
  std::string good = SignatureOf<F>(token);
  REQUIRE(WithSignature<F>(token, good) == token);
  auto expect = [&](const std::string& signature) {
    ExpectRefusal(verifier, WithSignature<F>(token, signature), kForged);
  };
  expect(AddOrder(good));
  expect(std::string(64, '\0'));
  expect(std::string(64, '\xff'));
  expect(good.substr(32) + good.substr(0, 32));
  std::string s = good.substr(32);
  for (const std::string& r :
       {std::string(32, '\0'),         // y = 0, order 4
        '\1' + std::string(31, '\0'),  // the identity
        std::string(1, '\xec') + std::string(30, '\xff') + '\x7f',  // order 2
        std::string(1, '\xed') + std::string(30, '\xff') + '\x7f',  // y = p
        std::string(32, '\xff')}) {
    expect(r + s);
    expect(r + std::string(32, '\0'));
  }
  for (size_t bit = 0; bit < 512; bit += 7) {
    std::string flipped = good;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    expect(flipped);
  }
}

TEST_CASE("families 21 to 23: signatures of other sizes and algorithms") {
  JwtFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  std::string token = fixture.Mint();
  std::string good = SignatureOf<JwtFixture>(token);
  for (const std::string& bad :
       {good.substr(1), good + 'x', good + good, std::string(1, 'x'),
        std::string(256, 'r'), "\x30\x44\x02\x20" + good}) {
    ExpectRefusal(verifier, WithSignature<JwtFixture>(token, bad), kForged);
  }
  std::string claims = *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
  for (std::string_view alg : {"RS256", "ES256", "HS256"}) {
    std::string header =
        ReplaceFirst(JwtHeader(fixture.key().id()), "EdDSA", alg);
    for (size_t size : {size_t{1}, size_t{32}, size_t{64}, size_t{256}}) {
      ExpectRefusal(
          verifier,
          B64(header) + "." + B64(claims) + "." + B64(std::string(size, 's')),
          {RefusalCode::kWrongAlgorithm, Stage::kKey, "alg"});
    }
  }
}

TEST_CASE("family 21: points that are no public key make no key") {
  for (KeyFormat format : {KeyFormat::kPasetoV4Public, KeyFormat::kJwtEdDsa}) {
    std::array<uint8_t, 32> point{};
    CHECK_FALSE(VerifyKey::Create(format, point).ok());
    point[0] = 1;
    CHECK_FALSE(VerifyKey::Create(format, point).ok());
    point.fill(0xff);
    CHECK_FALSE(VerifyKey::Create(format, point).ok());
  }
}

TEST_CASE("families 34 and 35: other PASETOs and other shapes") {
  PasetoFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  std::string good = fixture.Mint();
  std::string body = good.substr(10);
  for (std::string_view version : {"v1", "v2", "v3", "v4"}) {
    for (std::string_view purpose : {".local.", ".public."}) {
      std::string header = std::string(version) + std::string(purpose);
      if (version == "v4") continue;
      ExpectRefusal(verifier, header + body, kUnsupportedText);
      ExpectRefusal(verifier, header, kUnsupportedText);
      ExpectRefusal(verifier, header + "AAAA", kUnsupportedText);
    }
  }
  ExpectRefusal(verifier, "v4.local." + body,
                {RefusalCode::kWrongAlgorithm, Stage::kKey});
  std::string payload = body.substr(0, body.find('.'));
  for (const std::string& bad :
       {"V4.public." + body, "v4.PUBLIC." + body, "v4.Public." + body,
        "v5.public." + body, "v0.local." + body, "v4.secret." + body,
        std::string("v4.public"), std::string("v4.public."), "v4." + body,
        "v4.public.." + body, good + "." + payload, good + ".",
        "v4.public." + payload + ".", "v4.public.AAAA." + payload,
        std::string("v4.local."), std::string("v4.local.AAAA"),
        "v4.public." + B64(std::string(63, 'x'))}) {
    CAPTURE(bad);
    ExpectRefusal(verifier, bad, kMalformedText);
  }
  ExpectRefusal(verifier, "v4.public." + payload,
                {RefusalCode::kMissingClaim, Stage::kHeader, "kid"});
}

TEST_CASE("family 36: footers are read strictly and bound by the signature") {
  PasetoFixture fixture;
  PasetoFixture attacker;
  Verifier verifier = fixture.MakeVerifier();
  const std::string kid = fixture.key().id();
  std::string claims = *WriteClaims(GoodClaims(), ClaimsForm::kPaseto);
  auto expect = [&](std::string_view footer, Refusal expected) {
    CAPTURE(footer);
    ExpectRefusal(verifier, SignPaseto(fixture.key(), claims, footer, {}),
                  expected);
  };
  constexpr Refusal kBadFooter{RefusalCode::kMalformed, Stage::kHeader,
                               "footer"};
  expect(std::string(500, '['), kBadFooter);
  expect("{\"kid\":" + std::string(400, '[') + "}", kBadFooter);
  expect("\xff\xfe", kBadFooter);
  expect(kid, kBadFooter);
  expect(PasetoFooter(kid) + " x", kBadFooter);
  expect(PasetoFooter(kid) + std::string(512, ' '), kBadFooter);
  expect(R"({"kid":1})", {RefusalCode::kBadClaim, Stage::kHeader, "kid"});
  for (std::string_view wrapped :
       {"k4.local.AAAA", "k4.public.AAAA", "k4.secret.AAAA", "k4.local-pw.AAAA",
        "k4.secret-pw.AAAA"}) {
    expect("{\"kid\":\"" + kid + "\",\"wpk\":\"" + std::string(wrapped) + "\"}",
           {RefusalCode::kUnsupported, Stage::kHeader, "wpk"});
  }
  std::string many = "{\"kid\":\"" + kid + "\"";
  for (char c = 'a'; c < 'z'; ++c) many += std::string(",\"") + c + "\":1";
  expect(many + "}", {RefusalCode::kUnsupported, Stage::kHeader, "footer"});

  // The footer names a key of the ring; the signature is the attacker's.
  ExpectRefusal(verifier,
                SignPaseto(attacker.key(), claims, PasetoFooter(kid), {}),
                kForged);
  // The footer was exchanged after signing, even for one of equal meaning.
  std::string token = fixture.Mint();
  std::string spaced = "{ \"kid\":\"" + kid + "\"}";
  ExpectRefusal(verifier, token.substr(0, token.rfind('.') + 1) + B64(spaced),
                kForged);
  // The footer moved into the assertion.
  std::string moved = SignPaseto(fixture.key(), claims, {}, PasetoFooter(kid));
  ExpectRefusal(verifier, moved + "." + B64(PasetoFooter(kid)), kForged);
}

TEST_CASE("family 37: times of a PASETO, and a seed that is another key's") {
  PasetoFixture fixture;
  PasetoFixture other;
  Verifier verifier = fixture.MakeVerifier();
  std::string good = *WriteClaims(GoodClaims(), ClaimsForm::kPaseto);
  constexpr std::string_view kExp = "2026-11-22T10:05:00Z";
  for (std::string_view bad :
       {"2026-11-22t10:05:00Z", "2026-11-22T10:05:00z", "2026-11-22T10:05:60Z",
        "2026-11-22T10:05:00+99:99", "10000-01-01T00:00:00Z", "1795341900", "",
        "tomorrow", "2026-11-22T10:05:00", "2026-11-22"}) {
    ExpectRefusal(verifier, fixture.Sign(ReplaceFirst(good, kExp, bad)),
                  {RefusalCode::kBadClaim, Stage::kClaims, "exp"});
  }
  for (std::string_view same :
       {"2026-11-22T12:05:00+02:00", "2026-11-22T10:05:00.000Z"}) {
    CHECK(verifier.Verify(fixture.Sign(ReplaceFirst(good, kExp, same))).ok());
  }
  ExpectRefusal(
      verifier,
      SignPaseto(other.key(), good, PasetoFooter(fixture.key().id()), {}),
      kForged);
  for (std::string_view bad : {"[]", "null", "x", ""}) {
    ExpectRefusal(verifier, fixture.Sign(bad),
                  {RefusalCode::kMalformed, Stage::kClaims});
  }
}

// ---- Mutations. ----

TEST_CASE_TEMPLATE_DEFINE(
    "a token with one character changed is never accepted", F, one_character) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  const std::string token = fixture.Mint();
  REQUIRE(verifier.Verify(token).ok());
  for (size_t i = 0; i < token.size(); ++i) {
    for (char c : {'A', 'B', 'g', 'w', '_', '.', '=', '\0', '\x80'}) {
      if (token[i] == c) continue;
      std::string changed = token;
      changed[i] = c;
      CHECK_FALSE(verifier.Verify(changed).ok());
    }
    std::string flipped = token;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    CHECK_FALSE(verifier.Verify(flipped).ok());
  }
}
TEST_CASE_TEMPLATE_APPLY(one_character, AllFixtures);

TEST_CASE_TEMPLATE_DEFINE(
    "a token cut or lengthened anywhere is never accepted", F,
    cut_or_lengthened) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  const std::string token = fixture.Mint();
  for (size_t i = 0; i < token.size(); ++i) {
    CHECK_FALSE(verifier.Verify(token.substr(0, i)).ok());
    CHECK_FALSE(verifier.Verify(token.substr(i + 1)).ok());
    CHECK_FALSE(verifier.Verify(std::string(token).erase(i, 1)).ok());
    CHECK_FALSE(verifier.Verify(std::string(token).insert(i, 1, 'A')).ok());
  }
  CHECK_FALSE(verifier.Verify(token + token).ok());
}
TEST_CASE_TEMPLATE_APPLY(cut_or_lengthened, AllFixtures);

TEST_CASE_TEMPLATE("random junk is never accepted", F, PasetoFixture,
                   LocalFixture, JwtFixture, JweFixture) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_....";
  std::mt19937 random(20261122);
  const std::string good = fixture.Mint();
  const size_t header = F::kIsJwt ? good.find('.') : good.find('.', 3);
  const std::string good_header = good.substr(0, header + 1);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = i % 2 == 0 ? "" : good_header;
    for (size_t n = random() % 200; n > 0; --n) {
      text += i % 5 == 0 ? static_cast<char>(random())
                         : kAlphabet[random() % kAlphabet.size()];
    }
    CHECK_FALSE(verifier.Verify(text).ok());
  }
}

TEST_CASE_TEMPLATE("signed junk in the claims is read or refused, never worse",
                   F, PasetoFixture, LocalFixture, JwtFixture, JweFixture) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  Claims claims = GoodClaims();
  claims.custom = R"({"a":["\u00e9",{"b":1.5e3}],"c":null})";
  const std::string good = *WriteClaims(claims, F::kForm);
  std::mt19937 random(1);
  for (int i = 0; i < 2'000; ++i) {
    std::string text = good;
    for (size_t n = random() % 3 + 1; n > 0; --n) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    auto verdict = verifier.Verify(fixture.Sign(text));
    if (verdict.ok()) {
      CHECK(verdict->claims().issuer == claims.issuer);
    } else {
      CHECK(verdict.error().stage >= Stage::kClaims);
    }
  }
}

}  // namespace
}  // namespace signet
