#ifndef SIGNET_LIB_SRC_TIME_TEXT_H_
#define SIGNET_LIB_SRC_TIME_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

#include "signet/timestamp.h"

namespace signet {

// The moments that ring files can say: 1970 to the end of year 9999.
inline constexpr Time kEarliestMoment{};
inline constexpr Time kLatestMoment = Time(kLatestTime) + Duration(999);

// FormatMoment writes RFC 3339 in one spelling: UTC, milliseconds, "T" and
// "Z", as in "2026-03-01T12:00:00.000Z". REQUIRES: kEarliestMoment <= moment
// <= kLatestMoment.
std::string FormatMoment(Time moment);

// ParseMoment reads exactly what FormatMoment writes.
std::optional<Time> ParseMoment(std::string_view text);

// FormatDuration is for messages: "90s", or "1500ms" if there is a fraction.
std::string FormatDuration(Duration duration);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_TIME_TEXT_H_
