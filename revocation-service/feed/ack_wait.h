#ifndef SIGNET_SERVICE_FEED_ACK_WAIT_H_
#define SIGNET_SERVICE_FEED_ACK_WAIT_H_

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "revocation-service/feed/verifiers.h"

namespace signet::service::feed {

// A Wait is private to Verifiers, whose lock guards it once it is awaited.
class Verifiers::Wait {
 public:
  Wait(std::shared_ptr<std::atomic<int>> open, std::vector<uint64_t> members,
       size_t connected)
      : open_(std::move(open)),
        members_(std::move(members)),
        connected_(connected) {
    std::ranges::sort(members_);
    ++*open_;
  }
  ~Wait() { --*open_; }
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  bool Has(uint64_t number) const {
    return std::ranges::binary_search(members_, number);
  }
  // Crossed tells whether an acknowledgement that moves from `before` to
  // `after` is the one that is waited for.
  bool Crossed(uint64_t before, uint64_t after) const {
    return counted && before < sequence && sequence <= after;
  }
  void Note(Steady::time_point acknowledged_at) {
    latencies_.push_back(
        std::max(acknowledged_at - start_, Steady::duration::zero()));
  }
  // complete: who has no id, or came beyond the bounds, is not waited for.
  bool complete() const {
    return counted && latencies_.size() >= members_.size();
  }

  Report report() const {
    Report report{.connected = connected_, .enforcing = latencies_.size()};
    if (latencies_.empty()) return report;
    std::vector<Steady::duration> sorted = latencies_;
    std::ranges::sort(sorted);
    const auto at = [&sorted](size_t percent) {
      const size_t rank = (sorted.size() * percent + 99) / 100;
      return std::chrono::duration<double, std::milli>(sorted[rank - 1])
          .count();
    };
    report.p50_ms = at(50);
    report.p99_ms = at(99);
    report.max_ms = at(100);
    return report;
  }

  uint64_t sequence = 0;
  Steady::time_point deadline;
  Done done;
  bool counted = false;  // those who acknowledged before Tend are in

 private:
  const std::shared_ptr<std::atomic<int>> open_;
  const Steady::time_point start_ = Steady::now();
  std::vector<uint64_t> members_;  // numbers of those who can acknowledge
  const size_t connected_;
  std::vector<Steady::duration> latencies_;
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_ACK_WAIT_H_
