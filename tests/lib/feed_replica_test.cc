#include "feed_replica.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "feed_anchor.h"
#include "feed_events.h"
#include "feed_state.h"

namespace signet {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr EpochSeconds kStart{minutes(29'000'000)};
Time At(Duration after) { return Time(kStart.time_since_epoch() + after); }
Monotonic Mono(Duration after) { return Monotonic(hours(1) + after); }

Revocation Session(uint8_t n, Duration lives = minutes(15)) {
  Revocation entry{RevocationKind::kSession,
                   {},
                   kStart,
                   {},
                   kStart + std::chrono::floor<seconds>(lives)};
  entry.id[0] = n;
  return entry;
}

TokenIdentity TokenOf(uint8_t session) {
  TokenIdentity token;
  token.session[0] = session;
  token.has_session = true;
  return token;
}

// Origin is the service's side: a log, a list, and the frames of them.
class Origin {
 public:
  explicit Origin(uint32_t epoch = 1) : epoch_(epoch), hashes_{LogHash{}} {}

  void Revoke(uint8_t n, Duration lives = minutes(15)) {
    log_.push_back(Session(n, lives));
    list_.Apply({&log_.back(), 1});
    hashes_.push_back(ChainLogHash(hashes_.back(), log_.back()));
  }
  FeedHead Head(Duration after) const {
    return {{epoch_, log_.size()}, At(after), list_.DigestAt(At(after)), 7};
  }
  Frame HeadAt(Duration after) const {
    return HeadFrame{Head(after), hashes_.back()};
  }
  // Batch has the entries after `cursor`, at most `count`.
  BatchFrame Batch(size_t cursor, Duration after, size_t count = 99) const {
    BatchFrame batch{Head(after), cursor + 1, hashes_[cursor], {}};
    for (size_t i = cursor; i < log_.size() && i < cursor + count; ++i) {
      batch.entries.push_back(log_[i]);
    }
    return batch;
  }
  SnapshotFrame Snapshot(Duration after) const {
    return {Head(after), hashes_.back(), list_.Entries(At(after))};
  }

 private:
  uint32_t epoch_;
  std::vector<Revocation> log_;
  std::vector<LogHash> hashes_;
  RevocationList list_;
};

// Replica is the side under test; frames come at the time of their heads.
struct Replica {
  RevocationList list;
  FeedReplica feed{list};

