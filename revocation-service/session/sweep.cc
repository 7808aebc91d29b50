#include "revocation-service/session/sweep.h"

#include <future>

namespace signet::service {

// CommitAll waits until every batch is answered, and counts the successes. A
// conflict is not an error: somebody else has just used that record.
Result<size_t> Sweep::CommitAll(std::vector<Step> steps) const {
  std::vector<std::future<Result<Committed>>> answers;
  for (Step& step : steps) {
    auto promise = std::make_shared<std::promise<Result<Committed>>>();
    answers.push_back(promise->get_future());
    core_->committer.Submit(
        std::move(step.batch),
        [promise](Result<Committed> result) {
          promise->set_value(std::move(result));
        },
        /*urgent=*/false, std::move(step.lines));
  }
  size_t removed = 0;
  std::optional<Error> failure;
  for (auto& answer : answers) {
    const Result<Committed> result = answer.get();
    if (result.ok()) {
      ++removed;
    } else if (result.error().code != ErrorCode::kConflict) {
      failure = result.error();
    }
  }
  if (failure) return *failure;
  return removed;
}

Result<std::vector<ExpiryEntry>> Sweep::Expired(size_t limit) {
  // Nobody's clock may still see the session as live.
  const Time until = core_->clock.Now() - core_->limits().clock_skew;
  auto page = core_->engine.Scan(kExpiryPrefix, mark_.After(until), limit);
  if (!page.ok()) return page.error();
  std::vector<ExpiryEntry> expired;
  for (const KeyValue& pair : *page) {
    const auto entry = ParseExpiryKey(pair.key);
    if (!entry) {
      return Error{ErrorCode::kCorrupt, "sweeping: malformed expiry key"};
    }
    if (entry->expires_at > until) break;
    expired.push_back(*entry);
  }
  return expired;
}

// No access token outlives its session, so there is nothing to revoke.
Result<Sweep::Step> Sweep::Removal(const ExpiryEntry& entry) const {
  auto stored = core_->Read(entry.id);
  if (!stored.ok()) return stored.error();
  Step step;
  if (!stored->has_value()) {
    step.batch.deletes.push_back(ExpiryKey(entry.expires_at, entry.id));
    return step;
  }
  AddRemoval(**stored, step.batch);
  const Session& session = (*stored)->session;
  Status cleaned =
      core_->AddNewestCleanup(session.subject, {**stored}, step.batch);
  if (!cleaned.ok()) return cleaned.error();
  if (core_->audit.load().changes) {
    AuditLine line = MakeAuditLine(AuditEvent::kSessionExpired,
                                   core_->clock.Now(), {"signetd"});
    line.subject = session.subject;
    line.session = session.id;
    step.lines.push_back(ToLedger(line));
  }
  return step;
}

Result<size_t> Sweep::Run(size_t limit) {
  if (watch_.MustPause()) return size_t{0};
  const auto expired = Expired(limit);
  if (!expired.ok()) return expired.error();
  if (expired->empty()) return size_t{0};
  std::vector<Step> steps;
  for (const ExpiryEntry& entry : *expired) {
    auto step = Removal(entry);
    if (!step.ok()) return step.error();
    steps.push_back(std::move(*step));
  }
  auto removed = CommitAll(std::move(steps));
  if (removed.ok() && *removed == expired->size()) {
    const ExpiryEntry& last = expired->back();
    mark_.Advance(ExpiryKey(last.expires_at, last.id), last.expires_at);
  }
  return removed;
}

}  // namespace signet::service
