// Runs the golden scripts: what the command line prints is specified there.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "tests/revocation-service/signetd_process.h"
#include "tests/tools/cli_process.h"

namespace signet::testing {
namespace {

namespace fs = std::filesystem;

// A golden script is a text file that says what commands print:
//
//   # a comment
//   # service: dev              (optional: run against a signetd --dev)
//   $ signet token inspect abc
//   stdout:
//   stderr:
//   signet: error: inspecting a token: not a token
//   exit: 1
//
// Each step has all three parts, in that order. The steps of a script share
// one directory, which is empty at first. A placeholder stands for any text of
// its kind.
struct Step {
  size_t line = 0;  // where it stands in the file
  std::string command;
  std::vector<std::string> out;
  std::vector<std::string> err;
  int exit = -1;
};

struct Script {
  bool needs_service = false;
  std::vector<Step> steps;
};

const std::pair<const char*, const char*> kPlaceholders[] = {
    {"<id>", "[A-Za-z0-9_-]{22}"},
    {"<key>", "(k4\\.[pl]id\\.[A-Za-z0-9_-]{44}|[A-Za-z0-9_-]{43})"},
    {"<short-key>", "(k4\\.[pl]id\\.[A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{8})\\.{3}"},
    {"<time>", "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3})?Z"},
    {"<token>",
     "(v4\\.public|ey[A-Za-z0-9_-]+)\\.[A-Za-z0-9_-]+"
     "\\.[A-Za-z0-9_-]+"},
    {"<refresh-token>", "srt1\\.[A-Za-z0-9_-]+"},
    {"<secret>", "[A-Za-z0-9_-]{43}"},
    {"<number>", "\\d+"},
    {"<about>", "\\d+(ms|s|m|h|d)"},
    {"<url>", "http://127\\.0\\.0\\.1:\\d+"},
    {"<bar>", "[pAvrx.=|> -]+"},
    {"<text>", ".+"},
};

std::string Escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string("\\^$.|?*+()[]{}").find(c) != std::string::npos)
      out += '\\';
    out += c;
  }
  return out;
}

bool LineMatches(const std::string& expected, const std::string& actual) {
  std::string pattern = Escape(expected);
  for (const auto& [name, kind] : kPlaceholders) {
    for (size_t at = pattern.find(name); at != std::string::npos;
         at = pattern.find(name, at + std::string(kind).size())) {
      pattern.replace(at, std::string(name).size(), kind);
    }
  }
  return std::regex_match(actual, std::regex(pattern));
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Mismatch is "" if all lines match, else what differs.
std::string Mismatch(const std::vector<std::string>& expected,
                     const std::string& text) {
  const std::vector<std::string> actual = Lines(text);
  for (size_t i = 0; i < std::max(expected.size(), actual.size()); ++i) {
    if (i == expected.size()) return "unexpected line: " + actual[i];
    if (i == actual.size()) return "missing line: " + expected[i];
    if (!LineMatches(expected[i], actual[i])) {
      return "expected: " + expected[i] + "\n     got: " + actual[i];
    }
  }
  return "";
}

// ReadScript fails the test if the file is not of the form above.
Script ReadScript(const fs::path& path) {
  Script script;
  std::ifstream file(path);
  std::vector<std::string>* part = nullptr;
  size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (part == nullptr && line == "# service: dev") {
      script.needs_service = true;
    } else if (part == nullptr && line.starts_with("$ ")) {
      Step& step = script.steps.emplace_back();
      step.line = number;
      step.command = line.substr(2);
    } else if (part == nullptr && line == "stdout:" && !script.steps.empty()) {
      part = &script.steps.back().out;
    } else if (part != nullptr && line == "stderr:") {
      part = &script.steps.back().err;
    } else if (part != nullptr && line.starts_with("exit: ")) {
      script.steps.back().exit = std::stoi(line.substr(6));
      part = nullptr;
    } else if (part != nullptr) {
      part->push_back(line);
    } else {
      INFO(path.filename().string(), ":", number, ": ", line);
      REQUIRE((line.empty() || line.starts_with("#")));
    }
  }
  for (const Step& step : script.steps) {
    INFO(path.filename().string(), ":", step.line, " has no exit code");
    REQUIRE(step.exit >= 0);
  }
  return script;
}

void RunScript(const fs::path& path) {
  const Script script = ReadScript(path);
  INFO(path.filename().string());
  REQUIRE(!script.steps.empty());
  TempDir directory;
  std::vector<std::string> environment;
  std::optional<DevService> service;
  if (script.needs_service) {
    service.emplace();
    REQUIRE(service->ready());
    environment = service->Environment();
  }
  for (const Step& step : script.steps) {
    const CliResult result =
        RunShell(step.command, directory.path(), environment);
    INFO("line ", step.line, ": $ ", step.command);
    INFO("stdout:\n", result.out, "stderr:\n", result.err);
    CHECK(result.exit == step.exit);
    CHECK(Mismatch(step.out, result.out) == "");
    CHECK(Mismatch(step.err, result.err) == "");
  }
}

// RunFolder runs all scripts that do, or don't, need a service.
void RunFolder(bool with_service) {
  size_t count = 0;
  std::vector<fs::path> paths;
  for (const auto& entry :
       fs::directory_iterator(fs::path(SIGNET_TEST_DIR) / "golden")) {
    INFO(entry.path().string());
    CHECK(entry.path().extension() == ".txt");
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    if (ReadScript(path).needs_service != with_service) continue;
    RunScript(path);
    ++count;
  }
  // A folder that has moved must not pass for one without failures.
  REQUIRE(count > 0);
}

TEST_CASE("every golden script prints what it says, without a service") {
  RunFolder(false);
}

TEST_CASE("every golden script prints what it says, with a service") {
  RunFolder(true);
}

TEST_CASE("a placeholder matches its kind and nothing else") {
  CHECK(LineMatches("at <time>!", "at 2026-01-31T12:00:00Z!"));
  CHECK_FALSE(LineMatches("at <time>!", "at noon!"));
  CHECK_FALSE(LineMatches("a.c", "abc"));
}

}  // namespace
}  // namespace signet::testing
