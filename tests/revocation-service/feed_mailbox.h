#ifndef SIGNET_TESTS_FEED_MAILBOX_H_
#define SIGNET_TESTS_FEED_MAILBOX_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/revocation-service/feed_fixture.h"

namespace signet::service::testing {

// Mailbox keeps what a subscriber is sent, for the test's thread to look at.
class Mailbox {
 public:
  // NewSink makes the sink of one subscription.
  Publisher::Sink NewSink() {
    auto alive = std::make_shared<int>(0);
    sink_ = alive;
    return [this, alive](const std::shared_ptr<const std::string>& event) {
      MutexLock lock(mutex_);
      if (refuse_) return false;
      events_.push_back(event);
      return true;
    };
  }

  // dropped tells that the publisher has let the last sink go.
  bool dropped() const { return sink_.expired(); }

  void Refuse() {
    MutexLock lock(mutex_);
    refuse_ = true;
  }
  size_t size() const {
    MutexLock lock(mutex_);
    return events_.size();
  }
  std::vector<std::shared_ptr<const std::string>> Take() {
    MutexLock lock(mutex_);
    return std::exchange(events_, {});
  }

  // Deliver applies what has come.
  void Deliver(ModelReplica& replica) {
    for (const auto& event : Take()) replica.ApplyEvent(*event);
  }
  // Reaches waits until the replica has a complete head at that sequence.
  bool Reaches(ModelReplica& replica, uint64_t sequence) {
    return Eventually([&] {
      Deliver(replica);
      return replica.head.position.sequence >= sequence &&
             replica.position.sequence >= sequence;
    });
  }

 private:
  mutable Mutex mutex_;
  bool refuse_ = false;
  std::vector<std::shared_ptr<const std::string>> events_;
  std::weak_ptr<int> sink_;
};

}  // namespace signet::service::testing

#endif  // SIGNET_TESTS_FEED_MAILBOX_H_
