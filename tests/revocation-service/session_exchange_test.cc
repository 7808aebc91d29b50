// The exchange table, and what surrounds it.

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

#include "tests/revocation-service/session_fixture.h"

namespace signet::service {
namespace {

using Outcome = ExchangeOutcome;
using std::chrono::hours;
using std::chrono::seconds;

TEST_CASE("the live token rotates: a new generation and a new access token") {
  SessionFixture f;
  const Grant opened = f.Open();
  f.clock.Advance(seconds(100));
  const ExchangeResult result = f.Exchange(opened.refresh_token);
  REQUIRE(result.outcome == Outcome::kRotated);
  const Grant& grant = *result.grant;
  CHECK(grant.refresh_token != opened.refresh_token);
  CHECK(grant.session.generation == 2);
  CHECK(grant.session.last_seen == kNoon + seconds(100));
  CHECK(grant.scope == "read write");
  CHECK(grant.issued_at == kNoon + seconds(100));
  CHECK(grant.expires_at == grant.issued_at + f.limits.access_lifetime);
  CHECK(grant.session.access_until == grant.expires_at);
  CHECK(f.store.Find(opened.session.id).value() == grant.session);
}

TEST_CASE("a hundred rotations leave one record and as many keys as before") {
  SessionFixture f;
  std::string token = f.Open().refresh_token;
  const auto keys = f.Keys();
  for (int i = 0; i < 100; ++i) token = f.Rotate(token);
  CHECK(f.Keys() == keys);
  CHECK(f.Log().empty());
}

TEST_CASE("a retry within the grace window gets the same successor again") {
  SessionFixture f;
  const std::string first = f.Open().refresh_token;
  const std::string second = f.Rotate(first);
  for (int i = 0; i < 20; ++i) {
    f.clock.Advance(Duration(1000));
    const ExchangeResult retry = f.Exchange(first);
    REQUIRE(retry.outcome == Outcome::kReplayed);
    CHECK(retry.grant->refresh_token == second);
  }
  CHECK(f.Exchange(second).outcome == Outcome::kRotated);
}

TEST_CASE("a retry's access token is covered by the session's access_until") {
  SessionFixture f;
  const Grant opened = f.Open();
  f.Rotate(opened.refresh_token);
  f.clock.Advance(seconds(20));
  const ExchangeResult retry = f.Exchange(opened.refresh_token);
  REQUIRE(retry.grant);
  CHECK(retry.grant->expires_at ==
        kNoon + seconds(20) + f.limits.access_lifetime);
  const auto stored = f.store.Find(opened.session.id).value();
  CHECK(stored->access_until == retry.grant->expires_at);
}

TEST_CASE("a retry that comes when the grace ends is reuse") {
  SessionFixture f;
  const std::string first = f.Open().refresh_token;
  const std::string second = f.Rotate(first);
  f.clock.Advance(f.limits.grace - Duration(1));
  CHECK(f.Exchange(first).outcome == Outcome::kReplayed);
  f.clock.Advance(Duration(1));
  CHECK(f.Exchange(first).outcome == Outcome::kReuseRecent);
  CHECK(f.Exchange(second).outcome == Outcome::kRevoked);
}

TEST_CASE("a proven retry has the longer grace") {
  SessionFixture f;
  const std::string first = f.Open().refresh_token;
  const std::string second = f.Rotate(first);
  ExchangeRequest request{
      .refresh_token = first, .client_id = "app", .proven = true};
  f.clock.Advance(f.limits.proven_grace - Duration(1));
  const ExchangeResult retry = f.Exchange(request);
  REQUIRE(retry.outcome == Outcome::kReplayed);
  CHECK(retry.grant->refresh_token == second);
  f.clock.Advance(Duration(1));
  CHECK(f.Exchange(request).outcome == Outcome::kReuseRecent);
}

TEST_CASE("a clock that was set back does not end the grace") {
  SessionFixture f;
  const std::string first = f.Open().refresh_token;
  f.Rotate(first);
  f.clock.SetWall(kNoon - hours(1));
  CHECK(f.Exchange(first).outcome == Outcome::kReplayed);
}

TEST_CASE("a grace of zero replays nothing") {
  SessionFixture f({.grace = Duration::zero()});
  const std::string first = f.Open().refresh_token;
  f.Rotate(first);
  CHECK(f.Exchange(first).outcome == Outcome::kReuseRecent);
}

TEST_CASE("a token two generations old is reuse, in the grace window too") {
  SessionFixture f;
  const Grant opened = f.Open();
  const std::string second = f.Rotate(opened.refresh_token);
  const std::string third = f.Rotate(second);
  CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kReuseStale);
  CHECK(f.Exchange(third).outcome == Outcome::kRevoked);
  CHECK(f.Keys() == std::vector<std::string>{"m/issued"});
}

TEST_CASE("reuse revokes the session's access tokens in the same commit") {
  SessionFixture f;
  const Grant opened = f.Open();
  f.Rotate(f.Rotate(opened.refresh_token));
  f.clock.Advance(seconds(5));
  f.Exchange(opened.refresh_token);
  const auto log = f.Log();
  REQUIRE(log.size() == 1);
  CHECK(log[0].revocation.kind == RevocationKind::kSession);
  CHECK(log[0].revocation.id == opened.session.id);
  CHECK(log[0].revocation.at == kNoon + seconds(5));
  // 10 min and 30 s of skew, to a whole minute.
  CHECK(log[0].revocation.drop_after == kNoon + std::chrono::minutes(11));
  CHECK(log[0].value == SessionIdText(opened.session.id));
  CHECK(log[0].reason == "reuse");
  CHECK(log[0].actor == "signetd");
}

TEST_CASE("a thief one step behind is seen after max_graces generations") {
  SessionFixture f({.max_graces = 3});
  std::string token = f.Open().refresh_token;
  for (int i = 0; i < 3; ++i) {
    const std::string next = f.Rotate(token);
    CHECK(f.Exchange(token).outcome == Outcome::kReplayed);
    token = next;
  }
  const std::string next = f.Rotate(token);
  CHECK(f.Exchange(token).outcome == Outcome::kReuseRecent);
  CHECK(f.Exchange(next).outcome == Outcome::kRevoked);
}

TEST_CASE("one generation that nobody asks for twice ends the row of graces") {
  SessionFixture f({.max_graces = 1});
  std::string token = f.Open().refresh_token;
  for (int i = 0; i < 5; ++i) {
    const std::string next = f.Rotate(token);
    CHECK(f.Exchange(token).outcome == Outcome::kReplayed);
    token = f.Rotate(next);
  }
}

TEST_CASE("a token from the future raises an alarm and revokes nothing") {
  SessionFixture f;
  const Grant opened = f.Open();
  const std::string future = MakeRefreshToken(
      f.ring->keys()[0].key, opened.session.id, 2, opened.session.salt);
  CHECK(f.Exchange(future).outcome == Outcome::kFromTheFuture);
  CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kRotated);
}

