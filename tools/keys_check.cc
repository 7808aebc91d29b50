// `signet keys check`: what a monitoring job asks about the rings.
#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <utility>

#include "signet/ring_outlook.h"
#include "tools/keys_flags.h"
#include "tools/ring_view.h"

namespace signet::cli {
namespace {

namespace json = boost::json;

// A Problem is one that needs an operator, in words and with what to do.
struct Problem {
  std::string name;
  std::string key_id;
  std::string message;
  std::string hint;
};

struct Report {
  KeyPurpose purpose = KeyPurpose::kAccess;
  std::vector<RingEvent> events = {};
  std::vector<Problem> problems = {};
  bool unavailable = false;  // it is not known how the ring is
};

std::string HintFor(RingProblem problem, const std::string& purpose) {
  switch (problem) {
    case RingProblem::kNoActiveKey:
    case RingProblem::kKeyTooOld:
      return "`signet keys rotate " + purpose + "`";
    case RingProblem::kClockBehind:
      return "set the clock; keys change state by it";
  }
  return {};
}

// CheckPublicFile looks at the copy that verifiers read. Load repairs it, if
// it may write there.
void CheckPublicFile(const RingStore& store, const SigningRing& ring,
                     Report& report) {
  if (IsSymmetric(ring.info().format)) return;
  const std::string path = store.PublicPath(report.purpose);
  const Result<KeyRing> open = ReadPublicRing(path);
  if (open && *open == ring.Public()) return;
  report.problems.push_back(
      {"public-file", "", path + " is not the public side of the ring",
       "run `signet keys list` as who owns the directory"});
}

Report CheckRing(RingStore& store, KeyPurpose purpose, const KeysFlags& flags) {
  Report report{.purpose = purpose};
  const Result<SigningRing> ring = store.Load(purpose);
  if (!ring) {
    const Failure failure = RingFailure(ring.error(), purpose);
    report.unavailable = failure.exit == kUnavailable;
    report.problems.push_back(
        {"does-not-load", "", failure.message, failure.hint});
    return report;
  }
  const Time now = Now();
  report.events = ComingEvents(*ring, now);
  for (RingFinding& found : FindProblems(*ring, now, flags.max_age)) {
    report.problems.push_back(
        {std::string(RingProblemName(found.problem)), std::move(found.key_id),
         std::move(found.message),
         HintFor(found.problem, std::string(KeyPurposeName(purpose)))});
  }
  CheckPublicFile(store, *ring, report);
  return report;
}

void PrintReport(const Report& report, Time now) {
  std::string line = std::string(KeyPurposeName(report.purpose)) + ": ";
  line += report.problems.empty() ? "fine" : "needs an operator";
  if (report.problems.empty() && report.events.empty()) {
    line += ", nothing is planned";
  }
  PrintLine(line);
  for (const Problem& problem : report.problems) {
    PrintLine("  " + Printable(problem.message));
    if (!problem.hint.empty()) PrintLine("  hint: " + Printable(problem.hint));
  }
  PrintEvents(report.events, now, "  ");
}

json::object ReportObject(const Report& report) {
  json::array next, problems;
  for (const RingEvent& event : report.events) {
    next.push_back(
        json::object{{"at", MomentText(event.when)},
                     {"key", event.key_id},
                     {"becomes", std::string(KeyStateName(event.becomes))}});
  }
  for (const Problem& problem : report.problems) {
    json::object object{{"problem", problem.name},
                        {"message", problem.message},
                        {"hint", problem.hint}};
    if (!problem.key_id.empty()) object["key"] = problem.key_id;
    problems.push_back(std::move(object));
  }
  return {{"purpose", std::string(KeyPurposeName(report.purpose))},
          {"ok", report.problems.empty()},
          {"next", std::move(next)},
          {"problems", std::move(problems)}};
}

// AddLost adds the rings that are not there any more, though the files beside
// them are. Public halves for encryption are copied to where the ring is not.
void AddLost(const RingStore& store, std::vector<KeyPurpose>& purposes) {
  for (const KeyPurpose purpose :
       {KeyPurpose::kAccess, KeyPurpose::kAccessAlt, KeyPurpose::kRefresh,
        KeyPurpose::kFeed, KeyPurpose::kStatements}) {
    if (std::ranges::find(purposes, purpose) != purposes.end()) continue;
    std::filesystem::path counter = store.RingPath(purpose);
    counter.replace_extension(".generation");
    std::error_code ignored;
    if (std::filesystem::exists(store.PublicPath(purpose), ignored) ||
        std::filesystem::exists(counter, ignored)) {
      purposes.push_back(purpose);
    }
  }
}

}  // namespace

Done Check(const KeysFlags& flags) {
  const Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  Try<std::vector<KeyPurpose>> purposes = RingsThatExist(**store, flags);
  if (!purposes) return purposes.error();
  if (flags.purpose.empty()) AddLost(**store, *purposes);
  std::vector<Report> reports;
  size_t problems = 0, unknown = 0;
  for (const KeyPurpose purpose : *purposes) {
    reports.push_back(CheckRing(**store, purpose, flags));
    problems += reports.back().problems.size();
    unknown += reports.back().unavailable ? 1 : 0;
  }
  if (flags.as_json) {
    json::array rings;
    for (const Report& report : reports) rings.push_back(ReportObject(report));
    PrintLine(json::serialize(
        json::object{{"ok", problems == 0}, {"rings", std::move(rings)}}));
  } else {
    const Time now = Now();
    for (const Report& report : reports) PrintReport(report, now);
  }
  if (problems == 0) return {};
  return Failure{problems > unknown ? kRefused : kUnavailable,
                 problems == 1
                     ? "1 problem needs an operator"
                     : std::to_string(problems) + " problems need an operator"};
}

}  // namespace signet::cli
