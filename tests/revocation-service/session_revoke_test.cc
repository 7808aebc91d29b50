// Revocations of every kind, and what survives them.

#include <doctest/doctest.h>

#include <fstream>

#include "revocation-service/backup.h"
#include "revocation-service/feed/checkpoint.h"
#include "revocation-service/session/store_core.h"
#include "tests/revocation-service/session_fixture.h"
#include "tests/temp_dir.h"

namespace signet::service {
namespace {

using Kind = RevocationKind;
using Outcome = ExchangeOutcome;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("a token's entry lives as long as any access token, and the skew") {
  SessionFixture f({.max_access_lifetime = minutes(20)});
  const auto revoked = f.Revoke({.kind = Kind::kToken, .value = "some-jti"});
  REQUIRE(revoked.ok());
  CHECK(revoked->sequence == 1);
  CHECK(revoked->sessions_ended == 0);
  const auto log = f.Log();
  REQUIRE(log.size() == 1);
  CHECK(log[0] == LogEntry{.revocation = {.kind = Kind::kToken,
                                          .id = MakeRevocationId(Kind::kToken,
                                                                 "some-jti"),
                                          .at = kNoon,
                                          .drop_after = kNoon + minutes(21)},
                           .value = "some-jti",
                           .reason = "test",
                           .actor = "tester"});
  CHECK(f.Keys().empty());
}

TEST_CASE("a key is revoked for ever, unless a cutoff is named") {
  SessionFixture f;
  REQUIRE(f.Revoke({.kind = Kind::kKey, .value = "k4.pid.x"}).ok());
  REQUIRE(f.Revoke({.kind = Kind::kKey,
                    .value = "k4.pid.x",
                    .not_before = kNoon + hours(1)})
              .ok());
  const auto log = f.Log();
  REQUIRE(log.size() == 2);
  CHECK(log[0].revocation.not_before == kForever);
  CHECK(log[0].revocation.drop_after == kForever);
  CHECK(log[1].revocation.not_before == kNoon + hours(1));
}

TEST_CASE("revoking a session ends it, and is logged when there is none") {
  SessionFixture f;
  const Grant opened = f.Open();
  const std::string sid = SessionIdText(opened.session.id);
  const auto first = f.Revoke({.kind = Kind::kSession, .value = sid});
  REQUIRE(first.ok());
  CHECK(first->sessions_ended == 1);
  CHECK(f.Keys() == std::vector<std::string>{"m/issued"});
  const auto second = f.Revoke({.kind = Kind::kSession, .value = sid});
  REQUIRE(second.ok());
  CHECK(second->sessions_ended == 0);
  CHECK(second->sequence == 2);
  CHECK(f.Log()[1].revocation.id == opened.session.id);
}

TEST_CASE("revoking a subject ends all its sessions with one entry") {
  SessionFixture f;
  const Grant a = f.Open("alice", "app");
  const Grant b = f.Open("alice", "web");
  const Grant other = f.Open("bob", "app");
  const auto revoked = f.Revoke({.kind = Kind::kSubject, .value = "alice"});
  REQUIRE(revoked.ok());
  CHECK(revoked->sessions_ended == 2);
  CHECK(f.Exchange(a.refresh_token).outcome == Outcome::kRevoked);
  CHECK_FALSE(f.store.Find(b.session.id).value());
  CHECK(f.Exchange(other.refresh_token).outcome == Outcome::kRotated);
  const auto log = f.Log();
  REQUIRE(log.size() == 1);
  CHECK(log[0].revocation.kind == Kind::kSubject);
  CHECK(log[0].revocation.not_before == kNoon + seconds(1));
  // 15 min from the cutoff, and 30 s of skew, to a whole minute.
  CHECK(log[0].revocation.drop_after == kNoon + minutes(16));
}

TEST_CASE("two restores of one backup never begin the same epoch") {
  uint32_t last = 0;
  for (const Duration after : {Duration(0), Duration(1), Duration(999)}) {
    CAPTURE(after.count());
    // The store of the restore before is gone. It served nobody before the
    // next second began.
    SessionFixture f;
    const signet::testing::TempDir data;
    std::ofstream(data / "backup.json") << R"({"signet_backup":1})";
    if (last != 0) f.clock.SetWall(Time(EpochSeconds(Seconds(last))) + after);
    REQUIRE(*FinishRestore(f.engine, data / "", f.limits, f.clock.Now()));
    const uint32_t epoch = feed::OpenEpoch(f.engine).value();
    CHECK(epoch > last);
    // By then it may serve: the second of its epoch.
    CHECK(EpochSeconds(Seconds(epoch)) <=
          ToSeconds(f.clock.Now()) + seconds(1));
    last = epoch;
  }
}

TEST_CASE("a token revoked under a clock set back stays until it has died") {
  SessionFixture f;
  const Grant grant = f.Open();
  const auto revoke = [&](SessionFixture& fixture, Kind kind,
                          const std::string& value) {
    REQUIRE(fixture.Revoke({.kind = kind, .value = value}).ok());
    return fixture.Log().back().revocation.drop_after;
  };
  const Time needed = grant.expires_at + f.limits.clock_skew;
  f.clock.SetWall(kNoon - hours(2));
  CHECK(revoke(f, Kind::kToken, "t1") >= needed);
  REQUIRE(f.End(grant.session.id).ok());
  CHECK(revoke(f, Kind::kSession, SessionIdText(grant.session.id)) >= needed);

  // A process that has issued nothing itself knows it from the store.
  Committer committer(f.engine, {});
  SessionStore other(
      f.engine, committer, [&] { return f.ring; }, f.limits, f.clock);
  std::promise<Result<Revoked>> done;
  other.Revoke({.kind = Kind::kToken, .value = "t2"},
               [&](Result<Revoked> r) { done.set_value(std::move(r)); });
  REQUIRE(done.get_future().get().ok());
  CHECK(f.Log().back().revocation.drop_after >= needed);
}

TEST_CASE("the mark of what was issued is raised twice a minute, not always") {
  SessionFixture f;
  std::string token = f.Open().refresh_token;
  int raised = 0;
  auto mark = f.engine.Get("m/issued").value();
  for (int i = 0; i < 120; ++i) {
    f.clock.Advance(seconds(1));
    token = f.Rotate(token);
    auto now = f.engine.Get("m/issued").value();
    raised += now != mark;
    mark = std::move(now);
    CHECK(DecodeCutoff(mark).value() >= ToSeconds(f.clock.Now()));
  }
  CHECK(raised >= 2);
  CHECK(raised <= 8);
}

TEST_CASE("a cutoff of a client stops its sessions and no others") {
  SessionFixture f;
  const Grant app = f.Open("alice", "app");
  const Grant web = f.Open("alice", "web");
  REQUIRE(f.Revoke({.kind = Kind::kClient, .value = "web"}).ok());
  CHECK(f.Exchange({.refresh_token = web.refresh_token, .client_id = "web"})
            .outcome == Outcome::kRevoked);
  CHECK(f.Exchange(app.refresh_token).outcome == Outcome::kRotated);
  CHECK(f.store.List("alice").value().size() == 1);
  CHECK_FALSE(f.store.Find(web.session.id).value());
}

TEST_CASE("an earlier cutoff does not take back a later one") {
  SessionFixture f;
  const Grant opened = f.Open();
  REQUIRE(f.Revoke({.kind = Kind::kClient, .value = "app"}).ok());
  REQUIRE(f.Revoke({.kind = Kind::kClient,
                    .value = "app",
                    .not_before = kNoon - hours(1)})
              .ok());
  CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kRevoked);
}

TEST_CASE("a cutoff in the past ends only the sessions created before it") {
  SessionFixture f;
  const Grant old = f.Open();
  f.clock.Advance(hours(1));
  const Grant recent = f.Open();
  const auto revoked = f.Revoke({.kind = Kind::kSubject,
                                 .value = "alice",
                                 .not_before = kNoon + hours(1)});
  CHECK(revoked->sessions_ended == 1);
  CHECK(f.Exchange(old.refresh_token).outcome == Outcome::kRevoked);
  CHECK(f.Exchange(recent.refresh_token).outcome == Outcome::kRotated);
}

TEST_CASE("a session's tokens from after a past cutoff are revoked with it") {
  SessionFixture f;
  const Grant old = f.Open();
  f.clock.Advance(hours(1));
  f.Rotate(old.refresh_token);
  const auto revoked = f.Revoke({.kind = Kind::kSubject,
                                 .value = "alice",
                                 .not_before = kNoon + minutes(30)});
  REQUIRE(revoked.ok());
  CHECK(revoked->sequence == 2);
  const auto log = f.Log();
  REQUIRE(log.size() == 2);
  CHECK(log[0].revocation.kind == Kind::kSession);
  CHECK(log[0].revocation.id == old.session.id);
  CHECK(log[1].revocation.kind == Kind::kSubject);
}

TEST_CASE("a cutoff may be as far ahead as clocks differ and no further") {
  SessionFixture f;
  NewRevocation request{.kind = Kind::kAll, .not_before = kNoon + seconds(30)};
  CHECK(f.Revoke(request).ok());
  request.not_before = kNoon + seconds(31);
  CHECK(f.Revoke(request).error().code == ErrorCode::kInvalid);
  // 1,700,000,040 s taken for milliseconds.
  request.not_before = EpochSeconds(Seconds(1'700'000'040'000));
  CHECK(f.Revoke(request).error().code == ErrorCode::kInvalid);
}

TEST_CASE("a revocation that breaks a rule is invalid and writes nothing") {
  SessionFixture f;
  const EpochSeconds past = kNoon - hours(1);
  const std::vector<NewRevocation> bad = {
      {.kind = Kind::kToken, .value = ""},
      {.kind = Kind::kToken, .value = "jti", .reason = "a\nb"},
      {.kind = Kind::kToken, .value = "jti", .reason = std::string(256, 'r')},
      {.kind = Kind::kSubject, .value = std::string(256, 's')},
      {.kind = Kind::kClient, .value = "a\x1f"},
      {.kind = Kind::kSubject, .value = "\xff"},
      {.kind = Kind::kSubject, .value = "\xed\xa0\x80"},
      {.kind = Kind::kAll, .value = "everything"},
      {.kind = Kind::kSession, .value = "not-a-session"},
      {.kind = Kind::kToken, .value = "jti", .not_before = past},
      {.kind = Kind::kSubject, .value = "s", .not_before = EpochSeconds{}},
      {.kind = Kind::kKey, .value = "k", .not_before = kForever + seconds(1)},
      {.kind = static_cast<Kind>(0), .value = "x"},
      {.kind = static_cast<Kind>(7), .value = "x"},
  };
  for (const NewRevocation& request : bad) {
    const auto result = f.Revoke(request);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == ErrorCode::kInvalid);
  }
  CHECK(f.Log().empty());
  CHECK(f.Keys().empty());
}

