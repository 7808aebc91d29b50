#include "signet/verifier.h"

#include <doctest/doctest.h>

#include <thread>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::Cut;
using testing::ExpectRefusal;
using testing::GoodClaims;
using testing::GoodPolicy;
using testing::JwtFixture;
using testing::kNow;
using testing::PasetoFixture;
using testing::ReplaceFirst;

TEST_CASE_TEMPLATE("a good token is accepted", F, PasetoFixture, JwtFixture) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  auto verdict = verifier.Verify(fixture.Mint());
  REQUIRE(verdict.ok());
  CHECK(verdict->claims() == GoodClaims());
  CHECK(verdict->key_id() == fixture.key().id());
  CHECK_FALSE(verdict->stale());
}

TEST_CASE_TEMPLATE("a bound token is refused unless the caller checks it", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Claims claims = GoodClaims();
  claims.cnf_jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  auto verdict = fixture.MakeVerifier().Verify(fixture.Mint(claims));
  REQUIRE_FALSE(verdict.ok());
  CHECK(verdict.error() ==
        Refusal{RefusalCode::kUnsupported, Stage::kPolicy, "cnf"});
}

TEST_CASE_TEMPLATE("a verified token outlives its verifier and copies", F,
                   PasetoFixture, JwtFixture) {
  std::optional<VerifiedToken> kept;
  {
    F fixture;
    kept = *fixture.MakeVerifier().Verify(fixture.Mint());
  }
  VerifiedToken copy = *kept;
  kept.reset();
  CHECK(copy.claims().subject == "alice");
  CHECK_FALSE(copy.key_id().empty());
}

TEST_CASE("a scope is one of the words, whole and in its case") {
  PasetoFixture fixture;
  Claims claims = GoodClaims();
  claims.scope = "read write:all  admin";
  auto token = fixture.MakeVerifier().Verify(fixture.Mint(claims));
  REQUIRE(token.ok());
  for (std::string_view held : {"read", "write:all", "admin"}) {
    CHECK(token->HasScope(held));
  }
  for (std::string_view not_held : {"", " ", "rea", "READ", "write", "all",
                                    "read write:all", "admin ", "admins"}) {
    CHECK_FALSE(token->HasScope(not_held));
  }
}

TEST_CASE_TEMPLATE("a token whose exp equals now is expired", F, PasetoFixture,
                   JwtFixture) {
  F fixture;
  Policy policy = GoodPolicy();
  policy.clock_skew = Duration::zero();
  policy.max_staleness = hours(1);
  Verifier verifier = fixture.MakeVerifier(policy);
  std::string token = fixture.Mint();
  fixture.clock.Advance(minutes(5) - Duration(1));
  CHECK(verifier.Verify(token).ok());
  fixture.clock.Advance(Duration(1));
  ExpectRefusal(verifier, token,
                {RefusalCode::kExpired, Stage::kPolicy, "exp"});
}

TEST_CASE_TEMPLATE("skew moves exp, nbf and iat by itself and no more", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Policy policy = GoodPolicy();
  policy.max_staleness = hours(1);
  Verifier verifier = fixture.MakeVerifier(policy);
  std::string token = fixture.Mint();
  fixture.clock.Advance(minutes(5) + Seconds(30) - Duration(1));
  CHECK(verifier.Verify(token).ok());
  fixture.clock.Advance(Duration(1));
  ExpectRefusal(verifier, token,
                {RefusalCode::kExpired, Stage::kPolicy, "exp"});

  fixture.clock.SetWall(Time(kNow) - Seconds(30));
  CHECK(verifier.Verify(token).ok());
  fixture.clock.SetWall(Time(kNow) - Seconds(30) - Duration(1));
  ExpectRefusal(verifier, token,
                {RefusalCode::kNotYetValid, Stage::kPolicy, "iat"});
  CHECK(verifier.Verify(token).error().RetryMayHelp());

  fixture.clock.SetWall(Time(kNow));
  Claims claims = GoodClaims();
  claims.not_before = kNow + Seconds(30);
  CHECK(verifier.Verify(fixture.Mint(claims)).ok());
  claims.not_before = kNow + Seconds(31);
  ExpectRefusal(verifier, fixture.Mint(claims),
                {RefusalCode::kNotYetValid, Stage::kPolicy, "nbf"});
}

