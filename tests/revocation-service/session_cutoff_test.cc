// Cutoffs that follow each other, and what is issued between them.

#include <doctest/doctest.h>

#include <fstream>

#include "revocation-service/backup.h"
#include "tests/revocation-service/session_fixture.h"
#include "tests/temp_dir.h"

namespace signet::service {
namespace {

using Kind = RevocationKind;
using Outcome = ExchangeOutcome;
using std::chrono::minutes;
using std::chrono::seconds;

// ValueFor names alice, app or nothing.
std::string ValueFor(Kind kind) {
  return kind == Kind::kSubject ? "alice" : kind == Kind::kClient ? "app" : "";
}

// IsVoid tells whether verifiers that have the log refuse the grant's token.
bool IsVoid(SessionFixture& f, const Grant& grant) {
  const RevocationId session =
      MakeRevocationId(Kind::kSession, SessionIdText(grant.session.id));
  for (const LogEntry& entry : f.Log()) {
    const Revocation& revocation = entry.revocation;
    if (revocation.kind == Kind::kSession && revocation.id == session) {
      return true;
    }
    if (revocation.kind >= Kind::kSubject && revocation.kind != Kind::kKey &&
        revocation.id ==
            MakeRevocationId(revocation.kind, ValueFor(revocation.kind)) &&
        revocation.not_before > grant.issued_at) {
      return true;
    }
  }
  return false;
}

TEST_CASE("a session opened in the second of a cutoff survives it") {
  for (const Kind kind : {Kind::kSubject, Kind::kClient, Kind::kAll}) {
    SessionFixture f;
    const std::string value = kind == Kind::kSubject  ? "alice"
                              : kind == Kind::kClient ? "app"
                                                      : "";
    const Grant before = f.Open();
    REQUIRE(f.Revoke({.kind = kind, .value = value}).ok());
    const Grant after = f.Open();
    CHECK(after.issued_at == kNoon + seconds(1));
    CHECK(after.expires_at == after.issued_at + f.limits.access_lifetime);
    CHECK(f.Exchange(before.refresh_token).outcome == Outcome::kRevoked);
    const ExchangeResult result = f.Exchange(after.refresh_token);
    REQUIRE(result.outcome == Outcome::kRotated);
    CHECK(result.grant->issued_at == kNoon + seconds(1));
  }
}

TEST_CASE("a cutoff voids what was opened after another in the same second") {
  SessionFixture f;
  const auto cutoff = [&](Kind kind) {
    REQUIRE(f.Revoke({.kind = kind, .value = ValueFor(kind)}).ok());
  };
  const Kind kinds[] = {Kind::kSubject, Kind::kClient, Kind::kAll};
  for (const Kind first : kinds) {
    for (const Kind second : kinds) {
      CAPTURE(RevocationKindName(first));
      CAPTURE(RevocationKindName(second));
      cutoff(first);
      const Grant opened = f.Open();
      CHECK_FALSE(IsVoid(f, opened));
      cutoff(second);
      CHECK(IsVoid(f, opened));
      CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kRevoked);
    }
  }
  // Who logs out alone dates nobody's tokens ahead.
  f.clock.Advance(minutes(1));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(
        f.Revoke({.kind = Kind::kSubject, .value = std::to_string(i)}).ok());
  }
  CHECK(f.Log().back().revocation.not_before ==
        kNoon + minutes(1) + seconds(1));
}

TEST_CASE("a revocation that is repeated stays where it is") {
  for (const Kind kind : {Kind::kSubject, Kind::kClient, Kind::kAll}) {
    CAPTURE(RevocationKindName(kind));
    SessionFixture f;
    f.Open();
    for (int i = 0; i < 100; ++i) {
      REQUIRE(f.Revoke({.kind = kind, .value = ValueFor(kind)}).ok());
      CHECK(f.Log().back().revocation.not_before == kNoon + seconds(1));
    }
    CHECK(f.Open().issued_at == kNoon + seconds(1));
    CHECK(f.Open("bob", "other").issued_at <= kNoon + seconds(1));
  }
}

TEST_CASE("logins between revocations of a subject do not move it ahead") {
  SessionFixture f;
  for (int i = 0; i < 50; ++i) {
    const Grant opened = f.Open();
    const Grant rotated = *f.Exchange(opened.refresh_token).grant;
    REQUIRE(rotated.issued_at <= kNoon + seconds(1));
    CHECK_FALSE(IsVoid(f, rotated));
    const auto revoked = f.Revoke({.kind = Kind::kSubject, .value = "alice"});
    REQUIRE(revoked.ok());
    CHECK(revoked->sessions_ended == 1);
    CHECK(IsVoid(f, opened));
    CHECK(IsVoid(f, rotated));
    CHECK(f.Exchange(rotated.refresh_token).outcome == Outcome::kRevoked);
  }
  CHECK(f.CountSessions() == 0);
}

TEST_CASE("revocations of all and logins in turn date nothing far ahead") {
  SessionFixture f;
  Result<Revoked> revoked = Revoked();
  Grant opened = f.Open();
  int times = 0;
  for (; times < 100; ++times) {
    revoked = f.Revoke({.kind = Kind::kAll});
    if (!revoked.ok()) break;
    CHECK(IsVoid(f, opened));
    opened = f.Open();
    REQUIRE(opened.issued_at <= kNoon + seconds(16));
  }
  // Nothing is acknowledged that would not hold, and time heals it.
  REQUIRE(times < 100);
  CHECK(revoked.error().code == ErrorCode::kUnavailable);
  CHECK_FALSE(IsVoid(f, opened));
  f.clock.Advance(seconds(1));
  REQUIRE(f.Revoke({.kind = Kind::kAll}).ok());
  CHECK(IsVoid(f, opened));
}

TEST_CASE("a clock that was set back refuses no revocation of all") {
  for (const bool revoked_before : {false, true}) {
    CAPTURE(revoked_before);
    SessionFixture f;
    if (revoked_before) REQUIRE(f.Revoke({.kind = Kind::kAll}).ok());
    const Grant opened = f.Open();
    f.clock.SetWall(kNoon - minutes(10));
    REQUIRE(f.Exchange(opened.refresh_token).outcome == Outcome::kRotated);
    REQUIRE(f.Revoke({.kind = Kind::kAll}).ok());
    // Where only a session's own date lies ahead, nobody else's follows it.
    const EpochSeconds cutoff = f.Log().back().revocation.not_before;
    if (revoked_before) {
      CHECK(IsVoid(f, opened));
    } else {
      CHECK(cutoff == kNoon - minutes(10) + seconds(1));
    }
  }
}

TEST_CASE("a revocation voids what was opened in the second of a restore") {
  for (const Kind kind : {Kind::kSubject, Kind::kClient, Kind::kAll}) {
    CAPTURE(RevocationKindName(kind));
    SessionFixture f;
    const signet::testing::TempDir data;
    std::ofstream(data / "backup.json") << R"({"signet_backup":1})";
    const auto restored =
        FinishRestore(f.engine, data / "", f.limits, f.clock.Now());
    REQUIRE(restored.ok());
    REQUIRE(*restored);
    const Grant opened = f.Open();
    const std::string value = kind == Kind::kSubject  ? "alice"
                              : kind == Kind::kClient ? "app"
                                                      : "";
    REQUIRE(f.Revoke({.kind = kind, .value = value}).ok());
    CHECK(IsVoid(f, opened));
    CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kRevoked);
  }
}

}  // namespace
}  // namespace signet::service
