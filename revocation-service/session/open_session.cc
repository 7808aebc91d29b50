#include <algorithm>

#include "revocation-service/session/operations.h"
#include "revocation-service/session/text_rules.h"
#include "signet/primitives.h"

namespace signet::service {
namespace {

constexpr size_t kMaxAudiences = 64;
constexpr size_t kMaxText = 4096;
// Records that one Open removes at most; the next one goes on.
constexpr size_t kMaxRemoved = 64;

Error Invalid(const char* what) {
  return {ErrorCode::kInvalid, std::string("opening a session: ") + what};
}

Status ValidateAudience(const std::vector<std::string>& audience) {
  if (audience.size() > kMaxAudiences) return Invalid("more than 64 audiences");
  if (std::ranges::all_of(audience, IsName)) return {};
  return Invalid("an audience is not 1 to 255 bytes of plain text");
}

Status ValidateScope(const std::string& scope) {
  if (scope.size() <= kMaxText && IsScope(scope)) return {};
  return Invalid("malformed scope");
}

Status ValidateTexts(const std::string& device, const std::string& custom) {
  if (device.size() > kMaxText || !IsPlainText(device)) {
    return Invalid("the device label is not plain text");
  }
  if (custom.size() <= kMaxText) return {};
  return Invalid("the custom claims are longer than 4096 bytes");
}

Status Validate(const OpenRequest& request) {
  if (!IsName(request.subject)) {
    return Invalid("the subject is not 1 to 255 bytes of plain text");
  }
  if (!IsName(request.client_id)) {
    return Invalid("the client id is not 1 to 255 bytes of plain text");
  }
  if (Status valid = ValidateAudience(request.audience); !valid) return valid;
  if (Status valid = ValidateScope(request.scope); !valid) return valid;
  return ValidateTexts(request.device, request.custom);
}

class OpenOperation final : public Operation {
 public:
  OpenOperation(std::shared_ptr<StoreCore> store, OpenRequest request,
                std::function<void(Result<Grant>)> done)
      : Operation(std::move(store), request.origin, request.limits),
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
  Result<Batch> MakeBatch();
  Status MakeRoom(std::vector<StoredSession> sessions, Batch& batch);
  Session NewSession(const Cutoffs& cutoffs, const SecretKey& key) const;

  const OpenRequest request_;
  const std::function<void(Result<Grant>)> done_;
  const std::shared_ptr<const SigningRing> ring_;
  SessionId id_;
  SessionSalt salt_;
  Time now_{};
  std::optional<Grant> grant_;
};

void OpenOperation::Attempt() {
  now_ = core().clock.Now();
  Result<Batch> batch = MakeBatch();
  if (!batch.ok()) return Fail(std::move(batch).error());
  Submit(std::move(*batch), /*urgent=*/false);
}

// The key of the newest session is read before the others are counted, and
// every Open changes it: so two that count the same sessions exclude each
// other, on whatever machines they run.
Result<Batch> OpenOperation::MakeBatch() {
  const SigningRing::Key* active = ring_->Active(now_);
  if (active == nullptr) {
    return Error{ErrorCode::kUnavailable, "no refresh key is active"};
  }
  auto cutoffs =
      CutoffReader(core().engine).Read(request_.subject, request_.client_id);
  if (!cutoffs.ok()) return cutoffs.error();
  const std::string newest_key =
      NewestKey(MakeRevocationId(RevocationKind::kSubject, request_.subject));
  auto newest = core().engine.Get(newest_key);
  if (!newest.ok()) return newest.error();
  auto sessions = core().ReadSubject(request_.subject, now_);
  if (!sessions.ok()) return sessions.error();

  Batch batch;
  batch.conditions = cutoffs->as_read;
  batch.conditions.push_back({newest_key, *newest});
  Status room = MakeRoom(std::move(*sessions), batch);
  if (!room.ok()) return room.error();

  Session session = NewSession(*cutoffs, active->key);
  const IssueTimes times = TimesOf(session, *cutoffs, now_, limits());
  RecordIssue(times, session);
  Status covered = core().issued.Cover(times.issued_at, *cutoffs, now_, batch);
  if (!covered.ok()) return covered.error();
  AddSession(session, batch);
  TellSession(AuditEvent::kSessionOpened, session, now_, {});
  batch.puts.push_back({newest_key, std::string(AsText(id_))});
  grant_ = Grant{.session = session,
                 .refresh_token = MakeRefreshToken(active->key, id_,
                                                   session.generation, salt_),
                 .scope = session.scope,
                 .audience = session.audience,
                 .dpop_jkt = request_.dpop_jkt,
                 .issued_at = times.issued_at,
                 .expires_at = times.expires_at};
  Status registered = Register(now_, *grant_, batch);
  if (!registered.ok()) return registered.error();
  return batch;
}

// MakeRoom lets the subject have as many records as it may have sessions: it
// removes those that are over first, then the oldest. Nothing is removed
// merely because it is over: the clock that says so may be wrong.
Status OpenOperation::MakeRoom(std::vector<StoredSession> sessions,
                               Batch& batch) {
  const auto live = std::stable_partition(
      sessions.begin(), sessions.end(),
      [](const StoredSession& stored) { return stored.life != Life::kLive; });
  const auto live_count = static_cast<size_t>(sessions.end() - live);
  if (live_count >= limits().max_per_subject && !limits().evict_oldest) {
    return Error{ErrorCode::kDenied,
                 "opening a session: the subject has too many"};
  }
  size_t excess = sessions.size() + 1;
  excess -= std::min(excess, std::max<size_t>(limits().max_per_subject, 1));
  sessions.resize(std::min(excess, kMaxRemoved));
  for (const StoredSession& stored : sessions) {
    AddRemoval(stored, batch);
    batch.log.push_back(
        SessionEntry(stored.session, now_, limits(), {"evicted", "signetd"}));
    TellSession(AuditEvent::kSessionEnded, stored.session, now_, "evicted");
  }
  return {};
}

Session OpenOperation::NewSession(const Cutoffs& cutoffs,
                                  const SecretKey& key) const {
  Session session;
  session.id = id_;
  session.salt = salt_;
  session.subject = request_.subject;
  session.client_id = request_.client_id;
  session.audience = request_.audience;
  session.scope = request_.scope;
  session.device = request_.device;
  session.custom = request_.custom;
  if (request_.is_public) session.dpop_jkt = request_.dpop_jkt;
  // One that is opened in the second after a cutoff survives it.
  session.created_at = std::max(ToSeconds(now_), cutoffs.latest);
  session.rotated_at = now_;
  session.expires_at = session.created_at + limits().absolute_lifetime;
  session.idle_timeout = limits().idle_timeout;
  session.key_id = key.id();
  return session;
}

}  // namespace

Status ValidateChange(const SessionChange& change) {
  return ValidateTexts(change.device.value_or(""), change.custom.value_or(""));
}

Status ValidateStepUp(const StepUpRequest& request) {
  if (request.audience) {
    if (Status valid = ValidateAudience(*request.audience); !valid) {
      return valid;
    }
  }
  if (Status valid = ValidateScope(request.scope.value_or("")); !valid) {
    return valid;
  }
  return ValidateChange(request.change);
}

void StartOpen(std::shared_ptr<StoreCore> core, OpenRequest request,
               std::function<void(Result<Grant>)> done) {
  if (Status valid = Validate(request); !valid.ok()) {
    return done(valid.error());
  }
  std::make_shared<OpenOperation>(std::move(core), std::move(request),
                                  std::move(done))
      ->Start();
}

}  // namespace signet::service
