#ifndef SIGNET_SERVICE_FEED_WAITERS_H_
#define SIGNET_SERVICE_FEED_WAITERS_H_

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "signet/mutex.h"
#include "signet/revocation.h"

namespace signet::service::feed {

// Waiters holds the long polls: each waits for the log to pass a position, or
// for its deadline. Deadlines are of the machine's monotonic clock, as the
// thread that serves them sleeps by it. Safe from any thread.
class Waiters {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  void Add(const FeedPosition& after, Deadline deadline,
           std::function<void()> done) {
    MutexLock lock(mutex_);
    if (closed_) deadline = Deadline::min();
    waiting_.push_back({after, deadline, std::move(done)});
  }

  // Close makes everybody due, and whoever comes later too.
  void Close() {
    MutexLock lock(mutex_);
    closed_ = true;
    for (Waiter& waiter : waiting_) waiter.deadline = Deadline::min();
  }

  // TakeDue removes those who need not wait longer, sorted by position.
  std::vector<std::function<void()>> TakeDue(const FeedPosition& position,
                                             Deadline now) {
    MutexLock lock(mutex_);
    const auto due =
        std::partition(waiting_.begin(), waiting_.end(), [&](const Waiter& w) {
          return w.after >= position && w.deadline > now;
        });
    std::sort(due, waiting_.end(), [](const Waiter& a, const Waiter& b) {
      return a.after < b.after;
    });
    std::vector<std::function<void()>> taken;
    for (auto it = due; it != waiting_.end(); ++it) {
      taken.push_back(std::move(it->done));
    }
    waiting_.erase(due, waiting_.end());
    return taken;
  }

  // NextDeadline is the earliest, or `otherwise` if that is earlier.
  Deadline NextDeadline(Deadline otherwise) const {
    MutexLock lock(mutex_);
    for (const Waiter& waiter : waiting_) {
      otherwise = std::min(otherwise, waiter.deadline);
    }
    return otherwise;
  }

 private:
  struct Waiter {
    FeedPosition after;
    Deadline deadline;
    std::function<void()> done;
  };
  mutable Mutex mutex_;
  std::vector<Waiter> waiting_ SIGNET_GUARDED_BY(mutex_);
  bool closed_ SIGNET_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_WAITERS_H_
