#include "tools/command_line.h"

#include <CLI/CLI.hpp>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <utility>

#ifndef SIGNET_VERSION
#define SIGNET_VERSION "unversioned"
#endif

namespace signet::cli {
namespace {

// LooksLikeId tells a base64url id that begins with '-' from a mistyped flag.
// Ids of sessions and tokens have 22 characters, key ids of JWTs 43.
bool LooksLikeId(std::string_view text) {
  if (text.size() != 22 && text.size() != 43) return false;
  for (const char c : text) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') {
      return false;
    }
  }
  return true;
}

std::string CommandName(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  if (parent == nullptr) return command.get_name();
  return CommandName(*parent) + " " + command.get_name();
}

// Unknown lists the words that CLI11 could not place. It counts "--" as one.
std::vector<std::string> Unknown(const CLI::App& command) {
  std::vector<std::string> words = command.remaining();
  std::erase(words, "--");
  return words;
}

// NotEmpty refuses "": an unset variable of a shell must not be taken for an
// absent flag, as in `session end --subject S --except "$CURRENT"`.
CLI::Option* NotEmpty(CLI::Option* option) {
  return option->check(
      [](const std::string& text) {
        return std::string(text.empty() ? "the value is empty" : "");
      },
      "");
}

}  // namespace

CommandLine::CommandLine(std::string_view usage)
    : app_(std::make_unique<CLI::App>("", "signet")) {
  usages_[app_.get()] = usage;
  // No short flags: "-h…" may begin an id. Main maps "-h" itself.
  app_->set_help_flag("--help");
  app_->add_flag("--version", version_);
  app_->require_subcommand(0, 1);
}

CommandLine::~CommandLine() = default;

CLI::App* CommandLine::Group(const std::string& name, std::string_view usage) {
  CLI::App* const group = app_->add_subcommand(name);
  group->require_subcommand(1);
  usages_[group] = usage;
  return group;
}

CLI::App* CommandLine::Command(CLI::App* group, const std::string& name,
                               std::function<Done()> run, std::string* value) {
  CLI::App* const command = group->add_subcommand(name);
  command->require_subcommand(0);
  if (value != nullptr) {
    NotEmpty(command->add_option("value", *value));
    command->allow_extras();
  }
  leaves_[command] = {std::move(run), value};
  return command;
}

CLI::App* CommandLine::Alone(const std::string& name, std::string_view usage,
                             std::function<Done()> run) {
  CLI::App* const command = Command(app_.get(), name, std::move(run));
  usages_[command] = usage;
  return command;
}

int CommandLine::Main(int argc, char** argv) {
  int exit = Parse(argc, argv);
  // What was printed counts only if it arrived: the disk may be full.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    PrintFailure({kUnavailable, "standard output could not be written"});
    if (exit == kOk) exit = kUnavailable;
  }
  return exit;
}

int CommandLine::Parse(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  for (std::string& argument : arguments) {
    if (argument == "--") break;
    if (argument == "-h") argument = "--help";
  }
  // CLI11 wants them last to first.
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app_->parse(reversed);
  } catch (const CLI::CallForHelp&) {
    std::fputs(std::string(UsageOf(Chosen())).c_str(), stdout);
    return kOk;
  } catch (const CLI::ParseError& error) {
    PrintFailure(Explain(error));
    return kUsage;
  }
  if (version_) {
    PrintLine("signet " SIGNET_VERSION);
    return kOk;
  }
  if (&Chosen() == app_.get()) {
    std::fputs(std::string(UsageOf(*app_)).c_str(), stderr);
    return kUsage;
  }
  return Run(Chosen());
}

int CommandLine::Run(const CLI::App& chosen) {
  const Leaf& leaf = leaves_.at(&chosen);
  for (const std::string& extra : Unknown(chosen)) {
    if (leaf.value->empty() && LooksLikeId(extra)) {
      *leaf.value = extra;
      continue;
    }
    PrintFailure({kUsage, "unknown argument \"" + extra + "\"",
                  "run `" + CommandName(HelpedBy(chosen)) + " --help`"});
    return kUsage;
  }
  const Done done = leaf.run();
  if (done) return kOk;
  PrintFailure(done.error());
  return done.error().exit;
}

