#ifndef SIGNET_SERVICE_HTTP_DEADLINE_H_
#define SIGNET_SERVICE_HTTP_DEADLINE_H_

#include <functional>
#include <memory>

#include "revocation-service/http/core.h"

namespace signet::service::http {

// Deadline is the one timer of a connection. Moving a deadline back costs
// nothing, since the timer looks again when it fires: on the fast path of a
// kept-alive connection it is never touched. Runs on the connection's strand.
class Deadline {
 public:
  explicit Deadline(const Strand& strand) : timer_(strand) {}

  // Set replaces the deadline. `owner` has a method OnDeadline; it is held
  // weakly.
  template <class Owner>
  void Set(Duration from_now, const std::shared_ptr<Owner>& owner) {
    at_ = SteadyClock::now() + from_now;
    if (!armed_ || at_ < armed_for_) Arm(std::weak_ptr<Owner>(owner));
  }

  // Clear: there is none for now.
  void Clear() { at_ = SteadyClock::time_point::max(); }
  void Cancel() {
    Clear();
    timer_.cancel();
  }

 private:
  template <class Owner>
  void Arm(std::weak_ptr<Owner> weak) {
    armed_ = true;
    armed_for_ = at_;
    timer_.expires_at(at_);
    timer_.async_wait([this, weak](boost::system::error_code code) {
      auto owner = weak.lock();
      if (!owner || code) return;
      armed_ = false;
      if (at_ == SteadyClock::time_point::max()) return;
      if (SteadyClock::now() < at_) return Arm(weak);
      owner->OnDeadline();
    });
  }

  Timer timer_;
  bool armed_ = false;
  SteadyClock::time_point at_ = SteadyClock::time_point::max();
  SteadyClock::time_point armed_for_{};
};

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_DEADLINE_H_
