#ifndef SIGNET_RING_OUTLOOK_H_
#define SIGNET_RING_OUTLOOK_H_

#include <optional>
#include <string>
#include <vector>

#include "signet/key_ring.h"

namespace signet {

// What lies ahead of a ring, for whoever watches over it. Functions are safe
// from any thread.

// RingEvent is a moment at which a key changes state by itself.
struct RingEvent {
  Time when{};
  std::string key_id;
  KeyState becomes = KeyState::kPending;

  bool operator==(const RingEvent&) const = default;
};

// ComingEvents lists what happens after `now`, by time, if nobody does
// anything.
std::vector<RingEvent> ComingEvents(const SigningRing& ring, Time now);

// RingProblem is a state in which a ring needs an operator. There is none for
// a key that ends without a successor: such a ring does not load.
enum class RingProblem {
  kNoActiveKey,  // nothing signs: the active key was revoked
  kKeyTooOld,    // the active key is old, and no other is pending
  kClockBehind,  // the ring has been changed in what is the future here
};

std::string_view RingProblemName(RingProblem problem);  // "no-active-key", …

struct RingFinding {
  RingProblem problem = RingProblem::kNoActiveKey;
  std::string key_id;   // whose it is
  std::string message;  // for people
};

// FindProblems looks at the ring as it is at `now`. A key is too old if it has
// been active for more than `max_age`.
std::vector<RingFinding> FindProblems(const SigningRing& ring, Time now,
                                      std::optional<Duration> max_age = {});

}  // namespace signet

#endif  // SIGNET_RING_OUTLOOK_H_
