#ifndef SIGNET_TOOLS_COMMAND_LINE_H_
#define SIGNET_TOOLS_COMMAND_LINE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/output.h"

// Only command_line.cc reads CLI11's headers: they take longer to compile than
// all of a command.
namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace signet::cli {

// A CommandLine maps the words and flags of a call to one command. Groups are
// `signet keys`, `signet token`, …; each has a usage text, which is a
// constant that specifies it, and commands below it. Not safe for threads.
class CommandLine {
 public:
  explicit CommandLine(std::string_view usage);
  ~CommandLine();

  // Group adds `signet NAME`. The usage text must outlive this object.
  CLI::App* Group(const std::string& name, std::string_view usage);

  // Command adds `signet GROUP NAME`, which does `run`. If `value` is given it
  // is the command's one positional argument, optional, and may begin with
  // '-', as one id in 64 does.
  CLI::App* Command(CLI::App* group, const std::string& name,
                    std::function<Done()> run, std::string* value = nullptr);

  // Alone adds `signet NAME`, which is a group and its only command.
  CLI::App* Alone(const std::string& name, std::string_view usage,
                  std::function<Done()> run);

  // Main parses and runs: the program's exit code.
  int Main(int argc, char** argv);

 private:
  struct Leaf {
    std::function<Done()> run;
    std::string* value = nullptr;
  };

  int Parse(int argc, char** argv);
  int Run(const CLI::App& chosen);
  const CLI::App& Chosen() const;
  Failure Explain(const CLI::ParseError& error) const;
  const CLI::App& HelpedBy(const CLI::App& chosen) const;
  std::string_view UsageOf(const CLI::App& chosen) const;

  const std::unique_ptr<CLI::App> app_;
  bool version_ = false;
  std::map<const CLI::App*, std::string_view> usages_;
  std::map<const CLI::App*, Leaf> leaves_;
};

// Flags. Each may stand once; AddList's may be repeated. An environment
// variable may stand in for a text.
void AddText(CLI::App* command, const char* name, std::string& value,
             const char* environment = "");
// AddRequired must stand, AddFile names a file that is there.
void AddRequired(CLI::App* command, const char* name, std::string& value);
void AddFile(CLI::App* command, const char* name, std::string& value);
void AddList(CLI::App* command, const char* name,
             std::vector<std::string>& values);
void AddDuration(CLI::App* command, const char* name,
                 std::optional<Duration>& duration);
// AddOptionalDuration may stand without a value, which then is `usual`.
void AddOptionalDuration(CLI::App* command, const char* name, Duration usual,
                         std::optional<Duration>& duration);
void AddSwitch(CLI::App* command, const char* name, bool& value);
void AddNumber(CLI::App* command, const char* name,
               std::optional<uint64_t>& value);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_COMMAND_LINE_H_
