// Hostile inputs, continued: JWE, families 26 to 32. See hostile_test.cc.
// Tokens under a shared key go through a verifier. What only ECDH-ES has is
// shown to Jwe, which a verifier asks first.

#include <doctest/doctest.h>

#include "tests/lib/hostile_cases.h"
#include "tests/lib/jwe_forge.h"

namespace signet {
namespace {

using testing::ExpectRefusal;
using testing::ForgeDir;
using testing::ForgeTo;
using testing::GoodClaims;
using testing::HostileCase;
using testing::Hs256Fixture;
using testing::JweFixture;
using testing::JweParts;
using testing::JwtFixture;
using testing::ReplaceFirst;
using testing::RunAll;

constexpr Refusal kMalformedText{RefusalCode::kMalformed, Stage::kFormat};
constexpr Refusal kForged{RefusalCode::kBadSignature, Stage::kSignature};

constexpr Refusal Header(RefusalCode code, std::string_view name) {
  return {code, Stage::kHeader, name};
}
constexpr Refusal Unsupported(std::string_view name) {
  return Header(RefusalCode::kUnsupported, name);
}

// Attack makes tokens under the ring's own key, so that nothing but the flaw
// is wrong with them.
struct Attack {
  const JweFixture& fixture;
  std::string claims = *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
  std::string header =
      R"({"alg":"dir","enc":"A256GCM","typ":"at+jwt","kid":")" +
      fixture.key().id() + "\"}";
  std::vector<HostileCase> cases = {};

  JweParts Good() const { return ForgeDir(fixture.key(), header, claims); }

