#ifndef SIGNET_TOOLS_FEED_CHECKER_H_
#define SIGNET_TOOLS_FEED_CHECKER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "signet/feed_frame.h"
#include "signet/result.h"

namespace signet::cli {

// A FeedChecker looks at a feed from the outside, with nothing but the public
// feed ring: signatures, a sequence without a gap, an unbroken hash chain,
// times that do not go back, and the digests of heads and snapshots against
// what the log says. Give it frames in the order in which they were answered.
// It remembers the whole log. Not safe for concurrent use.
class FeedChecker {
 public:
  // `now` is the time at which the frames' keys must be good.
  FeedChecker(KeyRing feed_ring, Time now);

  // Take checks the next frame. The error names it and says what is wrong.
  Status Take(Bytes frame);

  struct Summary {
    size_t frames = 0;
    size_t entries = 0;           // of the log
    size_t snapshots = 0;         // whose digest is that of their own entries
    size_t compared = 0;          // snapshots that agree with the log
    size_t digests = 0;           // heads whose digest is that of the log
    bool from_beginning = false;  // of the epoch
    uint64_t first = 0;           // sequence of the first entry that was seen
    FeedPosition position;
    Time first_time{};
    Time last_time{};
    uint64_t ring_generation = 0;  // of the feed ring that verified the last
  };
  Summary summary() const;
  const FeedPosition& position() const { return position_; }

 private:
  Status Check(const Frame& frame);
  Status Check(const HeadFrame& frame);
  Status Check(const BatchFrame& frame);
  Status Check(const SnapshotFrame& frame);
  Status Check(const RingsFrame& frame);
  Status CheckEnd(const FeedHead& head, const LogHash& hash);
  Status Compare(const SnapshotFrame& snapshot);
  Status ComparePending();
  void Begin(const FeedPosition& position, const LogHash& hash, bool complete,
             std::vector<Revocation> entries);
  bool Begun() const { return !hashes_.empty(); }
  // HashAt is the log's hash after a sequence, if it was seen.
  const LogHash* HashAt(uint64_t sequence) const;
  StateDigest DigestAt(uint64_t sequence, Time time) const;

  KeyRing ring_;
  const Time now_;
  Summary summary_;
  Time snapshot_time_{};  // of the latest: they may be older than the log

  FeedPosition position_;
  uint64_t base_ = 0;                     // where the log that was seen begins
  bool complete_ = false;                 // the list at base_ is known
  std::vector<Revocation> held_;          // at base_
  std::vector<Revocation> log_;           // after base_
  std::unique_ptr<RevocationList> list_;  // at the end of log_
  std::vector<LogHash> hashes_;           // at base_ and after each of log_
  std::optional<SnapshotFrame> pending_;  // ahead of the log
};

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_FEED_CHECKER_H_
