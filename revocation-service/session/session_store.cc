#include "revocation-service/session/session_store.h"

#include <utility>

#include "revocation-service/session/operations.h"
#include "revocation-service/session/sweep.h"

namespace signet::service {

std::string_view ExchangeOutcomeName(ExchangeOutcome outcome) {
  switch (outcome) {
    case ExchangeOutcome::kRotated:
      return "rotated";
    case ExchangeOutcome::kReplayed:
      return "replayed";
    case ExchangeOutcome::kReuseRecent:
      return "reuse_recent";
    case ExchangeOutcome::kReuseStale:
      return "reuse_stale";
    case ExchangeOutcome::kExpired:
      return "expired";
    case ExchangeOutcome::kIdle:
      return "idle";
    case ExchangeOutcome::kRevoked:
      return "revoked";
    case ExchangeOutcome::kClientMismatch:
      return "client_mismatch";
    case ExchangeOutcome::kMalformed:
      return "malformed";
    case ExchangeOutcome::kFromTheFuture:
    case ExchangeOutcome::kUnavailable:
      return "unavailable";
    case ExchangeOutcome::kBadScope:
    case ExchangeOutcome::kBadTarget:
    case ExchangeOutcome::kRateLimited:
      return "";
  }
  return "";
}

SessionLimits ClientLimits::Over(SessionLimits limits) const {
  const auto set = [](const auto& own, auto& limit) {
    if (own) limit = *own;
  };
  set(access_lifetime, limits.access_lifetime);
  set(idle_timeout, limits.idle_timeout);
  set(absolute_lifetime, limits.absolute_lifetime);
  set(grace, limits.grace);
  set(proven_grace, limits.proven_grace);
  return limits;
}

struct SessionStore::Impl {
  explicit Impl(std::shared_ptr<StoreCore> core_in)
      : core(std::move(core_in)), sweep(core) {}

  Result<std::optional<Session>> FindLive(const SessionId& id) const;

  const std::shared_ptr<StoreCore> core;
  Sweep sweep;
};

Result<std::optional<Session>> SessionStore::Impl::FindLive(
    const SessionId& id) const {
  auto stored = core->Read(id);
  if (!stored.ok()) return stored.error();
  if (!stored->has_value()) return std::optional<Session>();
  Session& session = (*stored)->session;
  const auto cutoffs =
      CutoffReader(core->engine).Read(session.subject, session.client_id);
  if (!cutoffs.ok()) return cutoffs.error();
  if (LifeOf(session, *cutoffs, core->clock.Now()) != Life::kLive) {
    return std::optional<Session>();
  }
  return std::optional(std::move(session));
}

SessionStore::SessionStore(Engine& engine, Committer& committer,
                           RingAccess refresh_ring, SessionLimits limits,
                           const Clock& clock)
    : impl_(std::make_unique<Impl>(std::make_shared<StoreCore>(
          engine, committer, std::move(refresh_ring), limits, clock))) {}

SessionStore::~SessionStore() = default;

void SessionStore::SetLimits(const SessionLimits& limits) {
  impl_->core->SetLimits(limits);
}

void SessionStore::SetAudit(AuditScope scope) { impl_->core->audit = scope; }

void SessionStore::LimitSubjects(AdmitSubject admit) {
  impl_->core->admit = std::move(admit);
}

void SessionStore::RegisterTokens(AccessRing access_ring,
                                  std::function<uint32_t()> epoch) {
  impl_->core->access_ring = std::move(access_ring);
  impl_->core->epoch = std::move(epoch);
}

void SessionStore::CheckGrants(CheckGrant check) {
  impl_->core->check_grant = std::move(check);
}

void SessionStore::Open(OpenRequest request,
                        std::function<void(Result<Grant>)> done) {
  StartOpen(impl_->core, std::move(request), std::move(done));
}

void SessionStore::Exchange(ExchangeRequest request,
                            std::function<void(ExchangeResult)> done) {
  StartExchange(impl_->core, std::move(request), std::move(done));
}

void SessionStore::Change(const SessionId& id, SessionChange change,
                          std::function<void(Result<Session>)> done) {
  StartChange(impl_->core, id, std::move(change), std::move(done));
}

void SessionStore::StepUp(StepUpRequest request,
                          std::function<void(Result<Grant>)> done) {
  StartStepUp(impl_->core, std::move(request), std::move(done));
}

Result<std::optional<Session>> SessionStore::Find(const SessionId& id) {
  return impl_->FindLive(id);
}

Result<std::optional<SessionStore::Found>> SessionStore::FindByRefreshToken(
    std::string_view token) {
  const auto ring = impl_->core->ring();
  const auto parsed = ParseRefreshToken(token, *ring, impl_->core->clock.Now());
  if (!parsed) return std::optional<Found>();
  auto live = impl_->FindLive(parsed->session);
  if (!live.ok()) return live.error();
  if (!live->has_value()) return std::optional<Found>();
  Session& session = **live;
  if (parsed->generation > session.generation ||
      !CheckRefreshMac(*parsed, *ring, session.salt)) {
    return std::optional<Found>();
  }
  const uint32_t distance = session.generation - parsed->generation;
  return std::optional(Found{std::move(session), distance});
}

Result<std::vector<Session>> SessionStore::List(std::string_view subject) {
  auto stored = impl_->core->ReadSubject(subject, impl_->core->clock.Now());
  if (!stored.ok()) return stored.error();
  std::vector<Session> live;
  for (StoredSession& one : *stored) {
    if (one.life == Life::kLive) live.push_back(std::move(one.session));
  }
  return live;
}

void SessionStore::End(const SessionId& id, std::string reason, Origin actor,
                       std::function<void(Result<Revoked>)> done) {
  StartEnd(impl_->core, id, {std::move(reason), std::move(actor)},
           std::move(done));
}

void SessionStore::EndOthers(std::string subject, const SessionId& except,
                             Origin actor,
                             std::function<void(Result<Revoked>)> done) {
  StartEndOthers(impl_->core, std::move(subject), except, std::move(actor),
                 std::move(done));
}

void SessionStore::Revoke(NewRevocation request,
                          std::function<void(Result<Revoked>)> done) {
  StartRevoke(impl_->core, std::move(request), std::move(done));
}

Result<size_t> SessionStore::SweepExpired(size_t limit) {
  return impl_->sweep.Run(limit);
}

}  // namespace signet::service
