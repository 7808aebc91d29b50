#ifndef SIGNET_SRC_PUBLISHED_H_
#define SIGNET_SRC_PUBLISHED_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include "thread_number.h"

namespace signet {

// A ReaderGate tells a writer when every reader that might still look at
// something it has just unlinked is gone. Readers never wait: they count
// themselves in and out on a cache line that few other threads use. Any thread
// may read, and gates nest; one thread at a time may synchronize, and not from
// inside the gate.
//
// How it is safe. There are two banks of counters. A reader adds itself to a
// counter of the current bank and only then loads the shared pointer; a writer
// stores the pointer and only then loads the counters. All four are
// sequentially consistent, so for each counter either the writer's load sees
// the reader, and waits for it, or the reader's pointer load sees the new
// pointer. Both banks are looked at, because a reader that was preempted after
// it loaded the bank's number may count itself into either at any later time.
// Turning the bank between the two looks serves progress alone: the bank that
// is waited for is not the one to which new readers come.
class ReaderGate {
 public:
  using Counter = std::atomic<uint32_t>;

  ReaderGate() = default;
  ReaderGate(const ReaderGate&) = delete;
  ReaderGate& operator=(const ReaderGate&) = delete;

  // Enter counts the caller in, and returns what Exit needs.
  Counter& Enter() const noexcept {
    Stripe& stripe = stripes_[ThisThreadsNumber() % kStripes];
    Counter& counter = stripe.banks[bank_.load(std::memory_order_relaxed)];
    counter.fetch_add(1, std::memory_order_seq_cst);
    return counter;
  }

  // Exit releases all that was read: the writer's load acquires it.
  static void Exit(Counter& counter) noexcept {
    counter.fetch_sub(1, std::memory_order_release);
  }

  // Synchronize returns once every reader that entered before the call has
  // left. REQUIRES: what readers must not find any more was unlinked by a
  // sequentially consistent store; the caller is not inside this gate.
  void Synchronize() {
    const uint32_t current = bank_.load(std::memory_order_relaxed);
    AwaitEmpty(current ^ 1);
    bank_.store(current ^ 1, std::memory_order_seq_cst);
    AwaitEmpty(current);
  }

 private:
  static constexpr size_t kStripes = 64;

  struct alignas(64) Stripe {
    std::array<Counter, 2> banks{};
  };

  void AwaitEmpty(uint32_t bank) const {
    for (const Stripe& stripe : stripes_) {
      const Counter& counter = stripe.banks[bank];
      for (int round = 0; counter.load(std::memory_order_seq_cst) != 0;
           ++round) {
        // A reader stays for microseconds, at most for the check of one
        // signature, unless preempted.
        if (round < 100) {
          std::this_thread::yield();
        } else {
          std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
      }
    }
  }

  mutable std::array<Stripe, kStripes> stripes_{};
  alignas(64) std::atomic<uint32_t> bank_{0};
};

// A ReadSection holds a gate while it lives.
class ReadSection {
 public:
  explicit ReadSection(const ReaderGate& gate) noexcept
      : counter_(gate.Enter()) {}
  ~ReadSection() { ReaderGate::Exit(counter_); }
  ReadSection(const ReadSection&) = delete;
  ReadSection& operator=(const ReadSection&) = delete;

 private:
  ReaderGate::Counter& counter_;
};

// Published holds the current version of an immutable T. Any thread reads it
// without a lock and without touching a shared reference count; one thread at
// a time publishes. It owns the version in force.
template <class T>
class Published {
 public:
  // A Guard keeps the version that it saw alive. It is short-lived: a writer
  // waits for it. get() is null until something has been published.
  class Guard {
   public:
    const T* get() const { return value_; }
    const T* operator->() const { return value_; }
    const T& operator*() const { return *value_; }
    explicit operator bool() const { return value_ != nullptr; }

   private:
    friend class Published;
    explicit Guard(const Published& owner)
        : section_(owner.gate_), value_(owner.current_.load()) {}

    ReadSection section_;  // entered before value_ is loaded
    const T* value_;
  };

  Published() = default;
  explicit Published(std::unique_ptr<const T> first)
      : current_(first.release()) {}
  // REQUIRES: no Guard is alive.
  ~Published() { delete current_.load(); }
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;

  Guard Read() const { return Guard(*this); }

  // Publish swaps in the next version, which may be null, and returns when no
  // reader holds the old one, which is destroyed. REQUIRES: the calling
  // thread holds no Guard of this object.
  void Publish(std::unique_ptr<const T> next) {
    std::unique_ptr<const T> old(current_.exchange(next.release()));
    gate_.Synchronize();
  }

 private:
  ReaderGate gate_;
  std::atomic<const T*> current_{nullptr};
};

}  // namespace signet

#endif  // SIGNET_SRC_PUBLISHED_H_
