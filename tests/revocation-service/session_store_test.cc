// Opening, finding, listing and ending sessions.

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/revocation-service/session_fixture.h"

namespace signet::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("a session that was opened is as it was asked for") {
  SessionFixture f;
  const Grant grant = f.Open("alice", "app");
  const Session& session = grant.session;
  CHECK(session.subject == "alice");
  CHECK(session.client_id == "app");
  CHECK(session.audience == std::vector<std::string>{"api"});
  CHECK(session.scope == "read write");
  CHECK(session.device == "phone");
  CHECK(session.generation == 1);
  CHECK(session.created_at == kNoon);
  CHECK(session.expires_at == kNoon + f.limits.absolute_lifetime);
  CHECK(grant.scope == "read write");
  CHECK(grant.issued_at == kNoon);
  CHECK(grant.expires_at == kNoon + f.limits.access_lifetime);
  CHECK(f.store.Find(session.id).value() == session);
}

TEST_CASE("two sessions of one subject share neither id nor token") {
  SessionFixture f;
  const Grant a = f.Open();
  const Grant b = f.Open();
  CHECK(a.session.id != b.session.id);
  CHECK(a.session.salt != b.session.salt);
  CHECK(a.refresh_token != b.refresh_token);
}

TEST_CASE(
    "a request to open that breaks a rule is invalid and writes nothing") {
  SessionFixture f;
  const OpenRequest good{.subject = "s", .client_id = "c"};
  CHECK(f.TryOpen(good).ok());
  const auto keys = f.Keys();
  std::vector<OpenRequest> bad(10, good);
  bad[0].subject = "";
  bad[1].subject = std::string(256, 's');
  bad[2].subject = "a\nb";
  bad[3].subject = "\xc0\x80";
  bad[4].client_id = "";
  bad[5].audience = {""};
  bad[6].audience = std::vector<std::string>(65, "a");
  bad[7].scope = "a  b";
  bad[8].device = std::string("\0", 1);
  bad[9].custom = std::string(4097, ' ');
  for (const OpenRequest& request : bad) {
    const auto result = f.TryOpen(request);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == ErrorCode::kInvalid);
  }
  CHECK(f.Keys() == keys);
}

TEST_CASE("a subject of 255 bytes and any plain characters is good") {
  SessionFixture f;
  CHECK(f.TryOpen({.subject = std::string(255, 's'), .client_id = "c"}).ok());
  CHECK(f.TryOpen({.subject = "Zo\xc3\xab \xf0\x9f\x94\x91", .client_id = "c"})
            .ok());
}

TEST_CASE("a store that fails on opening is unavailable") {
  SessionFixture f;
  f.commits.Push(Fault::kUnavailable);
  const auto result = f.TryOpen({.subject = "s", .client_id = "c"});
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == ErrorCode::kUnavailable);
  CHECK(f.Keys().empty());
}

TEST_CASE("one session more than the limit evicts the oldest and revokes it") {
  SessionFixture f({.max_per_subject = 2});
  std::vector<Grant> grants;
  for (int i = 0; i < 3; ++i) {
    grants.push_back(f.Open());
    f.clock.Advance(seconds(1));
  }
  CHECK(f.store.Find(grants[0].session.id).value() == std::nullopt);
  CHECK(f.store.List("alice").value().size() == 2);
  const auto log = f.Log();
  REQUIRE(log.size() == 1);
  CHECK(log[0].revocation.id == grants[0].session.id);
  CHECK(log[0].reason == "evicted");
}

TEST_CASE("sessions of other subjects do not count") {
  SessionFixture f({.max_per_subject = 1});
  f.Open("alice");
  f.Open("bob");
  CHECK(f.CountSessions() == 2);
}

TEST_CASE("a limit that does not evict denies the next session") {
  SessionFixture f({.max_per_subject = 1, .evict_oldest = false});
  const Grant first = f.Open();
  const OpenRequest again{.subject = "alice", .client_id = "app"};
  const auto denied = f.TryOpen(again);
  REQUIRE_FALSE(denied.ok());
  CHECK(denied.error().code == ErrorCode::kDenied);
  REQUIRE(f.End(first.session.id).ok());
  CHECK(f.TryOpen(again).ok());
}

TEST_CASE("sessions that are over go first when there must be room") {
  SessionFixture f(
      {.idle_timeout = hours(1), .max_per_subject = 1, .evict_oldest = false});
  f.Open();
  f.clock.Advance(hours(1));
  f.Open();
  CHECK(f.CountSessions() == 1);
}

TEST_CASE("sessions that are over stay while there is room") {
  SessionFixture f({.idle_timeout = hours(1), .max_per_subject = 2});
  f.Open();
  f.clock.Advance(hours(1));
  f.Open();
  CHECK(f.CountSessions() == 2);
}

TEST_CASE("a lowered limit holds at the next open") {
  SessionFixture f;
  for (int i = 0; i < 10; ++i) f.Open();
  f.store.SetLimits({.max_per_subject = 3});
  f.Open();
  CHECK(f.CountSessions() == 3);
}

TEST_CASE("many opens at once stay within the limit") {
  SessionFixture f({.max_per_subject = 3, .evict_oldest = false});
  std::atomic<int> opened = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      opened += f.TryOpen({.subject = "alice", .client_id = "app"}).ok();
    });
  }
  threads.clear();
  CHECK(opened == 3);
  CHECK(f.CountSessions() == 3);
}

