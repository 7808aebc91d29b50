#ifndef SIGNET_TESTS_FEED_MAILBOX_H_
#define SIGNET_TESTS_FEED_MAILBOX_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/revocation-service/feed_fixture.h"

namespace signet::service::testing {

// Mailbox keeps what a subscriber is sent, for the test's thread to look at. A
// publisher may still hold its sinks when it is gone.
class Mailbox {
 public:
  // NewSink makes the sink of one subscription.
  Publisher::Sink NewSink() {
    auto alive = std::make_shared<int>(0);
    sink_ = alive;
    return [alive, contents = contents_](
               const std::shared_ptr<const std::string>& event) {
      MutexLock lock(contents->mutex);
      if (contents->refuse) return false;
      contents->events.push_back(event);
      return true;
    };
  }

  // dropped tells that the publisher has let the last sink go.
  bool dropped() const { return sink_.expired(); }

  void Refuse() {
    MutexLock lock(contents_->mutex);
    contents_->refuse = true;
  }
  size_t size() const {
    MutexLock lock(contents_->mutex);
    return contents_->events.size();
  }
  std::vector<std::shared_ptr<const std::string>> Take() {
    MutexLock lock(contents_->mutex);
    return std::exchange(contents_->events, {});
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
  struct Contents {
    Mutex mutex;
    bool refuse SIGNET_GUARDED_BY(mutex) = false;
    std::vector<std::shared_ptr<const std::string>> events
        SIGNET_GUARDED_BY(mutex);
  };

  const std::shared_ptr<Contents> contents_ = std::make_shared<Contents>();
  std::weak_ptr<int> sink_;
};

}  // namespace signet::service::testing

#endif  // SIGNET_TESTS_FEED_MAILBOX_H_
