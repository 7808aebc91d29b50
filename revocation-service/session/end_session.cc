#include <algorithm>

#include "revocation-service/session/operations.h"

namespace signet::service {
namespace {

// EndOperation ends one session by its id.
class EndOperation final : public Operation {
 public:
  EndOperation(std::shared_ptr<StoreCore> store, const SessionId& id, Why why,
               RevokedCallback done)
      : Operation(std::move(store), why.actor),
        id_(id),
        why_(std::move(why)),
        done_(std::move(done)) {}

 protected:
  void Attempt() override;
  void Succeed(const Committed& committed) override {
    done_(Revoked{committed.last_sequence, 1});
  }
  void Fail(Error error) override { done_(std::move(error)); }

 private:
  Result<bool> IsOver(const Session& session, Time now) const;

  const SessionId id_;
  const Why why_;
  const RevokedCallback done_;
};

// A session that was idle too long still ends if an access token of it lives.
Result<bool> EndOperation::IsOver(const Session& session, Time now) const {
  const auto cutoffs =
      CutoffReader(core().engine).Read(session.subject, session.client_id);
  if (!cutoffs.ok()) return cutoffs.error();
  const Life life = LifeOf(session, *cutoffs, now);
  if (life == Life::kIdle) return session.access_until <= now;
  return life != Life::kLive;
}

void EndOperation::Attempt() {
  const Time now = core().clock.Now();
  auto stored = core().Read(id_);
  if (!stored.ok()) return Fail(std::move(stored).error());
  Result<bool> over = true;
  if (stored->has_value()) over = IsOver((*stored)->session, now);
  if (!over.ok()) return Fail(over.error());
  if (*over) {
    return Fail({ErrorCode::kNotFound, "ending a session: it is not live"});
  }
  const Session& session = (*stored)->session;
  Batch batch;
  AddRemoval(**stored, batch);
  Status cleaned = core().AddNewestCleanup(session.subject, {**stored}, batch);
  if (!cleaned.ok()) return Fail(cleaned.error());
  batch.log.push_back(SessionEntry(session, now, limits(), why_));
  TellSession(AuditEvent::kSessionEnded, session, now, why_.reason);
  Submit(std::move(batch), /*urgent=*/true);
}

// EndOthersOperation ends all sessions of a subject but one, some at a time,
// until a scan finds no other.
class EndOthersOperation final : public Operation {
 public:
  EndOthersOperation(std::shared_ptr<StoreCore> store, std::string subject,
                     const SessionId& except, Origin actor,
                     RevokedCallback done)
      : Operation(std::move(store), actor),
        subject_(std::move(subject)),
        except_(except),
        why_{"logout", std::move(actor)},
        done_(std::move(done)) {}

 protected:
  void Attempt() override;
  void Succeed(const Committed& committed) override;
  void Fail(Error error) override { done_(std::move(error)); }

 private:
  static constexpr size_t kMaxRemoved = 256;

  const std::string subject_;
  const SessionId except_;
  const Why why_;
  const RevokedCallback done_;
  size_t removing_ = 0;
  bool more_ = false;
  Revoked revoked_;
};

void EndOthersOperation::Attempt() {
  const Time now = core().clock.Now();
  auto others = core().ReadSubject(subject_, now);
  if (!others.ok()) return Fail(std::move(others).error());
  std::erase_if(*others, [&](const StoredSession& stored) {
    return stored.session.id == except_;
  });
  if (others->empty()) return done_(revoked_);
  more_ = others->size() > kMaxRemoved;
  if (more_) others->resize(kMaxRemoved);
  removing_ = static_cast<size_t>(
      std::ranges::count(*others, Life::kLive, &StoredSession::life));

  Batch batch;
  for (const StoredSession& stored : *others) {
    AddRemoval(stored, batch);
    batch.log.push_back(SessionEntry(stored.session, now, limits(), why_));
    TellSession(AuditEvent::kSessionEnded, stored.session, now, why_.reason);
  }
  Status cleaned = core().AddNewestCleanup(subject_, *others, batch);
  if (!cleaned.ok()) return Fail(cleaned.error());
  Submit(std::move(batch), /*urgent=*/true);
}

void EndOthersOperation::Succeed(const Committed& committed) {
  revoked_.sequence = committed.last_sequence;
  revoked_.sessions_ended += removing_;
  if (more_) return Attempt();
  done_(revoked_);
}

}  // namespace

void StartEnd(std::shared_ptr<StoreCore> core, const SessionId& id, Why why,
              RevokedCallback done) {
  std::make_shared<EndOperation>(std::move(core), id, std::move(why),
                                 std::move(done))
      ->Start();
}

void StartEndOthers(std::shared_ptr<StoreCore> core, std::string subject,
                    const SessionId& except, Origin actor,
                    RevokedCallback done) {
  std::make_shared<EndOthersOperation>(std::move(core), std::move(subject),
                                       except, std::move(actor),
                                       std::move(done))
      ->Start();
}

}  // namespace signet::service