  FeedOutcome Take(const Frame& frame, Duration now) {
    return feed.Accept(frame, At(now), Mono(now));
  }
  FeedOutcome Take(const Frame& frame) {
    const Time time =
        std::visit([](const auto& f) { return f.head.time; }, frame);
    return Take(frame, time - At(Duration(0)));
  }
  bool Revoked(uint8_t n) const { return list.IsRevoked(TokenOf(n)); }
  Duration Staleness(Duration at) const {
    return list.Staleness(At(at), Mono(at));
  }
};

ErrorCode CodeOf(const FeedOutcome& outcome) {
  REQUIRE(outcome.error.has_value());
  return outcome.error->code;
}

TEST_CASE("without a cursor only a snapshot helps") {
  Origin origin;
  origin.Revoke(1);
  Replica replica;
  CHECK(replica.Take(origin.HeadAt(seconds(1))).next ==
        FeedStep::kFetchSnapshot);
  CHECK(replica.Take(origin.Batch(0, seconds(1))).next ==
        FeedStep::kFetchSnapshot);
  CHECK_FALSE(replica.Revoked(1));
}

TEST_CASE("a snapshot fills the list, and the head after it confirms") {
  Origin origin;
  origin.Revoke(1);
  Replica replica;
  CHECK_FALSE(replica.Take(origin.Snapshot(seconds(1))).error);
  CHECK(replica.Revoked(1));
  CHECK(replica.Staleness(seconds(1)) == Duration::max());
  CHECK(replica.Take(origin.HeadAt(seconds(2))).confirmed);
  CHECK(replica.Staleness(seconds(2)) == seconds(0));
  CHECK(replica.feed.position() == FeedPosition{1, 1});
}

TEST_CASE("batches extend the list and confirm only when it is complete") {
  Origin origin;
  Replica replica;
  replica.Take(origin.Snapshot(seconds(0)));
  for (uint8_t n = 1; n <= 5; ++n) origin.Revoke(n);
  const FeedOutcome part = replica.Take(origin.Batch(0, seconds(1), 3));
  CHECK_FALSE(part.error);
  CHECK_FALSE(part.confirmed);
  CHECK(replica.Revoked(3));
  CHECK_FALSE(replica.Revoked(4));
  CHECK(replica.Take(origin.Batch(3, seconds(1))).confirmed);
  CHECK(replica.Revoked(5));
}

TEST_CASE("a batch that begins before the cursor is taken from there") {
  Origin origin;
  Replica replica;
  replica.Take(origin.Snapshot(seconds(0)));
  origin.Revoke(1);
  origin.Revoke(2);
  replica.Take(origin.Batch(0, seconds(1)));
  origin.Revoke(3);
  CHECK(replica.Take(origin.Batch(0, seconds(2))).confirmed);
  CHECK(replica.Revoked(3));
  CHECK(replica.list.size() == 3);
}

TEST_CASE("a gap asks for the log and applies nothing") {
  Origin origin;
  Replica replica;
  replica.Take(origin.Snapshot(seconds(0)));
  origin.Revoke(1);
  origin.Revoke(2);
  CHECK(replica.Take(origin.Batch(1, seconds(1))).next == FeedStep::kFetchLog);
  CHECK(replica.Take(origin.HeadAt(seconds(1))).next == FeedStep::kFetchLog);
  CHECK(replica.list.size() == 0);
  CHECK(replica.Staleness(seconds(1)) == Duration::max());
}

TEST_CASE("a replayed head confirms nothing") {
  Origin origin;
  Replica replica;
  replica.Take(origin.Snapshot(seconds(0)));
  const Frame old = origin.HeadAt(seconds(1));
  replica.Take(old);
  SUBCASE("the same one later") {
    CHECK_FALSE(replica.Take(old, seconds(9)).error);
  }
  SUBCASE("an older one, as a cache may keep it") {
    replica.Take(origin.HeadAt(seconds(11)), seconds(2));
    CHECK_FALSE(replica.Take(old, seconds(9)).error);
  }
  SUBCASE("a much older one") {
    replica.Take(origin.HeadAt(seconds(12)), seconds(2));
    CHECK(CodeOf(replica.Take(old, seconds(9))) == ErrorCode::kRollback);
  }
  // Wall clocks may lie; the monotonic estimate alone must show the age.
  CHECK(replica.list.Staleness(At(seconds(1)), Mono(seconds(9))) >= seconds(7));
}

TEST_CASE("entries come whatever their time, which does not go back") {
  for (const int back : {1, 60}) {
    Origin origin;
    Replica replica;
    replica.Take(origin.Snapshot(seconds(0)));
    replica.Take(origin.HeadAt(seconds(100)));
    origin.Revoke(1);
    // Like this from a service whose clock was set back.
    const FeedOutcome outcome =
        replica.Take(origin.Batch(0, seconds(100 - back)));
    CHECK_FALSE(outcome.confirmed);
    CHECK(outcome.error.has_value() == (back > 10));
    CHECK(replica.Revoked(1));
    CHECK(replica.feed.time() == At(seconds(100)));
    CHECK(replica.Take(origin.HeadAt(seconds(101))).confirmed);
  }
}

// A key's revocation stays for ever, so it must not be what is waited for.
TEST_CASE("digests are compared again when what the feed lost has left") {
  Origin origin;
  Origin restored(2);
  for (Origin* one : {&origin, &restored}) one->Revoke(9, days(30));
  origin.Revoke(1, minutes(15));
  Replica replica;
  replica.Take(origin.Snapshot(seconds(0)));
  replica.Take(origin.HeadAt(seconds(1)));
  CHECK_FALSE(replica.Take(restored.Snapshot(seconds(2))).error);
  CHECK(replica.Revoked(1));
  HeadFrame wrong = std::get<HeadFrame>(restored.HeadAt(seconds(3)));
  wrong.head.digest[0] ^= 1;
  CHECK(replica.Take(wrong).confirmed);
  wrong.head.time = At(minutes(17));
  CHECK(CodeOf(replica.Take(wrong, minutes(17))) == ErrorCode::kCorrupt);
  CHECK(replica.Take(restored.HeadAt(minutes(17)), minutes(17)).confirmed);
}

TEST_CASE("a snapshot from before what was seen is refused") {
  Origin origin;
  Replica replica;
  replica.Take(origin.Snapshot(seconds(0)));
  replica.Take(origin.HeadAt(seconds(2)));
  CHECK(CodeOf(replica.Take(origin.Snapshot(seconds(1)))) ==
        ErrorCode::kRollback);
}

TEST_CASE("a log that went back is refused, and nothing is forgotten") {
  Origin origin;
  Origin behind;
  origin.Revoke(1);
  Replica replica;
  replica.Take(origin.Snapshot(seconds(1)));
  CHECK(CodeOf(replica.Take(behind.HeadAt(seconds(2)))) ==
        ErrorCode::kRollback);
  CHECK(CodeOf(replica.Take(behind.Snapshot(seconds(2)))) ==
        ErrorCode::kRollback);
  CHECK(CodeOf(replica.Take(Origin(0).HeadAt(seconds(3)))) ==
        ErrorCode::kRollback);
  CHECK(replica.Revoked(1));
}

TEST_CASE("another log of the same length is a fork") {
  Origin origin;
  Origin other;
  origin.Revoke(1);
  other.Revoke(2);
  Replica replica;
  replica.Take(origin.Snapshot(seconds(1)));
  const auto refused = [&](const Frame& frame) {
    const FeedOutcome outcome = replica.Take(frame);
    CHECK(CodeOf(outcome) == ErrorCode::kConflict);
    CHECK(outcome.next == FeedStep::kFetchSnapshot);
  };
  refused(other.HeadAt(seconds(2)));
  other.Revoke(3);
  refused(other.Batch(1, seconds(2)));
  refused(other.Batch(0, seconds(2)));
  CHECK_FALSE(replica.Revoked(3));

  // The snapshot of the fork adds what we lack and takes nothing away.
  CHECK_FALSE(replica.Take(other.Snapshot(seconds(3))).error);
  for (uint8_t n = 1; n <= 3; ++n) CHECK(replica.Revoked(n));
  CHECK(replica.Take(other.HeadAt(seconds(4))).confirmed);
}

TEST_CASE("a new epoch needs a snapshot and forgets nothing") {
  Origin origin;
  origin.Revoke(1);
  Replica replica;
  replica.Take(origin.Snapshot(seconds(1)));
  Origin restored(2);
  CHECK(replica.Take(restored.HeadAt(seconds(2))).next ==
        FeedStep::kFetchSnapshot);
  CHECK_FALSE(replica.Take(restored.Snapshot(seconds(3))).error);
  CHECK(replica.Revoked(1));
  restored.Revoke(2);
  CHECK(replica.Take(restored.Batch(0, seconds(4))).confirmed);

  // Digests are compared again once what only we hold has left.
  Origin liar(2);
  liar.Revoke(2);
  auto head = std::get<HeadFrame>(liar.HeadAt(minutes(17)));
  CHECK(replica.Take(head).confirmed);
  CHECK_FALSE(replica.Revoked(1));
  head.head.time += seconds(1);
  head.head.digest[0] ^= 1;
  CHECK(CodeOf(replica.Take(head)) == ErrorCode::kCorrupt);
}

TEST_CASE("a digest that differs asks for a snapshot and does not confirm") {
  Origin origin;
  origin.Revoke(1);
  Replica replica;
  replica.Take(origin.Snapshot(seconds(1)));
  auto head = std::get<HeadFrame>(origin.HeadAt(seconds(2)));
  head.head.digest[0] ^= 1;
  const FeedOutcome outcome = replica.Take(head);
  CHECK(CodeOf(outcome) == ErrorCode::kCorrupt);
  CHECK(outcome.next == FeedStep::kFetchSnapshot);
  CHECK(replica.Staleness(seconds(2)) == Duration::max());
}

TEST_CASE("a snapshot that does not match its digest gives no cursor") {
  Origin origin;
  origin.Revoke(1);
  SnapshotFrame snapshot = origin.Snapshot(seconds(1));
  snapshot.head.digest[0] ^= 1;
  Replica replica;
  for (int i = 0; i < 2; ++i) {
    CHECK(CodeOf(replica.Take(snapshot)) == ErrorCode::kCorrupt);
    CHECK_FALSE(replica.feed.has_cursor());
  }
}

TEST_CASE("a service whose clock leapt ahead confirms and drops nothing") {
  Origin origin;
  origin.Revoke(1);
  Replica replica;
  replica.Take(origin.Snapshot(seconds(1)));
  const Duration limit = FeedReplica::kMaxAhead;
  CHECK(CodeOf(replica.Take(origin.HeadAt(hours(1)), seconds(2))) ==
        ErrorCode::kInvalid);
  origin.Revoke(2, hours(2));
  // Revocations count all the same.
  CHECK(CodeOf(replica.Take(origin.Batch(1, hours(1)), seconds(2))) ==
        ErrorCode::kInvalid);
  CHECK(replica.Revoked(1));
  CHECK(replica.Revoked(2));
  CHECK(replica.Take(origin.HeadAt(seconds(2) + limit), seconds(2)).confirmed);

  Replica fresh;
  CHECK(CodeOf(fresh.Take(origin.Snapshot(hours(1)), seconds(2))) ==
        ErrorCode::kInvalid);
  CHECK_FALSE(fresh.feed.has_cursor());
}

TEST_CASE("an entry stays while this machine's clock finds its token alive") {
  Origin origin;
  origin.Revoke(1, minutes(2));
  Replica replica;
  replica.Take(origin.Snapshot(seconds(1)));
  // The service's clock is two minutes ahead of ours, or ours is behind.
  CHECK(replica.Take(origin.HeadAt(minutes(4)), minutes(2)).confirmed);
  CHECK(replica.Revoked(1));
  CHECK(replica.Take(origin.HeadAt(minutes(5)), minutes(3)).confirmed);
  CHECK(replica.Revoked(1));
  CHECK(replica.Take(origin.HeadAt(minutes(6)), minutes(4)).confirmed);
  CHECK_FALSE(replica.Revoked(1));
}

TEST_CASE("a clock that was set back to what has been dropped says stale") {
  Origin origin;
  origin.Revoke(1, minutes(2));
  Replica replica;
  replica.Take(origin.Snapshot(seconds(1)));
  CHECK(replica.Take(origin.HeadAt(minutes(5))).confirmed);
  const auto at = [&](Duration wall) {
    return replica.list.Staleness(At(wall), Mono(minutes(5)));
  };
  CHECK(at(minutes(5)) == Duration(0));
  CHECK(at(minutes(4)) == Duration(0));
  CHECK(at(minutes(4) - milliseconds(1)) == Duration::max());

  // A restart remembers it.
  Replica restarted;
  restarted.feed.Restore(replica.feed.State());
  CHECK(restarted.Take(origin.HeadAt(minutes(5) + seconds(1)), minutes(3))
            .confirmed);
  CHECK(restarted.list.Staleness(At(minutes(3)), Mono(minutes(3))) ==
        Duration::max());
}

TEST_CASE("rings among the log are refused") {
  Replica replica;
  CHECK(CodeOf(replica.Take(RingsFrame{})) == ErrorCode::kInvalid);
}

TEST_CASE("a stored state restores cursor, entries and high-water mark") {
  Origin origin;
  origin.Revoke(1);
  origin.Revoke(2);
  Replica replica;
  replica.Take(origin.Snapshot(seconds(1)));
  replica.Take(origin.HeadAt(seconds(2)));
  const auto stored = DecodeFeedState(EncodeFeedState(replica.feed.State()));
  REQUIRE(stored.ok());

  Replica restarted;
  restarted.feed.Restore(*stored);
  CHECK(restarted.Revoked(1));
  CHECK(restarted.Staleness(seconds(2)) == Duration::max());
  CHECK_FALSE(restarted.Take(origin.HeadAt(seconds(1))).confirmed);
  origin.Revoke(3);
  CHECK(restarted.Take(origin.Batch(2, seconds(3))).confirmed);
  CHECK(restarted.Revoked(3));
}

TEST_CASE("a state that is cut or changed anywhere is kCorrupt") {
  Origin origin;
  origin.Revoke(1);
  Replica replica;
  replica.Take(origin.Snapshot(seconds(1)));
  const std::string good = EncodeFeedState(replica.feed.State());
  REQUIRE(DecodeFeedState(good).ok());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    CHECK(DecodeFeedState(bad).error().code == ErrorCode::kCorrupt);
    CHECK_FALSE(DecodeFeedState(good.substr(0, i)).ok());
  }
  CHECK_FALSE(DecodeFeedState(good + "x").ok());
}

