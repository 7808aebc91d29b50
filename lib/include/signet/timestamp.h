#ifndef SIGNET_TIMESTAMP_H_
#define SIGNET_TIMESTAMP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "signet/clock.h"

namespace signet {

// Timestamps are RFC 3339 date-times: the one way in which Signet writes a
// moment as text. All functions are safe from any thread.

// The last moment that a timestamp can name: 9999-12-31T23:59:59Z.
inline constexpr EpochSeconds kLatestTime{Seconds(253'402'300'799)};

// Timestamp is what a text said: the second, and what stood behind it.
struct Timestamp {
  EpochSeconds seconds{};
  uint32_t nanoseconds = 0;

  EpochSeconds RoundedUp() const {
    return seconds + Seconds(nanoseconds == 0 ? 0 : 1);
  }
};

// ParseTimestamp is stricter than RFC 3339 section 5.6: `T` and `Z` in upper
// case, no leap second, at most nine digits of fraction. The moment lies in
// 1970 to 9999.
//
//   date-time = 4DIGIT "-" 2DIGIT "-" 2DIGIT "T" 2DIGIT ":" 2DIGIT ":" 2DIGIT
//               ["." 1*9DIGIT] ("Z" / ("+" / "-") 2DIGIT ":" 2DIGIT)
std::optional<Timestamp> ParseTimestamp(std::string_view text);

// FormatTimestamp writes UTC in one spelling: "2026-11-22T10:00:00Z", or for
// a Time with its milliseconds, "2026-11-22T10:00:00.000Z". REQUIRES: the
// moment lies in 1970 to 9999.
std::string FormatTimestamp(EpochSeconds time);
std::string FormatTimestamp(Time time);

}  // namespace signet

#endif  // SIGNET_TIMESTAMP_H_
