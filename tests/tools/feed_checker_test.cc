// Feeds that are signed and wrong: only who has the feed's key can make them.
#include "tools/feed_checker.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace signet::cli {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kStart{seconds(1'763'769'600)};

// Author writes a feed with the key of a ring.
class Author {
 public:
  Author()
      : ring_(*SigningRing::New({KeyPurpose::kFeed, KeyFormat::kFeedEd25519, 1,
                                 DefaultPolicy(KeyPurpose::kFeed)},
                                kStart - minutes(10))) {}

  FeedChecker Checker() const {
    return FeedChecker(ring_.Public(), kStart + minutes(1));
  }
  std::string Seal(const Frame& frame) const {
    return EncodeFrame(frame, ring_.Active(kStart)->key);
  }

  void Revoke(uint8_t number) {
    Revocation entry{RevocationKind::kToken, {}, ToSeconds(kStart), {}, {}};
    entry.drop_after = ToSeconds(kStart) + minutes(15);
    entry.id[0] = number;
    log.push_back(entry);
    list.Apply({&entry, 1});
    hashes.push_back(ChainLogHash(hashes.back(), entry));
  }
  FeedHead Head(Duration later = {}) const {
    const Time time = kStart + later;
    return {{epoch, log.size()}, time, list.DigestAt(time), 1};
  }
  BatchFrame Batch(uint64_t after) const {
    return {Head(),
            after + 1,
            hashes[after],
            {log.begin() + static_cast<ptrdiff_t>(after), log.end()}};
  }
  SnapshotFrame Snapshot() const {
    const FeedHead head = Head();
    return {head, hashes.back(), list.Entries(head.time)};
  }
  HeadFrame Bare(Duration later = {}) const {
    return {Head(later), hashes.back()};
  }

  uint32_t epoch = 1;
  std::vector<Revocation> log;
  std::vector<LogHash> hashes{LogHash{}};
  RevocationList list;

 private:
  SigningRing ring_;
};

// Faults takes frames and returns what is wrong with the first bad one.
std::string Faults(const Author& author, const std::vector<Frame>& frames) {
  FeedChecker checker = author.Checker();
  for (const Frame& frame : frames) {
    const Status taken = checker.Take(AsBytes(author.Seal(frame)));
    if (!taken) return taken.error().message;
  }
  return "";
}

TEST_CASE("a good feed is good however it is cut") {
  Author author;
  author.Revoke(1);
  const Frame first = author.Batch(0);
  const Frame early = author.Snapshot();
  author.Revoke(2);
  author.Revoke(3);
  const Frame all = author.Batch(0);
  const Frame rest = author.Batch(1);
  const Frame snapshot = author.Snapshot();
  const Frame head = author.Bare();
  CHECK(Faults(author, {first, rest, head, snapshot}) == "");
  CHECK(Faults(author, {all, early, snapshot, head}) == "");
  CHECK(Faults(author, {snapshot, head}) == "");
  CHECK(Faults(author, {early, rest, snapshot}) == "");
  CHECK(Faults(author, {first, snapshot, rest, head}) == "");
  CHECK(Faults(author, {head, head}) == "");
  CHECK(Faults(author, {rest, head, all}) == "");
}

TEST_CASE("a snapshot ahead stands for what was not seen") {
  Author author;
  author.Revoke(1);
  const Frame first = author.Batch(0);
  author.Revoke(2);
  const Frame snapshot = author.Snapshot();
  author.Revoke(3);
  const Frame last = author.Batch(2);
  CHECK(Faults(author, {first, snapshot, last}) == "");
  CHECK(Faults(author, {first, last}) ==
        "frame 2, batch of 1.3 to 3: a gap: 2 to 2 are missing before it");
}

TEST_CASE("a log that is another one is told from the first") {
  Author author;
  Author other;
  author.Revoke(1);
  other.Revoke(9);
  const Frame first = author.Batch(0);
  Author forked;
  forked.Revoke(9);
  forked.Revoke(2);
  const std::string breaks = Faults(author, {first, Frame(forked.Batch(1))});
  CHECK(breaks ==
        "frame 2, batch of 1.2 to 2: the hash chain breaks at 1: another log "
        "than that of the frames before it");
  CHECK(Faults(author, {first, Frame(other.Bare())}) ==
        "frame 2, head of 1.1: its log hash is not that of the entries before "
        "it");
  CHECK(Faults(author, {first, Frame(other.Snapshot())}) ==
        "frame 2, snapshot of 1.1: the snapshot of 1.1 is of another log: its "
        "hash is not the log's");
}

