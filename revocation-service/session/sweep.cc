#include "revocation-service/session/sweep.h"

#include <future>

namespace signet::service {
namespace {

// Slower drift than this is a clock that is being corrected.
constexpr Duration kJump = std::chrono::minutes(5);
constexpr Duration kPause = std::chrono::hours(1);

// CommitAll waits until every batch is answered, and counts the successes. A
// conflict is not an error: somebody else has just used that record.
Result<size_t> CommitAll(Committer& committer, std::vector<Batch> batches) {
  std::vector<std::future<Result<Committed>>> answers;
  for (Batch& batch : batches) {
    auto promise = std::make_shared<std::promise<Result<Committed>>>();
    answers.push_back(promise->get_future());
    committer.Submit(std::move(batch), [promise](Result<Committed> result) {
      promise->set_value(std::move(result));
    });
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

}  // namespace

Sweep::Sweep(std::shared_ptr<StoreCore> core) : core_(std::move(core)) {
  baseline_.wall = core_->clock.Now();
  baseline_.monotonic = core_->clock.MonotonicNow();
}

bool Sweep::IsPaused() {
  MutexLock lock(mutex_);
  const Time wall = core_->clock.Now();
  const Monotonic monotonic = core_->clock.MonotonicNow();
  const Duration ahead =
      (wall - baseline_.wall) - (monotonic - baseline_.monotonic);
  baseline_.wall = wall;
  baseline_.monotonic = monotonic;
  if (ahead > kJump) baseline_.paused_until = monotonic + kPause;
  return monotonic < baseline_.paused_until;
}

Result<std::vector<ExpiryEntry>> Sweep::Expired(size_t limit) const {
  auto page = core_->engine.Scan(kExpiryPrefix, "", limit);
  if (!page.ok()) return page.error();
  // Nobody's clock may still see the session as live.
  const Time until = core_->clock.Now() - core_->limits().clock_skew;
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
Result<Batch> Sweep::Removal(const ExpiryEntry& entry) const {
  auto stored = core_->Read(entry.id);
  if (!stored.ok()) return stored.error();
  Batch batch;
  if (!stored->has_value()) {
    batch.deletes.push_back(ExpiryKey(entry.expires_at, entry.id));
    return batch;
  }
  AddRemoval(**stored, batch);
  Status cleaned =
      core_->AddNewestCleanup((*stored)->session.subject, {**stored}, batch);
  if (!cleaned.ok()) return cleaned.error();
  return batch;
}

Result<size_t> Sweep::Run(size_t limit) {
  if (IsPaused()) return size_t{0};
  const auto expired = Expired(limit);
  if (!expired.ok()) return expired.error();
  std::vector<Batch> batches;
  for (const ExpiryEntry& entry : *expired) {
    auto batch = Removal(entry);
    if (!batch.ok()) return batch.error();
    batches.push_back(std::move(*batch));
  }
  return CommitAll(core_->committer, std::move(batches));
}

}  // namespace signet::service
