#ifndef SIGNET_SRC_FEED_NET_BOARD_H_
#define SIGNET_SRC_FEED_NET_BOARD_H_

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "signet/feed.h"
#include "signet/mutex.h"

namespace signet {

// A FeedBoard is where the two threads of a feed and the application tell
// each other how things stand. Safe from any thread.
class FeedBoard {
 public:
  // With `listened` events are kept for AwaitEvent.
  explicit FeedBoard(KeyRing feed_ring, bool listened = false)
      : listened_(listened),
        feed_ring_(std::make_shared<const KeyRing>(std::move(feed_ring))) {}

  // Stop wakes all who wait; they find that stopping() is true.
  void Stop();
  bool stopping() const;
  // Sleep is false if the feed is stopping.
  bool Sleep(Duration time);

  // feed_ring is the ring that frames are verified with. Learn replaces it by
  // one of a higher generation.
  std::shared_ptr<const KeyRing> feed_ring() const;
  void Learn(const KeyRing& feed_ring);

  // ---- Rings. ----

  // WantRings is for verifiers that met an unknown key: while a wish is open
  // another one costs a load.
  void WantRings();
  // Announce says which generation of the rings a head has named.
  void Announce(uint64_t generation);
  // AwaitWant waits until rings are wanted; false if the feed is stopping.
  bool AwaitWant();
  // TakeWant is AwaitWant without the waiting: true if rings are wanted.
  bool TakeWant();
  void RingsTaken(uint64_t generation);
  void RingsFailed(const Error& error);
  uint64_t announced() const;

  // ---- The log. Each leaves its error as the last one. ----

  // FrameTaken counts a frame that was applied; a confirmed one, which makes
  // the list complete, clears the error.
  void FrameTaken(const FeedPosition& position, bool confirmed,
                  FeedTransport transport = FeedTransport::kPoll);
  // Resynced says that a snapshot took the place of the log.
  void Resynced(const FeedPosition& position);
  // Refused counts a frame that was not.
  void Refused(const Error& error);
  // Failed says that the service cannot be followed for now.
  void Failed(const Error& error);
  // Warn is for what does not keep the feed from following.
  void Warn(const Error& error);
  void Reconnecting();
  void SetPosition(const FeedPosition& position);

  // ---- Acknowledgements. ----

  // AckWish is what the stream of a service has asked for.
  struct AckWish {
    FeedPosition position;
    size_t service = 0;  // of FeedOptions::services
  };
  // WantAck takes the place of an earlier wish, not of a later one.
  void WantAck(const AckWish& wish);
  // AwaitAckWish waits for a wish; none if the feed is stopping.
  std::optional<AckWish> AwaitAckWish();
  void AckTaken();

  // ---- The application. ----

  // AwaitEvent waits for an event at most that long, or until something else
  // has changed.
  std::optional<FeedEvent> AwaitEvent(Duration limit);

  // status lacks what the list knows: staleness and entries.
  FeedStatus status() const;
  Status WaitUntilFresh(Duration limit) const;

 private:
  std::string LastError() const SIGNET_REQUIRES(mutex_);
  bool WantsRings() const SIGNET_REQUIRES(mutex_);
  void Tell(FeedEventKind kind, std::string message) SIGNET_REQUIRES(mutex_);
  void Disconnect(const std::string& why) SIGNET_REQUIRES(mutex_);

  const bool listened_;
  mutable Mutex mutex_;
  mutable CondVar changed_;
  bool stopping_ SIGNET_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const KeyRing> feed_ring_ SIGNET_GUARDED_BY(mutex_);

  std::atomic<bool> rings_wanted_{true};  // set under the mutex
  uint64_t announced_ SIGNET_GUARDED_BY(mutex_) = 0;
  std::optional<Error> ring_error_ SIGNET_GUARDED_BY(mutex_);

  bool confirmed_once_ SIGNET_GUARDED_BY(mutex_) = false;
  std::optional<Error> error_ SIGNET_GUARDED_BY(mutex_);
  FeedStatus status_ SIGNET_GUARDED_BY(mutex_);
  std::optional<AckWish> ack_wish_ SIGNET_GUARDED_BY(mutex_);
  std::deque<FeedEvent> events_ SIGNET_GUARDED_BY(mutex_);
};

// RandomUpTo is a random time from zero to `most`, inclusive.
Duration RandomUpTo(Duration most);

// A FeedBackoff gives growing, random pauses, so that ten thousand replicas
// do not come back in step. One thread.
class FeedBackoff {
 public:
  explicit FeedBackoff(Duration max) : max_(max) {}

  void Reset() { ceiling_ = kFirst; }
  // Next is a random time up to NextCeiling, which doubles.
  Duration Next() { return RandomUpTo(NextCeiling()); }
  Duration NextCeiling();

 private:
  static constexpr Duration kFirst = std::chrono::milliseconds(50);
  Duration max_;
  Duration ceiling_ = kFirst;
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_NET_BOARD_H_
