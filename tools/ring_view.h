#ifndef SIGNET_TOOLS_RING_VIEW_H_
#define SIGNET_TOOLS_RING_VIEW_H_

#include <string>
#include <string_view>
#include <vector>

#include "signet/key_ring.h"
#include "signet/ring_outlook.h"

namespace signet::cli {

// How rings look at `now`: to programs and to people.

// MomentText writes RFC 3339 with milliseconds, as the ring's file does.
std::string MomentText(Time moment);

// ShortId is enough of a key id to tell a ring's keys apart.
std::string ShortId(const std::string& id);

std::string RingJson(const SigningRing& ring, Time now);
std::string RingsJson(const std::vector<SigningRing>& rings, Time now);

// PrintRing prints a line of the ring's policy, a table of its keys, and if
// there are several, their timeline; whole key ids if `wide`.
void PrintRing(const SigningRing& ring, Time now, bool wide);

// PrintChanges prints a line for each change of state that lies ahead.
void PrintChanges(const SigningRing& ring, Time now);
void PrintEvents(const std::vector<RingEvent>& events, Time now,
                 std::string_view indent);

// The whole of a ring, and of its keys, or of the one with that id. The JSON
// has members that RingJson leaves out.
void PrintDetails(const SigningRing& ring, const std::string& path, Time now,
                  const std::string& key_id);
std::string DetailsJson(const SigningRing& ring, Time now,
                        const std::string& key_id);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_RING_VIEW_H_
