// Changes of a live session: of what stands in its next access token, and of
// its privileges, for which it gets a new id.

#include <algorithm>

#include "revocation-service/session/operations.h"
#include "signet/primitives.h"

namespace signet::service {
namespace {

Error NotLive() {
  return {ErrorCode::kNotFound, "changing a session: it is not live"};
}

// Live is a session as it was read, and the cutoffs that it survived.
struct Live {
  StoredSession stored;
  Cutoffs cutoffs;
};

Result<Live> ReadLive(StoreCore& core, const SessionId& id, Time now) {
  auto stored = core.Read(id);
  if (!stored.ok()) return stored.error();
  if (!stored->has_value()) return NotLive();
  const Session& session = (*stored)->session;
  auto cutoffs =
      CutoffReader(core.engine).Read(session.subject, session.client_id);
  if (!cutoffs.ok()) return cutoffs.error();
  if (LifeOf(session, *cutoffs, now) != Life::kLive) return NotLive();
  return Live{std::move(**stored), std::move(*cutoffs)};
}

template <typename Value>
void Put(const std::optional<Value>& change, Value& value) {
  if (change) value = *change;
}

void Apply(const SessionChange& change, Session& session) {
  Put(change.device, session.device);
  Put(change.custom, session.custom);
}

class ChangeOperation final : public Operation {
 public:
  ChangeOperation(std::shared_ptr<StoreCore> store, const SessionId& id,
                  SessionChange change,
                  std::function<void(Result<Session>)> done)
      : Operation(std::move(store), change.origin),
        id_(id),
        change_(std::move(change)),
        done_(std::move(done)) {}

 protected:
  void Attempt() override;
  void Succeed(const Committed&) override { done_(std::move(next_)); }
  void Fail(Error error) override { done_(std::move(error)); }

 private:
  const SessionId id_;
  const SessionChange change_;
  const std::function<void(Result<Session>)> done_;
  Session next_;
};

void ChangeOperation::Attempt() {
  const Time now = core().clock.Now();
  auto live = ReadLive(core(), id_, now);
  if (!live.ok()) return Fail(std::move(live).error());
  next_ = live->stored.session;
  Apply(change_, next_);
  if (next_ == live->stored.session) return done_(std::move(next_));
  const std::string key = SessionKey(id_);
  Batch batch;
  batch.conditions = live->cutoffs.as_read;
  batch.conditions.push_back({key, live->stored.bytes});
  batch.puts.push_back({key, EncodeSession(next_)});
  TellSession(AuditEvent::kSessionChanged, next_, now, {});
  Submit(std::move(batch), /*urgent=*/false);
}

class StepUpOperation final : public Operation {
 public:
  StepUpOperation(std::shared_ptr<StoreCore> store, StepUpRequest request,
                  std::function<void(Result<Grant>)> done)
      : Operation(std::move(store), request.change.origin, request.limits),
        request_(std::move(request)),
        done_(std::move(done)),
        ring_(core().ring()) {
    FillRandom(id_);
    FillRandom(salt_);
  }

 protected:
  void Attempt() override;
  void Succeed(const Committed&) override { done_(std::move(*grant_)); }
  void Fail(Error error) override { done_(std::move(error)); }

 private:
  Session Successor(const Live& live, const SecretKey& key) const;
  Result<Batch> MakeBatch();