  // Of takes a whole header; With puts members in front of a good one; Alg
  // and Enc replace one value.
  void Of(int family, const std::string& text, Refusal expected) {
    cases.push_back({family, text,
                     ForgeDir(fixture.key(), text, claims).Token(), expected});
  }
  void With(int family, std::string_view members, Refusal expected) {
    Of(family, "{" + std::string(members) + "," + header.substr(1), expected);
  }
  void Alg(int family, std::string_view alg, Refusal expected) {
    Of(family, ReplaceFirst(header, "\"dir\"", alg), expected);
  }
  void Enc(int family, std::string_view enc, Refusal expected) {
    Of(family, ReplaceFirst(header, "\"A256GCM\"", enc), expected);
  }
};

TEST_CASE("a token made as the attacks are, without a flaw, is accepted") {
  JweFixture fixture;
  const Attack attack{fixture};
  CHECK(fixture.MakeVerifier().Verify(attack.Good().Token()).ok());
}

TEST_CASE("families 11, 12 and 26: nothing is inflated, nothing is critical") {
  JweFixture fixture;
  Attack attack{fixture};
  for (std::string_view value :
       {"\"DEF\"", "\"GZIP\"", "\"\"", "null", "[]", "{}", "1"}) {
    attack.With(26, "\"zip\":" + std::string(value), Unsupported("zip"));
  }
  for (std::string_view value :
       {"[\"zip\"]", "[]", "\"exp\"", "[\"exp\",\"exp\"]", "null", "{}"}) {
    attack.With(11, "\"crit\":" + std::string(value), Unsupported("crit"));
  }
  attack.With(12, R"("b64":false)", Unsupported("b64"));
  RunAll(fixture, attack.cases);
}

TEST_CASE("families 5, 6 and 13: keys that a sender brings, members twice") {
  JweFixture fixture;
  Attack attack{fixture};
  for (std::string_view name :
       {"jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"}) {
    for (std::string_view value : {"\"https://evil.example\"", "{}", "null"}) {
      attack.With(6, "\"" + std::string(name) + "\":" + std::string(value),
                  Unsupported(name));
    }
  }
  for (std::string_view twice :
       {R"("alg":"RSA1_5")", R"("\u0061lg":"dir")", R"("enc":"A128GCM")",
        R"("kid":"x")", R"("x":1,"x":2)", R"("epk":{"x":1,"x":2})"}) {
    attack.With(13, twice, Header(RefusalCode::kMalformed, "header"));
  }
  for (std::string_view text : {"", "x", "[]", "null", "{", "{}{}"}) {
    if (!text.empty()) {
      attack.Of(16, std::string(text),
                Header(RefusalCode::kMalformed, "header"));
    }
  }
  attack.With(25, "\"x\":\"" + std::string(1024, 'x') + "\"",
              Header(RefusalCode::kMalformed, "header"));
  RunAll(fixture, attack.cases);
}

TEST_CASE("family 27: PBES2 is refused whatever it would cost") {
  JweFixture fixture;
  Attack attack{fixture};
  for (std::string_view alg :
       {"\"PBES2-HS256+A128KW\"", "\"PBES2-HS512+A256KW\""}) {
    attack.Alg(27, alg, Unsupported("alg"));
  }
  for (std::string_view count :
       {"2147483648", "0", "-1", "1000000000", "1e9", "8192", "null"}) {
    attack.With(27, "\"p2c\":" + std::string(count), Unsupported("p2c"));
  }
  attack.With(27, R"("p2s":"AA")", Unsupported("p2s"));
  attack.With(27, "\"p2s\":\"" + std::string(600, 'A') + "\"",
              Unsupported("p2s"));
  RunAll(fixture, attack.cases);
}

TEST_CASE("families 28 and 31: algorithms other than the two are refused") {
  JweFixture fixture;
  Attack attack{fixture};
  for (std::string_view alg :
       {"\"RSA1_5\"", "\"RSA-OAEP\"", "\"RSA-OAEP-256\"", "\"A128KW\"",
        "\"A256KW\"", "\"A256GCMKW\"", "\"ECDH-ES\"", "\"ECDH-ES+A128KW\"",
        "\"ECDH-1PU\"", "\"none\"", "\"DIR\"", "\"HS256\"", "\"EdDSA\""}) {
    attack.Alg(28, alg, Unsupported("alg"));
  }
  for (std::string_view enc :
       {"\"A128GCM\"", "\"A192GCM\"", "\"A128CBC-HS256\"", "\"A256CBC-HS512\"",
        "\"C20P\"", "\"a256gcm\"", "\"none\""}) {
    attack.Enc(31, enc, Unsupported("enc"));
  }
  for (std::string_view value : {"1", "null", "[]", "{}", "\"\"", "true"}) {
    attack.Alg(28, value, Header(RefusalCode::kBadClaim, "alg"));
    attack.Enc(31, value, Header(RefusalCode::kBadClaim, "enc"));
  }
  attack.Of(28, ReplaceFirst(attack.header, "\"alg\"", "\"al\""),
            Header(RefusalCode::kMissingClaim, "alg"));
  attack.Of(31, ReplaceFirst(attack.header, "\"enc\"", "\"en\""),
            Header(RefusalCode::kMissingClaim, "enc"));
  // A256GCMKW's own parameters have nothing to say here.
  attack.With(30, R"("iv":"AAAA")", Unsupported("iv"));
  attack.With(30, R"("tag":"AAAA")", Unsupported("tag"));
  RunAll(fixture, attack.cases);
}

TEST_CASE("families 7, 9 and 20: type and key id of a token under a key") {
  JweFixture fixture;
  Attack attack{fixture};
  for (std::string_view type : {"JWT", "jwt", "dpop+jwt", "logout+jwt", ""}) {
    attack.Of(20, ReplaceFirst(attack.header, "at+jwt", type),
              Header(RefusalCode::kWrongType, "typ"));
  }
  attack.Of(20, ReplaceFirst(attack.header, "\"typ\"", "\"ty\""),
            Header(RefusalCode::kWrongType, "typ"));
  attack.Of(9, ReplaceFirst(attack.header, "\"kid\"", "\"ki\""),
            Header(RefusalCode::kMissingClaim, "kid"));
  const std::string kid = "\"" + fixture.key().id() + "\"";
  for (std::string_view value : {"1", "null", "[]", "{}", "\"\""}) {
    attack.Of(7, ReplaceFirst(attack.header, kid, value),
              Header(RefusalCode::kBadClaim, "kid"));
  }
  for (std::string_view value :
       {"\"../../etc/passwd\"", "\"' OR 1=1 --\"", "\"a\\u0000b\""}) {
    attack.Of(7, ReplaceFirst(attack.header, kid, value),
              {RefusalCode::kUnknownKey, Stage::kKey, "kid"});
  }
  RunAll(fixture, attack.cases);
}

TEST_CASE("family 30: sizes of nonce, tag and encrypted key") {
  JweFixture fixture;
  Attack attack{fixture};
  const auto add = [&](std::string what, const JweParts& parts,
                       Refusal expected) {
    attack.cases.push_back({30, std::move(what), parts.Token(), expected});
  };
  const JweParts good = attack.Good();
  for (size_t size : {0, 1, 4, 8, 12, 15, 17, 32}) {
    JweParts parts = good;
    parts.tag.resize(size, '\0');
    add("a tag of " + std::to_string(size), parts, kMalformedText);
  }
  for (size_t size : {0, 1, 8, 11, 13, 16, 32}) {
    JweParts parts = good;
    parts.nonce.resize(size, '\0');
    add("a nonce of " + std::to_string(size), parts, kMalformedText);
  }
  for (size_t size : {1, 8, 24, 32, 40, 256}) {
    JweParts parts = good;
    parts.encrypted_key.resize(size, 'k');
    add("dir with an encrypted key", parts, kForged);
  }
  JweParts parts = good;
  parts.encrypted_key =
      AsText(hazmat::AesKeyWrap(fixture.key().ExposeSecret().first<32>(),
                                fixture.key().ExposeSecret().first<32>()));
  add("dir with the key, wrapped by itself", parts, kForged);
  RunAll(fixture, attack.cases);
}

TEST_CASE("family 30: nonce, ciphertext, tag and header are bound") {
  JweFixture fixture;
  const Attack attack{fixture};
  const Verifier verifier = fixture.MakeVerifier();
  const JweParts good = attack.Good();
  for (std::string JweParts::*part :
       {&JweParts::nonce, &JweParts::ciphertext, &JweParts::tag}) {
    for (size_t i = 0; i < (good.*part).size(); ++i) {
      JweParts changed = good;
      (changed.*part)[i] = static_cast<char>((changed.*part)[i] ^ 1);
      ExpectRefusal(verifier, changed.Token(), kForged);
    }
  }
  for (const std::string& text :
       {std::string(), good.ciphertext + '\0',
        good.ciphertext.substr(0, good.ciphertext.size() - 1)}) {
    JweParts changed = good;
    changed.ciphertext = text;
    ExpectRefusal(verifier, changed.Token(), kForged);
  }
  JweParts spaced = good;
  spaced.header.insert(1, " ");
  ExpectRefusal(verifier, spaced.Token(), kForged);
  // Sealed without its header.
  JweParts unbound = good;
  unbound.header = "{}";
  unbound.Seal(fixture.key().ExposeSecret().first<32>(), attack.claims);
  unbound.header = good.header;
  ExpectRefusal(verifier, unbound.Token(), kForged);
}

TEST_CASE("family 32: under a shared key there are claims, and no token") {
  JweFixture fixture;
  JwtFixture inner;
  Attack attack{fixture};
  for (std::string_view type : {"\"JWT\"", "\"at+jwt\"", "\"x\"", "null"}) {
    attack.With(32, "\"cty\":" + std::string(type), Unsupported("cty"));
  }
  RunAll(fixture, attack.cases);
  const Verifier verifier = fixture.MakeVerifier();
  for (const std::string& content :
       {inner.Mint(), fixture.Mint(), std::string("eyJhbGciOiJub25lIn0.e30."),
        std::string(), std::string("[]"), std::string("{}{}")}) {
    ExpectRefusal(verifier, fixture.Sign(content),
                  {RefusalCode::kMalformed, Stage::kClaims});
  }
}

TEST_CASE("family 2: a key of one symmetric format is none of another's") {
  JweFixture jwe;
  Hs256Fixture hs256;
  const std::string claims = *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
  // The MAC key as a content key, named as the ring names it.
  const auto as_jwe =
      SecretKey::FromSecret(KeyFormat::kJweDir, hs256.key().ExposeSecret());
  const std::string header =
      R"({"alg":"dir","enc":"A256GCM","typ":"at+jwt","kid":")" +
      hs256.key().id() + "\"}";
  ExpectRefusal(hs256.MakeVerifier(), ForgeDir(*as_jwe, header, claims).Token(),
                {RefusalCode::kWrongAlgorithm, Stage::kKey});
  const auto as_mac =
      SecretKey::FromSecret(KeyFormat::kJwtHs256, jwe.key().ExposeSecret());
  ExpectRefusal(jwe.MakeVerifier(),
                SignJws(*as_mac, JwtHeader(jwe.key().id(), "HS256"), claims),
                {RefusalCode::kWrongAlgorithm, Stage::kKey});
}