const CLI::App& CommandLine::Chosen() const {
  const CLI::App* chosen = app_.get();
  while (!chosen->get_subcommands().empty()) {
    chosen = chosen->get_subcommands().front();
  }
  return *chosen;
}

Failure CommandLine::Explain(const CLI::ParseError& error) const {
  const CLI::App& chosen = Chosen();
  const bool leaf = leaves_.contains(&chosen);
  Failure failure{kUsage, error.what(),
                  "run `" + CommandName(HelpedBy(chosen)) + " --help`"};
  const std::vector<std::string> unknown = Unknown(chosen);
  if (!unknown.empty()) {
    const bool flag = leaf || unknown.front().starts_with('-');
    failure.message = std::string("unknown ") +
                      (flag ? "argument" : "command") + " \"" +
                      unknown.front() + "\"";
  } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    // "--flag: At Most 1 required…", "--flag: 1 required TEXT missing"
    const size_t colon = failure.message.find(':');
    const bool repeated = failure.message.find("At Most") != std::string::npos;
    failure.message = failure.message.substr(0, colon) +
                      (repeated ? " stands more than once" : " needs a value");
  } else if (!leaf) {
    failure.message = "`" + CommandName(chosen) + "` needs a command";
  } else if (!failure.message.empty()) {
    // The library's texts begin with a capital; ours don't.
    char& first = failure.message.front();
    first = static_cast<char>(std::tolower(static_cast<unsigned char>(first)));
  }
  return failure;
}

// HelpedBy is the command, or the group it stands in, that has a usage text.
const CLI::App& CommandLine::HelpedBy(const CLI::App& chosen) const {
  const CLI::App* command = &chosen;
  while (!usages_.contains(command)) command = command->get_parent();
  return *command;
}

std::string_view CommandLine::UsageOf(const CLI::App& chosen) const {
  return usages_.at(&HelpedBy(chosen));
}

namespace {

Duration DurationOf(const char* name, const std::string& text) {
  const auto parsed = ParseDuration(text);
  if (parsed) return *parsed;
  throw CLI::ValidationError(
      std::string(name) + ": \"" + text +
          "\" is not a duration; write 500ms, 90s, 15m, 1h or 30d",
      CLI::ExitCodes::ValidationError);
}

}  // namespace

void AddText(CLI::App* command, const char* name, std::string& value,
             const char* environment) {
  NotEmpty(command->add_option(name, value))->envname(environment);
}

void AddRequired(CLI::App* command, const char* name, std::string& value) {
  NotEmpty(command->add_option(name, value))->required();
}

void AddFile(CLI::App* command, const char* name, std::string& value) {
  NotEmpty(command->add_option(name, value))->check(CLI::ExistingFile);
}

void AddList(CLI::App* command, const char* name,
             std::vector<std::string>& values) {
  NotEmpty(command->add_option(name, values)->allow_extra_args(false));
}

void AddDuration(CLI::App* command, const char* name,
                 std::optional<Duration>& duration) {
  const auto parse = [name, &duration](const std::string& text) {
    duration = DurationOf(name, text);
  };
  command->add_option_function<std::string>(name, parse);
}

void AddOptionalDuration(CLI::App* command, const char* name, Duration usual,
                         std::optional<Duration>& duration) {
  const auto parse = [name, usual, &duration](const std::string& text) {
    duration = text.empty() ? usual : DurationOf(name, text);
  };
  command->add_option_function<std::string>(name, parse)
      ->expected(0, 1)
      ->default_str("");
}

void AddNumber(CLI::App* command, const char* name,
               std::optional<uint64_t>& value) {
  const auto parse = [name, &value](const std::string& text) {
    const char* const end = text.data() + text.size();
    uint64_t number = 0;
    const auto [last, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || last != end) {
      throw CLI::ValidationError(
          std::string(name) + ": \"" + text + "\" is not a whole number",
          CLI::ExitCodes::ValidationError);
    }
    value = number;
  };
  command->add_option_function<std::string>(name, parse);
}

void AddSwitch(CLI::App* command, const char* name, bool& value) {
  command->add_flag(name, value);
}

}  // namespace signet::cli
