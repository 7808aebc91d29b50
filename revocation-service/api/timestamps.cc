#include "revocation-service/api/timestamps.h"

#include <chrono>

namespace signet::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

void AppendDigits(std::string& out, int64_t value, size_t width) {
  std::string digits = std::to_string(value);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  out += digits;
}

// Reader takes a text apart from the left and remembers a failure.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  int Number(size_t width, int max) {
    int value = 0;
    for (size_t i = 0; i < width; ++i) {
      if (!AtDigit()) return Fail();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value <= max ? value : Fail();
  }
  void Expect(char c) {
    if (!Take(c)) Fail();
  }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool AtDigit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  int Fail() {
    failed_ = true;
    return 0;
  }
  bool ok() const { return !failed_; }
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

EpochSeconds ReadDate(Reader& reader) {
  const std::chrono::year year(reader.Number(4, 9999));
  reader.Expect('-');
  const std::chrono::month month(static_cast<unsigned>(reader.Number(2, 12)));
  reader.Expect('-');
  const std::chrono::day day(static_cast<unsigned>(reader.Number(2, 31)));
  const std::chrono::year_month_day date(year, month, day);
  if (reader.ok() && !date.ok()) reader.Fail();
  if (!reader.ok()) return {};
  return std::chrono::sys_days(date);
}

Seconds ReadTimeOfDay(Reader& reader) {
  const hours hour(reader.Number(2, 23));
  reader.Expect(':');
  const minutes minute(reader.Number(2, 59));
  reader.Expect(':');
  return hour + minute + Seconds(reader.Number(2, 59));
}

// ReadFraction gives the second that a fraction other than zero rounds up to.
Seconds ReadFraction(Reader& reader) {
  if (!reader.Take('.')) return Seconds(0);
  if (!reader.AtDigit()) reader.Fail();
  bool zero = true;
  while (reader.ok() && reader.AtDigit()) zero &= reader.Number(1, 9) == 0;
  return Seconds(zero ? 0 : 1);
}

Seconds ReadOffset(Reader& reader) {
  if (reader.Take('Z')) return Seconds(0);
  const bool negative = reader.Take('-');
  if (!negative) reader.Expect('+');
  const hours hour(reader.Number(2, 23));
  reader.Expect(':');
  const Seconds offset = hour + minutes(reader.Number(2, 59));
  return negative ? -offset : offset;
}

}  // namespace

std::string FormatTimestamp(EpochSeconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Seconds> clock(time - day);
  std::string out;
  AppendDigits(out, static_cast<int>(date.year()), 4);
  out += '-';
  AppendDigits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  AppendDigits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  AppendDigits(out, clock.hours().count(), 2);
  out += ':';
  AppendDigits(out, clock.minutes().count(), 2);
  out += ':';
  AppendDigits(out, clock.seconds().count(), 2);
  out += 'Z';
  return out;
}

std::optional<EpochSeconds> ParseTimestamp(std::string_view text) {
  Reader reader(text);
  EpochSeconds time = ReadDate(reader);
  reader.Expect('T');
  time += ReadTimeOfDay(reader);
  time += ReadFraction(reader);
  time -= ReadOffset(reader);
  if (!reader.done() || time < EpochSeconds{}) return std::nullopt;
  return time;
}

}  // namespace signet::service