TEST_CASE("the header of a JWE in three segments, and of a JWS in five") {
  JweFixture jwe;
  JwtFixture jwt;
  const std::string claims = *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
  const std::string header = Attack{jwe}.header;
  for (std::string_view text : {std::string_view(header),
                                std::string_view(R"({"alg":"dir","enc":1})")}) {
    ExpectRefusal(jwt.MakeVerifier(), SignJws(jwt.key(), text, claims),
                  Unsupported("enc"));
  }
  ExpectRefusal(
      jwe.MakeVerifier(),
      ForgeDir(jwe.key(), JwtHeader(jwe.key().id(), "dir"), claims).Token(),
      Header(RefusalCode::kMissingClaim, "enc"));
}

// ---- ECDH-ES. ----

void ExpectHeader(const JweParts& parts, const Refusal& expected) {
  CAPTURE(parts.header);
  const std::string token = parts.Token();
  auto jwe = Jwe::Split(token);
  REQUIRE(jwe.has_value());
  TokenHeader header;
  const auto refusal = jwe->ReadHeader(header);
  REQUIRE(refusal.has_value());
  CHECK(*refusal == expected);
}

// Opens tells whether the key opens a token whose header is well.
bool Opens(const JweParts& parts, const SecretKey& key) {
  const std::string token = parts.Token();
  auto jwe = Jwe::Split(token);
  REQUIRE(jwe.has_value());
  TokenHeader header;
  REQUIRE_FALSE(jwe->ReadHeader(header).has_value());
  const bool opens = jwe->Verify(key.ForVerifier(), {});
  CHECK(jwe->message().empty() == !opens);
  return opens;
}