TEST_CASE("a head or snapshot that leaves something out is found") {
  Author author;
  author.Revoke(1);
  author.Revoke(2);
  const Frame all = author.Batch(0);
  Author forgetful;
  forgetful.Revoke(1);
  SnapshotFrame less = author.Snapshot();
  less.entries = forgetful.Snapshot().entries;
  CHECK(Faults(author, {all, Frame(less)}) ==
        "frame 2, snapshot of 1.2: its digest is not that of its own entries");
  less.head.digest = forgetful.Head().digest;
  CHECK(Faults(author, {all, Frame(less)}) ==
        "frame 2, snapshot of 1.2: the snapshot of 1.2 does not hold what the "
        "log says: the digests differ");
  HeadFrame head = author.Bare();
  head.head.digest = less.head.digest;
  CHECK(Faults(author, {all, Frame(head)}) ==
        "frame 2, head of 1.2: its digest is not that of the revocations "
        "before it");
}

TEST_CASE("a feed that goes back, or to another epoch, is found") {
  Author author;
  author.Revoke(1);
  const Frame early = author.Bare();
  author.Revoke(2);
  CHECK(Faults(author, {Frame(author.Batch(0)), early}) ==
        "frame 2, head of 1.1: the log went back, 1.2 was seen already");
  CHECK(
      Faults(author, {Frame(author.Bare(seconds(1))), Frame(author.Bare())}) ==
      "frame 2, head of 1.2: its time is before that of an earlier frame");
  const Frame first = author.Bare();
  author.Revoke(3);
  CHECK(Faults(author, {first, Frame(author.Bare())}) ==
        "frame 2, head of 1.3: a gap: 3 to 3 are missing before it");
  author.epoch = 2;
  CHECK(Faults(author, {first, Frame(author.Bare())}) ==
        "frame 2, head of 2.3: it is of epoch 2, those before it are of 1");
}

TEST_CASE("a later epoch may begin with what it took over") {
  Author author;
  author.Revoke(1);
  Author restored;
  restored.epoch = 2;
  restored.list.Apply(author.log);
  restored.Revoke(2);
  CHECK(Faults(restored,
               {Frame(restored.Batch(0)), Frame(restored.Snapshot())}) == "");
}

TEST_CASE("what was found is counted") {
  Author author;
  author.Revoke(1);
  author.Revoke(2);
  FeedChecker checker = author.Checker();
  for (const Frame& frame : {Frame(author.Batch(0)), Frame(author.Snapshot()),
                             Frame(author.Bare(seconds(5)))}) {
    REQUIRE(checker.Take(AsBytes(author.Seal(frame))).ok());
  }
  const FeedChecker::Summary summary = checker.summary();
  CHECK(summary.frames == 3);
  CHECK(summary.entries == 2);
  CHECK(summary.first == 1);
  CHECK(summary.from_beginning);
  CHECK(summary.snapshots == 1);
  CHECK(summary.compared == 1);
  CHECK(summary.digests == 2);
  CHECK(summary.position == FeedPosition{1, 2});
  CHECK(summary.first_time == kStart);
  CHECK(summary.last_time == kStart + seconds(5));
}

TEST_CASE("junk and frames of other keys are named by their number") {
  Author author;
  const Author stranger;
  FeedChecker checker = author.Checker();
  REQUIRE(checker.Take(AsBytes(author.Seal(author.Bare()))).ok());
  CHECK(checker.Take(AsBytes(std::string("junk"))).error().message ==
        "frame 2: the bytes are not a feed frame");
  CHECK(checker.Take(AsBytes(stranger.Seal(stranger.Bare())))
            .error()
            .message.starts_with("frame 2: "));
}

}  // namespace
}  // namespace signet::cli
