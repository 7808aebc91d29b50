#include <algorithm>

#include "revocation-service/feed/log_entry.h"
#include "revocation-service/session/operations.h"
#include "revocation-service/session/text_rules.h"

namespace signet::service {
namespace {

// Sessions whose records one subject revocation removes; the cutoff ends the
// others too, and the sweep removes them.
constexpr size_t kMaxRemoved = 1000;
constexpr size_t kMaxReason = 255;

Error Invalid(std::string what) {
  return {ErrorCode::kInvalid, "revoking: " + std::move(what)};
}

Status ValidateTexts(const NewRevocation& request) {
  if (request.reason.size() > kMaxReason || !IsPlainText(request.reason)) {
    return Invalid("the reason is not plain text of at most 255 bytes");
  }
  if (request.kind < RevocationKind::kToken ||
      request.kind > RevocationKind::kAll) {
    return Invalid("unknown kind");
  }
  if (request.kind == RevocationKind::kAll) {
    return request.value.empty() ? Status()
                                 : Invalid("the kind all takes no value");
  }
  if (!IsName(request.value)) {
    return Invalid("the value is not 1 to 255 bytes of plain text");
  }
  if (request.kind == RevocationKind::kSession &&
      !ParseSessionId(request.value)) {
    return Invalid("the value is not a session id: 22 characters, base64url");
  }
  return {};
}

// A cutoff in the future would also end what is opened until then, and a wrong
// unit would end it for years: only a clock's error is let through.
Status ValidateNotBefore(const NewRevocation& request, Time now,
                         const SessionLimits& limits) {
  if (!request.not_before) return {};
  if (!IsCutoff(request.kind)) {
    return Invalid("not_before is for cutoffs, not for a token or a session");
  }
  if (*request.not_before <= EpochSeconds{}) {
    return Invalid("not_before is not after 1970");
  }
  if (*request.not_before > kForever) return Invalid("not_before is too late");
  if (request.kind != RevocationKind::kKey &&
      *request.not_before > now + limits.clock_skew) {
    return Invalid("not_before is in the future");
  }
  return {};
}

std::string EntryOf(const NewRevocation& request, Time now,
                    EpochSeconds not_before, EpochSeconds drop_after,
                    std::string subject = {}) {
  return EncodeLogEntry({
      .revocation = {.kind = request.kind,
                     .id = MakeRevocationId(request.kind, request.value),
                     .at = ToSeconds(now),
                     .not_before = not_before,
                     .drop_after = drop_after},
      .value = request.value,
      .reason = request.reason,
      .actor = request.actor.client,
      .subject = std::move(subject),
  });
}

class RevokeOperation : public Operation {
 public:
  RevokeOperation(std::shared_ptr<StoreCore> store, NewRevocation request,
                  RevokedCallback done)
      : Operation(std::move(store), request.actor),
        request_(std::move(request)),
        done_(std::move(done)) {}

 protected:
  void Succeed(const Committed& committed) override {
    done_(Revoked{committed.last_sequence, sessions_ended_});
  }
  void Fail(Error error) override { done_(std::move(error)); }

  const NewRevocation& request() const { return request_; }

  // TellRevoked audits the revocation itself.
  void TellRevoked(Time now);

  size_t sessions_ended_ = 0;

 private:
  const NewRevocation request_;
  const RevokedCallback done_;
};

void RevokeOperation::TellRevoked(Time now) {
  AuditLine line = MakeAuditLine(AuditEvent::kRevoked, now, origin());
  line.reason = request_.reason;
  line.target = std::string(RevocationKindName(request_.kind));
  if (request_.kind == RevocationKind::kSubject) {
    line.subject = request_.value;
  } else if (request_.kind == RevocationKind::kSession) {
    line.session = ParseSessionId(request_.value);
  } else if (!request_.value.empty()) {
    line.target += ":" + request_.value;
  }
  Tell(std::move(line));
}

// EntryOperation writes a log entry alone: for a token or a key.
class EntryOperation final : public RevokeOperation {
 public:
  using RevokeOperation::RevokeOperation;

