// Hostile inputs, family by family. Each case names the exact refusal: code,
// stage and parameter. Families of formats that Signet does not have end as
// unsupported. Families are numbered so that a failure names its own.

#include <doctest/doctest.h>
#include <openssl/hmac.h>

#include "tests/lib/hostile_cases.h"

namespace signet {
namespace {

using testing::AllFixtures;
using testing::GoodClaims;
using testing::HostileCase;
using testing::JweFixture;
using testing::JwtFixture;
using testing::LocalFixture;
using testing::PasetoFixture;
using testing::ReplaceFirst;
using testing::RunAll;
using testing::SignClaims;

constexpr Refusal kMalformedText{RefusalCode::kMalformed, Stage::kFormat};
constexpr Refusal kUnknown{RefusalCode::kUnknownKey, Stage::kKey, "kid"};
constexpr Refusal kOtherAlgorithm{RefusalCode::kWrongAlgorithm, Stage::kKey,
                                  "alg"};
constexpr Refusal kClaimsMalformed{RefusalCode::kMalformed, Stage::kClaims};

constexpr Refusal Header(RefusalCode code, std::string_view name) {
  return {code, Stage::kHeader, name};
}

std::string B64(std::string_view text) {
  return Base64UrlEncode(AsBytes(text));
}

std::string Hmac256(std::string_view key, std::string_view message) {
  unsigned char out[32];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       AsBytes(message).data(), message.size(), out, &size);
  return std::string(reinterpret_cast<char*>(out), size);
}

// Attack builds JWTs over one fixture.
struct Attack {
  const JwtFixture& fixture;
  std::string claims = *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
  std::string kid = fixture.key().id();

  // Header is a good header with some members put in front.
  std::string HeaderWith(std::string_view members) const {
    return "{" + std::string(members) + "," + JwtHeader(kid).substr(1);
  }
  std::string HeaderOf(std::string_view alg) const {
    return ReplaceFirst(JwtHeader(kid), "EdDSA", alg);
  }
  std::string Signed(std::string_view header) const {
    return SignJws(fixture.key(), header, claims);
  }
  std::string With(std::string_view header, std::string_view signature) const {
    return B64(header) + "." + B64(claims) + "." + B64(signature);
  }
  std::string Maced(std::string_view header, std::string_view mac_key) const {
    std::string input = B64(header) + "." + B64(claims);
    return input + "." + B64(Hmac256(mac_key, input));
  }
};

TEST_CASE("families 1 to 4: algorithms other than the key's") {
  JwtFixture fixture;
  Attack attack{fixture};
  std::vector<HostileCase> cases;
  for (std::string_view none : {"none", "None", "NONE", "nOnE"}) {
    std::string header = attack.HeaderOf(none);
    cases.push_back({1, "no signature",
                     B64(header) + "." + B64(attack.claims) + ".",
                     kMalformedText});
    cases.push_back({1, "some signature", attack.With(header, "x"),
                     Header(RefusalCode::kUnsupported, "alg")});
    cases.push_back({1, "a good signature", attack.Signed(header),
                     Header(RefusalCode::kUnsupported, "alg")});
  }
  const VerifyKey public_key = fixture.key().Public();
  const Bytes point = public_key.bytes();
  std::string raw(AsText(point));
  std::string der = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21" +
                    std::string(1, '\0') + raw;
  std::string hs256 = attack.HeaderOf("HS256");
  for (const std::string& mac_key :
       {raw, der, B64(raw), attack.kid, std::string()}) {
    cases.push_back({2, "HMAC of the public key, or of nothing",
                     attack.Maced(hs256, mac_key), kOtherAlgorithm});
  }
  for (std::string_view alg :
       {"HS256", "HS384", "RS256", "PS256", "PS384", "ES256", "ES384", "ES256K",
        "Ed25519", "eddsa"}) {
    cases.push_back({4, "another algorithm over a good signature",
                     attack.Signed(attack.HeaderOf(alg)), kOtherAlgorithm});
  }
  RunAll(fixture, cases);
}

TEST_CASE("families 5 and 6: keys and places of keys that the sender brings") {
  JwtFixture fixture;
  JwtFixture attacker;
  Attack attack{fixture};
  std::vector<HostileCase> cases;
  std::string x = Base64UrlEncode(attacker.key().Public().bytes());
  cases.push_back(
      {5, "jwk of the attacker, signed by it",
       SignJws(attacker.key(),
               attack.HeaderWith(R"("jwk":{"kty":"OKP","crv":"Ed25519","x":")" +
                                 x + "\"}"),
               attack.claims),
       Header(RefusalCode::kUnsupported, "jwk")});
  for (std::string_view name : {"jku", "x5u", "x5c", "x5t", "x5t#S256"}) {
    for (std::string_view value : {"\"https://evil.example/k\"", "[\"MIIB\"]",
                                   "\"file:///etc/passwd\"", "null"}) {
      std::string member =
          "\"" + std::string(name) + "\":" + std::string(value);
      cases.push_back({6, member, attack.Signed(attack.HeaderWith(member)),
                       Header(RefusalCode::kUnsupported, name)});
    }
  }
  RunAll(fixture, cases);
}

