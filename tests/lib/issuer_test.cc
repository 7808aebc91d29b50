#include "signet/issuer.h"

#include <doctest/doctest.h>

#include <set>

#include "signet/unverified.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::GoodClaims;
using testing::GoodPolicy;
using testing::JwtFixture;
using testing::kNow;
using testing::PasetoFixture;

template <class F>
void ExpectInvalid(const F& fixture, const Claims& claims,
                   std::string_view message) {
  auto token = fixture.issuer.Mint(claims);
  REQUIRE_FALSE(token.ok());
  CHECK(token.error().code == ErrorCode::kInvalid);
  CHECK(token.error().message == "minting a token: " + std::string(message));
}

TEST_CASE("a minted PASETO has exactly the footer of its key") {
  PasetoFixture fixture;
  std::string token = fixture.Mint();
  CHECK(token.starts_with("v4.public."));
  auto seen = InspectUnverified(token);
  REQUIRE(seen.ok());
  CHECK(fixture.key().id().starts_with("k4.pid."));
  CHECK(seen->footer == R"({"kid":")" + fixture.key().id() + "\"}");
}

TEST_CASE("a minted JWT has exactly the header of its key") {
  JwtFixture fixture;
  auto seen = InspectUnverified(fixture.Mint());
  REQUIRE(seen.ok());
  CHECK(seen->header == R"({"alg":"EdDSA","typ":"at+jwt","kid":")" +
                            fixture.key().id() + "\"}");
}

TEST_CASE_TEMPLATE("what is minted is what is verified", F, PasetoFixture,
                   JwtFixture) {
  F fixture;
  Claims claims = GoodClaims();
  claims.not_before = kNow;
  claims.audience = {"other", "api.example"};
  claims.cnf_jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  claims.custom = R"({"tenant":7,"roles":["a"]})";
  Policy policy = GoodPolicy();
  policy.caller_checks_binding = true;
  auto verdict = fixture.MakeVerifier(policy).Verify(fixture.Mint(claims));
  REQUIRE(verdict.ok());
  CHECK(verdict->claims() == claims);
  CHECK(verdict->key_id() == fixture.key().id());
}

TEST_CASE_TEMPLATE("issuer, subject and times are needed", F, PasetoFixture,
                   JwtFixture) {
  F fixture;
  Claims claims = GoodClaims();
  claims.issuer.clear();
  ExpectInvalid(fixture, claims, "iss is not set");
  claims = GoodClaims();
  claims.subject.clear();
  ExpectInvalid(fixture, claims, "sub is not set");
  claims = GoodClaims();
  claims.expires_at = {};
  ExpectInvalid(fixture, claims, "exp is not set");
  claims = GoodClaims();
  claims.issued_at = {};
  ExpectInvalid(fixture, claims, "iat is not set");
}

TEST_CASE("a JWT needs audience, client and id, a PASETO does not") {
  JwtFixture jwt;
  PasetoFixture paseto;
  Claims claims = GoodClaims();
  claims.audience.clear();
  ExpectInvalid(jwt, claims, "aud is not set, and a JWT needs it");
  CHECK(paseto.issuer.Mint(claims).ok());
  claims = GoodClaims();
  claims.client_id.clear();
  ExpectInvalid(jwt, claims, "client_id is not set, and a JWT needs it");
  CHECK(paseto.issuer.Mint(claims).ok());
  claims = GoodClaims();
  claims.token_id.clear();
  ExpectInvalid(jwt, claims, "jti is not set, and a JWT needs it");
  CHECK(paseto.issuer.Mint(claims).ok());
}

TEST_CASE_TEMPLATE("a lifetime is positive and at most the ring's", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Claims claims = GoodClaims();
  claims.expires_at = kNow + std::chrono::minutes(15);
  CHECK(fixture.issuer.Mint(claims).ok());
  claims.expires_at += Seconds(1);
  ExpectInvalid(fixture, claims,
                "the lifetime is 901s, the ring's limit is "
                "900s");
  claims.expires_at = kNow;
  ExpectInvalid(fixture, claims, "exp is not after iat");
  claims.expires_at = EpochSeconds::max();
  ExpectInvalid(fixture, claims, "exp is after the year 9999");
  claims.issued_at = EpochSeconds::min();
  ExpectInvalid(fixture, claims, "iat is before 1970");
  claims = GoodClaims();
  claims.not_before = claims.expires_at;
  ExpectInvalid(fixture, claims, "nbf is not before exp");
  claims.not_before = EpochSeconds{};
  ExpectInvalid(fixture, claims, "nbf is not set");
}

