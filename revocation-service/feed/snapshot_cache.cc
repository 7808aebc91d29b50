#include "revocation-service/feed/snapshot_cache.h"

#include <string>
#include <utility>

#include "signet/primitives.h"

namespace signet::service::feed {

namespace {

// NameOf ends in a part of the signature, which covers all the rest.
std::string NameOf(const FeedPosition& position, std::string_view frame) {
  constexpr size_t kPart = 16;
  return std::to_string(position.epoch) + "." +
         std::to_string(position.sequence) + "." +
         Base64UrlEncode(AsBytes(frame.substr(frame.size() - kPart)));
}

}  // namespace

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
  std::string frame = signer.Snapshot(std::move(capture));
  std::string name = NameOf(position, frame);
  answer_ = std::make_shared<const Publisher::SnapshotAnswer>(
      Publisher::SnapshotAnswer{.position = position,
                                .name = std::move(name),
                                .frame = std::move(frame)});
  return answer_;
}

void SnapshotCache::DropOld() {
  if (!mutex_.TryLock()) return;  // one is being made
  if (clock_.MonotonicNow() - made_at_ >= max_age_) answer_.reset();
  mutex_.Unlock();
}

}  // namespace signet::service::feed
