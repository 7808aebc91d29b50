#ifndef SIGNET_LIB_SRC_RFC3339_H_
#define SIGNET_LIB_SRC_RFC3339_H_

#include <optional>
#include <string>
#include <string_view>

#include "signet/clock.h"

namespace signet {

// The last moment that a claim may name: 9999-12-31T23:59:59Z.
inline constexpr EpochSeconds kLatestTime{Seconds(253'402'300'799)};

// AppendRfc3339 writes "2026-11-22T10:00:00Z". REQUIRES: 0 <= time <=
// kLatestTime.
void AppendRfc3339(std::string& out, EpochSeconds time);

// ParseRfc3339 reads an RFC 3339 date-time, more strictly than section 5.6:
// `T` and `Z` in upper case, no leap second, at most nine digits of fraction,
// which is cut off. The result lies after 1970 and before year 10000.
//
//   date-time = 4DIGIT "-" 2DIGIT "-" 2DIGIT "T" 2DIGIT ":" 2DIGIT ":" 2DIGIT
//               ["." 1*9DIGIT] ("Z" / ("+" / "-") 2DIGIT ":" 2DIGIT)
std::optional<EpochSeconds> ParseRfc3339(std::string_view text);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_RFC3339_H_
