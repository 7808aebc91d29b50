#ifndef SIGNET_SRC_FEED_REPLICA_H_
#define SIGNET_SRC_FEED_REPLICA_H_

#include <optional>

#include "signet/feed_frame.h"
#include "signet/revocation.h"

namespace signet {

// FeedState is what a replica knows, for the disk.
struct FeedState {
  SnapshotFrame snapshot;
  // Until this moment of the feed's time the list may hold entries that the
  // feed does not have: digests are not compared.
  EpochSeconds extras_until{};
};

// What to do after a frame.
enum class FeedStep {
  kContinue,
  kFetchLog,       // entries are missing: ask from the cursor
  kFetchSnapshot,  // the cursor is of no use
};

// FeedOutcome is what became of a frame. A frame with an error was refused,
// in whole or in part; what it could safely add is kept.
struct FeedOutcome {
  FeedStep next = FeedStep::kContinue;
  bool confirmed = false;  // the list is complete at the frame's time
  std::optional<Error> error = std::nullopt;
};

// A FeedReplica applies verified frames to a revocation list. It keeps the
// cursor, sees to it that nothing is missed, repeated or taken back, and
// never makes the list forget: entries are added, and leave by time alone.
// One thread; the list is borrowed.
class FeedReplica {
 public:
  // How far a frame's time may lie ahead of this machine's clock. Entries
  // leave by that time, so a service whose clock leapt ahead must not drop
  // what tokens here still need. As far as a policy's clock_skew may go.
  static constexpr Duration kMaxAhead = std::chrono::minutes(5);
  // How far a head's time may lie before the latest without being reported.
  static constexpr Duration kMaxReordered = std::chrono::seconds(10);

  explicit FeedReplica(RevocationList& list) : list_(list) {}

  // Accept takes a frame. `now` is the wall clock; `moment` is a monotonic
  // time that is no later than the one at which the service read its clock.
  FeedOutcome Accept(const Frame& frame, Time now, Monotonic moment);

  // Restore takes up where a stored state ended. REQUIRES: called first.
  void Restore(const FeedState& state);
  FeedState State() const;

  bool has_cursor() const { return has_cursor_; }
  const FeedPosition& position() const { return position_; }
  Time time() const { return time_; }

 private:
  FeedOutcome Take(const HeadFrame& frame);
  FeedOutcome Take(const BatchFrame& frame);
  FeedOutcome Take(const SnapshotFrame& frame);
  FeedOutcome Take(const RingsFrame& frame);

  std::optional<Error> CheckPlace(const FeedHead& head) const;
  std::optional<Error> CheckAge(const FeedHead& head) const;
  FeedOutcome Complete(const FeedHead& head);
  std::optional<Error> CheckAhead(const FeedHead& head) const;
  FeedOutcome Fork();

  RevocationList& list_;
  bool has_cursor_ = false;
  FeedPosition position_;
  LogHash log_hash_{};
  Time time_{};  // the latest accepted
  EpochSeconds extras_until_{};

  // The evidence for the frame at hand.
  Time now_{};
  Monotonic moment_{};
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_REPLICA_H_
