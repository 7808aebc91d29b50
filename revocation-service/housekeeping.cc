#include "revocation-service/housekeeping.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace signet::service {
namespace {

constexpr Duration kTick = std::chrono::seconds(1);
// Bounds of one tick, so that the janitor never competes with requests.
constexpr int kBatchesPerTick = 10;
constexpr size_t kTrimBatch = 10'000;
constexpr int kTicksBetweenTrims = 30;
constexpr size_t kAuditBatch = 2000;
constexpr size_t kStatusBatch = 2000;

AuditLine KeysChanged(const Rings& rings, Time now) {
  AuditLine line = MakeAuditLine(AuditEvent::kKeysChanged, now, {"signetd"});
  line.target = "generation " + std::to_string(rings.generation());
  return line;
}

}  // namespace

void Housekeeping::Task::Report(const Status& status,
                                std::atomic<uint64_t>& failures) {
  const std::string failure = status.ok() ? "" : status.error().message;
  if (!status.ok()) ++failures;
  MutexLock lock(mutex_);
  if (failure == last_failure_) return;
  last_failure_ = failure;
  if (failure.empty()) {
    spdlog::info("{} works again", name_);
  } else {
    spdlog::error("{}: {}; what was in force stays so", name_, failure);
  }
}

Housekeeping::Housekeeping(Parts parts) : parts_(std::move(parts)) {
  thread_ = std::thread([this] { Run(); });
}

void Housekeeping::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void Housekeeping::Run() {
  using std::chrono::steady_clock;
  auto tick_at = steady_clock::now() + kTick;
  bool more = false;
  for (int tick = 1;;) {
    const auto pause = steady_clock::now() + kSweepPause;
    if (!WaitUntil(more ? std::min(tick_at, pause) : tick_at)) return;
    more = Sweep();
    if (steady_clock::now() < tick_at) continue;
    tick_at = steady_clock::now() + kTick;
    parts_.readiness.Tick();
    if (parts_.reserve != nullptr) parts_.reserve->Check();
    ReloadRings();
    SweepStatusLists();
    KeepAudit();
    if (tick++ % kTicksBetweenTrims == 0) Trim();
  }
}

bool Housekeeping::WaitUntil(std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (!stopping_ && wake_.WaitUntil(mutex_, deadline)) {
  }
  return !stopping_;
}

void Housekeeping::ReloadRings() {
  const uint64_t before = parts_.rings.changes();
  const Result<bool> changed = parts_.rings.Reload();
  reloading_.Report(changed.ok() ? Status() : Status(changed.error()),
                    failures_);
  // One ring may have changed although another did not load.
  if (parts_.rings.changes() == before) return;
  spdlog::info("rings reloaded, generation {}", parts_.rings.generation());
  parts_.audit.Record(KeysChanged(parts_.rings, parts_.clock.Now()));
  parts_.on_new_rings();
  parts_.publisher.Wake();
}

bool Housekeeping::Sweep() {
  const Result<size_t> swept = parts_.sessions.SweepExpired(kSweepBatch);
  sweeping_.Report(swept.ok() ? Status() : Status(swept.error()), failures_);
  if (!swept.ok()) return false;
  sessions_swept_ += *swept;
  return *swept == kSweepBatch;
}

void Housekeeping::SweepStatusLists() {
  for (int i = 0; i < kBatchesPerTick; ++i) {
    const Result<size_t> swept = parts_.status_lists.Sweep(kStatusBatch);
    retiring_.Report(swept.ok() ? Status() : Status(swept.error()), failures_);
    if (!swept.ok() || *swept < kStatusBatch) return;
  }
}

// KeepAudit keeps up with as many lines as a disk takes in a second.
void Housekeeping::KeepAudit() {
  parts_.audit.Flush();
  for (int i = 0; i < kBatchesPerTick; ++i) {
    const Result<size_t> trimmed = parts_.audit.Trim(kAuditBatch);
    auditing_.Report(trimmed.ok() ? Status() : Status(trimmed.error()),
                     failures_);
    if (!trimmed.ok() || *trimmed < kAuditBatch) return;
  }
}

void Housekeeping::Trim() {
  if (trim_pending_.exchange(true)) return;
  Result<Publisher::Hold> hold = Publisher::Hold();
  if (parts_.hold) hold = parts_.hold();
  if (!hold.ok()) {
    trim_pending_ = false;
    return trimming_.Report(hold.error(), failures_);
  }
  parts_.publisher.Trim(
      parts_.committer, kTrimBatch,
      [this](Result<size_t> trimmed) {
        trim_pending_ = false;
        if (trimmed.ok()) {
          entries_trimmed_ += *trimmed;
          trimming_.Report({}, failures_);
        } else if (trimmed.error().code != ErrorCode::kConflict) {
          trimming_.Report(trimmed.error(), failures_);
        }
      },
      *hold);
}

}  // namespace signet::service
