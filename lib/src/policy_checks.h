#ifndef SIGNET_LIB_SRC_POLICY_CHECKS_H_
#define SIGNET_LIB_SRC_POLICY_CHECKS_H_

#include <optional>

#include "signet/claims.h"
#include "signet/policy.h"
#include "signet/refusal.h"
#include "token_times.h"

namespace signet {

// What a policy demands of claims that are authentic. Each returns the refusal
// of the first thing that is wrong.

// CheckParties looks at issuer, binding and audience.
std::optional<Refusal> CheckParties(const Policy& policy, const Claims& claims);

// CheckTimes looks at the lifetime, exp, nbf and iat.
std::optional<Refusal> CheckTimes(const Policy& policy, const TokenTimes& times,
                                  Time now);

// RefusesStale tells what the policy says of a list of that age. REQUIRES: it
// is older than max_staleness.
bool RefusesStale(const Policy& policy, Duration staleness);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_POLICY_CHECKS_H_
