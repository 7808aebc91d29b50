#ifndef SIGNET_SRC_FEED_ANCHOR_H_
#define SIGNET_SRC_FEED_ANCHOR_H_

#include <algorithm>

#include "signet/clock.h"

namespace signet {

// A FeedAnchor places times that the service signed on this process's
// monotonic clock, for one connection: MomentOf says when, at the latest
// reading that is safe to believe, the service read its clock. One thread.
//
// Both clocks run at one rate, so all that is unknown is their distance. The
// service read the first time after it got the request, and every time before
// we received it. The smallest distance that either bound has shown is kept:
// whatever a proxy holds back makes frames old, and is seen as age.
class FeedAnchor {
 public:
  // `sent` is when the request was sent whose answer the frames are.
  explicit FeedAnchor(Monotonic sent) : sent_(sent) {}

  Monotonic MomentOf(Time signed_time, Monotonic received) {
    const Duration shown =
        received.time_since_epoch() - signed_time.time_since_epoch();
    if (!anchored_) {
      anchored_ = true;
      distance_ = sent_.time_since_epoch() - signed_time.time_since_epoch();
    }
    distance_ = std::min(distance_, shown);
    return Monotonic(signed_time.time_since_epoch() + distance_);
  }

 private:
  Monotonic sent_;
  bool anchored_ = false;
  Duration distance_{};  // monotonic clock here - clock of the service
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_ANCHOR_H_