TEST_CASE("a revocation is unavailable when the store is") {
  SessionFixture f;
  const Grant opened = f.Open();
  for (const Kind kind : {Kind::kToken, Kind::kSubject}) {
    f.commits.Push(Fault::kUnavailable);
    CHECK(f.Revoke({.kind = kind, .value = "alice"}).error().code ==
          ErrorCode::kUnavailable);
  }
  CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kRotated);
}

TEST_CASE("a revocation whose answer was lost can be repeated") {
  SessionFixture f;
  f.Open();
  f.commits.Push(Fault::kLostAnswer);
  const NewRevocation request{.kind = Kind::kSubject, .value = "alice"};
  CHECK(f.Revoke(request).error().code == ErrorCode::kUnavailable);
  CHECK(f.Keys("s/").empty());
  const auto again = f.Revoke(request);
  REQUIRE(again.ok());
  CHECK(again->sessions_ended == 0);
}

// A SlowEngine lets time pass while it commits.
class SlowEngine final : public Engine {
 public:
  SlowEngine(ManualClock& clock, Duration delay)
      : clock_(clock), delay_(delay) {}

  Result<std::optional<std::string>> Get(std::string_view key) override {
    return inner_->Get(key);
  }
  Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                     std::string_view after,
                                     size_t limit) override {
    return inner_->Scan(prefix, after, limit);
  }
  std::vector<Result<Committed>> Commit(
      std::span<const Batch> batches) override {
    clock_.Advance(delay_);
    return inner_->Commit(batches);
  }
  Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) override {
    return inner_->Tail(after, limit);
  }
  Result<uint64_t> LastSequence() override { return inner_->LastSequence(); }

 private:
  const std::unique_ptr<Engine> inner_ = NewMemoryEngine();
  ManualClock& clock_;
  const Duration delay_;
};