TEST_CASE("a list is of the subject's live sessions, oldest first") {
  SessionFixture f({.idle_timeout = hours(1)});
  f.Open("bob");
  f.Open("alice");
  f.clock.Advance(minutes(30));
  const Grant second = f.Open("alice");
  f.clock.Advance(minutes(1));
  const Grant third = f.Open("alice");
  f.clock.Advance(minutes(29));
  CHECK(f.store.List("alice").value() ==
        std::vector<Session>{second.session, third.session});
  CHECK(f.store.List("nobody").value().empty());
}

TEST_CASE("a list of more sessions than one scan returns is whole") {
  SessionFixture f({.max_per_subject = 1000});
  for (int i = 0; i < 300; ++i) f.Open();
  CHECK(f.store.List("alice").value().size() == 300);
}

TEST_CASE("finding and listing fail when the store does") {
  SessionFixture f;
  const Grant grant = f.Open();
  f.reads.Push(Fault::kUnavailable);
  CHECK(f.store.Find(grant.session.id).error().code == ErrorCode::kUnavailable);
  f.reads.Push(Fault::kUnavailable);
  CHECK(f.store.List("alice").error().code == ErrorCode::kUnavailable);
  f.reads.Push(Fault::kUnavailable);
  CHECK(f.store.FindByRefreshToken(grant.refresh_token).error().code ==
        ErrorCode::kUnavailable);
}

TEST_CASE("a session is found by each token that it has had") {
  SessionFixture f;
  const Grant opened = f.Open();
  const std::string second = f.Rotate(opened.refresh_token);
  const std::string third = f.Rotate(second);
  const auto live = f.store.FindByRefreshToken(third).value();
  REQUIRE(live);
  CHECK(live->distance == 0);
  CHECK(live->session.id == opened.session.id);
  const auto superseded = f.store.FindByRefreshToken(second).value();
  REQUIRE(superseded);
  CHECK(superseded->distance == 1);
  CHECK(f.store.FindByRefreshToken(opened.refresh_token).value()->distance ==
        2);
  CHECK_FALSE(f.store.FindByRefreshToken("junk").value());
  REQUIRE(f.End(opened.session.id).ok());
  CHECK_FALSE(f.store.FindByRefreshToken(third).value());
}

TEST_CASE("an end removes the session and revokes its access tokens") {
  SessionFixture f;
  const Grant opened = f.Open();
  const auto revoked = f.End(opened.session.id);
  REQUIRE(revoked.ok());
  CHECK(revoked->sequence == 1);
  CHECK(revoked->sessions_ended == 1);
  CHECK(f.Keys() == std::vector<std::string>{"m/issued"});
  const auto log = f.Log();
  REQUIRE(log.size() == 1);
  CHECK(log[0].revocation.kind == RevocationKind::kSession);
  CHECK(log[0].revocation.id == opened.session.id);
  CHECK(log[0].reason == "logout");
  CHECK(log[0].actor == "app");
  CHECK(f.Exchange(opened.refresh_token).outcome == ExchangeOutcome::kRevoked);
}

TEST_CASE("ending a session that is not live is not found") {
  SessionFixture f({.absolute_lifetime = hours(1)});
  const Grant opened = f.Open();
  CHECK(f.End({}).error().code == ErrorCode::kNotFound);
  f.clock.Advance(hours(1));
  CHECK(f.End(opened.session.id).error().code == ErrorCode::kNotFound);
  CHECK(f.Log().empty());
}

TEST_CASE("an end is unavailable when the store is, and can be repeated") {
  SessionFixture f;
  const Grant opened = f.Open();
  f.commits.Push(Fault::kUnavailable);
  CHECK(f.End(opened.session.id).error().code == ErrorCode::kUnavailable);
  CHECK(f.End(opened.session.id).ok());
}

TEST_CASE("ending the newest session leaves no trace of the subject") {
  SessionFixture f;
  const Grant first = f.Open();
  const Grant second = f.Open();
  REQUIRE(f.End(second.session.id).ok());
  CHECK(f.Keys("n/").empty());
  REQUIRE(f.End(first.session.id).ok());
  CHECK(f.Keys() == std::vector<std::string>{"m/issued"});
}

TEST_CASE("ending the others keeps one session and other subjects'") {
  SessionFixture f;
  std::vector<Grant> grants;
  for (int i = 0; i < 4; ++i) grants.push_back(f.Open("alice"));
  f.Open("bob");
  const auto revoked = f.EndOthers("alice", grants[2].session.id);
  REQUIRE(revoked.ok());
  CHECK(revoked->sessions_ended == 3);
  CHECK(revoked->sequence == 3);
  CHECK(f.store.List("alice").value() ==
        std::vector<Session>{grants[2].session});
  CHECK(f.CountSessions() == 2);
}

TEST_CASE("ending the others when there are none does nothing") {
  SessionFixture f;
  const Grant only = f.Open();
  CHECK(f.EndOthers("alice", only.session.id)->sequence == 0);
  CHECK(f.EndOthers("nobody", only.session.id)->sessions_ended == 0);
  CHECK(f.Log().empty());
}

TEST_CASE("ending more sessions than one batch takes ends them all") {
  SessionFixture f({.max_per_subject = 1000});
  const Grant kept = f.Open();
  for (int i = 0; i < 300; ++i) f.Open();
  const auto revoked = f.EndOthers("alice", kept.session.id);
  CHECK(revoked->sessions_ended == 300);
  CHECK(f.CountSessions() == 1);
  CHECK(f.Log().size() == 300);
}

}  // namespace
}  // namespace signet::service
