#include "rfc3339.h"

#include <array>

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
      if (c < '0' || c > '9') return Fail();
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

  void SkipFraction() {
    size_t digits = 0;
    while (digits < text_.size() && text_[digits] >= '0' &&
           text_[digits] <= '9') {
      ++digits;
    }
    if (digits < 1 || digits > 9) Fail();
    text_.remove_prefix(digits);
  }

  int Fail() {
    failed_ = true;
    return 0;
  }
  bool failed() const { return failed_; }
  bool done() const { return !failed_ && text_.empty(); }

 private:
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
  if (reader.Take('.')) reader.SkipFraction();
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

}  // namespace

void AppendRfc3339(std::string& out, EpochSeconds time) {
  auto midnight = std::chrono::floor<days>(time);
  std::chrono::year_month_day date(midnight);
  std::chrono::hh_mm_ss clock(time - midnight);
  char text[] = "YYYY-MM-DDThh:mm:ssZ";
  auto put = [&text](size_t end, auto value, size_t digits) {
    for (auto rest = static_cast<unsigned>(value); digits > 0; --digits) {
      text[--end] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    }
  };
  put(4, static_cast<int>(date.year()), 4);
  put(7, static_cast<unsigned>(date.month()), 2);
  put(10, static_cast<unsigned>(date.day()), 2);
  put(13, clock.hours().count(), 2);
  put(16, clock.minutes().count(), 2);
  put(19, clock.seconds().count(), 2);
  out += text;
}

std::optional<EpochSeconds> ParseRfc3339(std::string_view text) {
  Reader reader(text);
  EpochSeconds time = ReadDate(reader);
  reader.Need('T');
  time += ReadTimeOfDay(reader);
  time -= ReadOffset(reader);
  if (!reader.done()) return std::nullopt;
  if (time <= EpochSeconds{} || time > kLatestTime) return std::nullopt;
  return time;
}

}  // namespace signet
