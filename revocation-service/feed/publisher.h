#ifndef SIGNET_SERVICE_FEED_PUBLISHER_H_
#define SIGNET_SERVICE_FEED_PUBLISHER_H_

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "revocation-service/feed/log_entry.h"
#include "revocation-service/feed/verifiers.h"
#include "revocation-service/rings.h"
#include "revocation-service/storage/committer.h"
#include "signet/feed_frame.h"

namespace signet::service {

// A Publisher follows the engine's log, keeps the authoritative revocation
// list, and turns both into signed frames. Each frame is encoded and signed
// once and shared by all who get it. Engine, rings and clock are borrowed.
// Safe from any thread.
//
// Keys in the store: m/epoch (u32 BE); m/checkpoint (sequence and log hash of
// the trim point, and the live entries from before it).
class Publisher {
 public:
  struct Options {
    Duration heartbeat = std::chrono::seconds(2);
    // Entries that a cursor may lie behind before it must take a snapshot.
    size_t max_recent = 65'536;
    // For how long a snapshot is shared. The log must reach as far back.
    Duration snapshot_age = std::chrono::seconds(10);
    // False: there is no thread, and the caller takes its turns. Waits do not
    // end then but by EndWaits.
    bool threaded = true;
  };

  // Open reads checkpoint and log, and starts the thread that signs.
  static Result<std::unique_ptr<Publisher>> Open(Engine& engine,
                                                 const Rings& rings,
                                                 const Clock& clock,
                                                 Options options);
  ~Publisher();

  // CatchUp applies what the log holds beyond the position. It is the
  // committer's AfterGroup hook; the frame is signed and sent on the
  // publisher's own thread.
  Status CatchUp();

  // Wake makes the thread send a head now: a ring has changed.
  void Wake();

  // Turn is what the thread does when something has happened, or a heartbeat
  // is due: subscribers get what they lack, or a head. True: there is more to
  // send. REQUIRES: not threaded.
  bool Turn(bool head);

  const RevocationList& revocations() const;
  FeedPosition position() const;

  // verifiers knows who follows the feed, and how far each has got.
  feed::Verifiers& verifiers();
  const feed::Verifiers& verifiers() const;

  // Answer is what an endpoint sends.
  enum class Cursor { kOk, kGone, kNewEpoch };
  struct LogAnswer {
    Cursor cursor = Cursor::kOk;
    FeedPosition position;  // after the frames
    bool empty = true;      // only a head
    std::string frames;     // AppendFrame format; ends with a head's claim
  };

  // SnapshotAnswer is shared by all who ask within snapshot_age, so its head
  // may be that old: a replica follows it with the log at once. The name is
  // that of these bytes alone; nobody guesses it without them.
  struct SnapshotAnswer {
    FeedPosition position;
    std::string name;
    std::string frame;
  };

  // All of these are kUnavailable if the store cannot be read or no feed key
  // is active: a head is never signed on a guess. Head, Snapshot and
  // RingsFrameBytes give one bare frame.
  Result<std::string> Head();
  Result<LogAnswer> Log(const FeedPosition& after);
  Result<std::shared_ptr<const SnapshotAnswer>> Snapshot();
  Result<std::string> RingsFrameBytes();

  // CheckCursor tells what Log and Subscribe would say of `after`. A cursor
  // ahead of the log is of another history: kNewEpoch, and an alarm.
  Result<Cursor> CheckCursor(const FeedPosition& after);

  // Recent returns entries after a sequence of this epoch, at most `limit`,
  // from the engine. kNotFound if it was trimmed.
  struct Numbered {
    uint64_t sequence = 0;
    LogEntry entry;
  };
  Result<std::vector<Numbered>> Recent(uint64_t after, size_t limit);

  // Refresh reads the store: all that was acknowledged before `time` lies at or
  // before `position`, and is in revocations(). kUnavailable if nothing is
  // known.
  struct Known {
    Time time{};
    FeedPosition position;
  };
  Result<Known> Refresh();

  // WhenPast calls `done` once: when the position is past `after`, or after
  // `limit`. On the publisher's thread, or at once on the caller's.
  void WhenPast(const FeedPosition& after, Duration limit,
                std::function<void()> done);

  // EndWaits answers those who wait now, and later ones at once: a server
  // that drains need not wait for them.
  void EndWaits();

  // Subscribe sends every frame after `after` to the sink, in order and
  // without a gap, as text of server-sent events, until the sink returns
  // false or Unsubscribe is called; heartbeats are sent when it is quiet. The
  // sink runs on the publisher's thread, must not block, and may run once more
  // after Unsubscribe. It is dropped early if it lies so far behind that it
  // must resume in steps. kNotFound and kConflict stand for kGone and
  // kNewEpoch. With a `mark` it is asked to acknowledge, by the event's type,
  // while somebody waits for that.
  using Sink = std::function<bool(std::shared_ptr<const std::string> event)>;
  Result<uint64_t> Subscribe(const FeedPosition& after, Sink sink,
                             std::shared_ptr<feed::AckMark> mark = nullptr);
  void Unsubscribe(uint64_t id);
  size_t subscribers() const;

  // Hold keeps entries for others than verifiers: those after a sequence, but
  // none that is older than keep_for or behind keep_entries newer ones.
  struct Hold {
    uint64_t after = std::numeric_limits<uint64_t>::max();
    Duration keep_for{};
    uint64_t keep_entries = 0;
  };

  // Trim forgets log entries that no live token needs and nobody holds, at
  // most `limit`, and returns how many. It commits through `committer`, which
  // must be gone before the publisher is. kConflict if another trim was faster.
  void Trim(Committer& committer, size_t limit,
            std::function<void(Result<size_t>)> done, const Hold& hold);
  void Trim(Committer& committer, size_t limit,
            std::function<void(Result<size_t>)> done) {
    Trim(committer, limit, std::move(done), Hold());
  }

 private:
  struct Impl;
  explicit Publisher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_FEED_PUBLISHER_H_