 private:
  void Attempt() override;
};

void EntryOperation::Attempt() {
  const Time now = core().clock.Now();
  Batch batch;
  if (request().kind == RevocationKind::kKey) {
    // Whoever stole a key writes any time of issue.
    batch.log.push_back(EntryOf(
        request(), now, request().not_before.value_or(kForever), kForever));
  } else {
    // The token may be dated later than the clock, if that was set back.
    const EpochSeconds issued_until =
        std::max(ToSeconds(now), core().issued.Latest());
    batch.log.push_back(
        EntryOf(request(), now, EpochSeconds{},
                DropAfter(issued_until + LongestAccess(limits()), limits())));
  }
  TellRevoked(now);
  Submit(std::move(batch), /*urgent=*/true);
}

// SessionOperation ends one session if there is one, and writes the entry
// even if not: the caller may know better.
class SessionOperation final : public RevokeOperation {
 public:
  using RevokeOperation::RevokeOperation;

 private:
  void Attempt() override;
};

void SessionOperation::Attempt() {
  const Time now = core().clock.Now();
  auto stored = core().Read(*ParseSessionId(request().value));
  if (!stored.ok()) return Fail(std::move(stored).error());
  Batch batch;
  EpochSeconds until = ToSeconds(now) + LongestAccess(limits());
  std::string subject;
  sessions_ended_ = stored->has_value() ? 1 : 0;
  if (stored->has_value()) {
    const Session& session = (*stored)->session;
    until = std::max(until, session.access_until);
    subject = session.subject;
    AddRemoval(**stored, batch);
    Status cleaned =
        core().AddNewestCleanup(session.subject, {**stored}, batch);
    if (!cleaned.ok()) return Fail(cleaned.error());
    TellSession(AuditEvent::kSessionEnded, session, now, request().reason);
  }
  if (!stored->has_value()) {
    until = std::max(until, core().issued.Latest() + LongestAccess(limits()));
  }
  TellRevoked(now);
  batch.log.push_back(EntryOf(request(), now, EpochSeconds{},
                              DropAfter(until, limits()), std::move(subject)));
  Submit(std::move(batch), /*urgent=*/true);
}

// CutoffOperation voids what was issued before a moment: for a subject, a
// client, or all. By default that is all that was issued so far.
//
// After a cutoff that lies ahead of the clock, tokens are dated as late as that
// cutoff (TimesOf), and the next one must void them too. A subject's sessions
// are known: those with such tokens are ended by an entry each, and the cutoff
// stays where it is, however often it is repeated. Those of a client, or of
// all, are not: their cutoff goes behind the latest date that a token has had.
class CutoffOperation final : public RevokeOperation {
 public:
  using RevokeOperation::RevokeOperation;

 private:
  static constexpr int kMaxRepeats = 5;
  // Verifiers take a token whose date is so far ahead, and the next ones too.
  // What is a minute ahead was dated before the clock was set back, and is to
  // be voided all the same.
  static constexpr Seconds kMostAhead{15};
  static constexpr Seconds kSetBack{60};

  void Attempt() override;
  void Succeed(const Committed& committed) override;
  bool ForSubject() const { return request().kind == RevocationKind::kSubject; }
  EpochSeconds NextSecond(Time now) const {
    return ToSeconds(now) + Seconds(int64_t{1} << repeats_);
  }
  Status AddSessions(EpochSeconds created_before, Time now, Batch& batch);

