// The exchange of a refresh token. With d = generation presented - stored:
//
//   d = 0    rotate: generation + 1, in one conditional commit
//   d = -1   within the grace window: the same successor again, derived from
//            the record; after it, or without the session's DPoP key: reuse
//   d < -1   reuse: the session is revoked, its access tokens too, in the
//            same commit
//   d > 0    the store went back in time: an alarm, and nothing is revoked

#include <algorithm>
#include <limits>

#include "revocation-service/session/operations.h"
#include "revocation-service/session/text_rules.h"
#include "signet/primitives.h"

namespace signet::service {
namespace {

struct Refusal {
  ExchangeOutcome outcome;
  std::string reason;
};

// RetryProof is what the record keeps of an Idempotency-Key: whoever reads the
// store cannot make the retry.
std::string RetryProof(std::string_view key, const SessionSalt& salt) {
  if (key.empty()) return {};
  std::array<uint8_t, 16> digest;
  Blake2b(digest, AsBytes(key), salt);
  return std::string(AsText(digest));
}

class ExchangeOperation final : public Operation {
 public:
  ExchangeOperation(std::shared_ptr<StoreCore> store, ExchangeRequest request,
                    std::function<void(ExchangeResult)> done)
      : Operation(std::move(store), request.origin, request.limits),
        request_(std::move(request)),
        done_(std::move(done)),
        ring_(core().ring()) {}

 protected:
  void Attempt() override;
  void Succeed(const Committed& committed) override;
  void Fail(Error error) override {
    Refuse({ExchangeOutcome::kUnavailable, std::move(error.message)});
  }

 private:
  void Decide();
  void Rotate();
  void Replay();
  void EndForReuse(ExchangeOutcome outcome, std::string reason);
  void SubmitNext(Session next, const SecretKey& key, ExchangeOutcome outcome);

  std::optional<Refusal> CheckToken() const;
  std::optional<Refusal> CheckLife() const;
  std::optional<Refusal> CheckScope() const;
  std::optional<Refusal> CheckTarget() const;
  bool HoldsKey() const;
  bool IsProvenRetry() const;
  bool InGrace() const;
  const SecretKey* SuccessorKey() const;

  bool RefuseWish();
  bool IsLimited();
  // Answer says whose token it was, unless its mac was wrong.
  void Answer(ExchangeResult result);
  void Refuse(Refusal refusal) {
    Answer({.outcome = refusal.outcome,
            .grant = std::nullopt,
            .reason = std::move(refusal.reason)});
  }

  const ExchangeRequest request_;
  const std::function<void(ExchangeResult)> done_;
  const std::shared_ptr<const SigningRing> ring_;

  // What the present attempt has read and worked out.
  RefreshToken token_;
  StoredSession stored_;
  Cutoffs cutoffs_;
  Time now_{};
  ExchangeResult answer_;  // if the commit succeeds
  std::string alarm_;      // what a log should say of a replay

  bool admitted_ = false;  // by the limit of the subject's rate