TEST_CASE("family 29: an epk is a public point of P-256 or X25519") {
  const SecretKey key = SecretKey::Generate(KeyFormat::kJweP256);
  const JweParts good = ForgeTo(key.Public(), "m");
  REQUIRE(Opens(good, key));
  const size_t start = good.header.find("{\"kty\"");
  const std::string epk =
      good.header.substr(start, good.header.find('}') + 1 - start);
  const auto expect = [&](std::string_view with) {
    JweParts parts = good;
    parts.header = ReplaceFirst(parts.header, epk, with);
    ExpectHeader(parts, Header(RefusalCode::kBadClaim, "epk"));
  };
  const std::string a32(43, 'A');  // 32 zero bytes
  const std::string x = epk.substr(epk.find("\"x\":\"") + 5, 43);
  const std::string y = epk.substr(epk.find("\"y\":\"") + 5, 43);
  for (std::string_view other : {"null", "1", "\"\"", "[]", "{}", "true"}) {
    expect(other);
  }
  const auto ec = [](std::string_view px, std::string_view py,
                     std::string_view crv = "P-256") {
    return R"({"kty":"EC","crv":")" + std::string(crv) + R"(","x":")" +
           std::string(px) + R"(","y":")" + std::string(py) + R"("})";
  };
  REQUIRE(ec(x, y) == epk);
  expect(ec(a32, a32));  // infinity has no coordinates: this is off the curve
  expect(ec(y, x));
  expect(ec(x, x));
  expect(ec(x, a32));
  expect(ec("_____wAAAAEAAAAAAAAAAAAAAAD_______________8", y));  // x = p
  expect(ec(x, y, "P-384"));
  expect(ec(x, y, "P-521"));
  expect(ec(x, y, "secp256k1"));
  expect(ec(x, y, "X25519"));
  expect(ec(x.substr(0, 42), y));
  expect(ec(x + "AA", y));
  expect(ec("AA" + x, y));
  expect(ec(x + "=", y));
  expect(ec("", y));
  expect(ReplaceFirst(epk, "\"EC\"", "\"OKP\""));
  expect(ReplaceFirst(epk, "\"EC\"", "\"oct\""));
  expect(ReplaceFirst(epk, "\"y\"", "\"z\""));
  expect(ReplaceFirst(epk, "\"y\":\"" + y + "\"", "\"y\":1"));
  // With a secret inside, even a wrong one.
  expect(ReplaceFirst(epk, "}", ",\"d\":\"" + x + "\"}"));
  expect(ReplaceFirst(epk, "}", ",\"d\":null}"));
  expect(R"({"kty":"OKP","crv":"Ed25519","x":")" + x + "\"}");
  expect(R"({"kty":"OKP","crv":"X448","x":")" + x + "\"}");
  expect(R"({"kty":"oct","k":")" + x + "\"}");
  expect("\"" + x + "\"");
  JweParts missing = good;
  missing.header = ReplaceFirst(missing.header, "\"epk\"", "\"ep\"");
  ExpectHeader(missing, Header(RefusalCode::kMissingClaim, "epk"));
}

