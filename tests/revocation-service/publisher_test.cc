#include "revocation-service/feed/publisher.h"

#include <doctest/doctest.h>

#include "tests/revocation-service/feed_fixture.h"

namespace signet::service {
namespace {

using testing::Append;
using testing::Entry;
using testing::Eventually;
using testing::FeedFixture;
using testing::kFeedStart;
using testing::ModelReplica;
using testing::Tokens;
using Cursor = Publisher::Cursor;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kToken = RevocationKind::kToken;

ErrorCode CodeOfOpen(Engine& engine, const Rings& rings, const Clock& clock) {
  const auto opened = Publisher::Open(engine, rings, clock, {});
  REQUIRE_FALSE(opened.ok());
  return opened.error().code;
}

TEST_CASE("a new store begins epoch 1 at sequence 0, and keeps the epoch") {
  FeedFixture feed;
  CHECK(feed.publisher->position() == FeedPosition{1, 0});
  CHECK(*feed.engine.Get("m/epoch") == std::string("\0\0\0\1", 4));
  feed.Reopen();
  CHECK(feed.publisher->position() == FeedPosition{1, 0});
}

TEST_CASE("a later epoch in the store is the one that holds") {
  FeedFixture feed;
  const Batch restored{.conditions = {},
                       .puts = {{"m/epoch", std::string("\0\0\1\2", 4)}},
                       .deletes = {},
                       .log = {}};
  REQUIRE(feed.engine.Commit({&restored, 1}).front().ok());
  feed.Reopen();
  CHECK(feed.publisher->position() == FeedPosition{258, 0});
}

TEST_CASE("a store whose values are malformed does not open") {
  const testing::TestRings directory;
  const auto rings = directory.Open();
  const ManualClock clock(kFeedStart);
  for (const auto& [key, value] :
       {std::pair<std::string, std::string>{"m/epoch", std::string(4, '\0')},
        {"m/epoch", "123"},
        {"m/epoch", "12345"},
        {"m/checkpoint", ""},
        {"m/checkpoint", std::string("\1") + std::string(27, '\0')},
        {"m/checkpoint", std::string("\1") + std::string(27, '\0') + '\1'}}) {
    const auto engine = NewMemoryEngine();
    const Batch batch{
        .conditions = {}, .puts = {{key, value}}, .deletes = {}, .log = {}};
    REQUIRE(engine->Commit({&batch, 1}).front().ok());
    INFO(batch.puts.front().key);
    CHECK(CodeOfOpen(*engine, *rings, clock) == ErrorCode::kCorrupt);
  }
}

TEST_CASE("a log record or checkpoint of a newer version does not open") {
  const testing::TestRings directory;
  const auto rings = directory.Open();
  const ManualClock clock(kFeedStart);
  const Batch newer_log{
      .conditions = {}, .puts = {}, .deletes = {}, .log = {"\3..."}};
  const Batch newer_checkpoint{.conditions = {},
                               .puts = {{"m/checkpoint", "\2..."}},
                               .deletes = {},
                               .log = {}};
  for (const Batch& batch : {newer_log, newer_checkpoint}) {
    const auto engine = NewMemoryEngine();
    REQUIRE(engine->Commit({&batch, 1}).front().ok());
    CHECK(CodeOfOpen(*engine, *rings, clock) == ErrorCode::kUnsupported);
  }
}

TEST_CASE("a store that does not answer does not open") {
  testing::BreakableStore store;
  store.fault = Fault::kUnavailable;
  const testing::TestRings directory;
  const auto rings = directory.Open();
  const ManualClock clock(kFeedStart);
  CHECK(CodeOfOpen(store.engine, *rings, clock) == ErrorCode::kUnavailable);
}

TEST_CASE("a revocation is in force when CatchUp returns") {
  FeedFixture feed;
  CHECK(feed.publisher->revocations().size() == 0);
  feed.Revoke(Tokens(3, "t"));
  CHECK(feed.publisher->position() == FeedPosition{1, 3});
  CHECK(feed.publisher->revocations().size() == 3);
  CHECK(feed.publisher->revocations().Staleness(
            feed.clock.Now(), feed.clock.MonotonicNow()) == Duration::zero());
}

TEST_CASE("the log from the beginning gives the list, with digest and hash") {
  FeedFixture feed;
  feed.Revoke(Tokens(3, "t"));
  feed.Revoke({Entry(RevocationKind::kSubject, "alice", minutes(10),
                     ToSeconds(kFeedStart))});
  ModelReplica replica = feed.NewReplica();
  feed.Follow(replica);
  CHECK(replica.batches == 1);
  CHECK(replica.Revokes(kToken, "t2"));
  CHECK(replica.Revokes(RevocationKind::kSubject, "alice"));
  CHECK(replica.head.time == kFeedStart);
  CHECK(replica.head.ring_generation == 2);
}

TEST_CASE("an empty poll is one head with the time of now") {
  FeedFixture feed;
  feed.Revoke(Tokens(1, "t"));
  ModelReplica replica = feed.NewReplica();
  feed.Follow(replica);
  feed.clock.Advance(milliseconds(1'500));
  feed.Follow(replica);
  CHECK(replica.heads == 1);
  CHECK(replica.head.time == kFeedStart + milliseconds(1'500));

  const auto head = feed.publisher->Head();
  REQUIRE(head.ok());
  replica.ApplyFrame(*head);
  CHECK(replica.heads == 2);
}

TEST_CASE("a head finds what another process has written to the store") {
  FeedFixture feed;
  Append(feed.engine, Tokens(1, "elsewhere"));
  CHECK(feed.publisher->position().sequence == 0);
  ModelReplica replica = feed.NewReplica();
  feed.Follow(replica);
  CHECK(replica.Revokes(kToken, "elsewhere0"));
}

TEST_CASE("one event is a frame of at most 160 bytes") {
  FeedFixture feed;
  feed.Revoke(Tokens(1, "t"));
  ModelReplica replica = feed.NewReplica();
  feed.Follow(replica);
  CHECK(replica.bytes_of_last <= 160);
}

TEST_CASE("a long answer is cut into batches of which the last is complete") {
  FeedFixture feed;
  feed.Revoke(Tokens(2'500, "t"));
  ModelReplica replica = feed.NewReplica();
  feed.Follow(replica);
  CHECK(replica.batches == 3);
  CHECK(replica.list.size() == 2'500);
}

TEST_CASE("cursors of another epoch, ahead of the log, and too old") {
  FeedFixture feed({.heartbeat = hours(1), .max_recent = 10});
  feed.Revoke(Tokens(15, "t"));
  const auto cursor = [&](FeedPosition after) {
    const auto answer = feed.publisher->Log(after);
    const auto checked = feed.publisher->CheckCursor(after);
    REQUIRE(answer.ok());
    REQUIRE(checked.ok());
    CHECK(*checked == answer->cursor);
    CHECK((answer->cursor == Cursor::kOk) == !answer->frames.empty());
    CHECK(answer->position == FeedPosition{1, 15});
    return answer->cursor;
  };
  CHECK(cursor({0, 15}) == Cursor::kNewEpoch);
  CHECK(cursor({2, 15}) == Cursor::kNewEpoch);
  CHECK(cursor({1, 16}) == Cursor::kNewEpoch);
  CHECK(cursor({1, 15}) == Cursor::kOk);
  CHECK(cursor({1, 5}) == Cursor::kOk);
  CHECK(cursor({1, 4}) == Cursor::kGone);
  CHECK(cursor({1, 0}) == Cursor::kGone);
}

TEST_CASE("without the store nothing is signed, and afterwards all is told") {
  FeedFixture feed;
  feed.Revoke(Tokens(1, "t"));
  feed.fault = Fault::kUnavailable;
  const auto unavailable = [](const auto& result) {
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == ErrorCode::kUnavailable);
  };
  unavailable(feed.publisher->Head());
  unavailable(feed.publisher->Log({1, 1}));
  unavailable(feed.publisher->Snapshot());
  unavailable(feed.publisher->RingsFrameBytes());
  unavailable(feed.publisher->CheckCursor({1, 1}));
  unavailable(feed.publisher->Subscribe({1, 1}, [](auto) { return true; }));
  unavailable(feed.publisher->Recent(0, 10));
  CHECK_FALSE(feed.publisher->CatchUp().ok());
  // What is known stays in force.
  CHECK(feed.publisher->revocations().size() == 1);
  feed.fault = Fault::kNone;
  CHECK(feed.publisher->Head().ok());
}

TEST_CASE("a store that went back in time is not signed for") {
  FeedFixture feed;
  feed.Revoke(Tokens(2, "t"));
  const auto older = NewMemoryEngine();
  // The same publisher, as if its store had been replaced under it.
  class Swapped final : public Engine {
   public:
    explicit Swapped(Engine& first) : now(&first) {}
    Result<std::optional<std::string>> Get(std::string_view key) override {
      return now.load()->Get(key);
    }
    Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                       std::string_view after,
                                       size_t limit) override {
      return now.load()->Scan(prefix, after, limit);
    }
    std::vector<Result<Committed>> Commit(
        std::span<const Batch> batches) override {
      return now.load()->Commit(batches);
    }
    Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) override {
      return now.load()->Tail(after, limit);
    }
    Result<uint64_t> LastSequence() override {
      return now.load()->LastSequence();
    }
    std::atomic<Engine*> now;
  } engine(feed.engine);
  auto publisher = Publisher::Open(engine, *feed.rings, feed.clock, {});
  REQUIRE(publisher.ok());
  CHECK((*publisher)->Head().ok());
  engine.now = older.get();
  const auto head = (*publisher)->Head();
  REQUIRE_FALSE(head.ok());
  CHECK(head.error().code == ErrorCode::kUnavailable);
  CHECK((*publisher)->position().sequence == 2);
  engine.now = &feed.engine;
}

TEST_CASE("with no active feed key nothing is signed") {
  FeedFixture feed;
  const auto before = feed.rings->feed()->keys().front().schedule.activates_at;
  feed.clock.SetWall(before - hours(1));
  const auto head = feed.publisher->Head();
  REQUIRE_FALSE(head.ok());
  CHECK(head.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("an entry leaves the list when its last minute has passed") {
  FeedFixture feed;
  feed.Revoke(
      {Entry(kToken, "short", minutes(2)), Entry(kToken, "long", minutes(20))});
  ModelReplica replica = feed.NewReplica();
  feed.Follow(replica);
  for (int minute = 0; minute < 30; ++minute) {
    feed.clock.Advance(seconds(60));
    feed.Follow(replica);  // compares digests
    replica.list.Confirm(replica.head.time, feed.clock.MonotonicNow());
    CHECK(replica.Revokes(kToken, "long") == (minute < 20));
  }
  CHECK(feed.publisher->revocations().size() == 0);
}

TEST_CASE("a snapshot gives a cold replica all, and the log goes on from it") {
  FeedFixture feed({.heartbeat = hours(1), .max_recent = 10});
  feed.Revoke(Tokens(50, "t"));
  const auto snapshot = feed.publisher->Snapshot();
  REQUIRE(snapshot.ok());
  CHECK((*snapshot)->position == FeedPosition{1, 50});
  ModelReplica replica = feed.NewReplica();
  replica.ApplyFrame((*snapshot)->frame);
  CHECK(replica.list.size() == 50);
  feed.Revoke(Tokens(2, "later"));
  feed.Follow(replica);
  CHECK(replica.list.size() == 52);
}

TEST_CASE("a snapshot tells of what clocks that are behind may still need") {
  FeedFixture feed;
  feed.Revoke({Entry(kToken, "t", minutes(2))});
  feed.clock.Advance(minutes(5));
  ModelReplica replica = feed.NewReplica();
  replica.ApplyFrame((*feed.publisher->Snapshot())->frame);
  CHECK(replica.Revokes(kToken, "t"));
}

TEST_CASE("a snapshot is shared for a while, as long as the log reaches it") {
  FeedFixture feed({.heartbeat = seconds(600),
                    .max_recent = 10,
                    .snapshot_age = seconds(600)});
  feed.Revoke(Tokens(1, "t"));
  const auto first = *feed.publisher->Snapshot();
  feed.Revoke(Tokens(1, "u"));
  CHECK(*feed.publisher->Snapshot() == first);

  feed.clock.Advance(seconds(600));
  const auto second = *feed.publisher->Snapshot();
  CHECK(second != first);
  CHECK(second->position.sequence == 2);
  CHECK(second->name.starts_with("1.2."));
  CHECK(second->name != first->name);

  feed.Revoke(Tokens(11, "many"));
  const auto third = *feed.publisher->Snapshot();
  CHECK(third->position.sequence == 13);

  feed.directory.Rotate(KeyPurpose::kAccess, kFeedStart);
  REQUIRE(feed.rings->Reload().ok());
  CHECK(*feed.publisher->Snapshot() != third);
}

TEST_CASE("the rings frame carries the public rings and their generation") {
  FeedFixture feed;
  ModelReplica replica = feed.NewReplica();
  const auto frame = feed.publisher->RingsFrameBytes();
  REQUIRE(frame.ok());
  replica.ApplyFrame(*frame);
  REQUIRE(replica.rings.size() == 2);
  CHECK(replica.rings[0] == feed.rings->access()->Public());
  CHECK(replica.rings[1] == feed.rings->feed()->Public());
  CHECK(replica.head.ring_generation == 2);

  feed.directory.Rotate(KeyPurpose::kFeed, kFeedStart);
  REQUIRE(feed.rings->Reload().ok());
  replica.ApplyFrame(*feed.publisher->RingsFrameBytes());
  CHECK(replica.rings[1].keys().size() == 2);
  CHECK(replica.head.ring_generation == 3);
}

TEST_CASE("a restart changes nothing: position, hash, digest, entries") {
  FeedFixture feed;
  feed.Revoke(Tokens(1'200, "t"));
  feed.Revoke({Entry(RevocationKind::kSubject, "alice", minutes(5),
                     ToSeconds(kFeedStart)),
               Entry(RevocationKind::kAll, "", minutes(5),
                     ToSeconds(kFeedStart) - hours(1))});
  ModelReplica replica = feed.NewReplica();
  feed.Follow(replica);
  const LogHash hash = replica.hash;
  feed.Reopen();
  feed.Follow(replica);  // an empty poll: hash and digest agree
  CHECK(replica.heads == 1);
  ModelReplica fresh = feed.NewReplica();
  feed.Follow(fresh);
  CHECK(fresh.hash == hash);
  CHECK(fresh.list.Entries(kFeedStart) == replica.list.Entries(kFeedStart));
}

TEST_CASE("recent entries carry what people want to know, with sequences") {
  FeedFixture feed;
  const auto entries = Tokens(5, "t");
  feed.Revoke(entries);
  const auto recent = feed.publisher->Recent(2, 2);
  REQUIRE(recent.ok());
  REQUIRE(recent->size() == 2);
  CHECK(recent->front().sequence == 3);
  CHECK(recent->front().entry == entries[2]);
  CHECK(recent->back().sequence == 4);
}

TEST_CASE(
    "what was dropped by a clock that ran ahead is there when it is set back") {
  FeedFixture feed;
  feed.Revoke({Entry(kToken, "t", minutes(2)), Entry(kToken, "u", minutes(9))});
  CHECK(feed.publisher->Head().ok());
  feed.clock.SetWall(kFeedStart + minutes(30));
  CHECK_FALSE(feed.publisher->Head().ok());  // not believed yet
  feed.clock.Advance(seconds(31));
  CHECK(feed.publisher->Head().ok());
  feed.clock.SetWall(kFeedStart + minutes(1));
  ModelReplica replica = feed.NewReplica();
  replica.ApplyFrame((*feed.publisher->Snapshot())->frame);
  CHECK(replica.Revokes(kToken, "t"));
  CHECK(replica.Revokes(kToken, "u"));
  feed.Follow(replica);
}

TEST_CASE("digests agree after the wall clock is set back by minutes") {
  FeedFixture feed;
  feed.Revoke({Entry(kToken, "t", minutes(10))});
  ModelReplica replica = feed.NewReplica();
  feed.Follow(replica);
  feed.clock.Advance(minutes(12));
  feed.Follow(replica);
  feed.clock.SetWall(kFeedStart + minutes(9));
  feed.Follow(replica);  // compares digests
  CHECK(replica.Revokes(kToken, "t"));
}

}  // namespace
}  // namespace signet::service
