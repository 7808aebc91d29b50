#ifndef SIGNET_TESTS_SIGNETD_PROCESS_H_
#define SIGNET_TESTS_SIGNETD_PROCESS_H_

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/temp_dir.h"

namespace signet::testing {

// SignetdProcess is a running signetd, killed when it goes out of scope. The
// binary is $SIGNETD_BIN, or build/bin/signetd below the working directory.
//
//   TempDir dir;
//   auto signetd = SignetdProcess::Start(
//       {"--dev", "--data", dir / "data", "--keys", dir / "keys"});
//   httplib::Client client("127.0.0.1", signetd.port());
class SignetdProcess {
 public:
  // Start runs signetd with the arguments; unless they say otherwise, it
  // listens on free ports of 127.0.0.1. It returns when signetd is ready or
  // has ended; if it has ended, ready() is false.
  static SignetdProcess Start(std::vector<std::string> args) {
    AddUnlessGiven(args, "--listen");
    AddUnlessGiven(args, "--admin-listen");
    SignetdProcess process;
    process.Spawn(args);
    process.ReadUntilReady(std::chrono::seconds(60));
    return process;
  }

  // Run runs signetd with exactly these arguments until it ends, and returns
  // its exit code; output() and log() say what it wrote.
  static std::pair<SignetdProcess, int> Run(std::vector<std::string> args) {
    SignetdProcess process;
    process.Spawn(args);
    const int code = process.Wait();
    return {std::move(process), code};
  }

  ~SignetdProcess() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    if (stdout_fd_ >= 0) ::close(stdout_fd_);
  }
  SignetdProcess(SignetdProcess&& other) noexcept { *this = std::move(other); }
  SignetdProcess& operator=(SignetdProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(stdout_fd_, other.stdout_fd_);
    std::swap(output_, other.output_);
    std::swap(directory_, other.directory_);
    std::swap(exit_, other.exit_);
    std::swap(port_, other.port_);
    std::swap(admin_port_, other.admin_port_);
    return *this;
  }

  bool ready() const { return port_ != 0; }
  uint16_t port() const { return port_; }
  uint16_t admin_port() const { return admin_port_; }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_);
  }
  pid_t pid() const { return pid_; }

  void Kill(int signal) {
    if (pid_ > 0) ::kill(pid_, signal);
  }

  // Wait returns the exit code, or minus the signal that ended it.
  int Wait() {
    if (pid_ <= 0) return exit_;
    while (ReadSome(-1)) {
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return exit_;
  }

  // output is what it wrote to stdout so far; log, to stderr.
  const std::string& output() const { return output_; }
  std::string log() const {
    std::ifstream file(directory_ / "stderr");
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  SignetdProcess() = default;

  static void AddUnlessGiven(std::vector<std::string>& args,
                             const std::string& flag) {
    for (const std::string& arg : args) {
      if (arg == flag || arg.starts_with(flag + "=")) return;
    }
    args.push_back(flag);
    args.push_back("127.0.0.1:0");
  }

  void Spawn(std::vector<std::string> args) {
    const char* from_environment = getenv("SIGNETD_BIN");
    args.insert(args.begin(), from_environment != nullptr
                                  ? from_environment
                                  : "build/bin/signetd");
    if (::access(args[0].c_str(), X_OK) != 0) {
      throw std::runtime_error("no signetd at " + args[0] +
                               ": set SIGNETD_BIN");
    }
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    const std::string error_path = directory_ / "stderr";
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ == 0) Exec(argv, fds[1], error_path);
    ::close(fds[1]);
    stdout_fd_ = fds[0];
    if (pid_ < 0) throw std::runtime_error("fork");
  }

  // Exec runs in the child, between fork and exec: only system calls.
  [[noreturn]] static void Exec(std::vector<char*>& argv, int out,
                                const std::string& error_path) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int error =
        ::open(error_path.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(error, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  // ReadSome appends what comes on stdout; false at its end or on timeout.
  bool ReadSome(int timeout_ms) {
    pollfd waiting{stdout_fd_, POLLIN, 0};
    if (::poll(&waiting, 1, timeout_ms) <= 0) return false;
    char buffer[4096];
    const ssize_t n = ::read(stdout_fd_, buffer, sizeof buffer);
    if (n <= 0) return false;
    output_.append(buffer, static_cast<size_t>(n));
    return true;
  }

  void ReadUntilReady(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (output_.find('\n') == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0 || !ReadSome(static_cast<int>(left.count()))) {
        return;
      }
    }
    // "signetd listening on http://127.0.0.1:1 (operations on http://…:2)"
    port_ = PortAfter(output_.find("listening on "));
    admin_port_ = PortAfter(output_.find("operations on "));
  }

  uint16_t PortAfter(size_t at) const {
    if (at == std::string::npos) return 0;
    const size_t scheme = output_.find("://", at);
    const size_t colon = output_.find(':', scheme + 3);
    return static_cast<uint16_t>(atoi(output_.c_str() + colon + 1));
  }

  pid_t pid_ = -1;
  int exit_ = 0;
  int stdout_fd_ = -1;
  std::string output_;
  TempDir directory_;
  uint16_t port_ = 0;
  uint16_t admin_port_ = 0;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_SIGNETD_PROCESS_H_
