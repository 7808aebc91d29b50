#include "revocation-service/audit/audit_log.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <memory>
#include <utility>

namespace signet::service {
namespace {

// Lines that one Read looks at: what it may cost the thread that answers.
constexpr size_t kMaxLooked = 4000;
constexpr size_t kPage = 500;
// Lines that wait while the store does not take them.
constexpr size_t kMaxWaiting = 10'000;

bool Matches(const AuditQuery& query, const AuditLine& line) {
  return (query.subject.empty() || query.subject == line.subject) &&
         (!query.session || query.session == line.session) &&
         (query.client.empty() || query.client == line.client) &&
         (!query.event || query.event == line.event);
}

}  // namespace

AuditLog::AuditLog(Engine& engine, Committer& committer, const Clock& clock,
                   AuditOptions options)
    : engine_(engine),
      committer_(committer),
      clock_(clock),
      watch_(clock),
      options_(options) {}

void AuditLog::SetOptions(const AuditOptions& options) {
  MutexLock lock(mutex_);
  options_ = options;
}

AuditOptions AuditLog::options() const {
  MutexLock lock(mutex_);
  return options_;
}

void AuditLog::Record(AuditLine line) {
  {
    MutexLock lock(mutex_);
    waiting_.push_back(ToLedger(line));
  }
  SubmitWaiting();
}

void AuditLog::Refuse(AuditLine line) {
  MutexLock lock(mutex_);
  if (options_.keep_refusals == 0) return;
  if (refusals_ < options_.refusals_per_second) {
    ++refusals_;
    waiting_.push_back(ToLedger(line));
  } else {
    counted_[line.event] += line.count;
    suppressed_ += line.count;
  }
}

void AuditLog::AddSuppressed() {
  for (const auto& [event, count] : counted_) {
    AuditLine line =
        MakeAuditLine(AuditEvent::kSuppressed, clock_.Now(), {"signetd"});
    line.reason = std::string(AuditEventName(event));
    line.count = count;
    waiting_.push_back(ToLedger(line));
  }
  counted_.clear();
  refusals_ = 0;
}

void AuditLog::Flush() {
  {
    MutexLock lock(mutex_);
    AddSuppressed();
  }
  SubmitWaiting();
}

void AuditLog::SubmitWaiting() {
  std::vector<LedgerLine> lines;
  {
    MutexLock lock(mutex_);
    lines.swap(waiting_);
  }
  if (lines.empty()) return;
  auto kept = std::make_shared<std::vector<LedgerLine>>(lines);
  committer_.Submit(
      {},
      [this, kept](const Result<Committed>& result) {
        if (!result.ok()) TakeBack(std::move(*kept));
      },
      /*urgent=*/false, std::move(lines));
}

void AuditLog::TakeBack(std::vector<LedgerLine> lines) {
  MutexLock lock(mutex_);
  const size_t room = kMaxWaiting - std::min(kMaxWaiting, waiting_.size());
  const size_t kept = std::min(room, lines.size());
  lost_ += lines.size() - kept;
  lines.resize(kept);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(lines.begin()),
                  std::make_move_iterator(lines.end()));
}

Result<size_t> AuditLog::TrimLane(uint8_t lane, uint64_t keep, size_t limit,
                                  std::optional<Time> oldest) {
  // A line that cannot be read is kept until there are too many.
  const auto is_old = [&](const NumberedLine& line) {
    if (!oldest) return false;
    const auto decoded = DecodeAuditLine(line.data);
    return decoded.ok() && decoded->time < *oldest;
  };
  auto plan = PlanLedgerTrim(engine_, lane, keep, is_old, limit);
  if (!plan.ok()) return plan.error();
  if (plan->batch.puts.empty()) return size_t{0};
  auto promise = std::make_shared<std::promise<Result<Committed>>>();
  auto answer = promise->get_future();
  committer_.Submit(std::move(plan->batch),
                    [promise](Result<Committed> result) {
                      promise->set_value(std::move(result));
                    });
  const Result<Committed> result = answer.get();
  if (result.ok()) return plan->removed;
  // Another process has trimmed the same lines.
  if (result.error().code == ErrorCode::kConflict) return size_t{0};
  return result.error();
}

Result<size_t> AuditLog::Trim(size_t limit) {
  const AuditOptions options = this->options();
  std::optional<Time> oldest;
  if (!watch_.MustPause()) oldest = clock_.Now() - options.keep_for;
  size_t removed = 0;
  const std::pair<uint8_t, uint64_t> lanes[] = {
      {kEventLane, options.keep_events},
      {kExchangeLane, options.keep_exchanges},
      {kRefusalLane, options.keep_refusals}};
  for (const auto& [lane, keep] : lanes) {
    const auto trimmed = TrimLane(lane, keep, limit, oldest);
    if (!trimmed.ok()) return trimmed.error();
    removed += *trimmed;
  }
  trimmed_ += removed;
  return removed;
}

Result<AuditPage> AuditLog::Read(const AuditQuery& query) {
  AuditPage page{.lines = {}, .next = query.after};
  for (size_t looked = 0; looked < kMaxLooked; looked += kPage) {
    auto lines = ReadLedger(engine_, page.next, kPage);
    if (!lines.ok()) return lines.error();
    for (const NumberedLine& one : *lines) {
      page.finished = false;
      if (page.lines.size() == query.limit) return page;
      auto line = DecodeAuditLine(one.data);
      if (!line.ok()) return line.error();
      page.next = one.id;
      if (Matches(query, *line)) {
        page.lines.push_back({one.id, std::move(*line)});
      }
    }
    page.finished = lines->size() < kPage;
    if (page.finished) return page;
  }
  return page;
}

}  // namespace signet::service
