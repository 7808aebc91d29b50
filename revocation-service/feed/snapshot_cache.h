#ifndef SIGNET_SERVICE_FEED_SNAPSHOT_CACHE_H_
#define SIGNET_SERVICE_FEED_SNAPSHOT_CACHE_H_

#include <memory>

#include "revocation-service/feed/frame_signer.h"
#include "signet/mutex.h"

namespace signet::service::feed {

// A SnapshotCache makes a snapshot once for all who ask for it within a
// while, so that a restart of many verifiers costs few encodings. A shared one
// may end before the log does, whatever comes meanwhile: replicas go on with
// the log. Clock and follower are borrowed. Safe from any thread.
class SnapshotCache {
 public:
  using Answer = std::shared_ptr<const Publisher::SnapshotAnswer>;

  SnapshotCache(LogFollower& follower, const Clock& clock, Duration max_age)
      : follower_(follower), clock_(clock), max_age_(max_age) {}

  // Get returns a snapshot that the log still reaches, of the signer's ring
  // generation. REQUIRES: `time` was read before the follower was refreshed.
  Answer Get(const FrameSigner& signer, Time time);

  // DropOld gives the memory of one back that nobody will get any more.
  void DropOld();

 private:
  LogFollower& follower_;
  const Clock& clock_;
  const Duration max_age_;

  Mutex mutex_;  // held while a snapshot is made: one at a time
  Answer answer_ SIGNET_GUARDED_BY(mutex_);
  uint64_t ring_generation_ SIGNET_GUARDED_BY(mutex_) = 0;
  Monotonic made_at_ SIGNET_GUARDED_BY(mutex_){};
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_SNAPSHOT_CACHE_H_
