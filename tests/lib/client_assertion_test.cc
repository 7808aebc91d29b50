// private_key_jwt: RFC 7521 section 4.2, RFC 7523 section 3.

#include "signet/client_assertion.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "signet/jwk.h"
#include "tests/lib/dpop_fixture.h"

namespace signet {
namespace {

using testing::kNow;
using testing::ProofKey;

constexpr char kIssuer[] = "https://auth.example";

std::string NowPlus(int64_t seconds) {
  return std::to_string(kNow.time_since_epoch().count() + seconds);
}

std::string SetOf(std::initializer_list<std::string> keys) {
  std::string set;
  for (const std::string& key : keys) set += (set.empty() ? "" : ",") + key;
  return R"({"keys":[)" + set + "]}";
}

std::string PublicJwk(const SecretKey& key) { return WriteJwk(key.Public()); }

std::string HeaderOf(const SecretKey& key, const std::string& more = "") {
  return R"({"alg":")" + std::string(JoseAlgorithm(key.format())) + "\"" +
         more + "}";
}

// ClaimsText is what a good assertion says, with some members in other words.
std::string ClaimsText(const std::string& audience = "\"https://auth.example\"",
                       const std::string& more = "",
                       const std::string& expires = NowPlus(60)) {
  return R"({"iss":"billing","sub":"billing","aud":)" + audience +
         R"(,"exp":)" + expires + R"(,"jti":"a1")" + more + "}";
}

struct AssertionFixture {
  ManualClock clock{Time(kNow)};
  ReplayMemory memory{100};
  JwsKeys keys = Keys(SetOf({PublicJwk(ProofKey())}));

  static JwsKeys Keys(const std::string& set) {
    auto parsed = JwsKeys::Parse(set);
    REQUIRE_MESSAGE(parsed.ok(), parsed.error().message);
    return *std::move(parsed);
  }

