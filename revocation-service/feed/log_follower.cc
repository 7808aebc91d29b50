#include "revocation-service/feed/log_follower.h"

namespace signet::service::feed {
namespace {

constexpr size_t kPage = 1000;

// Expired entries stay this long, so that heads whose times differ a little,
// and a clock that is set back a little, still find what they must digest; and
// snapshots tell of them, for a verifier's clock may be behind by as much
// (FeedReplica::kMaxAhead) and find their tokens alive.
constexpr Seconds kDropLag = std::chrono::minutes(5);

Error TrimmedTooFar() {
  return {ErrorCode::kCorrupt,
          "following the log: it was trimmed past its checkpoint"};
}

}  // namespace

LogFollower::LogFollower(Engine& engine, size_t max_recent)
    : engine_(engine), recent_(max_recent) {
  list_.SetAuthoritative();
}

Status LogFollower::Open(Time now) {
  Result<uint32_t> epoch = OpenEpoch(engine_);
  if (!epoch.ok()) return epoch.error();
  epoch_ = *epoch;
  {
    MutexLock serial(tail_mutex_);
    Status based = Rebase();
    if (!based.ok()) return based;
  }
  Status read = CatchUp();
  if (!read.ok()) return read;
  MutexLock lock(mutex_);
  StateAt(now);  // drops what expired while nobody looked
  return {};
}

Status LogFollower::CatchUp() {
  MutexLock serial(tail_mutex_);
  for (;;) {
    Result<std::vector<LogRecord>> page = engine_.Tail(tailed_, kPage);
    if (page.ok()) {
      Status applied = Apply(*page);
      if (!applied.ok() || page->size() < kPage) return applied;
      continue;
    }
    if (page.error().code != ErrorCode::kNotFound) return page.error();
    // Another process forgot what this one had not read yet.
    const uint64_t stuck = tailed_;
    Status based = Rebase();
    if (!based.ok()) return based;
    if (tailed_ == stuck) return TrimmedTooFar();
  }
}

// Rebase goes on from the checkpoint. What the list holds already stays: it
// can only be what the checkpoint carries, or what has expired.
Status LogFollower::Rebase() {
  Result<StoredCheckpoint> loaded = LoadCheckpoint(engine_);
  if (!loaded.ok()) return loaded.error();
  const Checkpoint& checkpoint = loaded->checkpoint;
  if (checkpoint.sequence < tailed_) {
    return TrimmedTooFar();
  }
  MutexLock lock(mutex_);
  list_.Apply(checkpoint.entries);
  recent_.Reset(checkpoint.sequence, checkpoint.log_hash);
  tailed_ = checkpoint.sequence;
  return {};
}

Status LogFollower::Apply(const std::vector<LogRecord>& page) {
  std::vector<Revocation> entries;
  entries.reserve(page.size());
  for (const LogRecord& record : page) {
    Result<Revocation> entry = ReadRevocation(record);
    if (!entry.ok()) return entry.error();
    if (record.sequence != tailed_ + entries.size() + 1) {
      return Error{ErrorCode::kCorrupt,
                   "following the log: sequence " +
                       std::to_string(record.sequence) + " follows " +
                       std::to_string(tailed_ + entries.size())};
    }
    entries.push_back(*entry);
  }
  MutexLock lock(mutex_);
  list_.Apply(entries);
  for (const Revocation& entry : entries) recent_.Append(entry);
  tailed_ += entries.size();
  return {};
}

// Relearn reads the whole log before it changes anything: who asks the list
// meanwhile must not find it empty.
Status LogFollower::Relearn() {
  MutexLock serial(tail_mutex_);
  Result<StoredCheckpoint> loaded = LoadCheckpoint(engine_);
  if (!loaded.ok()) return loaded.error();
  const Checkpoint& checkpoint = loaded->checkpoint;
  std::vector<Revocation> entries = checkpoint.entries;
  for (uint64_t at = checkpoint.sequence; at < tailed_;) {
    const auto page = engine_.Tail(at, kPage);
    if (!page.ok()) return page.error();
    for (const LogRecord& record : *page) {
      Result<Revocation> entry = ReadRevocation(record);
      if (!entry.ok()) return entry.error();
      if (record.sequence <= tailed_) entries.push_back(*entry);
      at = record.sequence;
    }
    if (page->empty()) return TrimmedTooFar();
  }
  MutexLock lock(mutex_);
  list_.Replace(entries);
  dropped_ = {};
  return {};
}

Status LogFollower::Refresh(std::optional<Time> time) {
  bool forgot = false;
  if (time) {
    MutexLock lock(mutex_);
    forgot = *time < dropped_;
  }
  if (forgot) {
    Status relearnt = Relearn();
    if (!relearnt.ok()) return relearnt;
  }
  // The position first: others may move it on while the store answers.
  const uint64_t known = position().sequence;
  Result<uint64_t> last = engine_.LastSequence();
  if (!last.ok()) return last.error();
  if (*last < known) {
    return Error{ErrorCode::kRollback,
                 "following the log: the store ends at " +
                     std::to_string(*last) + " and was at " +
                     std::to_string(known) + " before",
                 "after a restore, start a new epoch"};
  }
  return *last == known ? Status() : CatchUp();
}

FeedPosition LogFollower::position() const {
  MutexLock lock(mutex_);
  return {epoch_, recent_.last()};
}

Publisher::Cursor LogFollower::Check(const FeedPosition& after) const {
  MutexLock lock(mutex_);
  return CheckLocked(after);
}

Publisher::Cursor LogFollower::CheckLocked(const FeedPosition& after) const {
  if (after.epoch != epoch_ || after.sequence > recent_.last()) {
    return Publisher::Cursor::kNewEpoch;
  }
  return after.sequence < recent_.base() ? Publisher::Cursor::kGone
                                         : Publisher::Cursor::kOk;
}

FeedState LogFollower::StateAt(Time time) {
  const EpochSeconds horizon =
      std::chrono::floor<std::chrono::minutes>(time) - kDropLag;
  if (horizon > dropped_) {
    list_.DropExpired(horizon);
    dropped_ = horizon;
  }
  return {.position = {epoch_, recent_.last()},
          .log_hash = recent_.hash(),
          .digest = list_.DigestAt(time),
          .time = time};
}

LogFollower::Capture LogFollower::Take(Time time, const FeedPosition& after,
                                       size_t limit) {
  MutexLock lock(mutex_);
  Capture capture{
      .state = StateAt(time), .cursor = CheckLocked(after), .entries = {}};
  if (capture.cursor == Publisher::Cursor::kOk) {
    capture.entries = recent_.After(after.sequence, limit);
  }
  return capture;
}

LogFollower::FullCapture LogFollower::TakeAll(Time time) {
  MutexLock lock(mutex_);
  FeedState state = StateAt(time);
  return {.state = state, .entries = list_.Entries(time - kDropLag)};
}

void LogFollower::Forget(uint64_t sequence) {
  MutexLock lock(mutex_);
  recent_.Forget(sequence);
}

}  // namespace signet::service::feed