TEST_CASE("junk is refused without a read") {
  SessionFixture f;
  const Grant opened = f.Open();
  f.reads.Push(Fault::kUnavailable);
  std::string junk = opened.refresh_token;
  junk[10] = junk[10] == 'A' ? 'B' : 'A';
  CHECK(f.Exchange(junk).outcome == Outcome::kMalformed);
  CHECK(f.Exchange("").outcome == Outcome::kMalformed);
  CHECK(f.reads.left() == 1);
}

TEST_CASE("a right tag with a wrong mac is malformed and revokes nothing") {
  SessionFixture f;
  const Grant opened = f.Open();
  f.Rotate(f.Rotate(opened.refresh_token));
  const std::string forged = MakeRefreshToken(
      f.ring->keys()[0].key, opened.session.id, 1, SessionSalt{});
  CHECK(f.Exchange(forged).outcome == Outcome::kMalformed);
  CHECK(f.CountSessions() == 1);
}

TEST_CASE("another client's token ends nothing, live or stale") {
  SessionFixture f;
  const Grant opened = f.Open();
  const std::string live = f.Rotate(f.Rotate(opened.refresh_token));
  for (const std::string& token : {live, opened.refresh_token}) {
    const ExchangeResult result =
        f.Exchange({.refresh_token = token, .client_id = "thief"});
    CHECK(result.outcome == Outcome::kClientMismatch);
  }
  CHECK(f.Exchange(live).outcome == Outcome::kRotated);
}

