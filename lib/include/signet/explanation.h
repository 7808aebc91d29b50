#ifndef SIGNET_EXPLANATION_H_
#define SIGNET_EXPLANATION_H_

#include <string>
#include <vector>

#include "signet/refusal.h"
#include "signet/result.h"
#include "signet/verified_token.h"

namespace signet {

enum class StepOutcome : uint8_t {
  kPassed,
  kRefused,
  kNotChecked,  // an earlier step refused, or this verifier does not check it
};

std::string_view StepOutcomeName(StepOutcome outcome);  // "passed", …

// An Explanation tells people what Verify did with a token, step by step. Its
// sentences hold nothing secret, and of what the token says only what its
// signature proved: names of claims, times, and the id of a key of the ring.
struct Explanation {
  struct Step {
    Stage stage;
    StepOutcome outcome;
    std::string text;  // one sentence
  };

  std::vector<Step> steps;  // one for each Stage, in order
  Result<VerifiedToken, Refusal> verdict;

  // ToString is one line a step: "key: refused: the ring …".
  std::string ToString() const;
};

}  // namespace signet

#endif  // SIGNET_EXPLANATION_H_