TEST_CASE("an anchor believes the smallest distance that was shown") {
  FeedAnchor anchor(Mono(seconds(10)));
  // The request left at 10 s, so the service read no time before that.
  CHECK(anchor.MomentOf(At(seconds(50)), Mono(seconds(12))) ==
        Mono(seconds(10)));
  CHECK(anchor.MomentOf(At(seconds(53)), Mono(seconds(14))) ==
        Mono(seconds(13)));
  // A frame that is held back shows its age.
  CHECK(anchor.MomentOf(At(seconds(54)), Mono(seconds(99))) ==
        Mono(seconds(14)));
  // One that was read earlier than it was thought corrects the distance.
  CHECK(anchor.MomentOf(At(seconds(60)), Mono(seconds(18))) ==
        Mono(seconds(18)));
  CHECK(anchor.MomentOf(At(seconds(61)), Mono(seconds(30))) ==
        Mono(seconds(19)));
}

TEST_CASE("an event reader finds events however they are cut") {
  const std::string text =
      ": hello\n\nid: 1.2\ndata: abc\n\nretry: 5\r\ndata:def\r\n\r\n"
      "event: x\n\ndata: unfinished\n";
  for (size_t step = 1; step < 20; ++step) {
    std::vector<std::string> seen;
    EventReader reader([&](std::string_view data) {
      seen.emplace_back(data);
      return true;
    });
    for (size_t i = 0; i < text.size(); i += step) {
      CHECK(reader.Read(std::string_view(text).substr(i, step)));
    }
    CHECK(seen == std::vector<std::string>{"abc", "def"});
  }
}