TEST_CASE("a session expires when its absolute lifetime has passed") {
  SessionFixture f({.idle_timeout = hours(48), .absolute_lifetime = hours(24)});
  const Grant opened = f.Open();
  f.clock.Advance(hours(24) - Duration(1));
  const std::string last = f.Rotate(opened.refresh_token);
  f.clock.Advance(Duration(1));
  CHECK(f.Exchange(last).outcome == Outcome::kExpired);
  CHECK(f.store.Find(opened.session.id).value() == std::nullopt);
}

TEST_CASE("an access token never outlives its session") {
  SessionFixture f({.absolute_lifetime = hours(1)});
  const Grant opened = f.Open();
  f.clock.Advance(hours(1) - seconds(5));
  const ExchangeResult result = f.Exchange(opened.refresh_token);
  REQUIRE(result.grant);
  CHECK(result.grant->expires_at == opened.session.expires_at);
}

TEST_CASE("a session that is used stays, one that is not used is idle") {
  SessionFixture f({.idle_timeout = hours(1)});
  std::string token = f.Open().refresh_token;
  for (int i = 0; i < 3; ++i) {
    f.clock.Advance(hours(1) - seconds(1));
    token = f.Rotate(token);
  }
  f.clock.Advance(hours(1));
  CHECK(f.Exchange(token).outcome == Outcome::kIdle);
}

TEST_CASE("a narrower scope narrows the access token, not the session") {
  SessionFixture f;
  const Grant opened = f.Open();
  const ExchangeResult result =
      f.Exchange({.refresh_token = opened.refresh_token,
                  .client_id = "app",
                  .scope = "read"});
  REQUIRE(result.outcome == Outcome::kRotated);
  CHECK(result.grant->scope == "read");
  CHECK(result.grant->session.scope == "read write");
}

TEST_CASE("a scope that was not granted is refused and rotates nothing") {
  SessionFixture f;
  const Grant opened = f.Open();
  for (const char* scope : {"admin", "read admin", "rea", "read  write",
                            " read", "read ", "r\"", "read\twrite"}) {
    const ExchangeResult result =
        f.Exchange({.refresh_token = opened.refresh_token,
                    .client_id = "app",
                    .scope = scope});
    CHECK(result.outcome == Outcome::kBadScope);
  }
  CHECK(f.Exchange({.refresh_token = opened.refresh_token,
                    .client_id = "app",
                    .scope = "write read"})
            .outcome == Outcome::kRotated);
}

TEST_CASE("after a rotation of the ring old and new tokens are exchanged") {
  SessionFixture f;
  const std::string first = f.Open().refresh_token;
  const std::string second = f.Rotate(first);
  REQUIRE(f.ring->Rotate(f.clock.Now()).ok());
  const auto active_from = f.ring->keys()[1].schedule.activates_at;
  f.clock.SetWall(active_from);
  f.store.SetLimits({.grace = hours(24)});
  const ExchangeResult replayed = f.Exchange(first);
  REQUIRE(replayed.outcome == Outcome::kReplayed);
  CHECK(replayed.grant->refresh_token == second);
  const ExchangeResult rotated = f.Exchange(second);
  REQUIRE(rotated.outcome == Outcome::kRotated);
  CHECK(rotated.grant->session.key_id == f.ring->keys()[1].key.id());
  CHECK(f.Exchange(rotated.grant->refresh_token).outcome == Outcome::kRotated);
}

TEST_CASE("a store that cannot be read is unavailable, nothing else") {
  SessionFixture f;
  const Grant opened = f.Open();
  for (int reads = 0; reads < 4; ++reads) {
    f.reads.Push(Fault::kNone, reads);
    f.reads.Push(Fault::kUnavailable);
    CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kUnavailable);
    CHECK(f.reads.left() == 0);
  }
  CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kRotated);
}

