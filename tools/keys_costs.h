#ifndef SIGNET_TOOLS_KEYS_COSTS_H_
#define SIGNET_TOOLS_KEYS_COSTS_H_

#include <string>

#include "signet/key_ring.h"

namespace signet::cli {

// What steps that break a ring's promise cost, in words for people.

// PendingKey is the key of a ring that does not sign yet, or null.
const SigningRing::Key* PendingKey(const SigningRing& ring, Time now);

// CostOfNoLead says who refuses a key that signs before its time.
std::string CostOfNoLead(const RingInfo& ring, const std::string& key);

std::string CostOfRevocation(const SigningRing& ring,
                             const SigningRing::Key& key, Time now);

// WhoMustHear says whether others must be told of a revocation.
std::string WhoMustHear(KeyPurpose purpose, const std::string& id);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_KEYS_COSTS_H_
