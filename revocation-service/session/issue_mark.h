#ifndef SIGNET_SERVICE_SESSION_ISSUE_MARK_H_
#define SIGNET_SERVICE_SESSION_ISSUE_MARK_H_

#include "signet/clock.h"
#include "signet/mutex.h"
#include "signet/result.h"

namespace signet::service {

struct Batch;
struct Cutoffs;
class Engine;

// An IssueMark knows how late access tokens have been dated, in the store, so
// that a revocation made while the clock is set back, even by another process,
// stays on the list until the last of them has died. The engine is borrowed.
// Safe from any thread.
//
// Keys in the store: m/issued, a moment that no token is dated after. It is
// raised a minute ahead, and so about twice a minute. kAheadKey: the latest
// date that a token had because a cutoff lay ahead of the clock.
class IssueMark {
 public:
  explicit IssueMark(Engine& engine) : engine_(engine) {}

  // Cover is called with the batch that issues a token of that date, before
  // it is submitted: it raises the marks in the same change, if need be. A
  // raise is conditional: a batch that was slower is kConflict.
  Status Cover(EpochSeconds issued_at, const Cutoffs& cutoffs, Time now,
               Batch& batch) SIGNET_EXCLUDES(mutex_);

  // Latest is no earlier than any token's date. If the store cannot be read
  // it is what was known last: a revocation does not wait for that.
  EpochSeconds Latest() SIGNET_EXCLUDES(mutex_);

 private:
  Engine& engine_;
  Mutex mutex_;
  EpochSeconds exact_ SIGNET_GUARDED_BY(mutex_){};   // of this process's
  EpochSeconds stored_ SIGNET_GUARDED_BY(mutex_){};  // as last read
  // Until then another batch is on its way to raise it.
  EpochSeconds patience_ SIGNET_GUARDED_BY(mutex_){};
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_ISSUE_MARK_H_
