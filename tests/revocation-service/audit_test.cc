#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "revocation-service/audit/audit_log.h"
#include "tests/revocation-service/service_under_test.h"
#include "tests/revocation-service/session_fixture.h"

namespace signet::service {
namespace {

AuditLine SomeLine() {
  AuditLine line = MakeAuditLine(AuditEvent::kSessionOpened,
                                 Time(Duration(1'700'000'000'123)),
                                 {"app", "192.0.2.1", std::string(32, 'a')});
  line.subject = "alice";
  line.session = RevocationId{1, 2, 3};
  line.reason = "why";
  line.target = "client:other";
  line.count = 7;
  return line;
}

TEST_CASE("a line comes back as it was written") {
  const AuditLine line = SomeLine();
  const std::string bytes = EncodeAuditLine(line);
  CHECK(DecodeAuditLine(bytes).value() == line);
  CHECK(bytes.size() < 100);
  const AuditLine empty;
  CHECK(DecodeAuditLine(EncodeAuditLine(empty)).value() == empty);
}

TEST_CASE("a line that is cut short or has more behind it is corrupt") {
  const std::string bytes = EncodeAuditLine(SomeLine());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(DecodeAuditLine(bytes.substr(0, size)).ok());
  }
  CHECK_FALSE(DecodeAuditLine(bytes + "x").ok());
  CHECK(DecodeAuditLine("\x02" + bytes.substr(1)).error().code ==
        ErrorCode::kUnsupported);
}

TEST_CASE("a line whose flag of an id is neither 0 nor 1 is corrupt") {
  std::string bytes = EncodeAuditLine(SomeLine());
  constexpr size_t kFlag = 1 + 1 + 8 + 4;  // behind version, event, time, count
  REQUIRE(bytes[kFlag] == 1);
  bytes[kFlag] = 2;
  CHECK(DecodeAuditLine(bytes).error().code == ErrorCode::kCorrupt);
}

TEST_CASE("every event has a name of its own that is read back") {
  std::set<std::string_view> names;
  for (uint8_t i = 1; i <= static_cast<uint8_t>(AuditEvent::kSessionSteppedUp);
       ++i) {
    const auto event = static_cast<AuditEvent>(i);
    const std::string_view name = AuditEventName(event);
    CHECK(name != "unknown");
    CHECK(names.insert(name).second);
    CHECK(ParseAuditEvent(name) == event);
  }
  CHECK_FALSE(ParseAuditEvent("unknown").has_value());
}

// Events lists what the audit holds, oldest first, through a reader.
std::vector<std::string> Events(AuditLog& audit, AuditQuery query = {}) {
  query.limit = 1000;
  std::vector<std::string> names;
  const AuditPage page = audit.Read(query).value();
  for (const NumberedAuditLine& one : page.lines) {
    names.emplace_back(AuditEventName(one.line.event));
  }
  return names;
}

using Strings = std::vector<std::string>;

class AuditFixture : public SessionFixture {
 public:
  explicit AuditFixture(AuditOptions options = {}, SessionLimits limits_in = {})
      : SessionFixture(limits_in), audit(engine, committer, clock, options) {
    store.SetAudit({.changes = true, .exchanges = true});
  }
  AuditLog audit;
};

TEST_CASE("what happens to a session is audited with it") {
  AuditFixture fixture;
  const Grant grant = fixture.Open();
  const std::string second = fixture.Rotate(grant.refresh_token);
  CHECK(fixture.Exchange(grant.refresh_token).outcome ==
        ExchangeOutcome::kReplayed);
  fixture.clock.Advance(std::chrono::hours(2));
  CHECK(fixture.Exchange(grant.refresh_token).outcome ==
        ExchangeOutcome::kReuseRecent);
  CHECK(Events(fixture.audit) == Strings{"session_opened", "exchange_rotated",
                                         "exchange_replayed",
                                         "exchange_reuse"});
  const AuditPage page = fixture.audit.Read({}).value();
  for (const NumberedAuditLine& one : page.lines) {
    CHECK(one.line.subject == "alice");
    CHECK(one.line.session == grant.session.id);
  }
  CHECK(page.finished);
}

TEST_CASE("ends, evictions, revocations and expiry are audited") {
  AuditFixture fixture({}, {.max_per_subject = 1});
  fixture.Open("bob");
  const Grant second = fixture.Open("bob");
  CHECK(fixture.End(second.session.id).ok());
  fixture.Open("bob");
  CHECK(
      fixture.Revoke({.kind = RevocationKind::kSubject, .value = "bob"}).ok());
  CHECK(fixture.Revoke({.kind = RevocationKind::kKey, .value = "k1"}).ok());
  CHECK(Events(fixture.audit) == Strings{"session_opened", "session_ended",
                                         "session_opened", "session_ended",
                                         "session_opened", "revoked",
                                         "session_ended", "revoked"});
  const AuditPage page = fixture.audit.Read({}).value();
  CHECK(page.lines[1].line.reason == "evicted");
  CHECK(page.lines[5].line.target == "subject");
  CHECK(page.lines[5].line.subject == "bob");
  CHECK(page.lines[5].line.client == "tester");
  CHECK(page.lines[7].line.target == "key:k1");
}

TEST_CASE("a session that expires is audited when it is removed") {
  AuditFixture fixture;
  fixture.Open();
  for (int day = 0; day < 91; ++day) {
    fixture.clock.Advance(std::chrono::hours(24));
  }
  CHECK(fixture.store.SweepExpired(10).ok());
  CHECK(Events(fixture.audit).back() == "session_expired");
}

TEST_CASE("an exchange and its line are durable together, or neither is") {
  AuditFixture fixture;
  const Grant grant = fixture.Open();
  fixture.commits.Push(Fault::kUnavailable);
  CHECK(fixture.Exchange(grant.refresh_token).outcome ==
        ExchangeOutcome::kUnavailable);
  CHECK(Events(fixture.audit) == Strings{"session_opened"});
  fixture.Rotate(grant.refresh_token);
  CHECK(Events(fixture.audit) == Strings{"session_opened", "exchange_rotated"});
}

TEST_CASE("exchanges leave no line where they are not wanted") {
  AuditFixture fixture;
  fixture.store.SetAudit({.changes = true, .exchanges = false});
  fixture.Rotate(fixture.Open().refresh_token);
  CHECK(Events(fixture.audit) == Strings{"session_opened"});
}

TEST_CASE("a flood of refusals is a few lines and a count") {
  AuditFixture fixture({.refusals_per_second = 3});
  for (int i = 0; i < 1000; ++i) {
    fixture.audit.Refuse(MakeAuditLine(AuditEvent::kAuthenticationFailed,
                                       fixture.clock.Now(), {"app"}));
  }
  fixture.audit.Flush();
  // A commit that is answered stands behind the one of Flush.
  fixture.Open();
  CHECK(Events(fixture.audit) ==
        Strings{"authentication_failed", "authentication_failed",
                "authentication_failed", "suppressed", "session_opened"});
  const AuditLine line = fixture.audit.Read({}).value().lines[3].line;
  CHECK(line.reason == "authentication_failed");
  CHECK(line.count == 997);
  CHECK(fixture.audit.suppressed() == 997);
}

TEST_CASE("lines that the store does not take are tried again") {
  AuditFixture fixture;
  fixture.commits.Push(Fault::kUnavailable);
  fixture.audit.Record(MakeAuditLine(AuditEvent::kKeysChanged,
                                     fixture.clock.Now(), {"signetd"}));
  while (fixture.commits.left() > 0) std::this_thread::yield();
  fixture.Open();  // its answer comes after the failed commit's
  fixture.audit.Flush();
  fixture.Open();
  CHECK(Events(fixture.audit) ==
        Strings{"session_opened", "keys_changed", "session_opened"});
  CHECK(fixture.audit.lost() == 0);
}

TEST_CASE("junk never pushes out what matters") {
  AuditFixture fixture({.keep_events = 1000, .keep_refusals = 10});
  fixture.Open();
  for (int second = 0; second < 30; ++second) {
    for (int i = 0; i < 50; ++i) {
      fixture.audit.Refuse(
          MakeAuditLine(AuditEvent::kExchangeRefused, fixture.clock.Now(), {}));
    }
    fixture.audit.Flush();
  }
  fixture.Open("last");
  while (fixture.audit.Trim(100).value() > 0) {
  }
  const auto events = Events(fixture.audit);
  CHECK(events.size() == 12);
  CHECK(events.front() == "session_opened");
  CHECK(events.back() == "session_opened");
}

TEST_CASE("old lines are forgotten, but not because a clock jumped") {
  AuditFixture fixture({.keep_for = std::chrono::hours(24)});
  fixture.Open();
  fixture.clock.SetWall(fixture.clock.Now() + std::chrono::hours(100));
  CHECK(fixture.audit.Trim(100).value() == 0);
  fixture.clock.Advance(std::chrono::minutes(59));
  CHECK(fixture.audit.Trim(100).value() == 0);
  fixture.clock.Advance(std::chrono::minutes(2));
  CHECK(fixture.audit.Trim(100).value() == 1);
  CHECK(Events(fixture.audit).empty());
}

TEST_CASE("a query chooses lines, and its pages join") {
  AuditFixture fixture;
  for (int i = 0; i < 5; ++i) {
    fixture.Open("alice", "app");
    fixture.Open("bob", "web");
  }
  CHECK(Events(fixture.audit, {.subject = "alice"}).size() == 5);
  const auto sid = fixture.Open("carol").session.id;
  CHECK(Events(fixture.audit, {.session = sid}).size() == 1);
  CHECK(Events(fixture.audit, {.event = AuditEvent::kRevoked}).empty());
  AuditQuery query{.limit = 2, .subject = "bob"};
  size_t found = 0;
  while (true) {
    const AuditPage page = fixture.audit.Read(query).value();
    found += page.lines.size();
    query.after = page.next;
    if (page.finished) break;
  }
  CHECK(found == 5);
}

TEST_CASE("a read is bounded, and its page says that there is more") {
  AuditFixture fixture;
  for (int i = 0; i < 50; ++i) {
    std::promise<void> done;
    fixture.committer.Submit(
        {}, [&](const Result<Committed>&) { done.set_value(); }, false,
        std::vector<LedgerLine>(100, ToLedger(SomeLine())));
    done.get_future().get();
  }
  const AuditPage page = fixture.audit.Read({.subject = "nobody"}).value();
  CHECK(page.lines.empty());
  CHECK_FALSE(page.finished);
  CHECK(page.next == 4000);
  const AuditPage rest =
      fixture.audit.Read({.after = page.next, .subject = "nobody"}).value();
  CHECK(rest.finished);
}

}  // namespace
}  // namespace signet::service
