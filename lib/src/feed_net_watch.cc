#include "feed_net_watch.h"

#include <algorithm>

namespace signet {
namespace {

// Clocks may be set: look again in any case.
constexpr Duration kLongestLook = std::chrono::seconds(1);
constexpr Duration kShortestLook = std::chrono::milliseconds(5);

}  // namespace

void FeedWatch::Run() {
  while (!board_.stopping()) {
    const Duration look = LookAtAge();
    if (const auto event = board_.AwaitEvent(look)) Tell(*event);
  }
}

Duration FeedWatch::LookAtAge() {
  const Duration age = list_.Staleness(clock_.Now(), clock_.MonotonicNow());
  const bool stale = age > options_.stale_after;
  if (stale != stale_) {
    stale_ = stale;
    if (stale) {
      Tell({FeedEventKind::kStale,
            "the list is older than " +
                std::to_string(options_.stale_after.count()) + " ms"});
    } else {
      Tell({FeedEventKind::kFresh, ""});
    }
  }
  if (stale) return kLongestLook;
  return std::clamp(options_.stale_after - age + Duration(1), kShortestLook,
                    kLongestLook);
}

void FeedWatch::Tell(const FeedEvent& event) const {
  try {
    options_.on_event(event);
  } catch (...) {
    // There is nobody here who could do something about it.
  }
}

}  // namespace signet
