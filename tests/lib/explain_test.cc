// Verifier::Explain: the same verdict as Verify, and a sentence for each step.

#include <doctest/doctest.h>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::Cut;
using testing::GoodClaims;
using testing::GoodPolicy;
using testing::JwtFixture;
using testing::kNow;
using testing::PasetoFixture;
using testing::ReplaceFirst;

constexpr size_t kStages = static_cast<size_t>(Stage::kFreshness) + 1;

// ExplainLike explains, and checks what holds for every explanation: the
// verdict is Verify's, steps before the refusal passed, those after it were
// not reached.
Explanation ExplainLike(const Verifier& verifier, std::string_view token,
                        std::string_view assertion = {}) {
  auto verdict = verifier.Verify(token, assertion);
  Explanation explanation = verifier.Explain(token, assertion);
  REQUIRE(explanation.verdict.ok() == verdict.ok());
  REQUIRE(explanation.steps.size() == kStages);
  size_t refused_at = kStages;
  if (!verdict) {
    CHECK(explanation.verdict.error() == verdict.error());
    refused_at = static_cast<size_t>(verdict.error().stage);
  }
  for (size_t i = 0; i < kStages; ++i) {
    const Explanation::Step& step = explanation.steps[i];
    CAPTURE(step.text);
    CHECK(step.stage == static_cast<Stage>(i));
    CHECK_FALSE(step.text.empty());
    if (i == refused_at) CHECK(step.outcome == StepOutcome::kRefused);
    if (i < refused_at) CHECK(step.outcome != StepOutcome::kRefused);
    if (i > refused_at) CHECK(step.outcome == StepOutcome::kNotChecked);
  }
  return explanation;
}

// ExpectReason checks the sentence of the step that refused.
void ExpectReason(const Verifier& verifier, std::string_view token, Stage stage,
                  std::string_view text) {
  const Explanation explanation = ExplainLike(verifier, token);
  REQUIRE_FALSE(explanation.verdict.ok());
  CHECK(explanation.verdict.error().stage == stage);
  CHECK(explanation.steps[static_cast<size_t>(stage)].text == text);
}

TEST_CASE("an accepted token is explained step by step") {
  PasetoFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  const std::string token = fixture.Mint();
  const std::string size = std::to_string(token.size());
  const Explanation first = verifier.Explain(token);
  REQUIRE(first.verdict.ok());
  CHECK(first.verdict->claims() == GoodClaims());
  CHECK(first.ToString() ==
        "length: passed: the token is " + size +
            " bytes long; the limit is 8192\n"
            "format: passed: it is a PASETO v4.public token\n"
            "header: passed: it names its key and demands nothing that is "
            "not allowed\n"
            "key: passed: the ring of generation 1 holds key " +
            fixture.key().id() +
            ", which is active\n"
            "signature: passed: the signature is good\n"
            "claims: passed: the claims are well-formed\n"
            "policy: passed: issuer, audience and times are what the policy "
            "demands; it expires at 2026-11-22T10:05:00Z\n"
            "revocation: passed: none of the list's 0 entries voids it\n"
            "freshness: passed: the revocation list is 0s old; the policy's "
            "bound is 10s\n");
  // From the cache it is the same but for that.
  CHECK(verifier.Explain(token).ToString() ==
        ReplaceFirst(first.ToString(), "the signature is good",
                     "the signature was found good when it was first seen"));
}

TEST_CASE("explaining is not counted") {
  PasetoFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  CHECK(verifier.Explain(fixture.Mint()).verdict.ok());
  CHECK_FALSE(verifier.Explain("x").verdict.ok());
  CHECK(verifier.counters().accepted == 0);
  CHECK(verifier.counters().authenticated == 0);
  for (uint64_t refused : verifier.counters().refused) CHECK(refused == 0);
}