TEST_CASE("a record that cannot be decoded is unavailable, not revoked") {
  SessionFixture f;
  const Grant opened = f.Open();
  const Batch damage{.puts = {{f.Keys("s/").at(0), "\x02"}}};
  REQUIRE(f.engine.Commit({&damage, 1})[0].ok());
  CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kUnavailable);
}

TEST_CASE("a failed commit is unavailable and the token is live still") {
  SessionFixture f;
  const Grant opened = f.Open();
  f.commits.Push(Fault::kUnavailable);
  const ExchangeResult result = f.Exchange(opened.refresh_token);
  CHECK(result.outcome == Outcome::kUnavailable);
  CHECK_FALSE(result.grant);
  const ExchangeResult retry = f.Exchange(opened.refresh_token);
  CHECK(retry.outcome == Outcome::kRotated);
}

TEST_CASE("a commit whose answer was lost is a grace when it is retried") {
  SessionFixture f;
  const Grant opened = f.Open();
  f.commits.Push(Fault::kLostAnswer);
  CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kUnavailable);
  const ExchangeResult retry = f.Exchange(opened.refresh_token);
  REQUIRE(retry.outcome == Outcome::kReplayed);
  CHECK(f.Exchange(retry.grant->refresh_token).outcome == Outcome::kRotated);
}

TEST_CASE("a conflict is tried again, sixteen of them are unavailable") {
  SessionFixture f;
  const Grant opened = f.Open();
  f.commits.Push(Fault::kConflict, 15);
  const ExchangeResult result = f.Exchange(opened.refresh_token);
  REQUIRE(result.outcome == Outcome::kRotated);
  f.commits.Push(Fault::kConflict, 16);
  CHECK(f.Exchange(result.grant->refresh_token).outcome ==
        Outcome::kUnavailable);
  CHECK(f.commits.left() == 0);
}

// What many threads got for one token.
struct Crowd {
  std::atomic<int> rotated = 0;
  std::atomic<int> replayed = 0;
  Mutex mutex;
  std::set<std::string> successors SIGNET_GUARDED_BY(mutex);
};

void ExchangeAtOnce(SessionFixture& f, const std::string& token, int threads,
                    Crowd& crowd) {
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&f, &token, &crowd] {
      const ExchangeResult result = f.Exchange(token);
      crowd.rotated += result.outcome == Outcome::kRotated;
      crowd.replayed += result.outcome == Outcome::kReplayed;
      MutexLock lock(crowd.mutex);
      crowd.successors.insert(result.grant ? result.grant->refresh_token
                                           : "none");
    });
  }
}

TEST_CASE("of many clients with one token one rotates, all get one successor") {
  SessionFixture f;
  const std::string token = f.Open().refresh_token;
  Crowd crowd;
  ExchangeAtOnce(f, token, 32, crowd);
  CHECK(crowd.rotated == 1);
  CHECK(crowd.replayed == 31);
  MutexLock lock(crowd.mutex);
  REQUIRE(crowd.successors.size() == 1);
  CHECK(f.Exchange(*crowd.successors.begin()).outcome == Outcome::kRotated);
}

TEST_CASE("the outcomes that are counted are these ten") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Outcome::kUnavailable); ++i) {
    names.insert(ExchangeOutcomeName(static_cast<Outcome>(i)));
  }
  names.erase("");
  CHECK(names == std::set<std::string_view>{
                     "rotated", "replayed", "reuse_recent", "reuse_stale",
                     "expired", "idle", "revoked", "client_mismatch",
                     "malformed", "unavailable"});
  CHECK(ExchangeOutcomeName(Outcome::kFromTheFuture) == "unavailable");
  CHECK(ExchangeOutcomeName(Outcome::kBadScope).empty());
  CHECK(ExchangeOutcomeName(Outcome::kBadTarget).empty());
}

}  // namespace
}  // namespace signet::service
