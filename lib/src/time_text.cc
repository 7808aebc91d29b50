#include "time_text.h"

#include <cassert>

namespace signet {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

// AppendDigits writes `value` in exactly `width` digits.
void AppendDigits(std::string& out, int64_t value, size_t width) {
  std::string digits = std::to_string(value);
  out.append(width - digits.size(), '0').append(digits);
}

// A Scanner reads fields of fixed width. One mismatch and it stays false.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  int Digits(size_t width) {
    int value = 0;
    for (; width > 0; --width) {
      const char digit = Next();
      ok_ = ok_ && digit >= '0' && digit <= '9';
      value = value * 10 + (digit - '0');
    }
    return value;
  }
  void Literal(char expected) {
    const char found = Next();
    ok_ = ok_ && found == expected;
  }
  bool AtEnd() const { return ok_ && text_.empty(); }

 private:
  char Next() {
    if (text_.empty()) {
      ok_ = false;
      return '0';
    }
    const char next = text_.front();
    text_.remove_prefix(1);
    return next;
  }

  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

std::string FormatMoment(Time moment) {
  assert(kEarliestMoment <= moment && moment <= kLatestMoment);
  const auto day = std::chrono::floor<days>(moment);
  const year_month_day date(day);
  const int64_t ms = (moment - day).count();
  std::string text;
  AppendDigits(text, int{date.year()}, 4);
  AppendDigits(text += '-', unsigned{date.month()}, 2);
  AppendDigits(text += '-', unsigned{date.day()}, 2);
  AppendDigits(text += 'T', ms / 3'600'000, 2);
  AppendDigits(text += ':', ms / 60'000 % 60, 2);
  AppendDigits(text += ':', ms / 1000 % 60, 2);
  AppendDigits(text += '.', ms % 1000, 3);
  return text += 'Z';
}

std::optional<Time> ParseMoment(std::string_view text) {
  Scanner scan(text);
  const int year = scan.Digits(4);
  scan.Literal('-');
  const int month = scan.Digits(2);
  scan.Literal('-');
  const int day = scan.Digits(2);
  scan.Literal('T');
  const int hour = scan.Digits(2);
  scan.Literal(':');
  const int minute = scan.Digits(2);
  scan.Literal(':');
  const int second = scan.Digits(2);
  scan.Literal('.');
  const int ms = scan.Digits(3);
  scan.Literal('Z');
  if (!scan.AtEnd()) return std::nullopt;

  const year_month_day date(std::chrono::year{year},
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day)));
  // RFC 3339 section 5.6 allows second 60; no clock here ever shows it.
  if (year < 1970 || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return Time(sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + Seconds(second) + Duration(ms);
}

std::string FormatDuration(Duration duration) {
  const int64_t ms = duration.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s"
                        : std::to_string(ms) + "ms";
}

}  // namespace signet
