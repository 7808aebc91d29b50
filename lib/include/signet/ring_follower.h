#ifndef SIGNET_RING_FOLLOWER_H_
#define SIGNET_RING_FOLLOWER_H_

#include <functional>
#include <memory>
#include <string>

#include "signet/clock.h"
#include "signet/live_ring.h"
#include "signet/result.h"
#include "signet/ring_store.h"

namespace signet {

// RingSource gives a ring as it is now: from a file, or from anywhere else.
// It is called from one thread at a time and may block.
using RingSource = std::function<Result<KeyRing>()>;

// PublicRingFile reads a `.pub.json` file; SealedRingFile what a verifier
// needs of the ring of a store, for formats whose verifiers share the secret
// and for encryption.
RingSource PublicRingFile(std::string path);
RingSource SealedRingFile(std::shared_ptr<RingStore> store, KeyPurpose purpose);

struct RingFollowerOptions {
  // 100 ms to 1 h: how often the source is asked. It must not be longer than
  // the ring's verifier_refresh.
  Duration interval = std::chrono::seconds(1);
  // 100 ms to 1 h: a token of an unknown key has the source asked at once,
  // but no sooner than this after it was last asked, failures included. All
  // unknown keys share that one question.
  Duration cooldown = std::chrono::seconds(1);

  Status Validate() const;
};

// RingFollowerStatus is what the application may show and alarm on.
struct RingFollowerStatus {
  uint64_t generation = 0;
  // When the source last gave the ring that is in force, or a newer one.
  Monotonic confirmed_at{};
  uint64_t failures = 0;   // questions since the start that failed
  std::string last_error;  // empty while all is well
};

// A RingFollower keeps a LiveRing up to date with a source, in a thread of its
// own. Verifiers borrow keys(): the follower must outlive them. While the
// source fails or gives something worse, an older ring or none, the last good
// one stays in force and status says why. All methods are safe from any
// thread.
class RingFollower {
 public:
  // Start asks the source once: it succeeds only if that gives a ring.
  static Result<std::unique_ptr<RingFollower>> Start(
      RingSource source, RingFollowerOptions options = {},
      const Clock& clock = SystemClock::Shared());

  // The destructor waits for a question in flight.
  ~RingFollower();
  RingFollower(const RingFollower&) = delete;
  RingFollower& operator=(const RingFollower&) = delete;

  const LiveRing& keys() const;
  RingFollowerStatus status() const;

 private:
  struct Impl;
  explicit RingFollower(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet

#endif  // SIGNET_RING_FOLLOWER_H_
