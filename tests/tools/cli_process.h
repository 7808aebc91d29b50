#ifndef SIGNET_TESTS_TOOLS_CLI_PROCESS_H_
#define SIGNET_TESTS_TOOLS_CLI_PROCESS_H_

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/revocation-service/signetd_process.h"

namespace signet::testing {

// BinDirectory is where the built programs are: SIGNET_BIN_DIR, or where the
// running test is.
inline std::string BinDirectory() {
  const char* named = getenv("SIGNET_BIN_DIR");
  if (named != nullptr) return std::filesystem::absolute(named).string();
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

struct CliResult {
  int exit = -1;  // or minus the signal that ended it
  std::string out;
  std::string err;
};

inline std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// RunShell runs a line of shell in `directory`, with the built programs on the
// path and no variable of ours but those in `environment` ("NAME=value").
inline CliResult RunShell(const std::string& command,
                          const std::string& directory,
                          const std::vector<std::string>& environment = {}) {
  TempDir output;
  std::vector<std::string> variables = environment;
  variables.push_back("PATH=" + BinDirectory() + ":/usr/bin:/bin");
  variables.push_back("HOME=" + directory);
  variables.push_back("LC_ALL=C");
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    const char* value = getenv(name);
    if (value != nullptr) variables.push_back(std::string(name) + "=" + value);
  }
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  std::string text = command;
  std::string shell = "sh", flag = "-c";
  char* const argv[] = {shell.data(), flag.data(), text.data(), nullptr};
  const std::string out = output / "out", err = output / "err";

  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGPIPE, SIG_DFL);  // the test's HTTP server ignores it
    const int mode = O_CREAT | O_WRONLY | O_TRUNC;
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(::open(out.c_str(), mode, 0600), STDOUT_FILENO);
    ::dup2(::open(err.c_str(), mode, 0600), STDERR_FILENO);
    if (::chdir(directory.c_str()) == 0) ::execve("/bin/sh", argv, envp.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  CliResult result;
  result.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  result.out = ReadWhole(out);
  result.err = ReadWhole(err);
  return result;
}

// DevService is a signetd --dev with rings and data of its own.
class DevService {
 public:
  explicit DevService(std::vector<std::string> args = {})
      : process_(Start(directory_, std::move(args))) {}

  bool ready() const { return process_.ready(); }
  std::string url() const { return process_.url(); }
  std::string keys() const { return directory_ / "keys"; }
  SignetdProcess& process() { return process_; }

  // Environment lets the CLI find it, as the client `dev`.
  std::vector<std::string> Environment() const {
    return {"SIGNET_URL=" + url(), "SIGNET_KEYS=" + keys(),
            "SIGNET_CLIENT_ID=dev", "SIGNET_CLIENT_SECRET=dev-secret"};
  }

 private:
  static SignetdProcess Start(const TempDir& directory,
                              std::vector<std::string> args) {
    ::setenv("SIGNETD_BIN", (BinDirectory() + "/signetd").c_str(), 0);
    args.insert(args.end(), {"--dev", "--data", directory / "data", "--keys",
                             directory / "keys"});
    return SignetdProcess::Start(std::move(args));
  }

  TempDir directory_;
  SignetdProcess process_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TOOLS_CLI_PROCESS_H_
