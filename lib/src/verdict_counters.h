#ifndef SIGNET_LIB_SRC_VERDICT_COUNTERS_H_
#define SIGNET_LIB_SRC_VERDICT_COUNTERS_H_

#include <array>
#include <atomic>

#include "signet/verifier.h"
#include "thread_number.h"

namespace signet {

// VerdictCounters counts verdicts. Threads count on cache lines of their own
// as far as there are enough, so that they do not slow each other down. Safe
// from any thread.
class VerdictCounters {
 public:
  void CountAccepted(bool stale) {
    Stripe& mine = Mine();
    Add(mine.accepted);
    if (stale) Add(mine.accepted_stale);
  }

  void CountAuthenticated() { Add(Mine().authenticated); }

  void CountRefused(RefusalCode code) {
    Add(Mine().refused[static_cast<size_t>(code)]);
  }

  VerifierCounters Sum() const {
    VerifierCounters sum;
    for (const Stripe& stripe : stripes_) {
      sum.accepted += stripe.accepted.load(std::memory_order_relaxed);
      sum.accepted_stale +=
          stripe.accepted_stale.load(std::memory_order_relaxed);
      sum.authenticated += stripe.authenticated.load(std::memory_order_relaxed);
      for (size_t i = 0; i < stripe.refused.size(); ++i) {
        sum.refused[i] += stripe.refused[i].load(std::memory_order_relaxed);
      }
    }
    return sum;
  }

 private:
  using Counter = std::atomic<uint64_t>;

  struct alignas(64) Stripe {
    Counter accepted{0};
    Counter accepted_stale{0};
    Counter authenticated{0};
    std::array<Counter, std::size(VerifierCounters{}.refused)> refused{};
  };

  static constexpr size_t kOwned = 32, kShared = 16;

  // The first threads of the process have a stripe each, and no other thread
  // writes there: they need no locked instruction, which takes as long as a
  // tenth of a call. Those that come later share the rest.
  static bool HasOwn() { return ThisThreadsNumber() <= kOwned; }

  static void Add(Counter& counter) {
    if (HasOwn()) {
      counter.store(counter.load(std::memory_order_relaxed) + 1,
                    std::memory_order_relaxed);
    } else {
      counter.fetch_add(1, std::memory_order_relaxed);
    }
  }

  Stripe& Mine() {
    const size_t number = ThisThreadsNumber();
    return stripes_[HasOwn() ? number - 1 : kOwned + number % kShared];
  }

  std::array<Stripe, kOwned + kShared> stripes_{};
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_VERDICT_COUNTERS_H_
