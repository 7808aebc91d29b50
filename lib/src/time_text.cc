#include "time_text.h"

#include <cassert>

namespace signet {

std::string FormatMoment(Time moment) {
  assert(kEarliestMoment <= moment && moment <= kLatestMoment);
  return FormatTimestamp(moment);
}

std::optional<Time> ParseMoment(std::string_view text) {
  const std::optional<Timestamp> read = ParseTimestamp(text);
  if (!read) return std::nullopt;
  const Time moment =
      Time(read->seconds) + Duration(read->nanoseconds / 1'000'000);
  if (FormatTimestamp(moment) != text) return std::nullopt;
  return moment;
}

std::string FormatDuration(Duration duration) {
  const int64_t ms = duration.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s"
                        : std::to_string(ms) + "ms";
}

}  // namespace signet
