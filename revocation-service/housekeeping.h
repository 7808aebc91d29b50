#ifndef SIGNET_SERVICE_HOUSEKEEPING_H_
#define SIGNET_SERVICE_HOUSEKEEPING_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "revocation-service/audit/audit_log.h"
#include "revocation-service/feed/publisher.h"
#include "revocation-service/readiness.h"
#include "revocation-service/rings.h"
#include "revocation-service/session/session_store.h"
#include "revocation-service/status/status_lists.h"
#include "revocation-service/storage/disk_reserve.h"
#include "signet/mutex.h"

namespace signet::service {

// Housekeeping is a thread that wakes each second: it follows the ring files,
// looks at the disk, forgets expired sessions and log entries in bounded
// batches, and answers probes that the store keeps waiting. While there are
// more expired sessions it wakes for a small batch of them in between, so that
// no request waits for many. Failures are logged when they change, and what was
// in force stays so. All parts are borrowed.
class Housekeeping {
 public:
  struct Parts {
    Rings& rings;
    Publisher& publisher;
    Committer& committer;
    SessionStore& sessions;
    Readiness& readiness;
    DiskReserve* reserve;  // may be null
    std::function<void()> on_new_rings;
    AuditLog& audit;
    StatusLists& status_lists;
    const Clock& clock;
    // What partners still need of the log; may be empty.
    std::function<Result<Publisher::Hold>()> hold = {};
  };

  explicit Housekeeping(Parts parts);
  ~Housekeeping() { Stop(); }

  // Stop waits for the step under way. The committer may still call back
  // later: it must be gone before this object is.
  void Stop() SIGNET_EXCLUDES(mutex_);

  // ReloadRings loads changed rings now and announces them; an error is
  // logged. Safe from any thread.
  void ReloadRings();

  uint64_t sessions_swept() const { return sessions_swept_; }
  uint64_t entries_trimmed() const { return entries_trimmed_; }
  uint64_t failures() const { return failures_; }

 private:
  // Task remembers the last failure of one task, so that it is logged once.
  class Task {
   public:
    explicit Task(std::string name) : name_(std::move(name)) {}
    void Report(const Status& status, std::atomic<uint64_t>& failures)
        SIGNET_EXCLUDES(mutex_);

   private:
    const std::string name_;
    Mutex mutex_;
    std::string last_failure_ SIGNET_GUARDED_BY(mutex_);
  };

  void Run();
  // WaitUntil returns false when it is time to stop.
  bool WaitUntil(std::chrono::steady_clock::time_point deadline)
      SIGNET_EXCLUDES(mutex_);
  // Sweep tells whether more sessions may have expired than it has removed.
  bool Sweep();
  void SweepStatusLists();
  void Trim();
  void KeepAudit();

  const Parts parts_;
  Task reloading_{"reloading the rings"};
  Task sweeping_{"removing expired sessions"};
  Task retiring_{"removing the records of status lists"};
  Task trimming_{"trimming the log"};
  Task auditing_{"trimming the audit"};
  std::atomic<uint64_t> sessions_swept_{0};
  std::atomic<uint64_t> entries_trimmed_{0};
  std::atomic<uint64_t> failures_{0};
  std::atomic<bool> trim_pending_{false};

  Mutex mutex_;
  CondVar wake_;
  bool stopping_ SIGNET_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_HOUSEKEEPING_H_