TEST_CASE("families 7 and 9: key ids") {
  JwtFixture jwt;
  PasetoFixture paseto;
  std::vector<HostileCase> jwts, pasetos;
  auto add = [&](std::string_view kid, Refusal expected) {
    std::string members = "\"kid\":" + std::string(kid);
    std::string what(kid.substr(0, 40));
    jwts.push_back(
        {7, what,
         SignJws(jwt.key(), R"({"alg":"EdDSA","typ":"at+jwt",)" + members + "}",
                 "{}"),
         expected});
    pasetos.push_back({7, what,
                       SignPaseto(paseto.key(), "{}", "{" + members + "}", {}),
                       expected});
  };
  for (std::string_view text :
       {"\"../../etc/passwd\"", "\"' OR 1=1 --\"", "\"https://evil.example\"",
        "\"a\\u0000b\"", "\"*\"", "\" \"", "\"k4.sid.x\""}) {
    add(text, kUnknown);
  }
  for (std::string_view other : {"1", "null", "[]", "{}", "true", "\"\""}) {
    add(other, Header(RefusalCode::kBadClaim, "kid"));
  }
  std::string huge = "\"" + std::string(64 * 1024, 'k') + "\"";
  add(huge, {RefusalCode::kTooLong, Stage::kLength});
  jwts.push_back({9, "no kid",
                  SignJws(jwt.key(), R"({"alg":"EdDSA","typ":"at+jwt"})", "{}"),
                  Header(RefusalCode::kMissingClaim, "kid")});
  pasetos.push_back({9, "no kid", SignPaseto(paseto.key(), "{}", "{}", {}),
                     Header(RefusalCode::kMissingClaim, "kid")});
  RunAll(jwt, jwts);
  RunAll(paseto, pasetos);
}

TEST_CASE_TEMPLATE_DEFINE(
    "families 8 and 10: keys before, after and beside their life", F,
    outside_their_life) {
  F fixture;
  F stranger;
  constexpr Refusal kNotUsable{RefusalCode::kKeyNotUsable, Stage::kKey, "kid"};
  REQUIRE(fixture.ring.Rotate(fixture.clock.Now()).ok());
  REQUIRE(fixture.live.Publish(fixture.ring.ForVerifier()).ok());
  std::string claims = *WriteClaims(GoodClaims(), F::kForm);
  auto sign = [&claims](const SecretKey& key) {
    return SignClaims(key, claims);
  };
  const auto keys = fixture.ring.keys();
  REQUIRE(keys.size() == 2);
  RunAll(fixture, {{8, "pending", sign(keys[1].key), kNotUsable},
                   {8, "another ring", stranger.Mint(), kUnknown}});
  REQUIRE(keys[0].schedule.retires_at.has_value());
  fixture.clock.SetWall(*keys[0].schedule.retires_at + std::chrono::minutes(6));
  RunAll(fixture, {{8, "retired", sign(keys[0].key), kNotUsable}});

  RingKey same{keys[0].key.ForVerifier(), keys[0].schedule};
  CHECK_FALSE(KeyRing::Create(fixture.ring.info(), {same, same}).ok());
}
TEST_CASE_TEMPLATE_APPLY(outside_their_life, AllFixtures);

