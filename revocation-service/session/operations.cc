#include "revocation-service/session/operations.h"

#include "signet/issuer.h"

namespace signet::service {

void Operation::Submit(Batch batch, bool urgent) {
  core_->committer.Submit(
      std::move(batch),
      [self = shared_from_this()](Result<Committed> result) {
        self->OnResult(std::move(result));
      },
      urgent, std::exchange(lines_, {}));
}

// The key is chosen here, with the moment, so that the record names the one
// that will sign.
Status Operation::Register(Time now, Grant& grant, Batch& batch) {
  grant.format = format_;
  if (registers_ && core_->access_ring) {
    Status added = AddToStatusList(now, grant, batch);
    if (!added.ok()) return added;
  }
  if (!core_->check_grant) return {};
  const Status possible = core_->check_grant(grant);
  if (possible.ok()) return {};
  return Error{ErrorCode::kUnavailable, possible.error().message};
}

Status Operation::AddToStatusList(Time now, Grant& grant, Batch& batch) {
  const auto ring = core_->access_ring(format_);
  const SigningRing::Key* active =
      ring == nullptr ? nullptr : ring->Active(now);
  if (active == nullptr) {
    return Error{ErrorCode::kUnavailable, "no access key is active"};
  }
  const Session& session = grant.session;
  TokenIdentity token;
  grant.registered = Grant::Registered{
      .token_id = NewId(),
      .slot = core_->places.Take(
          ToSeconds(now), DropAfter(grant.expires_at, limits_),
          LongestAccess(limits_), EpochSeconds(Seconds(core_->epoch()))),
      .ring = ring,
      .at = now};
  token.token =
      MakeRevocationId(RevocationKind::kToken, grant.registered->token_id);
  token.session = session.id;
  token.subject = MakeRevocationId(RevocationKind::kSubject, session.subject);
  token.client = MakeRevocationId(RevocationKind::kClient, session.client_id);
  token.key = MakeRevocationId(RevocationKind::kKey, active->key.id());
  token.issued_at = grant.issued_at;
  batch.puts.push_back(
      {StatusKey(grant.registered->slot), EncodeStatusEntry(token)});
  return {};
}

void Operation::Tell(AuditLine line) {
  const AuditScope scope = core_->audit;
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
