#ifndef SIGNET_TOOLS_RING_VIEW_H_
#define SIGNET_TOOLS_RING_VIEW_H_

#include <string>
#include <vector>

#include "signet/key_ring.h"

namespace signet::cli {

// How rings look at `now`: to programs and to people.

std::string RingJson(const SigningRing& ring, Time now);
std::string RingsJson(const std::vector<SigningRing>& rings, Time now);

// PrintRing prints a line of the ring's policy and a table of its keys; whole
// key ids if `wide`.
void PrintRing(const SigningRing& ring, Time now, bool wide);

// PrintChanges prints a line for each change of state that lies ahead.
void PrintChanges(const SigningRing& ring, Time now);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_RING_VIEW_H_