TEST_CASE("families 11 to 13: critical extensions and repeated members") {
  JwtFixture fixture;
  Attack attack{fixture};
  std::vector<HostileCase> cases;
  auto header = [&](int family, std::string_view members, Refusal expected) {
    cases.push_back({family, std::string(members),
                     attack.Signed(attack.HeaderWith(members)), expected});
  };
  for (std::string_view crit :
       {"[\"x\"]", "[]", "\"exp\"", "[\"exp\",\"exp\"]", "[\"alg\"]", "null",
        "[\"absent\"]", "{}", "1"}) {
    header(11, "\"crit\":" + std::string(crit),
           Header(RefusalCode::kUnsupported, "crit"));
  }
  header(12, R"("b64":false)", Header(RefusalCode::kUnsupported, "b64"));
  header(12, R"("b64":"false")", Header(RefusalCode::kUnsupported, "b64"));
  header(12, R"("b64":true)", Header(RefusalCode::kUnsupported, "b64"));
  for (std::string_view twice :
       {R"("alg":"none")", R"("\u0061lg":"none")", R"("kid":"x")",
        R"("x":1,"x":1)", R"("x":{"y":1,"y":2})"}) {
    header(13, twice, Header(RefusalCode::kMalformed, "header"));
  }
  for (std::string_view twice :
       {R"("sub":"bob")", R"("\u0073ub":"bob")", R"("x":1,"x":1)",
        R"("cnf":{"jkt":"a","jkt":"b"})", R"("x":[{"y":1,"\u0079":2}])"}) {
    std::string claims =
        ReplaceFirst(attack.claims, "{", "{" + std::string(twice) + ",");
    cases.push_back(
        {13, std::string(twice), fixture.Sign(claims), kClaimsMalformed});
  }
  RunAll(fixture, cases);
}

TEST_CASE_TEMPLATE("families 14, 15, 24, 25: the text itself", F, PasetoFixture,
                   LocalFixture, JwtFixture, JweFixture) {
  F fixture;
  std::string good = fixture.Mint();
  std::vector<HostileCase> cases;
  auto add = [&cases](int family, std::string what, std::string token) {
    cases.push_back(
        {family, std::move(what), std::move(token), kMalformedText});
  };
  for (size_t at : {good.size(), good.size() - 5, size_t{15}}) {
    for (std::string_view bad :
         {"=", "+", "/", " ", "\t", "\r", "\n", "\r\n", "\xc3\xa9", "%", "~"}) {
      add(14, "inserted " + std::string(bad),
          std::string(good).insert(at, bad));
    }
    add(14, "inserted NUL", std::string(good).insert(at, 1, '\0'));
    add(14, "NUL for a character", [&] {
      std::string text = good;
      text[at - 1] = '\0';
      return text;
    }());
  }
  std::string bits = good;  // stray bits: three more spellings of one value
  bits.replace(bits.rfind('.') + 1, std::string::npos, "AB");
  add(14, "trailing bits", bits);
  for (std::string_view text :
       {"",          ".",        "..",        "...",       "....",
        "a",         "a.b",      "a..b.c",    "a.b.c.d",   ".a.b",
        "a.b.",      "..a",      "....e30",   "e30.e30",   "e30.e30.AAAA.AAAA",
        "e30..AAAA", "e30.e30.", ".e30.AAAA", "v4.public", "v4.public."}) {
    add(15, std::string(text), std::string(text));
  }
  add(15, "leading dot", "." + good);
  add(15, "trailing dot", good + ".");
  add(24, "flattened",
      R"({"payload":"e30","protected":"e30","signature":"A"})");
  std::string general = R"({"payload":"e30","signatures":[)";
  for (int i = 0; i < 100; ++i) general += R"({"signature":"A"},)";
  add(24, "general", general + "{}]}");
  for (size_t size : {size_t{8193}, size_t{1} << 20, size_t{100} << 20}) {
    cases.push_back({25,
                     "long",
                     good + std::string(size, 'A'),
                     {RefusalCode::kTooLong, Stage::kLength}});
  }
  add(25, "8192 characters", std::string(8192, 'A'));
  RunAll(fixture, cases);
}

TEST_CASE("family 20: other kinds of JWT offered as access tokens") {
  JwtFixture fixture;
  Attack attack{fixture};
  std::vector<HostileCase> cases;
  for (std::string_view type : {"JWT", "jwt", "dpop+jwt", "logout+jwt",
                                "token-introspection+jwt", "secevent+jwt"}) {
    cases.push_back(
        {20, std::string(type),
         attack.Signed(ReplaceFirst(JwtHeader(attack.kid), "at+jwt", type)),
         Header(RefusalCode::kWrongType, "typ")});
  }
  cases.push_back(
      {20, "no typ",
       attack.Signed(ReplaceFirst(JwtHeader(attack.kid), "typ", "t")),
       Header(RefusalCode::kWrongType, "typ")});
  RunAll(fixture, cases);
}

}  // namespace
}  // namespace signet
