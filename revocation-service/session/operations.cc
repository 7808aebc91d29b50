#include "revocation-service/session/operations.h"

namespace signet::service {

void Operation::Submit(Batch batch, bool urgent) {
  core_->committer.Submit(
      std::move(batch),
      [self = shared_from_this()](Result<Committed> result) {
        self->OnResult(std::move(result));
      },
      urgent);
}

void Operation::OnResult(Result<Committed> result) {
  if (result.ok()) return Succeed(*result);
  if (result.error().code != ErrorCode::kConflict) {
    return Fail(std::move(result).error());
  }
  if (++conflicts_ < kMaxConflicts) return Attempt();
  Fail({ErrorCode::kUnavailable, "committing: too many at the same record"});
}

}  // namespace signet::service