TEST_CASE_TEMPLATE("every stage that refuses gives its reason", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  ExpectReason(verifier, std::string(8193, 'x'), Stage::kLength,
               "the token is 8193 bytes long; the limit is 8192");
  ExpectReason(verifier, "x", Stage::kFormat,
               "it is no token: not of a form that is known, or not in the "
               "one spelling of it");
  ExpectReason(verifier, "v2.public.AAAA", Stage::kFormat,
               "it is a token of a kind that is not supported");
  F stranger;
  ExpectReason(verifier, stranger.Mint(), Stage::kKey,
               "the ring of generation 1 does not hold the key that the token "
               "names");
  std::string forged = fixture.Mint();
  const size_t inside = forged.find('.', 10) + 10;
  forged[F::kIsJwt ? inside : 20] ^= 1;
  CHECK(ExplainLike(verifier, forged).verdict.error().stage >= Stage::kFormat);
  ExpectReason(verifier, fixture.Sign("[]"), Stage::kClaims,
               "what is signed is not one strict JSON object");
  const std::string claims = *WriteClaims(GoodClaims(), F::kForm);
  ExpectReason(verifier, fixture.Sign(ReplaceFirst(claims, "\"sub\"", "\"x\"")),
               Stage::kClaims, "the claim sub is missing");
  ExpectReason(
      verifier,
      fixture.Sign(ReplaceFirst(claims, "\"sub\":\"alice\"", "\"sub\":1")),
      Stage::kClaims, "the claim sub is of the wrong type or out of its range");

  Claims other = GoodClaims();
  other.issuer = "https://evil.example";
  ExpectReason(verifier, fixture.Mint(other), Stage::kPolicy,
               "iss is not the policy's issuer, \"https://login.example\"");
  other = GoodClaims();
  other.audience = {"mail"};
  ExpectReason(verifier, fixture.Mint(other), Stage::kPolicy,
               "aud does not name the policy's audience, \"api.example\"");
  other = GoodClaims();
  other.cnf_jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  ExpectReason(verifier, fixture.Mint(other), Stage::kPolicy,
               "the token is bound to a key, and the policy does not say that "
               "the caller checks the proof");
}

TEST_CASE("a JWT's header is explained by the parameter at fault") {
  JwtFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  const std::string claims = *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
  const std::string header = JwtHeader(fixture.key().id());
  const auto with = [&](std::string_view what, std::string_view by) {
    return SignJws(fixture.key(), ReplaceFirst(header, what, by), claims);
  };
  ExpectReason(verifier, with("EdDSA", "none"), Stage::kHeader,
               "alg in it is something that is never accepted");
  ExpectReason(verifier, with("EdDSA", "HS256"), Stage::kKey,
               "the algorithm in the header is not the key's");
  ExpectReason(verifier, with("at+jwt", "dpop+jwt"), Stage::kHeader,
               "its typ does not say that it is an access token");
  ExpectReason(verifier, with("\"kid\"", "\"kiD\""), Stage::kHeader,
               "kid is missing in it");
  ExpectReason(verifier, with("{", ""), Stage::kHeader,
               "the header is not one small and strict JSON object");
  ExpectReason(verifier, PasetoFixture().Mint(), Stage::kKey,
               "the token is not of the format of the ring of generation 1, "
               "jwt-eddsa");
}

TEST_CASE_TEMPLATE("times are explained by the token's and the clock's", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Policy policy = GoodPolicy();
  policy.max_lifetime = minutes(5);
  policy.max_staleness = hours(24);
  Verifier verifier = fixture.MakeVerifier(policy);
  const std::string token = fixture.Mint();
  fixture.clock.SetWall(Time(kNow) + minutes(6));
  ExpectReason(verifier, token, Stage::kPolicy,
               "it expired at 2026-11-22T10:05:00Z; now is "
               "2026-11-22T10:06:00Z and the clocks may differ by 30s");
  fixture.clock.SetWall(Time(kNow) - minutes(1));
  ExpectReason(verifier, token, Stage::kPolicy,
               "iat is 2026-11-22T10:00:00Z, which has not come; now is "
               "2026-11-22T09:59:00Z and the clocks may differ by 30s");
  fixture.clock.SetWall(Time(kNow));
  Claims claims = GoodClaims();
  claims.not_before = kNow + minutes(2);
  ExpectReason(verifier, fixture.Mint(claims), Stage::kPolicy,
               "nbf is 2026-11-22T10:02:00Z, which has not come; now is "
               "2026-11-22T10:00:00Z and the clocks may differ by 30s");
  claims = GoodClaims();
  claims.expires_at += Seconds(1);
  ExpectReason(verifier, fixture.Mint(claims), Stage::kPolicy,
               "its life from iat to exp is 301s; the policy's bound is 300s");
}

