#ifndef SIGNET_TOOLS_TIMELINE_H_
#define SIGNET_TOOLS_TIMELINE_H_

#include <string>
#include <vector>

#include "signet/key_ring.h"

namespace signet::cli {

// A timeline shows the keys of a ring from the first activation to the last
// retirement, a row for each, the present marked: a letter where a state
// begins (p A v r x, see the legend), then a line until it ends. Each state has
// a few columns at least, so that a short one shows; the rest of the width is
// shared out by duration.

struct TimelineRow {
  std::string label;
  KeySchedule schedule;
};

enum class TimelineStyle { kAscii, kBoxes };  // kBoxes needs UTF-8

// DrawTimeline gives the lines, at most `width` columns each, but with room
// for 24 columns of states beside the labels. REQUIRES: rows is not empty.
std::vector<std::string> DrawTimeline(const std::vector<TimelineRow>& rows,
                                      Time now, size_t width,
                                      TimelineStyle style);

// TerminalWidth is that of stdout if it is a terminal, else 80; within 60 and
// 120. COLUMNS overrides it.
size_t TerminalWidth();

// TerminalStyle is kBoxes if the locale says UTF-8 (LC_ALL, LC_CTYPE, LANG).
TimelineStyle TerminalStyle();

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_TIMELINE_H_
