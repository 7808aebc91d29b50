#ifndef SIGNET_SERVICE_FEED_BROADCASTER_H_
#define SIGNET_SERVICE_FEED_BROADCASTER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "revocation-service/feed/frame_signer.h"
#include "revocation-service/feed/verifiers.h"
#include "signet/mutex.h"

namespace signet::service::feed {

// The most entries that one subscriber is sent at a time: in base64 they stay
// well below what may wait unsent on a stream (http::ServerOptions).
inline constexpr size_t kMaxStep = 2 * kMaxBatch;

// The most subscribers whose acknowledgement is asked for at a time: they
// answer on connections of their own, which must not crowd out others.
inline constexpr size_t kMaxAsked = 128;

// A Broadcaster sends frames to subscribers. Subscribers come and go on any
// thread; one thread sends. A new one is first brought up to the point that
// the others have reached, by that same thread: so there is no gap and no
// overlap between its backlog and the live frames.
class Broadcaster {
 public:
  // Start says which position counts as sent already. Call it first.
  void Start(const FeedPosition& position) { sent_ = position; }

  // `mark` is null for one that cannot acknowledge.
  uint64_t Add(const FeedPosition& after, Publisher::Sink sink,
               std::shared_ptr<AckMark> mark = nullptr);
  void Remove(uint64_t id);
  void RemoveAll();
  size_t size() const;

  struct Subscriber {
    uint64_t id = 0;
    FeedPosition after;
    Publisher::Sink sink;
    std::shared_ptr<AckMark> mark;
    // Only the sending thread uses these.
    bool live = false;
    uint64_t asked = 0;  // the last sequence that was asked for
  };
  using Members = std::vector<std::shared_ptr<Subscriber>>;

  // All lists the subscribers of this moment.
  Members All() const;

  // Send brings them up to the follower's position, in steps; a head goes out
  // if there is nothing else to say and `head` is set. With `ask` those who lag
  // behind the log's end are asked to acknowledge it, kMaxAsked at a time.
  // REQUIRES: `time` was read after `members`: what a client polled before it
  // subscribed must not be newer than what it gets here.
  struct Outcome {
    bool more = false;   // call again: not everything was sent
    bool spoke = false;  // the subscribers have a new head
    bool asks = false;   // call again soon: not all were asked
  };
  Outcome Send(Members members, LogFollower& follower,
               const FrameSigner& signer, Time time, bool head,
               bool ask = false);

 private:
  using Events = std::vector<std::shared_ptr<const std::string>>;
  void Deliver(Subscriber& subscriber, const Events& events);
  void SendLive(const Members& members, const Events& events);
  // Ask takes those it asks out of `members`; true if there are more.
  bool Ask(Members& members, const std::vector<SignedFrame>& frames,
           uint64_t sequence);
  bool Admit(Members joining, LogFollower& follower, const FrameSigner& signer,
             const FeedState& state);
  static Events EventsOf(const std::vector<SignedFrame>& frames,
                         bool ask = false);

  // sent_ is how far those who are live have got.
  FeedPosition sent_;

  mutable Mutex mutex_;
  uint64_t last_id_ SIGNET_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::shared_ptr<Subscriber>> members_
      SIGNET_GUARDED_BY(mutex_);
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_BROADCASTER_H_
