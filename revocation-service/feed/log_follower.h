#ifndef SIGNET_SERVICE_FEED_LOG_FOLLOWER_H_
#define SIGNET_SERVICE_FEED_LOG_FOLLOWER_H_

#include <optional>
#include <vector>

#include "revocation-service/feed/checkpoint.h"
#include "revocation-service/feed/publisher.h"
#include "revocation-service/feed/recent_log.h"
#include "signet/mutex.h"

namespace signet::service::feed {

// FeedState is what a head says, all parts of one moment.
struct FeedState {
  FeedPosition position;
  LogHash log_hash{};
  StateDigest digest{};
  Time time{};
};

// A LogFollower keeps list, hash chain and recent entries equal to what the
// engine's log says. The engine is borrowed. Safe from any thread; the calls
// of the engine are made outside the lock that readers take.
class LogFollower {
 public:
  LogFollower(Engine& engine, size_t max_recent);

  // Open reads epoch, checkpoint and log. Call it once, first.
  Status Open(Time now);

  // CatchUp applies the log beyond the position.
  Status CatchUp();

  // Refresh asks the store how far the log goes, and catches up: after it,
  // all that was acknowledged before the call is applied. kRollback if the
  // store has gone back in time.
  //
  // A list that has dropped what lives at `time`, since the clock was ahead
  // when it did and has been set back, is made anew from the log.
  Status Refresh(std::optional<Time> time = {});

  const RevocationList& list() const { return list_; }
  FeedPosition position() const;

  Publisher::Cursor Check(const FeedPosition& after) const;

  // Take captures the state, and up to `limit` entries after a sequence if
  // the cursor is kOk.
  struct Capture {
    FeedState state;
    Publisher::Cursor cursor = Publisher::Cursor::kOk;
    Stretch entries;
  };
  Capture Take(Time time, const FeedPosition& after, size_t limit);

  // TakeAll captures the state and all entries that a verifier may need,
  // sorted.
  struct FullCapture {
    FeedState state;
    std::vector<Revocation> entries;
  };
  FullCapture TakeAll(Time time);

  // Forget drops recent entries that the engine has forgotten.
  void Forget(uint64_t sequence);

 private:
  Status Relearn();
  Status Rebase() SIGNET_REQUIRES(tail_mutex_);
  Status Apply(const std::vector<LogRecord>& page) SIGNET_REQUIRES(tail_mutex_);
  FeedState StateAt(Time time) SIGNET_REQUIRES(mutex_);
  Publisher::Cursor CheckLocked(const FeedPosition& after) const
      SIGNET_REQUIRES(mutex_);

  Engine& engine_;
  RevocationList list_;
  uint32_t epoch_ = 0;  // set by Open

  // Serialises the readers of the log; held while the engine works.
  Mutex tail_mutex_ SIGNET_ACQUIRED_BEFORE(mutex_);
  uint64_t tailed_ SIGNET_GUARDED_BY(tail_mutex_) = 0;

  // Guards the writer's side of the list, too.
  mutable Mutex mutex_;
  RecentLog recent_ SIGNET_GUARDED_BY(mutex_);
  EpochSeconds dropped_ SIGNET_GUARDED_BY(mutex_){};
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_LOG_FOLLOWER_H_
