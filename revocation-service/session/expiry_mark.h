#ifndef SIGNET_SERVICE_SESSION_EXPIRY_MARK_H_
#define SIGNET_SERVICE_SESSION_EXPIRY_MARK_H_

#include <algorithm>
#include <string>
#include <utility>

#include "signet/clock.h"
#include "signet/mutex.h"

namespace signet::service {

// An ExpiryMark is how far a sweep has come in keys that are ordered by when
// they expire. A store passes over deleted keys one by one until it compacts
// them, so that a sweep which always began at the first would be the slower the
// more it has removed. What is added expires in the future and so stands behind
// the mark, until the clock is set back: then the mark is forgotten. Safe from
// any thread.
class ExpiryMark {
 public:
  // After returns the key behind which to look for what had expired by then.
  std::string After(Time expired_by) SIGNET_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (expired_by < expired_at_) {
      key_.clear();
      expired_at_ = Time::min();
    }
    return key_;
  }

  // Advance tells that everything up to this key, which expired at that time,
  // is gone.
  void Advance(std::string key, Time expired_at) SIGNET_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (key > key_) key_ = std::move(key);
    expired_at_ = std::max(expired_at_, expired_at);
  }

 private:
  Mutex mutex_;
  std::string key_ SIGNET_GUARDED_BY(mutex_);
  Time expired_at_ SIGNET_GUARDED_BY(mutex_) = Time::min();
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_EXPIRY_MARK_H_