TEST_CASE("an event's type holds for that event") {
  const std::string text =
      "data: a\n\nevent: ack\nid: 1.2\ndata: b\n\ndata: c\n\nevent: ack\n\n"
      "data: d\n\ndata: e\nevent:x\nevent: y\n\n";
  std::string seen;
  EventReader reader([&](std::string_view data) {
    seen += std::string(data) + "(" + std::string(reader.type()) + ")";
    return true;
  });
  CHECK(reader.Read(text));
  CHECK(seen == "a()b(ack)c()d()e(y)");
}

TEST_CASE("an event reader ends on an overlong line, or when it is told") {
  EventReader endless([](std::string_view) { return true; });
  const std::string part(EventReader::kMaxLine / 2, 'x');
  CHECK(endless.Read(part));
  CHECK(endless.Read(part));
  CHECK_FALSE(endless.Read("x"));
  CHECK(endless.error().error().code == ErrorCode::kInvalid);

  EventReader told([](std::string_view) { return false; });
  CHECK_FALSE(told.Read("data: a\n\ndata: b\n\n"));
  CHECK(told.error().ok());

  EventReader twice([](std::string_view) { return true; });
  CHECK_FALSE(twice.Read("data: a\ndata: b\n\n"));
  CHECK_FALSE(twice.error().ok());
}

}  // namespace
}  // namespace signet
