#include "tools/timeline.h"

#include <doctest/doctest.h>

namespace signet::cli {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using Lines = std::vector<std::string>;

constexpr Time kT0{Duration{1'772'366'400'000}};  // 2026-03-01T12:00:00Z

// Rotated is a ring whose second key is added `added` after the first and
// takes over 10 minutes later.
std::vector<TimelineRow> Rotated(Duration added = minutes(30)) {
  const Time turn = kT0 + added + minutes(10);
  return {{"one",
           {.created_at = kT0,
            .activates_at = kT0,
            .verify_only_at = turn,
            .retires_at = turn + minutes(20)}},
          {"two", {.created_at = kT0 + added, .activates_at = turn}}};
}

TEST_CASE("a rotation is drawn with the present in its place") {
  CHECK(
      DrawTimeline(Rotated(), kT0 + minutes(35), 70, TimelineStyle::kAscii) ==
      Lines{
          "     2026-03-01T12:00:00Z                     2026-03-01T13:00:00Z",
          "one  A=================================|======v------------------r",
          "two                             p......|......A=================="
          "====>",
          "                                       ^ now",
          "p pending  A active  v verify-only  r retired",
      });
}

TEST_CASE("a terminal that knows UTF-8 gets lines") {
  CHECK(DrawTimeline(Rotated(), kT0 + minutes(35), 40, TimelineStyle::kBoxes) ==
        Lines{
            "     2026-03-01T12:00:00Z",
            "one  A━━━━━━━━━━━━━━━│━━━━v────────r",
            "two              p╌╌╌│╌╌╌╌A━━━━━━━━━━━━>",
            "                     ^ now",
            "p pending  A active  v verify-only  r retired",
        });
}

TEST_CASE("minutes show beside days") {
  // Now is the moment at which the second key was added.
  const Lines lines = DrawTimeline(Rotated(days(30)), kT0 + days(30), 60,
                                   TimelineStyle::kAscii);
  REQUIRE(lines.size() == 5);
  CHECK(lines[1] == "one  A==========================================|==v---r");
  CHECK(lines[2] ==
        "two                                             |..A=======>");
}

TEST_CASE("a revoked key ends where it was revoked") {
  std::vector<TimelineRow> rows = Rotated();
  const Time revoked = kT0 + minutes(35);
  rows[0].schedule = {
      .created_at = kT0, .activates_at = kT0, .revoked_at = revoked};
  rows[1].schedule.activates_at = revoked;
  const Lines lines =
      DrawTimeline(rows, kT0 + minutes(50), 60, TimelineStyle::kAscii);
  CHECK(lines[1] == "one  A=================================x               |");
  CHECK(lines[2] ==
        "two                             p......A===============|===>");
  CHECK(lines.back() == "p pending  A active  x revoked");
}

TEST_CASE("no line is wider than the terminal, however many keys there are") {
  std::vector<TimelineRow> rows;
  for (int i = 0; i < 200; ++i) {
    const Time start = kT0 + minutes(i);
    rows.push_back({"k" + std::to_string(i),
                    {.created_at = start - minutes(1),
                     .activates_at = start,
                     .verify_only_at = start + minutes(1),
                     .retires_at = start + minutes(5)}});
  }
  for (const size_t width : {60, 80, 120}) {
    for (const std::string& line :
         DrawTimeline(rows, kT0 + minutes(90), width, TimelineStyle::kAscii)) {
      CHECK(line.size() <= width);
    }
  }
}

TEST_CASE("a clock before the first activation is drawn too") {
  const Lines lines =
      DrawTimeline(Rotated(), kT0 - minutes(10), 60, TimelineStyle::kAscii);
  CHECK(lines[1].starts_with("one  |"));
}

}  // namespace
}  // namespace signet::cli
