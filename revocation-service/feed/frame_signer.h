#ifndef SIGNET_SERVICE_FEED_FRAME_SIGNER_H_
#define SIGNET_SERVICE_FEED_FRAME_SIGNER_H_

#include <string>
#include <vector>

#include "revocation-service/feed/log_follower.h"

namespace signet::service::feed {

// SignedFrame is one frame, and the position of who has applied it.
struct SignedFrame {
  FeedPosition through;
  std::string frame;
};

// A FrameSigner signs frames with the feed key that is active at one moment.
// It holds the ring. Safe from any thread.
class FrameSigner {
 public:
  // Create is kUnavailable if no feed key is active.
  static Result<FrameSigner> Create(const Rings& rings, Time now);

  std::string Head(const FeedState& state) const;

  // Log frames a stretch: batches of at most kMaxBatch entries that share one
  // head, or the head alone if there are none.
  std::vector<SignedFrame> Log(const FeedState& state,
                               const Stretch& stretch) const;

  std::string Snapshot(LogFollower::FullCapture capture) const;

  // PublicRings frames the public rings that verifiers need.
  std::string PublicRings(const FeedState& state, const Rings& rings) const;

  uint64_t ring_generation() const { return ring_generation_; }

 private:
  FrameSigner() = default;
  FeedHead HeadOf(const FeedState& state) const;

  Rings::Ring ring_;  // keeps `key_` alive
  const SecretKey* key_ = nullptr;
  uint64_t ring_generation_ = 0;
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_FRAME_SIGNER_H_
