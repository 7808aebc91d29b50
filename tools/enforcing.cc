#include "tools/enforcing.h"

#include <chrono>
#include <cstdio>

namespace signet::cli {
namespace {

constexpr Seconds kUsualWait(10);
constexpr Seconds kLongestWait(55);  // the service's

std::string FormatMs(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", ms);
  return text;
}

}  // namespace

void AddWait(CLI::App* command, std::optional<Duration>& wait) {
  AddOptionalDuration(command, "--wait", kUsualWait, wait);
}

Try<std::optional<Seconds>> WaitOf(const std::optional<Duration>& given) {
  if (!given) return std::optional<Seconds>();
  const auto wait = std::chrono::ceil<Seconds>(*given);
  if (wait <= kLongestWait) return std::optional(wait);
  return Failure{kUsage, "--wait is " + FormatDuration(*given) +
                             ", the limit is " + FormatDuration(kLongestWait)};
}

std::string AddWaitTo(const std::string& target,
                      const std::optional<Seconds>& wait) {
  if (!wait) return target;
  const char* const mark = target.find('?') == target.npos ? "?" : "&";
  return target + mark + "wait=" + std::to_string(wait->count());
}

Seconds Patience(const std::optional<Seconds>& wait) {
  constexpr Seconds kUsual(10);
  return wait.value_or(Seconds(0)) + kUsual;
}

void PrintEnforcing(const Answer& verifiers) {
  const uint64_t connected = verifiers.Number("connected");
  const uint64_t enforcing = verifiers.Number("enforcing");
  if (connected == 0) return PrintLine("no verifier is connected");
  std::string line = std::to_string(enforcing) + " of " +
                     std::to_string(connected) + " verifiers enforce it";
  if (enforcing > 0) {
    line += ": p50 " + FormatMs(verifiers.Real("p50_ms")) + ", p99 " +
            FormatMs(verifiers.Real("p99_ms")) + ", max " +
            FormatMs(verifiers.Real("max_ms"));
  }
  PrintLine(line);
}

Done CheckEnforcing(const Answer& verifiers) {
  const uint64_t connected = verifiers.Number("connected");
  const uint64_t enforcing = verifiers.Number("enforcing");
  if (enforcing >= connected) return {};
  const uint64_t silent = connected - enforcing;
  return Failure{kUnavailable,
                 std::to_string(silent) +
                     (silent == 1 ? " verifier has" : " verifiers have") +
                     " not said in time to enforce it",
                 "the revocation is durable; `signet feed status` shows who "
                 "is behind"};
}

}  // namespace signet::cli