  std::string Verify(const std::string& assertion,
                     std::vector<std::string> audiences = {kIssuer}) {
    auto verifier = AssertionVerifier::Create(
        {.audiences = std::move(audiences)}, memory, clock);
    REQUIRE(verifier.ok());
    const auto verdict = verifier->Verify(assertion, "billing", keys);
    return verdict ? "proven" : verdict.error().ToString();
  }
  // VerifyClaims asks for claims that are signed with the client's key.
  std::string VerifyClaims(const std::string& claims) {
    return Verify(SignJws(ProofKey(), HeaderOf(ProofKey()), claims));
  }
};

TEST_CASE("an assertion of every algorithm proves its client") {
  for (const KeyFormat format : testing::kProofFormats) {
    AssertionFixture fixture;
    const SecretKey& key = ProofKey(format);
    fixture.keys = AssertionFixture::Keys(SetOf({PublicJwk(key)}));
    const std::string text = SignJws(key, HeaderOf(key), ClaimsText());
    CHECK(fixture.Verify(text) == "proven");
    CHECK(UnverifiedClientId(text) == "billing");
  }
}

TEST_CASE("Ed25519 is another name of EdDSA (RFC 9864)") {
  AssertionFixture fixture;
  const SecretKey& key = ProofKey(KeyFormat::kJwtEdDsa);
  fixture.keys = AssertionFixture::Keys(SetOf({PublicJwk(key)}));
  CHECK(fixture.Verify(SignJws(key, R"({"alg":"Ed25519"})", ClaimsText())) ==
        "proven");
  // It is no other curve's, and no other key's.
  AssertionFixture other;
  CHECK(other.Verify(SignJws(key, R"({"alg":"Ed25519"})", ClaimsText())) ==
        "unknown_key");
}

TEST_CASE("an assertion is good once, until the moment it expires") {
  AssertionFixture fixture;
  const std::string text =
      SignJws(ProofKey(), HeaderOf(ProofKey()), ClaimsText());
  CHECK(fixture.Verify(text) == "proven");
  CHECK(fixture.Verify(text) == "replayed (jti)");
  // exp and the leeway for clocks.
  fixture.clock.Advance(Seconds(90));
  CHECK(fixture.Verify(text) == "expired (exp)");
}

TEST_CASE("a jti counts for its client alone, and a full memory says so") {
  AssertionFixture fixture;
  ReplayMemory one(1);
  auto verifier =
      AssertionVerifier::Create({.audiences = {kIssuer}}, one, fixture.clock);
  REQUIRE(verifier.ok());
  const auto sign = [](const std::string& id) {
    std::string claims = ClaimsText();
    claims.replace(claims.find("a1"), 2, id);
    return SignJws(ProofKey(), HeaderOf(ProofKey()), claims);
  };
  CHECK(verifier->Verify(sign("x"), "billing", fixture.keys).ok());
  const auto full = verifier->Verify(sign("y"), "billing", fixture.keys);
  REQUIRE_FALSE(full.ok());
  CHECK(full.error().code == AssertionRefusalCode::kUnknown);
}

TEST_CASE("what is older than the replay memory is unknown, not refused") {
  AssertionFixture fixture;
  auto verifier = AssertionVerifier::Create(
      {.audiences = {kIssuer}, .remembers_since = kNow}, fixture.memory,
      fixture.clock);
  REQUIRE(verifier.ok());
  const auto verdict = [&](const std::string& id, const std::string& more) {
    std::string claims = ClaimsText(R"("https://auth.example")", more);
    claims.replace(claims.find("a1"), 2, id);
    const auto verified =
        verifier->Verify(SignJws(ProofKey(), HeaderOf(ProofKey()), claims),
                         "billing", fixture.keys);
    return verified ? "proven" : verified.error().ToString();
  };
  CHECK(verdict("a", ",\"iat\":" + NowPlus(-1)) == "unknown (iat)");
  CHECK(verdict("b", ",\"iat\":" + NowPlus(0)) == "proven");
  CHECK(verdict("c", ",\"nbf\":" + NowPlus(-1)) == "unknown (nbf)");
  // nbf may lie before iat, which says when it was made.
  CHECK(verdict("d", ",\"nbf\":" + NowPlus(-9) + ",\"iat\":" + NowPlus(0)) ==
        "proven");
  // Nothing tells when this one was made.
  CHECK(verdict("e", "") == "proven");
  // What is wrong is wrong, whenever it was made.
  fixture.clock.Advance(Seconds(90));
  CHECK(verdict("f", ",\"iat\":" + NowPlus(-1)) == "expired (exp)");
}

TEST_CASE("iss and sub are both the client") {
  AssertionFixture fixture;
  std::string claims = ClaimsText();
  claims.replace(claims.find("billing"), 7, "courier");
  CHECK(fixture.VerifyClaims(claims) == "wrong_client (iss)");
  claims = ClaimsText();
  claims.replace(claims.rfind("billing"), 7, "courier");
  CHECK(fixture.VerifyClaims(claims) == "wrong_client (sub)");
}

TEST_CASE("every audience is this server") {
  AssertionFixture fixture;
  const auto verdict = [&](const std::string& audience) {
    return fixture.VerifyClaims(ClaimsText(audience));
  };
  CHECK(verdict(R"(["https://auth.example"])") == "proven");
  CHECK(verdict(R"("https://auth.example/token")") == "wrong_audience (aud)");
  CHECK(verdict(R"("https://auth.example/")") == "wrong_audience (aud)");
  CHECK(verdict(R"(["https://auth.example","https://evil.example"])") ==
        "wrong_audience (aud)");
  CHECK(verdict("[]") == "bad_claim (aud)");
  CHECK(verdict("7") == "bad_claim (aud)");
  // A server may know itself by other names.
  const std::string text =
      SignJws(ProofKey(), HeaderOf(ProofKey()),
              ClaimsText(R"("https://auth.example/token")", R"(,"x":1)"));
  AssertionFixture legacy;
  CHECK(legacy.Verify(text, {kIssuer, "https://auth.example/token"}) ==
        "proven");
}

TEST_CASE("times are judged at their boundaries") {
  AssertionFixture fixture;
  const auto expires = [&](int64_t seconds) {
    return fixture.VerifyClaims(
        ClaimsText("\"https://auth.example\"", "", NowPlus(seconds)));
  };
  CHECK(expires(-30) == "expired (exp)");
  CHECK(expires(631) == "too_long_lived (exp)");
  CHECK(expires(630) == "proven");
  const auto more = [&](const std::string& text) {
    return fixture.VerifyClaims(ClaimsText("\"https://auth.example\"", text));
  };
  CHECK(more(",\"nbf\":" + NowPlus(31)) == "too_new (nbf)");
  CHECK(more(",\"iat\":" + NowPlus(31)) == "too_new (iat)");
  CHECK(more(",\"iat\":\"now\"") == "bad_claim (iat)");
}

TEST_CASE("exp, jti and aud are required") {
  for (const char* name : {"iss", "sub", "aud", "exp", "jti"}) {
    AssertionFixture fixture;
    std::string claims = ClaimsText();
    claims.replace(claims.find(std::string("\"") + name + "\"") + 1, 3, "xxx");
    CHECK(fixture.VerifyClaims(claims) ==
          "missing_claim (" + std::string(name) + ")");
  }
}

TEST_CASE("the header cannot choose how it is verified") {
  AssertionFixture fixture;
  const auto header = [&](const std::string& text) {
    return fixture.Verify(SignJws(ProofKey(), text, ClaimsText()));
  };
  CHECK(header(R"({"alg":"none"})") == "unsupported (alg)");
  CHECK(header(R"({"alg":"HS256"})") == "unsupported (alg)");
  CHECK(header(R"({"alg":"RS256"})") == "unknown_key");
  CHECK(header(R"({"typ":"JWT"})") == "missing_claim (alg)");
  CHECK(header(R"({"alg":"ES256","typ":"at+jwt"})") == "wrong_type (typ)");
  CHECK(header(R"({"alg":"ES256","typ":"dpop+jwt"})") == "wrong_type (typ)");
  CHECK(header(R"({"alg":"ES256","kid":"other"})") == "unknown_key");
  CHECK(header(R"({"alg":"ES256","kid":7})") == "bad_claim (kid)");
  CHECK(header(R"({"alg":"ES256","jwk":{}})") == "unsupported (jwk)");
  CHECK(header(R"({"alg":"ES256","crit":["x"]})") == "unsupported (crit)");
  CHECK(header(R"({"alg":"ES256","typ":"Client-Authentication+JWT"})") ==
        "proven");
}

TEST_CASE("of several keys the kid chooses, and without it all are tried") {
  const SecretKey second = SecretKey::Generate(KeyFormat::kJwtEs256);
  AssertionFixture fixture;
  fixture.keys =
      AssertionFixture::Keys(SetOf({PublicJwk(ProofKey()), PublicJwk(second)}));
  const std::string kid = R"(,"kid":")" + ProofKey().id() + "\"";
  CHECK(fixture.Verify(SignJws(second, HeaderOf(second, kid), ClaimsText())) ==
        "bad_signature");
  CHECK(fixture.Verify(SignJws(second, HeaderOf(second), ClaimsText())) ==
        "proven");
}

TEST_CASE("what is no assertion names nobody") {
  AssertionFixture fixture;
  for (const std::string& text :
       {std::string(), std::string("a.b.c"), std::string("...."),
        std::string(9000, 'a'),
        SignJws(ProofKey(), HeaderOf(ProofKey()), "[]")}) {
    CHECK(fixture.Verify(text) != "proven");
    CHECK(UnverifiedClientId(text).empty());
  }
  std::string text = SignJws(ProofKey(), HeaderOf(ProofKey()), ClaimsText());
  text[text.rfind('.') + 2] = text[text.rfind('.') + 2] == 'A' ? 'B' : 'A';
  CHECK(fixture.Verify(text) == "bad_signature");
}

TEST_CASE("a set of keys that leaks, is broken or empty is refused") {
  const SecretKey& key = ProofKey();
  CHECK_FALSE(JwsKeys::Parse(SetOf({WriteSecretJwk(key)})).ok());
  CHECK_FALSE(JwsKeys::Parse(SetOf({})).ok());
  CHECK_FALSE(JwsKeys::Parse("{}").ok());
  CHECK_FALSE(JwsKeys::Parse(SetOf({PublicJwk(key), PublicJwk(key)})).ok());
  std::string broken = PublicJwk(key);
  broken.replace(broken.find("\"x\":\"") + 5, 4, "AAAA");
  CHECK_FALSE(JwsKeys::Parse(SetOf({broken})).ok());
}

TEST_CASE("a policy names every problem") {
  ReplayMemory memory(1);
  const auto verifier =
      AssertionVerifier::Create({.audiences = {""},
                                 .max_lifetime = std::chrono::hours(2),
                                 .clock_skew = std::chrono::minutes(6)},
                                memory);
  REQUIRE_FALSE(verifier.ok());
  for (const char* part : {"audience", "max_lifetime", "clock_skew"}) {
    CHECK(verifier.error().message.find(part) != std::string::npos);
  }
}

}  // namespace
}  // namespace signet
