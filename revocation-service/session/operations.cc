#include "revocation-service/session/operations.h"

namespace signet::service {

void Operation::Submit(Batch batch, bool urgent) {
  core_->committer.Submit(
      std::move(batch),
      [self = shared_from_this()](Result<Committed> result) {
        self->OnResult(std::move(result));
      },
      urgent, std::exchange(lines_, {}));
}

void Operation::Tell(AuditLine line) {
  const AuditScope& scope = core_->audit;
  const bool routine = LaneOf(line.event) == kExchangeLane;
  if (!scope.changes || (routine && !scope.exchanges)) return;
  lines_.push_back(ToLedger(line));
}

void Operation::TellSession(AuditEvent event, const Session& session, Time now,
                            std::string reason) {
  AuditLine line = MakeAuditLine(event, now, origin_);
  line.subject = session.subject;
  line.session = session.id;
  line.reason = std::move(reason);
  if (session.client_id != origin_.client) {
    line.target = "client:" + session.client_id;
  }
  Tell(std::move(line));
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