TEST_CASE("keys are explained by their state") {
  PasetoFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  const std::string token = fixture.Mint();
  REQUIRE(fixture.ring.Revoke(fixture.key().id(), fixture.clock.Now()).ok());
  REQUIRE(fixture.live.Publish(fixture.ring.Public()).ok());
  ExpectReason(verifier, token, Stage::kKey,
               "the ring of generation 2 holds key " + fixture.key().id() +
                   ", which is revoked and may not verify now");
  LiveRing empty;
  auto without =
      Verifier::Create(GoodPolicy(), empty, fixture.revocations, fixture.clock);
  ExpectReason(*without, token, Stage::kKey,
               "this verifier has no ring of keys for it");
}

TEST_CASE_TEMPLATE("a revocation is explained by what was revoked", F,
                   PasetoFixture, JwtFixture) {
  const Claims claims = GoodClaims();
  const EpochSeconds later = kNow + Seconds(1);
  F fixture;
  const std::string token = fixture.Mint();
  for (const auto& [entry, text] :
       {std::pair(Cut(RevocationKind::kToken, claims.token_id, {}),
                  "its token was revoked"),
        std::pair(Cut(RevocationKind::kSession, claims.session_id, {}),
                  "its session was revoked"),
        std::pair(Cut(RevocationKind::kSubject, claims.subject, later),
                  "its subject was revoked"),
        std::pair(Cut(RevocationKind::kClient, claims.client_id, later),
                  "its client was revoked"),
        std::pair(Cut(RevocationKind::kKey, fixture.key().id(), kForever),
                  "its key was revoked"),
        std::pair(Cut(RevocationKind::kAll, "", later),
                  "all tokens of its time were revoked")}) {
    RevocationList list;
    list.SetAuthoritative();
    auto verifier =
        Verifier::Create(GoodPolicy(), fixture.live, list, fixture.clock);
    list.Apply({&entry, 1});
    ExpectReason(*verifier, token, Stage::kRevocation, text);
  }
}

TEST_CASE("a list's age is explained, and that there is none") {
  PasetoFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  const std::string token = fixture.Mint();
  fixture.clock.Advance(Seconds(11));
  ExpectReason(verifier, token, Stage::kFreshness,
               "the revocation list is 11s old; the policy's bound is 10s");
  Policy any = GoodPolicy();
  any.when_stale = WhenStale::kAcceptAndAlarm;
  CHECK(ExplainLike(fixture.MakeVerifier(any), token).steps.back().text ==
        "the revocation list is 11s old; the policy's bound is 10s, and it "
        "says to accept beyond it");
  RevocationList cold;
  auto waiting =
      Verifier::Create(GoodPolicy(), fixture.live, cold, fixture.clock);
  ExpectReason(*waiting, token, Stage::kFreshness,
               "the revocation list has never been confirmed by its service, "
               "or this machine's clock has been set back");
  auto without = Verifier::CreateWithoutRevocation(GoodPolicy(), fixture.live,
                                                   fixture.clock);
  const Explanation explanation = ExplainLike(*without, token);
  CHECK(explanation.verdict.ok());
  for (size_t i : {kStages - 2, kStages - 1}) {
    CHECK(explanation.steps[i].outcome == StepOutcome::kNotChecked);
    CHECK(explanation.steps[i].text == "this verifier knows of no revocations");
  }
}

TEST_CASE("nothing that an unproven token says is repeated") {
  JwtFixture fixture;
  JwtFixture stranger;
  Verifier verifier = fixture.MakeVerifier();
  Claims claims = GoodClaims();
  claims.subject = "SENDERS-WORDS";
  const std::string text = *WriteClaims(claims, ClaimsForm::kJwt);
  for (const std::string& token :
       {stranger.Mint(claims),
        SignJws(stranger.key(), JwtHeader("SENDERS-WORDS"), text),
        SignJws(stranger.key(), JwtHeader(fixture.key().id()), text),
        SignJws(stranger.key(), "{\"SENDERS-WORDS\":1}", text),
        std::string("SENDERS-WORDS"), std::string(9000, 'S')}) {
    const std::string explanation = ExplainLike(verifier, token).ToString();
    CHECK(explanation.find("SENDERS") == std::string::npos);
    CHECK(explanation.find(token) == std::string::npos);
  }
}

}  // namespace
}  // namespace signet
