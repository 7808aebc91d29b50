#include <doctest/doctest.h>

#include <future>

#include "revocation-service/feed/checkpoint.h"
#include "revocation-service/feed/publisher.h"
#include "tests/revocation-service/feed_fixture.h"

namespace signet::service {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using testing::Entry;
using testing::FeedFixture;
using testing::kFeedStart;
using testing::ModelReplica;
using testing::Tokens;
using Cursor = Publisher::Cursor;

constexpr auto kToken = RevocationKind::kToken;
constexpr auto kClient = RevocationKind::kClient;
constexpr auto kKey = RevocationKind::kKey;
const EpochSeconds kStart = ToSeconds(kFeedStart);

Result<size_t> Trim(FeedFixture& feed, size_t limit = 1'000) {
  std::promise<Result<size_t>> done;
  Committer committer(feed.engine, {});
  feed.publisher->Trim(committer, limit,
                       [&](Result<size_t> count) { done.set_value(count); });
  return done.get_future().get();
}

LogEntry KeyRevocation(const std::string& key, EpochSeconds at = kStart) {
  LogEntry entry = Entry(kKey, key, minutes(0), kForever, at);
  entry.revocation.drop_after = kForever;
  return entry;
}

// Same checks that a restart gives the same position, hash, digest and list.
void CheckRestart(FeedFixture& feed) {
  const auto state = [&] {
    ModelReplica replica = feed.NewReplica();
    replica.ApplyFrame((*feed.publisher->Snapshot())->frame);
    return std::tuple(replica.position, replica.hash, replica.head.digest,
                      replica.list.Entries(feed.clock.Now()));
  };
  const auto before = state();
  feed.Reopen();
  CHECK(state() == before);
}

TEST_CASE("nothing is trimmed from an empty log, nor from a fresh one") {
  FeedFixture feed;
  CHECK(*Trim(feed) == 0);
  feed.Revoke(Tokens(3, "t"));
  CHECK(*Trim(feed) == 0);
  // Expired, but a wall clock might be wrong by so much.
  feed.clock.Advance(minutes(11));
  CHECK(*Trim(feed) == 0);
  CHECK_FALSE(feed.engine.Get("m/checkpoint")->has_value());
}

TEST_CASE("an entry is trimmed an hour after it has expired") {
  FeedFixture feed;
  feed.Revoke({Entry(kToken, "t", minutes(10))});
  feed.clock.Advance(minutes(70));
  CHECK(*Trim(feed) == 0);
  feed.clock.Advance(std::chrono::seconds(1));
  CHECK(*Trim(feed) == 1);
  CHECK(*Trim(feed) == 0);
  CHECK(feed.publisher->position() == FeedPosition{1, 1});
  CheckRestart(feed);
}

TEST_CASE("cursors before the trim point are gone, here and after a restart") {
  FeedFixture feed;
  feed.Revoke(Tokens(3, "t"));
  feed.clock.Advance(hours(2));
  feed.Revoke({Entry(kToken, "new", hours(3), {}, kStart + hours(2))});
  CHECK(*Trim(feed) == 3);
  for (int i = 0; i < 2; ++i) {
    CHECK(*feed.publisher->CheckCursor({1, 2}) == Cursor::kGone);
    CHECK(*feed.publisher->CheckCursor({1, 3}) == Cursor::kOk);
    CHECK(feed.publisher->Recent(2, 10).error().code == ErrorCode::kNotFound);
    CHECK(feed.publisher->Recent(3, 10)->front().entry.value == "new");
    feed.Reopen();
  }
  CheckRestart(feed);
}

TEST_CASE("a replica that was there before the trim follows on after it") {
  FeedFixture feed;
  feed.Revoke(Tokens(3, "t"));
  ModelReplica replica = feed.NewReplica();
  feed.Follow(replica);
  feed.clock.Advance(hours(2));
  CHECK(*Trim(feed) == 3);
  feed.Reopen();
  feed.Follow(replica);
  feed.Revoke({Entry(kToken, "new", hours(3), {}, kStart + hours(2))});
  feed.Follow(replica);  // the hash chain goes on
  CHECK(replica.Revokes(kToken, "new"));
}

// DropsTo lets heads be made, as heartbeats do, until the list has dropped
// what expired: it does so a part at a time.
bool DropsTo(FeedFixture& feed, size_t size) {
  return testing::Eventually([&] {
    return feed.publisher->Head().ok() &&
           feed.publisher->revocations().size() == size;
  });
}

TEST_CASE("trimming stops at an entry that may still be needed") {
  FeedFixture feed;
  feed.Revoke({Entry(kToken, "short", minutes(10)),
               Entry(kToken, "longer", hours(5)),
               Entry(kToken, "short too", minutes(10))});
  feed.clock.Advance(hours(2));
  CHECK(*Trim(feed) == 1);
  CHECK(DropsTo(feed, 1));
  CheckRestart(feed);
}

TEST_CASE("at most so many entries as allowed are trimmed at once") {
  FeedFixture feed;
  feed.Revoke(Tokens(10, "t"));
  feed.clock.Advance(hours(2));
  CHECK(*Trim(feed, 4) == 4);
  CHECK(*Trim(feed, 4) == 4);
  CHECK(*Trim(feed, 4) == 2);
  CHECK(*Trim(feed, 4) == 0);
  CheckRestart(feed);
}

TEST_CASE("a stolen key stays revoked for ever, and does not hold the log") {
  FeedFixture feed;
  feed.Revoke({KeyRevocation("k1"), Entry(kToken, "t"),
               Entry(kClient, "c", days(3), kStart)});
  feed.clock.Advance(hours(2));
  CHECK(*Trim(feed) == 3);
  CheckRestart(feed);
  feed.Revoke({KeyRevocation("k2", kStart + hours(2))});
  feed.clock.Advance(hours(2));
  CHECK(*Trim(feed) == 1);
  CheckRestart(feed);

  ModelReplica replica = feed.NewReplica();
  replica.ApplyFrame((*feed.publisher->Snapshot())->frame);
  CHECK(replica.Revokes(kKey, "k1", kStart + days(9'999)));
  CHECK(replica.Revokes(kKey, "k2", kStart + days(9'999)));
  CHECK(replica.Revokes(kClient, "c", kStart - minutes(1)));
  CHECK(replica.list.size() == 3);

  // The client's entry expires in the checkpoint.
  feed.clock.Advance(days(4));
  feed.Revoke({Entry(kToken, "u", days(4), {}, kStart + days(4))});
  feed.clock.Advance(days(1));
  CHECK(DropsTo(feed, 2));
  CHECK(*Trim(feed) == 1);
  CHECK(feed::LoadCheckpoint(feed.engine)->checkpoint.entries.size() == 2);
  CheckRestart(feed);
}

TEST_CASE("an expired cutoff that a later entry grew from is carried on") {
  FeedFixture feed;
  // The second one lasts longer and reaches less far back.
  feed.Revoke({Entry(kClient, "c", minutes(30), kStart)});
  feed.Revoke({Entry(kClient, "c", hours(12), kStart - hours(5),
                     kStart + minutes(10))});
  feed.clock.Advance(hours(3));
  CHECK(*Trim(feed) == 1);
  CHECK(feed::LoadCheckpoint(feed.engine)->checkpoint.entries.size() == 1);
  CheckRestart(feed);
  CHECK(feed.publisher->revocations().Cutoff(
            kClient, MakeRevocationId(kClient, "c")) == kStart);
  feed.clock.Advance(hours(12));
  CHECK(DropsTo(feed, 0));
  CHECK(*Trim(feed) == 1);
  CHECK(feed::LoadCheckpoint(feed.engine)->checkpoint.entries.empty());
  CheckRestart(feed);
}

TEST_CASE("a trim that another process has overtaken changes nothing") {
  FeedFixture feed;
  feed.Revoke(Tokens(10, "t"));
  feed.clock.Advance(hours(2));
  std::promise<void> gate;
  std::promise<Result<size_t>> done;
  {
    Committer committer(feed.engine, {});
    committer.AfterGroup([&] { gate.get_future().wait(); });
    committer.Submit({.conditions = {},
                      .puts = {},
                      .deletes = {},
                      .log = {EncodeLogEntry(Entry(kToken, "u", hours(9)))}},
                     [](auto) {});
    // The first commit keeps the committer busy until the gate opens.
    REQUIRE(
        testing::Eventually([&] { return *feed.engine.LastSequence() == 11; }));
    feed.publisher->Trim(committer, 100,
                         [&](Result<size_t> n) { done.set_value(n); });
    CHECK(*Trim(feed, 5) == 5);
    gate.set_value();
  }
  const auto overtaken = done.get_future().get();
  REQUIRE_FALSE(overtaken.ok());
  CHECK(overtaken.error().code == ErrorCode::kConflict);
  CHECK(feed::LoadCheckpoint(feed.engine)->checkpoint.sequence == 5);
  CheckRestart(feed);
}

TEST_CASE("a process that slept past a trim goes on from the checkpoint") {
  FeedFixture feed;
  auto sleeper = Publisher::Open(feed.engine, *feed.rings, feed.clock,
                                 {.heartbeat = hours(1)});
  REQUIRE(sleeper.ok());
  feed.Revoke({KeyRevocation("k"), Entry(kToken, "t")});
  feed.clock.Advance(hours(2));
  CHECK(*Trim(feed) == 2);
  feed.Revoke({Entry(kToken, "new", hours(3), {}, kStart + hours(2))});
  CHECK((*sleeper)->position().sequence == 0);
  REQUIRE((*sleeper)->CatchUp().ok());
  CHECK((*sleeper)->position() == FeedPosition{1, 3});
  CHECK(*(*sleeper)->CheckCursor({1, 0}) == Cursor::kGone);
  ModelReplica one = feed.NewReplica();
  ModelReplica other = feed.NewReplica();
  one.ApplyFrame((*feed.publisher->Snapshot())->frame);
  other.ApplyFrame((*(*sleeper)->Snapshot())->frame);
  CHECK(one.head.digest == other.head.digest);
  CHECK(one.hash == other.hash);
}

TEST_CASE("a store that does not answer is not trimmed") {
  FeedFixture feed;
  feed.Revoke(Tokens(1, "t"));
  feed.clock.Advance(hours(2));
  feed.fault = Fault::kUnavailable;
  CHECK(Trim(feed).error().code == ErrorCode::kUnavailable);
  feed.fault = Fault::kNone;
  CHECK(*Trim(feed) == 1);
}

TEST_CASE("a log that was trimmed past its checkpoint is corrupt") {
  FeedFixture feed;
  feed.Revoke(Tokens(4, "t"));
  Batch lost{.conditions = {},
             .puts = {},
             .deletes = {},
             .log = {},
             .trim_log_through = 2};
  REQUIRE(feed.engine.Commit({&lost, 1}).front().ok());
  const auto opened = Publisher::Open(feed.engine, *feed.rings, feed.clock, {});
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == ErrorCode::kCorrupt);
}

TEST_CASE("a checkpoint comes back as it was, and in one spelling only") {
  feed::Checkpoint checkpoint{.sequence = 1'234'567,
                              .log_hash = {1, 2, 3},
                              .entries = {KeyRevocation("k").revocation,
                                          Entry(kToken, "t").revocation}};
  const std::string bytes = feed::EncodeCheckpoint(checkpoint);
  CHECK(*feed::DecodeCheckpoint(bytes) == checkpoint);
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(feed::DecodeCheckpoint(bytes.substr(0, size)).ok());
  }
  CHECK_FALSE(feed::DecodeCheckpoint(bytes + '\0').ok());
}

}  // namespace
}  // namespace signet::service
