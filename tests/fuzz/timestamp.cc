#include "signet/timestamp.h"

#include "tests/fuzz/plain_verify.h"
#include "tests/fuzz/support.h"
#include "time_text.h"

namespace signet::fuzz {
namespace {

FUZZ_TARGET(input) {
  const auto time = ParseTimestamp(input);
  const auto plain = PlainTimestamp(input);
  FUZZ_CHECK(time.has_value() == plain.has_value());
  if (time) {
    FUZZ_CHECK(time->seconds.time_since_epoch().count() == *plain);
    FUZZ_CHECK(time->nanoseconds < 1'000'000'000);
    const std::string text = FormatTimestamp(time->seconds);
    const auto again = ParseTimestamp(text);
    FUZZ_CHECK(again && again->seconds == time->seconds);
    FUZZ_CHECK(again->nanoseconds == 0);
  }
  const auto moment = ParseMoment(input);
  if (moment) {
    FUZZ_CHECK(time.has_value());
    FUZZ_CHECK(FormatMoment(*moment) == input);
  }
}

}  // namespace
}  // namespace signet::fuzz