TEST_CASE("family 29: a point of the other curve, or of small order") {
  const SecretKey p256 = SecretKey::Generate(KeyFormat::kJweP256);
  const SecretKey x25519 = SecretKey::Generate(KeyFormat::kJweX25519);
  const JweParts to_p256 = ForgeTo(p256.Public(), "m");
  const JweParts to_x25519 = ForgeTo(x25519.Public(), "m");
  CHECK(Opens(to_p256, p256));
  CHECK(Opens(to_x25519, x25519));
  CHECK_FALSE(Opens(to_p256, x25519));
  CHECK_FALSE(Opens(to_x25519, p256));
  // RFC 7748 section 6.1: a peer of small order makes the secret zero. The
  // sender knows that, and wraps under it.
  JweParts parts;
  parts.header =
      R"({"alg":"ECDH-ES+A256KW","enc":"A256GCM","cty":"JWT","kid":"k",)"
      R"("epk":{"kty":"OKP","crv":"X25519","x":")" +
      std::string(43, 'A') + "\"}}";
  constexpr std::array<uint8_t, 32> kZero{};
  const std::array<uint8_t, 32> content_key{7};
  parts.encrypted_key = AsText(
      hazmat::AesKeyWrap(testing::ConcatKdf(kZero, {}, {}), content_key));
  parts.Seal(content_key, "m");
  const std::string token = parts.Token();
  auto jwe = Jwe::Split(token);
  TokenHeader header;
  const auto refusal = jwe->ReadHeader(header);
  if (!refusal) CHECK_FALSE(jwe->Verify(x25519.ForVerifier(), {}));
}

TEST_CASE("family 29: apu and apv are bounded texts, and are bound") {
  const SecretKey key = SecretKey::Generate(KeyFormat::kJweP256);
  const JweParts good = ForgeTo(key.Public(), "m", "Alice", "Bob");
  REQUIRE(Opens(good, key));
  for (std::string_view name : {"apu", "apv"}) {
    const std::string value = name == "apu" ? "\"QWxpY2U\"" : "\"Qm9i\"";
    const std::string member = "\"" + std::string(name) + "\":";
    const auto with = [&](std::string_view text) {
      JweParts parts = good;
      parts.header = ReplaceFirst(parts.header, member + value,
                                  member + std::string(text));
      return parts;
    };
    for (const std::string& bad :
         {std::string("1"), std::string("null"), std::string("[]"),
          std::string("{}"), std::string("\"\""), std::string("\"A\""),
          std::string("\"QQ==\""), std::string("\"Q+9i\""),
          "\"" + std::string(172, 'A') + "\"",
          "\"" + std::string(600, 'A') + "\""}) {
      ExpectHeader(with(bad), Header(RefusalCode::kBadClaim, name));
    }
    // 1 MB of it: the header is longer than is read.
    ExpectHeader(with("\"" + std::string(1 << 20, 'A') + "\""),
                 Header(RefusalCode::kMalformed, "header"));
    CHECK_FALSE(Opens(with("\"QUFB\""), key));
  }
}

TEST_CASE("families 28 and 30: every wrong encrypted key looks alike") {
  for (KeyFormat format : {KeyFormat::kJweP256, KeyFormat::kJweX25519}) {
    const SecretKey key = SecretKey::Generate(format);
    const JweParts good = ForgeTo(key.Public(), "m");
    const auto with = [&good](std::string encrypted_key) {
      JweParts parts = good;
      parts.encrypted_key = std::move(encrypted_key);
      return parts;
    };
    for (size_t i = 0; i < good.encrypted_key.size(); ++i) {
      std::string flipped = good.encrypted_key;
      flipped[i] = static_cast<char>(flipped[i] ^ 1);
      CHECK_FALSE(Opens(with(flipped), key));
    }
    for (size_t size : {0, 1, 16, 24, 32, 39, 41, 48, 72}) {
      std::string resized = good.encrypted_key;
      resized.resize(size, '\0');
      CHECK_FALSE(Opens(with(resized), key));
    }
    // Right keys, wrongly wrapped: of another recipient, and not at all.
    const SecretKey other = SecretKey::Generate(format);
    CHECK_FALSE(Opens(with(ForgeTo(other.Public(), "m").encrypted_key), key));
    CHECK_FALSE(Opens(good, other));
    // Under zeros, the content key of a recipient that forgets to fail.
    JweParts zero = good;
    zero.encrypted_key = std::string(40, '\0');
    zero.Seal(std::array<uint8_t, 32>{}, "m");
    CHECK_FALSE(Opens(zero, key));
  }
}

