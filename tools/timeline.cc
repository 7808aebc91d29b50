#include "tools/timeline.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "tools/output.h"

namespace signet::cli {
namespace {

constexpr size_t kLeastBar = 24;
constexpr size_t kLeastGap = 3;  // columns of a state, its letter included
constexpr size_t kOpenEnd = 4;   // columns behind the last moment

struct StateMark {
  KeyState state;
  char letter;
  std::string_view ascii, box;  // the line behind the letter
};
constexpr StateMark kMarks[] = {
    {KeyState::kPending, 'p', ".", "╌"},    {KeyState::kActive, 'A', "=", "━"},
    {KeyState::kVerifyOnly, 'v', "-", "─"}, {KeyState::kRetired, 'r', " ", " "},
    {KeyState::kRevoked, 'x', " ", " "},
};

const StateMark& MarkOf(KeyState state) {
  return *std::find_if(
      std::begin(kMarks), std::end(kMarks),
      [state](const StateMark& m) { return m.state == state; });
}

// Turns are the moments at which the key's state changes.
std::vector<Time> Turns(const KeySchedule& s) {
  std::vector<Time> turns = {s.created_at};
  for (const std::optional<Time>& turn :
       {std::optional(s.activates_at), s.verify_only_at, s.retires_at}) {
    if (turn && (!s.revoked_at || *turn < *s.revoked_at)) {
      turns.push_back(*turn);
    }
  }
  if (s.revoked_at) turns.push_back(*s.revoked_at);
  return turns;
}

// An Axis gives each moment at which something happens its column.
class Axis {
 public:
  Axis(const std::vector<TimelineRow>& rows, Time now, size_t columns) {
    Time start = now;
    for (const TimelineRow& row : rows) {
      start = std::min(start, row.schedule.activates_at);
    }
    moments_ = {start, now};
    for (const TimelineRow& row : rows) {
      for (const Time turn : Turns(row.schedule)) {
        if (turn > start) moments_.push_back(turn);
      }
    }
    std::sort(moments_.begin(), moments_.end());
    moments_.erase(std::unique(moments_.begin(), moments_.end()),
                   moments_.end());
    Place(columns - kOpenEnd);
    now_ = ColumnOf(now);
  }

  const std::vector<Time>& moments() const { return moments_; }
  size_t now() const { return now_; }
  size_t columns() const { return columns_.back() + 1 + kOpenEnd; }

  size_t ColumnOf(Time moment) const {
    const auto found =
        std::lower_bound(moments_.begin(), moments_.end(), moment);
    return columns_[static_cast<size_t>(found - moments_.begin())];
  }

  // MomentAt is the last moment at or before that column.
  Time MomentAt(size_t column) const {
    const auto next =
        std::upper_bound(columns_.begin(), columns_.end(), column);
    return moments_[static_cast<size_t>(next - columns_.begin()) - 1];
  }

 private:
  void Place(size_t columns) {
    const size_t gaps = moments_.size() - 1;
    const Duration whole = moments_.back() - moments_.front();
    columns_ = {0};
    if (gaps == 0) return;
    const size_t least = std::min(kLeastGap, (columns - 1) / gaps);
    const size_t to_share = columns - 1 - least * gaps;
    for (size_t i = 1; i <= gaps; ++i) {
      const double share =
          static_cast<double>(to_share) *
          static_cast<double>((moments_[i] - moments_[0]) / Duration(1)) /
          static_cast<double>(whole / Duration(1));
      columns_.push_back(least * i + static_cast<size_t>(share));
    }
  }

  std::vector<Time> moments_;
  std::vector<size_t> columns_;  // of each moment
  size_t now_ = 0;
};

// EndsOpen tells whether the key goes on behind the last moment.
bool EndsOpen(const KeySchedule& s, Time last) {
  const KeyState state = s.StateAt(last);
  return state != KeyState::kRetired && state != KeyState::kRevoked;
}

std::string DrawRow(const KeySchedule& s, const Axis& axis,
                    TimelineStyle style) {
  const bool boxes = style == TimelineStyle::kBoxes;
  const std::vector<Time> turns = Turns(s);
  std::string row;
  for (size_t column = 0; column < axis.columns(); ++column) {
    const Time moment = axis.MomentAt(column);
    const bool begins = axis.ColumnOf(moment) == column &&
                        (column == 0 || std::find(turns.begin(), turns.end(),
                                                  moment) != turns.end());
    const StateMark& mark = MarkOf(s.StateAt(moment));
    if (column == axis.now()) {
      row += boxes ? "│" : "|";
    } else if (moment < s.created_at) {
      row += ' ';
    } else if (begins) {
      row += mark.letter;
    } else if (column + 1 == axis.columns() &&
               EndsOpen(s, axis.moments().back())) {
      row += '>';
    } else {
      row += boxes ? mark.box : mark.ascii;
    }
  }
  row.erase(row.find_last_not_of(' ') + 1);
  return row;
}

// Header names the ends, as far as there is room.
std::string Header(const Axis& axis, Time now) {
  std::string header = FormatTime(axis.moments().front());
  const Time last = axis.moments().back();
  const std::string end = FormatTime(last);
  const size_t at = axis.ColumnOf(last) + 1;
  if (last == now || at < header.size() + 2 + end.size()) return header;
  header.resize(at - end.size(), ' ');
  return header + end;
}

std::string Legend(const std::vector<TimelineRow>& rows, const Axis& axis) {
  std::string legend;
  for (const StateMark& mark : kMarks) {
    const bool shown =
        std::any_of(rows.begin(), rows.end(), [&](const TimelineRow& row) {
          return std::any_of(
              axis.moments().begin(), axis.moments().end(), [&](Time moment) {
                return moment >= row.schedule.created_at &&
                       row.schedule.StateAt(moment) == mark.state;
              });
        });
    if (!shown) continue;
    if (!legend.empty()) legend += "  ";
    legend += mark.letter;
    legend += ' ';
    legend += KeyStateName(mark.state);
  }
  return legend;
}

}  // namespace

std::vector<std::string> DrawTimeline(const std::vector<TimelineRow>& rows,
                                      Time now, size_t width,
                                      TimelineStyle style) {
  size_t label = 0;
  for (const TimelineRow& row : rows) label = std::max(label, row.label.size());
  label += 2;
  const size_t bar = std::max(kLeastBar, width - std::min(width, label));
  const Axis axis(rows, now, bar);
  const std::string indent(label, ' ');

  std::vector<std::string> lines = {indent + Header(axis, now)};
  for (const TimelineRow& row : rows) {
    lines.push_back(row.label + std::string(label - row.label.size(), ' ') +
                    DrawRow(row.schedule, axis, style));
  }
  lines.push_back(indent + std::string(axis.now(), ' ') + "^ now");
  lines.push_back(Legend(rows, axis));
  return lines;
}

size_t TerminalWidth() {
  size_t width = 80;
  winsize size = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    width = size.ws_col;
  }
  if (const char* columns = std::getenv("COLUMNS")) {
    const long number = std::strtol(columns, nullptr, 10);
    if (number > 0) width = static_cast<size_t>(number);
  }
  return std::clamp<size_t>(width, 60, 120);
}

TimelineStyle TerminalStyle() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale = value;
    const bool utf8 = locale.ends_with(".UTF-8") || locale.ends_with(".utf8");
    return utf8 ? TimelineStyle::kBoxes : TimelineStyle::kAscii;
  }
  return TimelineStyle::kAscii;
}

}  // namespace signet::cli
