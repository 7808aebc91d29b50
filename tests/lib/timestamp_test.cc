#include "signet/timestamp.h"

#include <doctest/doctest.h>

namespace signet {
namespace {

constexpr EpochSeconds kNow{Seconds(1'795'341'600)};

std::optional<int64_t> SecondsOf(std::string_view text) {
  const auto time = ParseTimestamp(text);
  if (!time) return std::nullopt;
  return time->seconds.time_since_epoch().count();
}

TEST_CASE("timestamps are written in one spelling and read back") {
  CHECK(FormatTimestamp(kNow) == "2026-11-22T10:00:00Z");
  CHECK(FormatTimestamp(Time(kNow) + Duration(7)) ==
        "2026-11-22T10:00:00.007Z");
  CHECK(FormatTimestamp(EpochSeconds{}) == "1970-01-01T00:00:00Z");
  CHECK(FormatTimestamp(kLatestTime) == "9999-12-31T23:59:59Z");
  for (const int64_t seconds :
       {int64_t{0}, int64_t{59}, int64_t{951'782'399}, int64_t{951'782'400},
        int64_t{1'709'210'096}, int64_t{253'402'300'799}}) {
    CHECK(SecondsOf(FormatTimestamp(EpochSeconds(Seconds(seconds)))) ==
          seconds);
  }
}

TEST_CASE("offsets are applied and fractions kept apart") {
  CHECK(SecondsOf("2001-09-09T03:46:40+02:00") == 1'000'000'000);
  CHECK(SecondsOf("2001-09-08T20:16:40-05:30") == 1'000'000'000);
  CHECK(SecondsOf("2000-02-29T00:00:00-00:00").has_value());
  const auto half = ParseTimestamp("2001-09-09T01:46:39.5Z");
  REQUIRE(half);
  CHECK(half->nanoseconds == 500'000'000);
  CHECK(half->RoundedUp() == half->seconds + Seconds(1));
  CHECK(ParseTimestamp("2001-09-09T01:46:40.000Z")->RoundedUp() ==
        EpochSeconds(Seconds(1'000'000'000)));
  CHECK(ParseTimestamp("2001-09-09T01:46:39.000000001Z")->RoundedUp() ==
        EpochSeconds(Seconds(1'000'000'000)));
}

TEST_CASE("what is not quite a timestamp is refused") {
  for (std::string_view bad : {"",
                               "2026-11-22",
                               "2026-11-22T10:00:00",
                               "2026-11-22T10:00Z",
                               "2026-11-22t10:00:00Z",
                               "2026-11-22T10:00:00z",
                               "2026-11-22 10:00:00Z",
                               "2026-11-22T10:00:60Z",
                               "2026-11-22T10:60:00Z",
                               "2026-11-22T24:00:00Z",
                               "2026-02-29T10:00:00Z",
                               "2026-13-01T10:00:00Z",
                               "2026-00-01T10:00:00Z",
                               "2026-11-00T10:00:00Z",
                               "2026-11-31T10:00:00Z",
                               "2026-11-22T10:00:00+99:99",
                               "2026-11-22T10:00:00+24:00",
                               "2026-11-22T10:00:00+23:60",
                               "2026-11-22T10:00:00+0100",
                               "2026-11-22T10:00:00+1:00",
                               "2026-11-22T10:00:00.Z",
                               "2026-11-22T10:00:00.1234567890Z",
                               "2026-11-22T10:00:00,5Z",
                               "10000-01-01T00:00:00Z",
                               "9999-12-31T23:59:59-00:01",
                               "1969-12-31T23:59:59Z",
                               "1970-01-01T00:00:00+00:01",
                               "+026-11-22T10:00:00Z",
                               "2026-11-22T10:00:00Z ",
                               " 2026-11-22T10:00:00Z",
                               "2026-W47-7",
                               "2026-11-22T10:00:00ZZ",
                               "2026-11-22T-1:00:00Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseTimestamp(bad).has_value());
  }
}

}  // namespace
}  // namespace signet
