#ifndef SIGNET_SERVICE_AUDIT_AUDIT_LOG_H_
#define SIGNET_SERVICE_AUDIT_AUDIT_LOG_H_

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "revocation-service/audit/line.h"
#include "revocation-service/session/clock_watch.h"
#include "revocation-service/storage/committer.h"
#include "signet/mutex.h"

namespace signet::service {

// AuditOptions bound what the audit keeps; a lane keeps at most the newest so
// many lines, and none older than keep_for.
struct AuditOptions {
  Duration keep_for = std::chrono::hours(24 * 90);
  uint64_t keep_events = 1'000'000;
  uint64_t keep_exchanges = 1'000'000;  // 0: exchanges are not recorded
  uint64_t keep_refusals = 100'000;     // 0: refusals are not recorded
  // Refusals that are written one by one in a second; more are counted.
  uint32_t refusals_per_second = 20;

  bool operator==(const AuditOptions&) const = default;
};

// AuditQuery chooses lines: those after `after` that match every text that is
// not empty.
struct AuditQuery {
  uint64_t after = 0;
  size_t limit = 100;
  std::string subject = {};
  std::optional<RevocationId> session = {};
  std::string client = {};
  std::optional<AuditEvent> event = {};
};

struct NumberedAuditLine {
  uint64_t id = 0;
  AuditLine line;
};

struct AuditPage {
  std::vector<NumberedAuditLine> lines;
  uint64_t next = 0;     // the `after` of the next page
  bool finished = true;  // nothing was left behind `next`
};

// An AuditLog reads and trims the audit, and writes the lines that stand alone.
// What changes sessions is audited by SessionStore, in the commit of the
// change. Engine, committer and clock are borrowed; the committer's callbacks
// must have ended before it dies. Safe from any thread.
class AuditLog {
 public:
  AuditLog(Engine& engine, Committer& committer, const Clock& clock,
           AuditOptions options);

  // SetOptions holds from now on: what is kept too long or too much goes with
  // the next trims.
  void SetOptions(const AuditOptions& options) SIGNET_EXCLUDES(mutex_);

  // Record writes a line of what has happened, soon: a failure is counted and
  // the line tried again.
  void Record(AuditLine line) SIGNET_EXCLUDES(mutex_);

  // Refuse takes a line of what came to nothing. Anybody can cause these, so
  // within a second only a few are written, and the others counted by event:
  // a flood costs one line a second. They are written by the next Flush.
  void Refuse(AuditLine line) SIGNET_EXCLUDES(mutex_);

  // Flush submits what has been taken so far. Called each second.
  void Flush() SIGNET_EXCLUDES(mutex_);

  // Trim forgets at most `limit` lines of each lane; returns how many. It
  // waits for its commit: never call it from a callback. By age it forgets
  // nothing for an hour after the wall clock has jumped ahead.
  Result<size_t> Trim(size_t limit);

  // Read returns a page. It looks at a bounded number of lines, so a page may
  // be empty and not the last.
  Result<AuditPage> Read(const AuditQuery& query);

  uint64_t suppressed() const { return suppressed_; }
  uint64_t lost() const { return lost_; }
  uint64_t trimmed() const { return trimmed_; }

 private:
  AuditOptions options() const SIGNET_EXCLUDES(mutex_);
  void SubmitWaiting() SIGNET_EXCLUDES(mutex_);
  void TakeBack(std::vector<LedgerLine> lines) SIGNET_EXCLUDES(mutex_);
  void AddSuppressed() SIGNET_REQUIRES(mutex_);
  // TrimLane keeps what is not older than `oldest`, if there is such a moment.
  Result<size_t> TrimLane(uint8_t lane, uint64_t keep, size_t limit,
                          std::optional<Time> oldest);

  Engine& engine_;
  Committer& committer_;
  const Clock& clock_;
  ClockWatch watch_;
  std::atomic<uint64_t> suppressed_{0};
  std::atomic<uint64_t> lost_{0};
  std::atomic<uint64_t> trimmed_{0};

  mutable Mutex mutex_;
  AuditOptions options_ SIGNET_GUARDED_BY(mutex_);
  std::vector<LedgerLine> waiting_ SIGNET_GUARDED_BY(mutex_);
  uint32_t refusals_ SIGNET_GUARDED_BY(mutex_) = 0;  // since the last Flush
  std::map<AuditEvent, uint64_t> counted_ SIGNET_GUARDED_BY(mutex_);
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_AUDIT_AUDIT_LOG_H_