  // An earlier attempt found the token still live: the request lost a race
  // against another one that was under way at the same time.
  bool raced_ = false;
};

void ExchangeOperation::Attempt() {
  alarm_.clear();
  now_ = core().clock.Now();
  auto token = ParseRefreshToken(request_.refresh_token, *ring_, now_);
  if (!token) {
    return Refuse({ExchangeOutcome::kMalformed, "not a refresh token"});
  }
  token_ = std::move(*token);
  auto stored = core().Read(token_.session);
  if (!stored.ok()) return Fail(std::move(stored).error());
  if (!stored->has_value()) {
    return Refuse({ExchangeOutcome::kRevoked, "the session is over"});
  }
  stored_ = std::move(**stored);
  CutoffReader reader(core().engine);
  auto cutoffs =
      reader.Read(stored_.session.subject, stored_.session.client_id);
  if (!cutoffs.ok()) return Fail(std::move(cutoffs).error());
  cutoffs_ = std::move(*cutoffs);
  for (const auto check :
       {&ExchangeOperation::CheckToken, &ExchangeOperation::CheckLife}) {
    if (auto refusal = (this->*check)()) return Refuse(std::move(*refusal));
  }
  Decide();
}

// Whoever holds another client's token is not its client, so what it does with
// it must not end the session: it might be an attempt to do just that.
std::optional<Refusal> ExchangeOperation::CheckToken() const {
  if (!CheckRefreshMac(token_, *ring_, stored_.session.salt)) {
    return Refusal{ExchangeOutcome::kMalformed, "the mac is wrong"};
  }
  // RFC 6749 section 6: the token is bound to the client it was issued to.
  if (stored_.session.client_id != request_.client_id) {
    return Refusal{ExchangeOutcome::kClientMismatch, "another client's token"};
  }
  // RFC 9449 section 5. Of a superseded token it is reuse: see Decide.
  if (!HoldsKey() && token_.generation >= stored_.session.generation) {
    return Refusal{ExchangeOutcome::kClientMismatch,
                   "without the session's DPoP key"};
  }
  return std::nullopt;
}

// RFC 9449 section 5: refresh tokens of a confidential client are bound to its
// authentication, and it may change its key.
bool ExchangeOperation::HoldsKey() const {
  const std::string& bound_to = stored_.session.dpop_jkt;
  return request_.proven || bound_to.empty() ||
         ConstantTimeEqual(AsBytes(bound_to), AsBytes(request_.dpop_jkt));
}

std::optional<Refusal> ExchangeOperation::CheckLife() const {
  switch (LifeOf(stored_.session, cutoffs_, now_)) {
    case Life::kExpired:
      return Refusal{ExchangeOutcome::kExpired, "the session has expired"};
    case Life::kIdle:
      return Refusal{ExchangeOutcome::kIdle, "the session was idle too long"};
    case Life::kRevoked:
      return Refusal{ExchangeOutcome::kRevoked,
                     "the session is older than a cutoff"};
    case Life::kLive:
      break;
  }
  const IssueTimes times = TimesOf(stored_.session, cutoffs_, now_, limits());
  if (times.expires_at > times.issued_at) return std::nullopt;
  return Refusal{ExchangeOutcome::kExpired, "the session ends this second"};
}

// RFC 6749 section 6: nothing that was not originally granted.
std::optional<Refusal> ExchangeOperation::CheckScope() const {
  if (request_.scope.empty()) return std::nullopt;
  if (IsScope(request_.scope) &&
      ScopeIncludes(stored_.session.scope, request_.scope)) {
    return std::nullopt;
  }
  return Refusal{ExchangeOutcome::kBadScope, "more than the session's scope"};
}

// RFC 8707 section 2.2: one of the resources that were originally granted.
std::optional<Refusal> ExchangeOperation::CheckTarget() const {
  const auto& granted = stored_.session.audience;
  if (request_.resource.empty() ||
      std::ranges::find(granted, request_.resource) != granted.end()) {
    return std::nullopt;
  }
  return Refusal{ExchangeOutcome::kBadTarget, "not an audience of the session"};
}

void ExchangeOperation::Decide() {
  const uint32_t live = stored_.session.generation;
  if (token_.generation > live) {
    return Refuse({ExchangeOutcome::kFromTheFuture,
                   "generation " + std::to_string(token_.generation) +
                       " was presented, the store knows " +
                       std::to_string(live)});
  }
  switch (live - token_.generation) {
    case 0:
      return Rotate();
    case 1:
      // Two who hold the same token and not the same key are not one client.
      if (!HoldsKey()) {
        return EndForReuse(ExchangeOutcome::kReuseRecent,
                           "superseded, and without the session's DPoP key");
      }
      if (InGrace()) return Replay();
      return EndForReuse(ExchangeOutcome::kReuseRecent,
                         "superseded, and the grace is over");
    default:
      return EndForReuse(ExchangeOutcome::kReuseStale,
                         "superseded more than once");
  }
}

void ExchangeOperation::Answer(ExchangeResult result) {
  if (result.outcome != ExchangeOutcome::kMalformed &&
      !stored_.session.subject.empty()) {
    result.subject = stored_.session.subject;
    result.session = stored_.session.id;
  }
  done_(std::move(result));
}

// A request counts once, whatever number of attempts it takes.
bool ExchangeOperation::IsLimited() {
  if (admitted_ || !core().admit) return false;
  admitted_ = true;
  const auto wait = core().admit(stored_.session.subject);
  if (!wait) return false;
  Answer({.outcome = ExchangeOutcome::kRateLimited,
          .grant = std::nullopt,
          .reason = "the subject asks too often",
          .retry_after = *wait});
  return true;
}

// RefuseWish: a token that was stolen must show as one whatever it comes with,
// so what is wished for is looked at when the token is known to be good.
bool ExchangeOperation::RefuseWish() {
  auto refusal = CheckScope();
  if (!refusal) refusal = CheckTarget();
  if (!refusal) return false;
  Refuse(std::move(*refusal));
  return true;
}

void ExchangeOperation::Rotate() {
  raced_ = true;
  if (RefuseWish()) return;
  if (IsLimited()) return;
  const SigningRing::Key* active = ring_->Active(now_);
  if (active == nullptr) {
    return Fail({ErrorCode::kUnavailable, "no refresh key is active"});
  }
  Session next = stored_.session;
  if (next.generation == std::numeric_limits<uint32_t>::max()) {
    return Refuse({ExchangeOutcome::kExpired, "no generation is left"});
  }
  ++next.generation;
  next.rotated_at = now_;
  next.key_id = active->key.id();
  if (!next.replayed) next.graces = 0;
  next.replayed = false;
  next.retry_proof = RetryProof(request_.idempotency_key, next.salt);
  // A session without a key is bound to the first that comes.
  if (!request_.proven && next.dpop_jkt.empty()) {
    next.dpop_jkt = request_.dpop_jkt;
  }
  SubmitNext(std::move(next), active->key, ExchangeOutcome::kRotated);
}

// A retry is proven if only the sender of the first request can have made it:
// it authenticates as the same client, it holds the same DPoP key, or it knows
// the first one's Idempotency-Key.
bool ExchangeOperation::IsProvenRetry() const {
  const Session& session = stored_.session;
  if (request_.proven || !session.dpop_jkt.empty()) return HoldsKey();
  return !session.retry_proof.empty() &&
         session.retry_proof ==
             RetryProof(request_.idempotency_key, session.salt);
}

// A clock that was set back counts as no time passed.
bool ExchangeOperation::InGrace() const {
  const Duration age =
      std::max(now_ - stored_.session.rotated_at, Duration::zero());
  return age < (IsProvenRetry() ? limits().proven_grace : limits().grace);
}

// The successor was made under the key that the record names, which need not
// be the active one any more.
const SecretKey* ExchangeOperation::SuccessorKey() const {
  const Duration skew = ring_->info().policy.clock_skew;
  for (const SigningRing::Key& entry : ring_->keys()) {
    if (entry.key.id() == stored_.session.key_id &&
        entry.schedule.MayVerify(now_, skew)) {
      return &entry.key;
    }
  }
  return nullptr;
}

// What counts is how many generations in a row were asked for twice. One
// generation counts once, however many retries it sees: they all get the same
// token. Requests that were under way together do not count at all, since
// they are tabs of one client far more often than a thief of perfect timing.
void ExchangeOperation::Replay() {
  if (RefuseWish()) return;
  if (IsLimited()) return;
  const SecretKey* key = SuccessorKey();
  if (key == nullptr) {
    return Refuse(
        {ExchangeOutcome::kRevoked, "the key of the successor was withdrawn"});
  }
  Session next = stored_.session;
  if (!raced_ && !next.replayed) {
    next.replayed = true;
    if (++next.graces > limits().max_graces) {
      return EndForReuse(ExchangeOutcome::kReuseRecent,
                         "replayed too many times in a row");
    }
    if (next.graces > limits().max_graces / 2) {
      alarm_ = std::to_string(next.graces) +
               " generations in a row were asked for twice";
    }
  }
  SubmitNext(std::move(next), *key, ExchangeOutcome::kReplayed);
}

void ExchangeOperation::SubmitNext(Session next, const SecretKey& key,
                                   ExchangeOutcome outcome) {
  const IssueTimes times = TimesOf(next, cutoffs_, now_, limits());
  RecordIssue(times, next);
  answer_ = {
      .outcome = outcome,
      .grant =
          Grant{.session = next,
                .refresh_token =
                    MakeRefreshToken(key, next.id, next.generation, next.salt),
                .scope = request_.scope.empty() ? next.scope : request_.scope,
                .audience = request_.resource.empty()
                                ? next.audience
                                : std::vector<std::string>{request_.resource},
                .dpop_jkt = request_.dpop_jkt,
                .issued_at = times.issued_at,
                .expires_at = times.expires_at},
      .reason = alarm_};
  // A retry in the same second changes nothing: the record already knows how
  // long its access tokens live.
  Batch batch;
  Status registered = Register(now_, *answer_.grant, batch);
  if (!registered.ok()) return Fail(registered.error());
  if (next == stored_.session && batch.puts.empty()) {
    return Answer(std::move(answer_));
  }

  const std::string key_in_store = SessionKey(next.id);
  batch.conditions = cutoffs_.as_read;
  Status covered = core().issued.Cover(times.issued_at, cutoffs_, now_, batch);
  if (!covered.ok()) return Fail(covered.error());
  batch.conditions.push_back({key_in_store, stored_.bytes});
  batch.puts.push_back({key_in_store, EncodeSession(next)});
  const bool rotated = outcome == ExchangeOutcome::kRotated;
  TellSession(
      rotated ? AuditEvent::kExchangeRotated : AuditEvent::kExchangeReplayed,
      next, now_, {});
  Submit(std::move(batch), /*urgent=*/false);
}

// RFC 9700 section 4.14.2: one of the two who hold the token stole it, and
// nobody can tell which, so both lose it.
void ExchangeOperation::EndForReuse(ExchangeOutcome outcome,
                                    std::string reason) {
  answer_ = {
      .outcome = outcome, .grant = std::nullopt, .reason = std::move(reason)};
  Batch batch;
  AddRemoval(stored_, batch);
  Status cleaned =
      core().AddNewestCleanup(stored_.session.subject, {stored_}, batch);
  if (!cleaned.ok()) return Fail(cleaned.error());
  batch.log.push_back(
      SessionEntry(stored_.session, now_, limits(), {"reuse", "signetd"}));
  TellSession(AuditEvent::kExchangeReuse, stored_.session, now_,
              answer_.reason);
  Submit(std::move(batch), /*urgent=*/true);
}

void ExchangeOperation::Succeed(const Committed&) {
  answer_.audited = true;
  Answer(std::move(answer_));
}

}  // namespace

void StartExchange(std::shared_ptr<StoreCore> core, ExchangeRequest request,
                   std::function<void(ExchangeResult)> done) {
  std::make_shared<ExchangeOperation>(std::move(core), std::move(request),
                                      std::move(done))
      ->Start();
}

}  // namespace signet::service