  const StepUpRequest request_;
  const std::function<void(Result<Grant>)> done_;
  const std::shared_ptr<const SigningRing> ring_;
  SessionId id_;
  SessionSalt salt_;
  Time now_{};
  std::optional<Grant> grant_;
};

void StepUpOperation::Attempt() {
  now_ = core().clock.Now();
  Result<Batch> batch = MakeBatch();
  if (!batch.ok()) return Fail(std::move(batch).error());
  Submit(std::move(*batch), /*urgent=*/true);
}

// The end of the absolute lifetime stays: privileges have changed, and nobody
// need have logged in.
Session StepUpOperation::Successor(const Live& live,
                                   const SecretKey& key) const {
  const Session& old = live.stored.session;
  Session next;
  next.id = id_;
  next.salt = salt_;
  next.subject = old.subject;
  next.client_id = old.client_id;
  next.audience = request_.audience.value_or(old.audience);
  next.scope = request_.scope.value_or(old.scope);
  next.device = old.device;
  next.custom = old.custom;
  Apply(request_.change, next);
  next.created_at = std::max(ToSeconds(now_), live.cutoffs.latest);
  next.rotated_at = now_;
  next.expires_at = old.expires_at;
  next.idle_timeout = old.idle_timeout;
  next.key_id = key.id();
  if (request_.is_public) {
    next.dpop_jkt =
        request_.dpop_jkt.empty() ? old.dpop_jkt : request_.dpop_jkt;
  }
  return next;
}

// One session takes the place of another, so the subject has no more of them;
// the key of the newest one makes that known to an Open that counts them.
Result<Batch> StepUpOperation::MakeBatch() {
  const SigningRing::Key* active = ring_->Active(now_);
  if (active == nullptr) {
    return Error{ErrorCode::kUnavailable, "no refresh key is active"};
  }
  auto live = ReadLive(core(), request_.id, now_);
  if (!live.ok()) return live.error();
  const Session& old = live->stored.session;
  const std::string newest_key =
      NewestKey(MakeRevocationId(RevocationKind::kSubject, old.subject));
  auto newest = core().engine.Get(newest_key);
  if (!newest.ok()) return newest.error();

  Session next = Successor(*live, active->key);
  const IssueTimes times = TimesOf(next, live->cutoffs, now_, limits());
  if (times.expires_at <= times.issued_at) return NotLive();
  RecordIssue(times, next);
  Batch batch;
  batch.conditions = live->cutoffs.as_read;
  Status covered =
      core().issued.Cover(times.issued_at, live->cutoffs, now_, batch);
  if (!covered.ok()) return covered.error();
  batch.conditions.push_back({newest_key, *newest});
  AddRemoval(live->stored, batch);
  AddSession(next, batch);
  batch.puts.push_back({newest_key, std::string(AsText(id_))});
  batch.log.push_back(SessionEntry(old, now_, limits(), {"step_up", origin()}));
  TellSession(AuditEvent::kSessionEnded, old, now_, "step_up");
  TellSession(AuditEvent::kSessionSteppedUp, next, now_, {});
  std::string jkt =
      request_.dpop_jkt.empty() ? next.dpop_jkt : request_.dpop_jkt;
  grant_ = Grant{.session = next,
                 .refresh_token =
                     MakeRefreshToken(active->key, id_, next.generation, salt_),
                 .scope = next.scope,
                 .audience = next.audience,
                 .dpop_jkt = std::move(jkt),
                 .issued_at = times.issued_at,
                 .expires_at = times.expires_at};
  Status registered = Register(now_, *grant_, batch);
  if (!registered.ok()) return registered.error();
  return batch;
}

}  // namespace

void StartChange(std::shared_ptr<StoreCore> core, const SessionId& id,
                 SessionChange change,
                 std::function<void(Result<Session>)> done) {
  if (Status valid = ValidateChange(change); !valid.ok()) {
    return done(valid.error());
  }
  std::make_shared<ChangeOperation>(std::move(core), id, std::move(change),
                                    std::move(done))
      ->Start();
}

void StartStepUp(std::shared_ptr<StoreCore> core, StepUpRequest request,
                 std::function<void(Result<Grant>)> done) {
  if (Status valid = ValidateStepUp(request); !valid.ok()) {
    return done(valid.error());
  }
  std::make_shared<StepUpOperation>(std::move(core), std::move(request),
                                    std::move(done))
      ->Start();
}

}  // namespace signet::service
