#ifndef SIGNET_MUTEX_H_
#define SIGNET_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

// Annotations for clang's -Wthread-safety: a lock says what it guards, and the
// compiler checks it. Other compilers ignore them.
#if defined(__clang__)
#define SIGNET_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define SIGNET_THREAD_ANNOTATION(x)
#endif

#define SIGNET_CAPABILITY(x) SIGNET_THREAD_ANNOTATION(capability(x))
#define SIGNET_SCOPED_CAPABILITY SIGNET_THREAD_ANNOTATION(scoped_lockable)
#define SIGNET_GUARDED_BY(x) SIGNET_THREAD_ANNOTATION(guarded_by(x))
#define SIGNET_PT_GUARDED_BY(x) SIGNET_THREAD_ANNOTATION(pt_guarded_by(x))
#define SIGNET_REQUIRES(...) \
  SIGNET_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define SIGNET_EXCLUDES(...) \
  SIGNET_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define SIGNET_ACQUIRE(...) \
  SIGNET_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define SIGNET_RELEASE(...) \
  SIGNET_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define SIGNET_TRY_ACQUIRE(...) \
  SIGNET_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define SIGNET_RETURN_CAPABILITY(x) SIGNET_THREAD_ANNOTATION(lock_returned(x))
#define SIGNET_ACQUIRED_BEFORE(...) \
  SIGNET_THREAD_ANNOTATION(acquired_before(__VA_ARGS__))
#define SIGNET_ACQUIRED_AFTER(...) \
  SIGNET_THREAD_ANNOTATION(acquired_after(__VA_ARGS__))
// For the rare function that the analysis cannot follow; say why beside it.
#define SIGNET_NO_THREAD_SAFETY_ANALYSIS \
  SIGNET_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace signet {

class CondVar;

// A Mutex is std::mutex with annotations. Lock it with a MutexLock.
class SIGNET_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() SIGNET_ACQUIRE() { mutex_.lock(); }
  void Unlock() SIGNET_RELEASE() { mutex_.unlock(); }
  bool TryLock() SIGNET_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// A MutexLock holds a Mutex while it lives. Unlock and Lock open a gap in
// that time, for work that must not be done under the lock.
class SIGNET_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) SIGNET_ACQUIRE(mutex) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() SIGNET_RELEASE() {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() SIGNET_RELEASE() {
    held_ = false;
    mutex_.Unlock();
  }
  // Lock takes the mutex again. REQUIRES: Unlock was called last.
  void Lock() SIGNET_ACQUIRE() {
    mutex_.Lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

// A CondVar waits for a change of what a Mutex guards. Waits may end for no
// reason: call them in a loop that looks at the condition.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void Wait(Mutex& mutex) SIGNET_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }

  // WaitUntil is false once `deadline` has passed.
  template <class TimeDuration>
  bool WaitUntil(
      Mutex& mutex,
      std::chrono::time_point<std::chrono::steady_clock, TimeDuration> deadline)
      SIGNET_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool signalled =
        condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return signalled;
  }

  // WaitFor is false once `limit` has passed. REQUIRES: limit is far below
  // the range of the clock (do not pass Duration::max()).
  template <class Rep, class Period>
  bool WaitFor(Mutex& mutex, std::chrono::duration<Rep, Period> limit)
      SIGNET_REQUIRES(mutex) {
    return WaitUntil(mutex, std::chrono::steady_clock::now() + limit);
  }

  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace signet

#endif  // SIGNET_MUTEX_H_
