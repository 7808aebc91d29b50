#ifndef SIGNET_SERVICE_SESSION_SWEEP_H_
#define SIGNET_SERVICE_SESSION_SWEEP_H_

#include <memory>
#include <vector>

#include "revocation-service/session/store_core.h"
#include "signet/mutex.h"

namespace signet::service {

// A Sweep removes expired sessions, in the order in which they expired. What
// it would remove if the wall clock were right cannot be brought back, so it
// pauses after the clock has jumped ahead of the monotonic one. Safe from any
// thread.
class Sweep {
 public:
  explicit Sweep(std::shared_ptr<StoreCore> core);

  Result<size_t> Run(size_t limit);

 private:
  struct Baseline {
    Time wall{};
    Monotonic monotonic{};
    Monotonic paused_until{};
  };

  bool IsPaused() SIGNET_EXCLUDES(mutex_);
  Result<std::vector<ExpiryEntry>> Expired(size_t limit) const;
  Result<Batch> Removal(const ExpiryEntry& entry) const;

  const std::shared_ptr<StoreCore> core_;
  Mutex mutex_;
  Baseline baseline_ SIGNET_GUARDED_BY(mutex_);
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_SWEEP_H_
