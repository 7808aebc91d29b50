#ifndef SIGNET_SERVICE_SESSION_SWEEP_H_
#define SIGNET_SERVICE_SESSION_SWEEP_H_

#include <memory>
#include <vector>

#include "revocation-service/session/clock_watch.h"
#include "revocation-service/session/expiry_mark.h"
#include "revocation-service/session/store_core.h"

namespace signet::service {

// A Sweep removes expired sessions, in the order in which they expired. What
// it would remove if the wall clock were right cannot be brought back, so it
// pauses after the clock has jumped ahead of the monotonic one. Safe from any
// thread.
class Sweep {
 public:
  explicit Sweep(std::shared_ptr<StoreCore> core)
      : core_(std::move(core)), watch_(core_->clock) {}

  Result<size_t> Run(size_t limit);

 private:
  // Step is one session's removal, and what the audit says of it.
  struct Step {
    Batch batch;
    std::vector<LedgerLine> lines;
  };

  Result<std::vector<ExpiryEntry>> Expired(size_t limit);
  Result<Step> Removal(const ExpiryEntry& entry) const;
  // CommitAll tells how many were removed; the others were in use.
  Result<size_t> CommitAll(std::vector<Step> steps) const;

  const std::shared_ptr<StoreCore> core_;
  ClockWatch watch_;
  ExpiryMark mark_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_SWEEP_H_
