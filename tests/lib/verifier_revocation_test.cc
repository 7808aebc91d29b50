// The last two stages of Verifier::Verify: is the token revoked, and is the
// list young enough to tell?

#include <doctest/doctest.h>

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

TEST_CASE_TEMPLATE("each kind of revocation voids the token that it names", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  const Claims claims = GoodClaims();
  std::string token = fixture.Mint(claims);
  const EpochSeconds later = kNow + Seconds(1);
  const std::string& kid = fixture.key().id();
  for (const Revocation& entry :
       {Cut(RevocationKind::kToken, claims.token_id, {}),
        Cut(RevocationKind::kSession, claims.session_id, {}),
        Cut(RevocationKind::kSubject, claims.subject, later),
        Cut(RevocationKind::kClient, claims.client_id, later),
        Cut(RevocationKind::kKey, kid, later),
        Cut(RevocationKind::kKey, kid, kForever),
        Cut(RevocationKind::kAll, "", later)}) {
    CAPTURE(RevocationKindName(entry.kind));
    RevocationList list;
    list.SetAuthoritative();
    auto verifier =
        Verifier::Create(GoodPolicy(), fixture.live, list, fixture.clock);
    CHECK(verifier->Verify(token).ok());
    list.Apply({&entry, 1});
    ExpectRefusal(*verifier, token,
                  {RefusalCode::kRevoked, Stage::kRevocation});
  }
}

TEST_CASE_TEMPLATE("a revocation spares what it does not name", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  const Claims claims = GoodClaims();
  std::vector<Revocation> entries = {
      Cut(RevocationKind::kToken, claims.session_id, {}),
      Cut(RevocationKind::kSession, claims.token_id, {}),
      Cut(RevocationKind::kSubject, "bob", kForever),
      Cut(RevocationKind::kClient, claims.subject, kForever),
      Cut(RevocationKind::kKey, "other", kForever),
      // Issued at the cutoff itself: not before it.
      Cut(RevocationKind::kSubject, claims.subject, kNow),
      Cut(RevocationKind::kAll, "", kNow)};
  fixture.revocations.Apply(entries);
  CHECK(fixture.MakeVerifier().Verify(fixture.Mint(claims)).ok());
}

TEST_CASE("a token without jti, sid and client is voided by its subject") {
  PasetoFixture fixture;
  Claims claims = GoodClaims();
  claims.token_id.clear();
  claims.session_id.clear();
  claims.client_id.clear();
  std::string token = fixture.Mint(claims);
  Verifier verifier = fixture.MakeVerifier();
  Revocation entries[] = {Cut(RevocationKind::kToken, "", {}),
                          Cut(RevocationKind::kSession, "", {}),
                          Cut(RevocationKind::kClient, "", kForever)};
  fixture.revocations.Apply(entries);
  CHECK(verifier.Verify(token).ok());
  Revocation subject = Cut(RevocationKind::kSubject, "alice", kForever);
  fixture.revocations.Apply({&subject, 1});
  ExpectRefusal(verifier, token, {RefusalCode::kRevoked, Stage::kRevocation});
}

TEST_CASE_TEMPLATE("a verifier without revocation knows of no logout", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  auto verifier = Verifier::CreateWithoutRevocation(GoodPolicy(), fixture.live,
                                                    fixture.clock);
  REQUIRE(verifier.ok());
  auto verdict = verifier->Verify(fixture.Mint());
  REQUIRE(verdict.ok());
  CHECK_FALSE(verdict->stale());
}

TEST_CASE_TEMPLATE("a list that was never confirmed is stale", F, PasetoFixture,
                   JwtFixture) {
  F fixture;
  RevocationList cold;
  auto verifier =
      Verifier::Create(GoodPolicy(), fixture.live, cold, fixture.clock);
  ExpectRefusal(*verifier, fixture.Mint(),
                {RefusalCode::kStale, Stage::kFreshness});
  CHECK(verifier->Verify(fixture.Mint()).error().RetryMayHelp());
}

