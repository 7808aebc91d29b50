#ifndef SIGNET_TESTS_FEED_MODEL_SCRIPT_H_
#define SIGNET_TESTS_FEED_MODEL_SCRIPT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace signet::service::model {

// A Step is one thing that happens. All that it leaves open follows from its
// value, so that a script plays the same way every time, and so does what is
// left of it when steps are taken out.
enum class Op : uint8_t {
  kWait,            // value: ms
  kExchange,        // a question, its answer, and all that follows
  kAsk,             // a question leaves the replica
  kServe,           // the service answers it
  kReplay,          // a cache answers it, with what it answered before
  kDeliver,         // the answer, or the next event, arrives
  kBreak,           // the connection ends
  kTamper,          // what is on the way is cut, doubled, swapped or flipped
  kRings,           // the rings are fetched, if they are wanted
  kOldRings,        // a cache answers that
  kOpen,            // somebody logs in
  kRevoke,          // value: kind and whom
  kRevokeInVain,    // the store fails, before or after it was written
  kTurn,            // the service sends what is new, or a heartbeat
  kStoreFails,      // until kServiceRestart or kStoreWorks
  kStoreWorks,      //
  kServiceRestart,  //
  kTrim,            //
  kRotate,          // value: which ring
  kBackUp,          //
  kRestore,         // a new epoch
  kLoseEnd,         // the same, with no word of it
  kServiceClock,    // value: ms that the wall clock is ahead
  kReplicaClock,    // value: the same
  kReplicaRestart,  // value: with its state, an old one or none
};
inline constexpr int kOps = static_cast<int>(Op::kReplicaRestart) + 1;

struct Step {
  Op op = Op::kWait;
  uint8_t who = 0;
  uint32_t value = 0;
};

using Script = std::vector<Step>;

// MakeScript is what a seed stands for.
Script MakeScript(uint64_t seed, size_t steps);

std::string Describe(const Step& step);
std::string Describe(const Script& script);

}  // namespace signet::service::model

#endif  // SIGNET_TESTS_FEED_MODEL_SCRIPT_H_
