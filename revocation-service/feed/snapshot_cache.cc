#include "revocation-service/feed/snapshot_cache.h"

#include <utility>

namespace signet::service::feed {

SnapshotCache::Answer SnapshotCache::Get(const FrameSigner& signer, Time time) {
  MutexLock lock(mutex_);
  if (answer_ != nullptr && clock_.MonotonicNow() - made_at_ < max_age_ &&
      ring_generation_ == signer.ring_generation() &&
      follower_.Check(answer_->position) == Publisher::Cursor::kOk) {
    return answer_;
  }
  made_at_ = clock_.MonotonicNow();
  ring_generation_ = signer.ring_generation();
  LogFollower::FullCapture capture = follower_.TakeAll(time);
  const FeedPosition position = capture.state.position;
  answer_ = std::make_shared<const Publisher::SnapshotAnswer>(
      Publisher::SnapshotAnswer{.position = position,
                                .time = time,
                                .frame = signer.Snapshot(std::move(capture))});
  return answer_;
}

void SnapshotCache::DropOld() {
  if (!mutex_.TryLock()) return;  // one is being made
  if (clock_.MonotonicNow() - made_at_ >= max_age_) answer_.reset();
  mutex_.Unlock();
}

}  // namespace signet::service::feed