TEST_CASE_TEMPLATE("a list as old as max_staleness passes, an older does not",
                   F, PasetoFixture, JwtFixture) {
  F fixture;
  Verifier verifier = fixture.MakeVerifier();
  std::string token = fixture.Mint();
  fixture.clock.Advance(Seconds(10));
  CHECK(verifier.Verify(token).ok());
  fixture.clock.Advance(Duration(1));
  ExpectRefusal(verifier, token, {RefusalCode::kStale, Stage::kFreshness});
  fixture.revocations.Confirm(fixture.clock.Now(),
                              fixture.clock.MonotonicNow());
  CHECK(verifier.Verify(token).ok());
}

// A LaggingClock's coarse reading stands still, as it does while a virtual
// machine's timer is not let run.
class LaggingClock final : public Clock {
 public:
  explicit LaggingClock(const Clock& clock)
      : clock_(clock), stuck_{clock.Now(), clock.MonotonicNow()} {}
  Time Now() const override { return clock_.Now(); }
  Monotonic MonotonicNow() const override { return clock_.MonotonicNow(); }
  Moment Coarse() const override { return stuck_; }
  void Tick() { stuck_ = {Now(), MonotonicNow()}; }

 private:
  const Clock& clock_;
  Moment stuck_;
};

TEST_CASE_TEMPLATE("a coarse clock that lags does not stretch the bound", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  const std::string token = fixture.Mint(GoodClaims());
  RevocationList list;
  list.Confirm(fixture.clock.Now(), fixture.clock.MonotonicNow());
  LaggingClock clock(fixture.clock);
  Policy policy = GoodPolicy();
  auto verifier = Verifier::Create(policy, fixture.live, list, clock);
  REQUIRE(verifier.ok());
  // The last tick was a while ago, and just before the bound.
  fixture.clock.Advance(policy.max_staleness - Duration(4));
  clock.Tick();
  fixture.clock.Advance(Duration(4));
  CHECK(verifier->Verify(token).ok());
  fixture.clock.Advance(Duration(1));
  ExpectRefusal(*verifier, token, {RefusalCode::kStale, Stage::kFreshness});

  // Nor where the bound is short, and ticks are few.
  policy.max_staleness = Duration(100);
  list.Confirm(fixture.clock.Now(), fixture.clock.MonotonicNow());
  clock.Tick();
  verifier = Verifier::Create(policy, fixture.live, list, clock);
  fixture.clock.Advance(Duration(101));
  ExpectRefusal(*verifier, token, {RefusalCode::kStale, Stage::kFreshness});
}

TEST_CASE_TEMPLATE("accept_and_alarm accepts at any age and says so", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Policy policy = GoodPolicy();
  policy.when_stale = WhenStale::kAcceptAndAlarm;
  Verifier verifier = fixture.MakeVerifier(policy);
  std::string token = fixture.Mint();
  CHECK_FALSE(verifier.Verify(token)->stale());
  fixture.clock.Advance(minutes(4));
  auto verdict = verifier.Verify(token);
  REQUIRE(verdict.ok());
  CHECK(verdict->stale());
  CHECK(verifier.counters().accepted == 2);
  CHECK(verifier.counters().accepted_stale == 1);
}

TEST_CASE_TEMPLATE("accept_until refuses beyond the harder bound", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Policy policy = GoodPolicy();
  policy.when_stale = WhenStale::kAcceptUntil;
  policy.hard_staleness = minutes(2);
  Verifier verifier = fixture.MakeVerifier(policy);
  std::string token = fixture.Mint();
  fixture.clock.Advance(minutes(2));
  auto verdict = verifier.Verify(token);
  REQUIRE(verdict.ok());
  CHECK(verdict->stale());
  fixture.clock.Advance(Duration(1));
  ExpectRefusal(verifier, token, {RefusalCode::kStale, Stage::kFreshness});
}

TEST_CASE_TEMPLATE("a revoked token is revoked even when the list is stale", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Revocation entry = Cut(RevocationKind::kSubject, "alice", kForever);
  fixture.revocations.Apply({&entry, 1});
  Verifier verifier = fixture.MakeVerifier();
  std::string token = fixture.Mint();
  fixture.clock.Advance(minutes(1));
  ExpectRefusal(verifier, token, {RefusalCode::kRevoked, Stage::kRevocation});
}

}  // namespace
}  // namespace signet