TEST_CASE_TEMPLATE("texts are UTF-8 without control characters", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  for (std::string_view bad : {"a\n", "\xff", "\x7f", "\xc2\x85"}) {
    CAPTURE(bad);
    constexpr std::string_view kText =
        " is not UTF-8 without control characters";
    Claims claims = GoodClaims();
    claims.subject = bad;
    ExpectInvalid(fixture, claims, "sub" + std::string(kText));
    claims = GoodClaims();
    claims.audience = {"api.example", std::string(bad)};
    ExpectInvalid(fixture, claims, "aud" + std::string(kText));
    claims = GoodClaims();
    claims.cnf_jkt = bad;
    ExpectInvalid(fixture, claims, "cnf.jkt" + std::string(kText));
  }
  Claims claims = GoodClaims();
  claims.audience = {""};
  ExpectInvalid(fixture, claims, "aud holds an empty text");
}

TEST_CASE_TEMPLATE("custom claims that are not an object are refused", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Claims claims = GoodClaims();
  claims.custom = "[1]";
  ExpectInvalid(fixture, claims, "custom is not one strict JSON object");
  claims.custom = std::string(4097, ' ');
  ExpectInvalid(fixture, claims, "custom is longer than 4096 bytes");
}

TEST_CASE_TEMPLATE("a token longer than verifiers read is not minted", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  Claims claims = GoodClaims();
  size_t minted = 0;
  for (size_t size = 5000; size < 6500; size += 3) {
    claims.scope.assign(size, 's');
    auto token = fixture.issuer.Mint(claims);
    CHECK(fixture.issuer.Check(claims).ok() == token.ok());
    if (!token.ok()) {
      CHECK(token.error().code == ErrorCode::kInvalid);
      break;
    }
    ++minted;
    CHECK(token->size() <= kMaxTokenLength);
    CHECK(verifier.Verify(*token).ok());
  }
  CHECK(minted > 0);
  CHECK(minted < 500);
}

TEST_CASE_TEMPLATE("Check refuses what Mint refuses, in the same words", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Claims late = GoodClaims(), nobody = late, control = late, nowhere = late;
  late.expires_at = late.issued_at + std::chrono::hours(24 * 365);
  nobody.subject.clear();
  control.scope = "a\nb";
  nowhere.audience.clear();
  for (const Claims& claims : {GoodClaims(), late, nobody, control, nowhere}) {
    const auto token = fixture.issuer.Mint(claims);
    const Status checked = fixture.issuer.Check(claims);
    REQUIRE(checked.ok() == token.ok());
    if (token.ok()) continue;
    CHECK(checked.error().code == token.error().code);
    CHECK(checked.error().message == token.error().message);
  }
}

TEST_CASE("an implicit assertion binds a PASETO and is refused for a JWT") {
  PasetoFixture paseto;
  auto token = paseto.issuer.Mint(GoodClaims(), "channel");
  REQUIRE(token.ok());
  Verifier verifier = paseto.MakeVerifier();
  CHECK(verifier.Verify(*token, "channel").ok());
  for (std::string_view wrong : {"", "channeL", "channel "}) {
    auto verdict = verifier.Verify(*token, wrong);
    REQUIRE_FALSE(verdict.ok());
    CHECK(verdict.error() ==
          Refusal{RefusalCode::kBadSignature, Stage::kSignature});
  }
  JwtFixture jwt;
  auto refused = jwt.issuer.Mint(GoodClaims(), "channel");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kInvalid);
}

TEST_CASE("a ring of another purpose mints no token") {
  RingInfo info;
  info.purpose = KeyPurpose::kFeed;
  info.format = KeyFormat::kFeedEd25519;
  info.policy = DefaultPolicy(KeyPurpose::kFeed);
  auto ring = SigningRing::New(info, Time(kNow));
  REQUIRE(ring.ok());
  ManualClock clock{Time(kNow)};
  auto token = Issuer(*ring, clock).Mint(GoodClaims());
  REQUIRE_FALSE(token.ok());
  CHECK(token.error().code == ErrorCode::kInvalid);
}

TEST_CASE_TEMPLATE("without an active key nothing is minted", F, PasetoFixture,
                   JwtFixture) {
  F fixture;
  ManualClock before{Time(kNow) - std::chrono::hours(2)};
  auto token = Issuer(fixture.ring, before).Mint(GoodClaims());
  REQUIRE_FALSE(token.ok());
  CHECK(token.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("new ids are 22 characters of base64url and do not repeat") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string id = NewId();
    CHECK(Base64UrlDecode(id)->size() == 16);
    seen.insert(id);
  }
  CHECK(seen.size() == 1000);
}

}  // namespace
}  // namespace signet
