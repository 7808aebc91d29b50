#include "tools/output.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "signet/timestamp.h"

namespace signet::cli {
namespace {

// Width counts code points: every byte but the continuations of UTF-8.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

struct Unit {
  std::string_view name;
  Duration length;
};
constexpr Unit kUnits[] = {
    {"d", std::chrono::days(1)},          {"h", std::chrono::hours(1)},
    {"m", std::chrono::minutes(1)},       {"s", std::chrono::seconds(1)},
    {"ms", std::chrono::milliseconds(1)},
};

std::string InUnit(Duration duration, const Unit& unit) {
  return std::to_string(duration / unit.length) + std::string(unit.name);
}

std::optional<int64_t> ParseDigits(std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || last != end || text.starts_with('-')) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

Failure FromError(const Error& error) {
  ExitCode exit = kRefused;
  switch (error.code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
      exit = kUsage;
      break;
    case ErrorCode::kConflict:
    case ErrorCode::kDenied:
    case ErrorCode::kCorrupt:
    case ErrorCode::kRollback:
    case ErrorCode::kUnsupported:
      exit = kRefused;
      break;
    case ErrorCode::kUnavailable:
    case ErrorCode::kInternal:
      exit = kUnavailable;
      break;
  }
  return {exit, error.message, error.hint};
}

void PrintFailure(const Failure& failure) {
  std::fflush(stdout);
  std::fprintf(stderr, "signet: error: %s\n",
               Printable(failure.message).c_str());
  if (!failure.hint.empty()) {
    std::fprintf(stderr, "signet: hint: %s\n", Printable(failure.hint).c_str());
  }
}

void PrintNote(std::string_view text) {
  std::fflush(stdout);
  std::fprintf(stderr, "signet: %s\n", Printable(text).c_str());
}

void PrintLine(std::string_view text) {
  std::string line(text);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

namespace {

// DirectionSize is how many bytes a character takes that turns the direction of
// what follows, or ends a line for some: U+200E, U+200F, U+2028 to U+202E,
// U+2066 to U+2069. 0: it is none.
size_t DirectionSize(std::string_view text) {
  if (text.size() < 3 || text[0] != '\xE2') return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const auto third = static_cast<unsigned char>(text[2]);
  const auto within = [third](int from, int to) {
    return third >= from && third <= to;
  };
  const bool found = second == 0x80 ? within(0x8E, 0x8F) || within(0xA8, 0xAE)
                                    : second == 0x81 && within(0xA6, 0xA9);
  return found ? 3 : 0;
}

}  // namespace

std::string OneLine(std::string json) {
  // Within its strings there are none (RFC 8259 section 7).
  for (char& c : json) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  json.resize(json.find_last_not_of(' ') + 1);
  return json;
}

std::string Printable(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are controls too: C2 80 to C2 9F in UTF-8.
    const bool c1 = byte == 0xC2 && i + 1 < text.size() &&
                    static_cast<unsigned char>(text[i + 1]) < 0xA0;
    const size_t turns = DirectionSize(text.substr(i));
    if (c1) ++i;
    if (turns > 0) i += turns - 1;
    out += c1 || turns > 0 || byte < 0x20 || byte == 0x7F ? '?' : text[i];
  }
  return out;
}

void Table::Print(std::string_view indent) const {
  std::vector<size_t> widths;
  std::vector<Row> rows = rows_;
  for (Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = Printable(row[i]);
      widths[i] = std::max(widths[i], Width(row[i]));
    }
  }
  for (const Row& row : rows) {
    std::string line(indent);
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - Width(row[i]) + 2, ' ');
    }
    PrintLine(line);
  }
}

std::string FormatTime(Time time) { return FormatTimestamp(ToSeconds(time)); }

std::optional<EpochSeconds> ParseTime(std::string_view text) {
  if (const auto seconds = ParseDigits(text)) {
    if (*seconds > kLatestTime.time_since_epoch().count()) return std::nullopt;
    return EpochSeconds(Seconds(*seconds));
  }
  const auto time = ParseTimestamp(text);
  if (!time) return std::nullopt;
  return time->RoundedUp();
}

std::string FormatDuration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  for (const Unit& unit : kUnits) {
    if (duration % unit.length == Duration::zero()) {
      return InUnit(duration, unit);
    }
  }
  return InUnit(duration, kUnits[4]);
}

std::string FormatAbout(Duration duration) {
  if (duration >= Seconds(2)) duration = std::chrono::round<Seconds>(duration);
  for (const Unit& unit : kUnits) {
    if (duration >= unit.length * 2) return InUnit(duration, unit);
  }
  return InUnit(duration, kUnits[4]);
}

std::optional<Duration> ParseDuration(std::string_view text) {
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) return std::nullopt;
  const auto count = ParseDigits(text.substr(0, digits));
  // A century is longer than anything that has a duration here, and fits.
  constexpr Duration kLongest = std::chrono::days(36'525);
  for (const Unit& unit : kUnits) {
    if (!count || text.substr(digits) != unit.name) continue;
    if (*count > kLongest / unit.length) return std::nullopt;
    return unit.length * *count;
  }
  return std::nullopt;
}

}  // namespace signet::cli
