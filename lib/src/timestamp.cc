#include "signet/timestamp.h"

namespace signet {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// Reader takes a text apart from the left and remembers the first failure.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // Digits reads exactly `count` digits.
  int Digits(size_t count) {
    if (text_.size() < count) return Fail();
    int value = 0;
    for (char c : text_.substr(0, count)) {
      if (!IsDigit(c)) return Fail();
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(count);
    return value;
  }

  // Take reads the character `c` if it comes next.
  bool Take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  void Need(char c) {
    if (!Take(c)) Fail();
  }

  // Fraction reads one to nine digits as nanoseconds.
  uint32_t Fraction() {
    uint32_t value = 0;
    size_t digits = 0;
    for (; digits < text_.size() && IsDigit(text_[digits]); ++digits) {
      if (digits == 9) return static_cast<uint32_t>(Fail());
      value = value * 10 + static_cast<uint32_t>(text_[digits] - '0');
    }
    if (digits == 0) Fail();
    text_.remove_prefix(digits);
    for (; digits < 9; ++digits) value *= 10;
    return value;
  }

  int Fail() {
    failed_ = true;
    return 0;
  }
  bool failed() const { return failed_; }
  bool done() const { return !failed_ && text_.empty(); }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

  std::string_view text_;
  bool failed_ = false;
};

EpochSeconds ReadDate(Reader& reader) {
  int year = reader.Digits(4);
  reader.Need('-');
  auto month = static_cast<unsigned>(reader.Digits(2));
  reader.Need('-');
  auto day = static_cast<unsigned>(reader.Digits(2));
  std::chrono::year_month_day date{std::chrono::year(year),
                                   std::chrono::month(month),
                                   std::chrono::day(day)};
  if (reader.failed() || !date.ok()) return reader.Fail(), EpochSeconds{};
  return std::chrono::sys_days(date);
}

Seconds ReadTimeOfDay(Reader& reader) {
  int hour = reader.Digits(2);
  reader.Need(':');
  int minute = reader.Digits(2);
  reader.Need(':');
  int second = reader.Digits(2);
  // RFC 3339 5.7 allows :60 in a leap second, which POSIX time cannot hold.
  if (hour > 23 || minute > 59 || second > 59) reader.Fail();
  return hours(hour) + minutes(minute) + Seconds(second);
}

Seconds ReadOffset(Reader& reader) {
  if (reader.Take('Z')) return Seconds(0);
  int sign = reader.Take('-') ? -1 : 1;
  if (sign > 0) reader.Need('+');
  int hour = reader.Digits(2);
  reader.Need(':');
  int minute = reader.Digits(2);
  if (hour > 23 || minute > 59) reader.Fail();
  return sign * (hours(hour) + minutes(minute));
}

// PutDigits writes the last `digits` digits of a number so that they end
// before `end`.
void PutDigits(std::string& text, size_t end, int64_t value, size_t digits) {
  for (; digits > 0; --digits) {
    text[--end] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

std::optional<Timestamp> ParseTimestamp(std::string_view text) {
  Reader reader(text);
  Timestamp time;
  time.seconds = ReadDate(reader);
  reader.Need('T');
  time.seconds += ReadTimeOfDay(reader);
  if (reader.Take('.')) time.nanoseconds = reader.Fraction();
  time.seconds -= ReadOffset(reader);
  if (!reader.done()) return std::nullopt;
  if (time.seconds < EpochSeconds{} || time.seconds > kLatestTime) {
    return std::nullopt;
  }
  return time;
}

std::string FormatTimestamp(EpochSeconds time) {
  const auto midnight = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(time - midnight);
  std::string text = "YYYY-MM-DDThh:mm:ssZ";
  PutDigits(text, 4, static_cast<int>(date.year()), 4);
  PutDigits(text, 7, static_cast<unsigned>(date.month()), 2);
  PutDigits(text, 10, static_cast<unsigned>(date.day()), 2);
  PutDigits(text, 13, clock.hours().count(), 2);
  PutDigits(text, 16, clock.minutes().count(), 2);
  PutDigits(text, 19, clock.seconds().count(), 2);
  return text;
}

std::string FormatTimestamp(Time time) {
  const EpochSeconds seconds = ToSeconds(time);
  std::string text = FormatTimestamp(seconds);
  text.replace(text.size() - 1, 1, ".mmmZ");
  PutDigits(text, 23, (time - seconds).count(), 3);
  return text;
}

}  // namespace signet
