#ifndef SIGNET_SERVICE_FEED_SNAPSHOT_WORKER_H_
#define SIGNET_SERVICE_FEED_SNAPSHOT_WORKER_H_

#include <deque>
#include <functional>
#include <thread>

#include "signet/mutex.h"

namespace signet::service::feed {

// A SnapshotWorker answers requests for snapshots, one after the other, on a
// thread of its own: making one may take longer than an I/O thread may block.
// Safe from any thread.
class SnapshotWorker {
 public:
  // Requests that may wait; one more is refused.
  static constexpr size_t kMaxWaiting = 256;

  SnapshotWorker();
  // The destructor drops what waits.
  ~SnapshotWorker();
  SnapshotWorker(const SnapshotWorker&) = delete;
  SnapshotWorker& operator=(const SnapshotWorker&) = delete;

  // Submit is false if too many wait.
  bool Submit(std::function<void()> job);

 private:
  void Run();
  std::function<void()> Next();

  Mutex mutex_;
  CondVar wake_;
  std::deque<std::function<void()>> waiting_ SIGNET_GUARDED_BY(mutex_);
  bool stop_ SIGNET_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_SNAPSHOT_WORKER_H_