TEST_CASE_TEMPLATE("a lifetime of max_lifetime passes, a longer one does not",
                   F, PasetoFixture, JwtFixture) {
  F fixture;
  Policy policy = GoodPolicy();
  policy.max_lifetime = minutes(5);
  Verifier verifier = fixture.MakeVerifier(policy);
  Claims claims = GoodClaims();
  CHECK(verifier.Verify(fixture.Mint(claims)).ok());
  claims.expires_at += Seconds(1);
  ExpectRefusal(verifier, fixture.Mint(claims),
                {RefusalCode::kLifetimeTooLong, Stage::kPolicy, "exp"});
}

TEST_CASE_TEMPLATE("the widest times do not overflow", F, PasetoFixture,
                   JwtFixture) {
  F fixture;
  Policy policy = GoodPolicy();
  Verifier verifier = fixture.MakeVerifier(policy);
  Claims claims = GoodClaims();
  claims.issued_at = EpochSeconds(Seconds(1));
  claims.expires_at = EpochSeconds(Seconds(253'402'300'799));
  std::string text = *WriteClaims(claims, F::kForm);
  ExpectRefusal(verifier, fixture.Sign(text),
                {RefusalCode::kLifetimeTooLong, Stage::kPolicy, "exp"});
  claims.issued_at = claims.expires_at - Seconds(1);
  text = *WriteClaims(claims, F::kForm);
  ExpectRefusal(verifier, fixture.Sign(text),
                {RefusalCode::kNotYetValid, Stage::kPolicy, "iat"});
}

TEST_CASE_TEMPLATE("the issuer is the policy's, byte for byte", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  for (std::string_view wrong :
       {"https://login.example/", "https://LOGIN.example",
        "https://login.exampl", "https://login.example.evil"}) {
    Claims claims = GoodClaims();
    claims.issuer = wrong;
    ExpectRefusal(verifier, fixture.Mint(claims),
                  {RefusalCode::kWrongIssuer, Stage::kPolicy, "iss"});
    Policy any = GoodPolicy();
    any.issuer.clear();
    any.any_issuer = true;
    CHECK(fixture.MakeVerifier(any).Verify(fixture.Mint(claims)).ok());
  }
}

TEST_CASE_TEMPLATE("the audience must hold the policy's, whole", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  Claims claims = GoodClaims();
  claims.audience = {"other", "api.example"};
  CHECK(verifier.Verify(fixture.Mint(claims)).ok());
  for (std::string_view wrong :
       {"api.example/", "api.exampl", "api.example.evil", "API.example"}) {
    claims.audience = {std::string(wrong), "other"};
    ExpectRefusal(verifier, fixture.Mint(claims),
                  {RefusalCode::kWrongAudience, Stage::kPolicy, "aud"});
  }
  Policy any = GoodPolicy();
  any.audience.clear();
  any.any_audience = true;
  CHECK(fixture.MakeVerifier(any).Verify(fixture.Mint(claims)).ok());
}

TEST_CASE("a PASETO without audience passes only where any audience does") {
  PasetoFixture fixture;
  Claims claims = GoodClaims();
  claims.audience.clear();
  std::string token = fixture.Mint(claims);
  ExpectRefusal(fixture.MakeVerifier(), token,
                {RefusalCode::kMissingClaim, Stage::kPolicy, "aud"});
  Policy any = GoodPolicy();
  any.audience.clear();
  any.any_audience = true;
  CHECK(fixture.MakeVerifier(any).Verify(token).ok());
}

// ---- Keys. ----

TEST_CASE_TEMPLATE("without a ring the answer is no_keys", F, PasetoFixture,
                   JwtFixture) {
  F fixture;
  LiveRing empty;
  auto verifier =
      Verifier::Create(GoodPolicy(), empty, fixture.revocations, fixture.clock);
  ExpectRefusal(*verifier, fixture.Mint(), {RefusalCode::kNoKeys, Stage::kKey});
  CHECK(verifier->Verify(fixture.Mint()).error().RetryMayHelp());
}

TEST_CASE("a ring of another purpose is no ring for access tokens") {
  PasetoFixture fixture;
  RingInfo info;
  info.purpose = KeyPurpose::kFeed;
  info.format = KeyFormat::kFeedEd25519;
  info.policy = DefaultPolicy(KeyPurpose::kFeed);
  auto ring = SigningRing::New(info, Time(kNow));
  REQUIRE(ring.ok());
  LiveRing live(ring->Public());
  auto verifier =
      Verifier::Create(GoodPolicy(), live, fixture.revocations, fixture.clock);
  ExpectRefusal(*verifier, fixture.Mint(), {RefusalCode::kNoKeys, Stage::kKey});
}

TEST_CASE("a token of the other format disagrees with the ring") {
  PasetoFixture paseto;
  JwtFixture jwt;
  const Refusal expected{RefusalCode::kWrongAlgorithm, Stage::kKey};
  ExpectRefusal(paseto.MakeVerifier(), jwt.Mint(), expected);
  ExpectRefusal(jwt.MakeVerifier(), paseto.Mint(), expected);
}

TEST_CASE("one seed in both formats does not carry a token across") {
  std::array<uint8_t, 32> seed{7};
  auto paseto_key = SecretKey::FromSecret(KeyFormat::kPasetoV4Public, seed);
  auto jwt_key = SecretKey::FromSecret(KeyFormat::kJwtEdDsa, seed);
  CHECK(paseto_key->id() != jwt_key->id());
  // A JWT that names the PASETO key, signed with the same secret.
  PasetoFixture fixture;
  std::string claims = *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
  ExpectRefusal(fixture.MakeVerifier(),
                SignJws(fixture.key(), JwtHeader(fixture.key().id()), claims),
                {RefusalCode::kWrongAlgorithm, Stage::kKey});
}

// RingOf makes a ring of the fixture's key alone, with that schedule.
template <class F>
LiveRing& PublishSchedule(F& fixture, LiveRing& live,
                          const KeySchedule& schedule) {
  RingInfo info = fixture.ring.info();
  auto ring = KeyRing::Create(info, {{fixture.key().Public(), schedule}});
  REQUIRE_MESSAGE(ring.ok(), (ring.ok() ? "" : ring.error().message));
  REQUIRE(live.Publish(*ring).ok());
  return live;
}

TEST_CASE_TEMPLATE("a key that is pending beyond the skew is not usable", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  std::string token = fixture.Mint();
  Verifier verifier = fixture.MakeVerifier();
  fixture.clock.SetWall(Time(kNow) - hours(1) - Seconds(30));
  CHECK(verifier.Verify(token).error().stage == Stage::kPolicy);
  fixture.clock.SetWall(Time(kNow) - hours(1) - Seconds(31));
  ExpectRefusal(verifier, token,
                {RefusalCode::kKeyNotUsable, Stage::kKey, "kid"});
}

TEST_CASE_TEMPLATE("a revoked key is not usable from that moment", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  KeySchedule schedule = fixture.ring.keys().front().schedule;
  schedule.revoked_at = Time(kNow) + minutes(2);
  LiveRing live;
  PublishSchedule(fixture, live, schedule);
  Policy policy = GoodPolicy();
  policy.max_staleness = hours(1);
  auto verifier =
      Verifier::Create(policy, live, fixture.revocations, fixture.clock);
  std::string token = fixture.Mint();
  CHECK(verifier->Verify(token).ok());
  fixture.clock.Advance(minutes(2) + Seconds(31));
  ExpectRefusal(*verifier, token,
                {RefusalCode::kKeyNotUsable, Stage::kKey, "kid"});
}

TEST_CASE_TEMPLATE("a rotation refuses no token that was good before it", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Policy policy = GoodPolicy();
  policy.max_staleness = hours(1);
  Verifier verifier = fixture.MakeVerifier(policy);
  REQUIRE(fixture.ring.Rotate(fixture.clock.Now()).ok());
  REQUIRE(fixture.live.Publish(fixture.ring.Public()).ok());
  Claims claims = GoodClaims();
  std::string old_key;
  size_t keys_seen = 0;
  for (int i = 0; i < 20; ++i) {
    claims.issued_at = ToSeconds(fixture.clock.Now());
    claims.expires_at = claims.issued_at + minutes(5);
    auto verdict = verifier.Verify(fixture.Mint(claims));
    REQUIRE(verdict.ok());
    if (verdict->key_id() != old_key) ++keys_seen;
    old_key = verdict->key_id();
    fixture.clock.Advance(Seconds(10));
  }
  CHECK(keys_seen == 2);
}

TEST_CASE_TEMPLATE("a key of another ring is unknown, then learnt", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  F other;
  int fetches = 0;
  fixture.live.OnUnknownKey([&fetches] { ++fetches; });
  Verifier verifier = fixture.MakeVerifier();
  ExpectRefusal(verifier, other.Mint(),
                {RefusalCode::kUnknownKey, Stage::kKey, "kid"});
  CHECK(verifier.Verify(other.Mint()).error().RetryMayHelp());
  CHECK(fetches == 2);
}

// ---- Order and counters. ----

TEST_CASE_TEMPLATE("the first stage that fails gives the refusal", F,
                   PasetoFixture, JwtFixture) {
  // One token that is wrong in every way; mended from the front, it is
  // refused one stage later each time.
  F fixture;
  F stranger;
  Revocation entry = Cut(RevocationKind::kAll, "", kForever);
  fixture.revocations.Apply({&entry, 1});
  fixture.clock.Advance(Seconds(20));
  Verifier verifier = fixture.MakeVerifier();
  auto stage = [&verifier](const std::string& token) {
    auto verdict = verifier.Verify(token);
    REQUIRE_FALSE(verdict.ok());
    return verdict.error().stage;
  };
  Claims claims = GoodClaims();
  claims.issuer = "https://other.example";
  std::string bad_claims =
      ReplaceFirst(*WriteClaims(claims, F::kForm), "\"sub\"", "\"x\"");

  CHECK(stage(std::string(8193, '.')) == Stage::kLength);
  CHECK(stage(fixture.Sign("{}") + "=") == Stage::kFormat);
  CHECK(stage(F::kIsJwt ? SignJws(stranger.key(), "{}", bad_claims)
                        : SignPaseto(stranger.key(), bad_claims, "{}", {})) ==
        Stage::kHeader);
  CHECK(stage(stranger.Sign(bad_claims)) == Stage::kKey);
  const std::string& kid = fixture.key().id();
  CHECK(stage(F::kIsJwt
                  ? SignJws(stranger.key(), JwtHeader(kid), bad_claims)
                  : SignPaseto(stranger.key(), bad_claims, PasetoFooter(kid),
                               {})) == Stage::kSignature);
  CHECK(stage(fixture.Sign(bad_claims)) == Stage::kClaims);
  CHECK(stage(fixture.Mint(claims)) == Stage::kPolicy);
  CHECK(stage(fixture.Mint()) == Stage::kRevocation);
  fixture.revocations.Replace({});
  CHECK(stage(fixture.Mint()) == Stage::kFreshness);
}

TEST_CASE("every verdict is counted once, by its code, over all threads") {
  PasetoFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  std::string token = fixture.Mint();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        CHECK(verifier.Verify(token).ok());
        CHECK_FALSE(verifier.Verify("x").ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  VerifierCounters counters = verifier.counters();
  CHECK(counters.accepted == 200);
  CHECK(counters.accepted_stale == 0);
  for (size_t i = 0; i < std::size(counters.refused); ++i) {
    CHECK(counters.refused[i] ==
          (i == static_cast<size_t>(RefusalCode::kMalformed) ? 200u : 0u));
  }
}

}  // namespace
}  // namespace signet
