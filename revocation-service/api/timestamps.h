#ifndef SIGNET_SERVICE_API_TIMESTAMPS_H_
#define SIGNET_SERVICE_API_TIMESTAMPS_H_

#include <optional>
#include <string>
#include <string_view>

#include "signet/clock.h"

namespace signet::service {

// FormatTimestamp writes RFC 3339 in UTC: "2025-11-22T01:02:03Z". REQUIRES:
// the year has four digits.
std::string FormatTimestamp(EpochSeconds time);

// ParseTimestamp reads RFC 3339 with an upper-case T, an offset or Z, and an
// optional fraction, which is rounded up to the next second. nullopt for
// anything else, leap seconds and times before 1970 included.
std::optional<EpochSeconds> ParseTimestamp(std::string_view text);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_API_TIMESTAMPS_H_
