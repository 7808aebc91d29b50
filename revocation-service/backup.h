#ifndef SIGNET_SERVICE_BACKUP_H_
#define SIGNET_SERVICE_BACKUP_H_

#include <memory>
#include <string>
#include <thread>

#include "revocation-service/feed/publisher.h"
#include "revocation-service/http/server.h"
#include "revocation-service/session/session_store.h"
#include "revocation-service/storage/disk_reserve.h"
#include "signet/mutex.h"

namespace signet::service {

// Backups makes a copy of the store while it runs, for `signet backup`. The
// copy always stands in `backup` below the data directory, where it costs
// nothing but links at first: whoever can reach the operations listener may
// not choose where this process writes, nor fill its disk with copies. All
// parts are borrowed. Safe from any thread.
class Backups {
 public:
  struct Parts {
    Engine& engine;
    const Publisher& publisher;
    const DiskReserve* reserve;  // may be null
    const Clock& clock;
    std::string data;
  };

  explicit Backups(Parts parts) : parts_(std::move(parts)) {}
  // The destructor waits for the copy under way.
  ~Backups() SIGNET_EXCLUDES(mutex_);

  // Make answers 200 {path, epoch, sequence, bytes} once the copy is on the
  // disk; 409 while another is made, or if the engine keeps no files.
  void Make(std::shared_ptr<http::Responder> responder) SIGNET_EXCLUDES(mutex_);

  // Remove answers 204 once there is no copy; 409 while one is made.
  void Remove(http::Responder& responder) SIGNET_EXCLUDES(mutex_);

 private:
  Result<std::string> Write() const;
  std::string Directory() const { return parts_.data + "/backup"; }

  const Parts parts_;
  Mutex mutex_;
  bool busy_ SIGNET_GUARDED_BY(mutex_) = false;
  std::thread worker_ SIGNET_GUARDED_BY(mutex_);
};

// FinishRestore makes a data directory that is a copy of a backup safe to
// serve from: it knows nothing of what was revoked since. It begins a new
// epoch of the log, so that verifiers take a snapshot and keep what they hold;
// voids every access token issued so far; and ends every session, unless the
// restore was told to keep them. False if the directory is no such copy. It
// may be repeated after a crash. REQUIRES: nobody else uses the engine, and if
// it was true, nobody is served before the second after `now`: the epoch is
// that second, and the next restore must find a later one.
Result<bool> FinishRestore(Engine& engine, const std::string& data,
                           const SessionLimits& limits, Time now);

// CheckRestored is ok unless a restore into the directory was cut short. Call
// it before the store is opened.
Status CheckRestored(const std::string& data);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_BACKUP_H_
