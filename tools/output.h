#ifndef SIGNET_TOOLS_OUTPUT_H_
#define SIGNET_TOOLS_OUTPUT_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signet/clock.h"
#include "signet/result.h"

namespace signet::cli {

// How commands speak. People read tables on stdout; with --json a command
// prints one JSON value there. Errors and hints go to stderr, each on a line
// of its own.

// ExitCode is what the program ends with: scripts switch on it.
enum ExitCode : int {
  kOk = 0,
  kRefused = 1,      // the token, the ring's rules or the service say no
  kUsage = 2,        // wrong flags, wrong values, missing files
  kUnavailable = 3,  // no answer: nothing is known
};

// Failure ends a command: what failed, and what to do next.
struct Failure {
  ExitCode exit = kUsage;
  std::string message;
  std::string hint = {};
};

// Done is what a command returns; Try<T> what its steps do.
template <typename T>
using Try = Result<T, Failure>;
using Done = Try<void>;

// FromError chooses the exit code that fits the error's code.
Failure FromError(const Error& error);

// PrintFailure writes "signet: error: …" and "signet: hint: …" to stderr.
void PrintFailure(const Failure& failure);

// PrintNote writes "signet: …" to stderr: what people should know and scripts
// need not read.
void PrintNote(std::string_view text);

// PrintLine writes one line to stdout, at once.
void PrintLine(std::string_view text);

// Printable replaces control characters, which a terminal would obey: texts
// from tokens and from the service were chosen by strangers.
std::string Printable(std::string_view text);

// OneLine puts a JSON text on one line, as it is but for the line ends.
std::string OneLine(std::string json);

// Table lines columns up. Cells go through Printable.
class Table {
 public:
  using Row = std::vector<std::string>;
  Table() = default;
  explicit Table(Row header) { rows_.push_back(std::move(header)); }

  void Add(Row row) { rows_.push_back(std::move(row)); }
  void Print(std::string_view indent = "") const;

 private:
  std::vector<Row> rows_;
};

// FormatTime writes RFC 3339 in UTC, to the second.
std::string FormatTime(Time time);
// ParseTime reads RFC 3339, a fraction rounded up to the next second, or
// whole seconds since 1970.
std::optional<EpochSeconds> ParseTime(std::string_view text);

// FormatDuration writes the largest unit that divides it: "90s", "15m", "1h".
std::string FormatDuration(Duration duration);
// FormatAbout rounds to a unit that people can take in: "59s", "14m", "3d".
std::string FormatAbout(Duration duration);
// ParseDuration reads a whole number with a unit: ms, s, m, h or d.
std::optional<Duration> ParseDuration(std::string_view text);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_OUTPUT_H_
