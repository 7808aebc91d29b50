#ifndef SIGNET_SERVICE_STORAGE_COMMITTER_H_
#define SIGNET_SERVICE_STORAGE_COMMITTER_H_

#include <functional>
#include <memory>
#include <vector>

#include "revocation-service/storage/engine.h"
#include "revocation-service/storage/ledger.h"

namespace signet::service {

// A Committer groups the commits of many requests, so that they share one
// sync, on a thread, and answers on another. The engine is borrowed and must
// outlive it. Safe from any thread.
class Committer {
 public:
  using Callback = std::function<void(Result<Committed>)>;

  struct Options {
    // Batches that may wait; one more is refused with kUnavailable.
    size_t max_queue = 10'000;
    // Batches that share one sync at most.
    size_t max_group = 512;
    // Asked before each batch that is neither urgent nor only deletes; what is
    // not ok is its answer. It must not block, and be safe from any thread.
    std::function<Status()> admit = {};
  };

  Committer(Engine& engine, Options options);
  // The destructor commits what is queued, then stops.
  ~Committer();

  // AfterGroup sets what runs on the committer's thread after each group that
  // appended to the log, before the group's callbacks: what was acknowledged
  // is then already applied. Set it before the first Submit.
  void AfterGroup(std::function<void()> hook);

  // Submit queues a batch; `done` is called once, on the answering thread
  // (or at once, on the caller's, if the queue is full), and must not block.
  // An `urgent` batch (a revocation) goes first, is never refused for a full
  // queue nor by Options::admit, and does not wait for a ledger that cannot be
  // read: its `lines`, else in the same atomic change, then follow later.
  void Submit(Batch batch, Callback done, bool urgent = false,
              std::vector<LedgerLine> lines = {});

  size_t queued() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_COMMITTER_H_