  EpochSeconds not_before_{};  // of the present attempt
  size_t ended_now_ = 0;       // by the present attempt
  bool leaves_some_ = false;   // of the sessions, for the sweep
  int repeats_ = 0;
};

void CutoffOperation::Attempt() {
  const Time now = core().clock.Now();
  StoredCutoff own(CutoffKey(
      request().kind, MakeRevocationId(request().kind, request().value)));
  StoredCutoff ahead{std::string(kAheadKey)};
  for (StoredCutoff* cutoff : {&own, &ahead}) {
    if (Status read = cutoff->Read(core().engine); !read.ok()) {
      return Fail(read.error());
    }
  }
  Batch batch;
  not_before_ = request().not_before.value_or(NextSecond(now));
  if (!ForSubject() && !request().not_before) {
    if (ahead.at() > now + kMostAhead && ahead.at() <= now + kSetBack) {
      return Fail({ErrorCode::kUnavailable,
                   "revoking: so much was revoked and issued in turn that "
                   "tokens are dated ahead of the clock"});
    }
    not_before_ = std::max(not_before_, ahead.at() + Seconds(1));
    ahead.Keep(batch);
  }
  const EpochSeconds merged = std::max(own.at(), not_before_);
  if (!request().not_before) not_before_ = merged;
  own.Raise(not_before_, batch);
  const EpochSeconds until =
      std::max(ToSeconds(now), not_before_) + LongestAccess(limits());
  batch.log.push_back(
      EntryOf(request(), now, not_before_, DropAfter(until, limits())));
  TellRevoked(now);
  if (ForSubject()) {
    Status added = AddSessions(merged, now, batch);
    if (!added.ok()) return Fail(added.error());
  }
  Submit(std::move(batch), /*urgent=*/true);
}

// AddSessions ends the subject's sessions: all that there are, or with a cutoff
// in the past those created before it. Whoever opens one meanwhile changes the
// key of the newest. A session that was created, or has issued an access token,
// at the cutoff or later needs an entry of its own.
Status CutoffOperation::AddSessions(EpochSeconds created_before, Time now,
                                    Batch& batch) {
  const std::string newest_key =
      NewestKey(MakeRevocationId(RevocationKind::kSubject, request().value));
  auto newest = core().engine.Get(newest_key);
  if (!newest.ok()) return newest.error();
  batch.conditions.push_back({newest_key, std::move(*newest)});
  auto sessions = core().ReadSubject(request().value, now);
  if (!sessions.ok()) return sessions.error();
  if (request().not_before) {
    std::erase_if(*sessions, [&](const StoredSession& stored) {
      return stored.session.created_at >= created_before;
    });
  }
  ended_now_ = static_cast<size_t>(
      std::ranges::count(*sessions, Life::kLive, &StoredSession::life));
  const auto is_late = [&](const StoredSession& stored) {
    return std::max(stored.session.created_at, stored.session.last_seen) >=
           not_before_;
  };
  const auto voided =
      std::stable_partition(sessions->begin(), sessions->end(), is_late);
  const auto late = static_cast<size_t>(voided - sessions->begin());
  leaves_some_ = sessions->size() > late + kMaxRemoved;
  if (leaves_some_) sessions->resize(late + kMaxRemoved);
  const std::string subject_entry = std::move(batch.log.back());
  batch.log.pop_back();
  for (const StoredSession& stored : *sessions) {
    AddRemoval(stored, batch);
    TellSession(AuditEvent::kSessionEnded, stored.session, now,
                request().reason);
    if (!is_late(stored)) continue;
    batch.log.push_back(SessionEntry(stored.session, now, limits(),
                                     {request().reason, request().actor}));
  }
  batch.log.push_back(subject_entry);
  return core().AddNewestCleanup(request().value, *sessions, batch);
}

// While the commit was on its way others may have committed, and answered,
// with a time of issue that this cutoff does not void, if the clock has come
// so far: then it is repeated with a later one. Whatever is committed after it
// has seen it. Of a subject all sessions are gone, in the same commit, and with
// it everything that one of them would have issued meanwhile.
void CutoffOperation::Succeed(const Committed& committed) {
  sessions_ended_ += ended_now_;
  const bool knew_all = ForSubject() && !leaves_some_;
  if (!request().not_before && !knew_all && repeats_ < kMaxRepeats &&
      ToSeconds(core().clock.Now()) >= not_before_) {
    ++repeats_;
    return Attempt();
  }
  RevokeOperation::Succeed(committed);
}

template <typename Kind>
void StartKind(std::shared_ptr<StoreCore> core, NewRevocation request,
               RevokedCallback done) {
  std::make_shared<Kind>(std::move(core), std::move(request), std::move(done))
      ->Start();
}

}  // namespace

void StartRevoke(std::shared_ptr<StoreCore> core, NewRevocation request,
                 RevokedCallback done) {
  Status valid = ValidateTexts(request);
  if (valid.ok()) {
    valid = ValidateNotBefore(request, core->clock.Now(), core->limits());
  }
  if (!valid.ok()) return done(valid.error());
  switch (request.kind) {
    case RevocationKind::kToken:
    case RevocationKind::kKey:
      return StartKind<EntryOperation>(std::move(core), std::move(request),
                                       std::move(done));
    case RevocationKind::kSession:
      return StartKind<SessionOperation>(std::move(core), std::move(request),
                                         std::move(done));
    case RevocationKind::kSubject:
    case RevocationKind::kClient:
    case RevocationKind::kAll:
      return StartKind<CutoffOperation>(std::move(core), std::move(request),
                                        std::move(done));
  }
}

}  // namespace signet::service