TEST_CASE("families 11, 26, 27 and 31: an ECDH-ES header is no laxer") {
  const SecretKey key = SecretKey::Generate(KeyFormat::kJweX25519);
  const JweParts good = ForgeTo(key.Public(), "m");
  const auto with = [&good](std::string_view members) {
    JweParts parts = good;
    parts.header = "{" + std::string(members) + "," + parts.header.substr(1);
    return parts;
  };
  for (std::string_view name :
       {"zip", "crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256",
        "p2c", "p2s", "iv", "tag"}) {
    ExpectHeader(with("\"" + std::string(name) + "\":\"x\""),
                 Unsupported(name));
  }
  const auto replaced = [&good](std::string_view what, std::string_view by) {
    JweParts parts = good;
    parts.header = ReplaceFirst(parts.header, what, by);
    return parts;
  };
  for (std::string_view alg : {"ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW",
                               "ECDH-ES+A256GCMKW", "RSA-OAEP", "RSA1_5"}) {
    ExpectHeader(replaced("ECDH-ES+A256KW", alg), Unsupported("alg"));
  }
  ExpectHeader(replaced("A256GCM", "A128GCM"), Unsupported("enc"));
  ExpectHeader(replaced("A256GCM", "A128CBC-HS256"), Unsupported("enc"));
  ExpectHeader(replaced("\"kid\"", "\"ki\""),
               Header(RefusalCode::kMissingClaim, "kid"));
  for (size_t size : {12, 15, 17}) {
    JweParts parts = good;
    parts.tag.resize(size, '\0');
    ExpectHeader(parts, kMalformedText);
  }
  for (size_t size : {8, 16}) {
    JweParts parts = good;
    parts.nonce.resize(size, '\0');
    ExpectHeader(parts, kMalformedText);
  }
}

TEST_CASE("a verifier says of every token that it can't open the same") {
  JwtFixture fixture;
  const SigningRing ring =
      testing::NewRing(KeyFormat::kJweP256, KeyPurpose::kEncryption);
  const SecretKey& key = ring.keys().front().key;
  const LiveRing opening(ring.ForVerifier());
  Verifier verifier = fixture.MakeVerifier();
  verifier.DecryptWith(opening);
  const JweParts good = ForgeTo(key.Public(), fixture.Mint());
  CHECK(verifier.Verify(good.Token()).ok());

  std::vector<JweParts> bad(5, good);
  bad[0].encrypted_key[0] = static_cast<char>(bad[0].encrypted_key[0] ^ 1);
  bad[1].encrypted_key.clear();
  bad[2].encrypted_key = std::string(40, '\0');
  bad[2].Seal(std::array<uint8_t, 32>{}, fixture.Mint());
  bad[3].tag[0] = static_cast<char>(bad[3].tag[0] ^ 1);
  // An epk of the other curve, under the right key id.
  const SecretKey other = SecretKey::Generate(KeyFormat::kJweX25519);
  bad[4] = ForgeTo(other.Public().WithId(key.id()), fixture.Mint());
  for (const JweParts& parts : bad) {
    ExpectRefusal(verifier, parts.Token(), kForged);
  }
  JweParts off = good;
  off.header = ReplaceFirst(off.header, "\"y\":\"", "\"y\":\"AAAA");
  ExpectRefusal(verifier, off.Token(), Header(RefusalCode::kBadClaim, "epk"));
}

TEST_CASE("family 32: what a public key encrypts says that it is a token") {
  const SecretKey key = SecretKey::Generate(KeyFormat::kJweX25519);
  const JweParts good = ForgeTo(key.Public(), "m");
  const auto replaced = [&good](std::string_view by) {
    JweParts parts = good;
    parts.header = ReplaceFirst(parts.header, "\"cty\":\"JWT\",", by);
    return parts;
  };
  ExpectHeader(replaced(""), Header(RefusalCode::kMissingClaim, "cty"));
  for (std::string_view type : {"JWE", "text/plain", "at+jwt", "JWT ", "x"}) {
    ExpectHeader(replaced("\"cty\":\"" + std::string(type) + "\","),
                 Header(RefusalCode::kWrongType, "cty"));
  }
  for (std::string_view value : {"1", "null", "[\"JWT\"]", "\"\""}) {
    ExpectHeader(replaced("\"cty\":" + std::string(value) + ","),
                 Header(RefusalCode::kBadClaim, "cty"));
  }
}

}  // namespace
}  // namespace signet