struct SlowRevocation {
  std::vector<LogRecord> log;
  EpochSeconds not_before;  // the last entry's
  Time answered;
};

// Revokes over an engine of which each commit takes `delay`.
SlowRevocation RevokeSlowly(NewRevocation request, Duration delay) {
  ManualClock clock(kNoon);
  SlowEngine engine(clock, delay);
  const auto ring = std::make_shared<SigningRing>(NewRefreshRing(kNoon));
  Committer committer(engine, {});
  SessionStore store(
      engine, committer, [&] { return ring; }, {}, clock);
  std::promise<Result<Revoked>> answer;
  store.Revoke(std::move(request), [&](Result<Revoked> revoked) {
    answer.set_value(std::move(revoked));
  });
  REQUIRE(answer.get_future().get().ok());
  auto log = engine.Tail(0, 100).value();
  const auto last = DecodeLogEntry(log.back().data).value();
  return {std::move(log), last.revocation.not_before, clock.Now()};
}

TEST_CASE("what is issued while a default cutoff is written is void too") {
  for (const int delay : {0, 999, 1000, 2500, 9000}) {
    const auto slow = RevokeSlowly({.kind = Kind::kAll}, Duration(delay));
    CHECK(slow.not_before > ToSeconds(slow.answered));
  }
}

// Its sessions are ended by the same commit, and can have issued nothing since.
TEST_CASE("a subject's revocation is one entry, however long it takes") {
  for (const int delay : {0, 999, 1000, 2500, 9000}) {
    CHECK(RevokeSlowly({.kind = Kind::kSubject, .value = "alice"},
                       Duration(delay))
              .log.size() == 1);
  }
}

}  // namespace
}  // namespace signet::service
