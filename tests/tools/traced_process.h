#ifndef SIGNET_TESTS_TOOLS_TRACED_PROCESS_H_
#define SIGNET_TESTS_TOOLS_TRACED_PROCESS_H_

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

namespace signet::testing {

// IsFileStep tells whether a system call changes the file system. Writes to
// the standard streams do not count.
inline bool IsFileStep(const __ptrace_syscall_info& info) {
  switch (info.entry.nr) {
    case SYS_openat:
      return (info.entry.args[2] & O_CREAT) != 0;
    case SYS_write:
      return info.entry.args[0] > STDERR_FILENO;
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_ftruncate:
    case SYS_fchmod:
    case SYS_mkdirat:
    case SYS_unlinkat:
    case SYS_linkat:
    case SYS_renameat:
    case SYS_renameat2:
#ifdef SYS_open  // the calls without a directory, where they exist
    case SYS_mkdir:
    case SYS_unlink:
    case SYS_link:
    case SYS_rename:
#endif
      return true;
#ifdef SYS_open
    case SYS_open:
      return (info.entry.args[1] & O_CREAT) != 0;
#endif
    default:
      return false;
  }
}

// TracedEnd is how a traced process ended.
struct TracedEnd {
  bool killed = false;
  int exit = -1;  // if not killed
};

// RunUntilStep runs a program and kills it as it is about to take its
// `step`th step that changes the file system, counted from 1, before that has
// any effect. A program that takes fewer ends by itself. What a page cache
// holds survives: this is the death of a process and not of a machine.
inline TracedEnd RunUntilStep(std::vector<std::string> argv,
                              const std::string& directory, int step) {
  std::vector<char*> pointers;
  for (std::string& argument : argv) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(::open("/dev/null", O_RDWR), STDIN_FILENO);
    ::dup2(STDIN_FILENO, STDOUT_FILENO);
    ::dup2(STDIN_FILENO, STDERR_FILENO);
    // A leak checker does not work under a tracer.
    ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    if (::chdir(directory.c_str()) == 0 &&
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) {
      ::execv(pointers[0], pointers.data());
    }
    ::_exit(127);
  }
  int status = 0;
  const auto wait = [&] {
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSTOPPED(status);
  };
  if (wait()) {
    ::ptrace(PTRACE_SETOPTIONS, pid, nullptr,
             PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  }
  int taken = 0;
  while (WIFSTOPPED(status)) {
    const int signal = WSTOPSIG(status);
    __ptrace_syscall_info info = {};
    if (signal == (SIGTRAP | 0x80) &&
        ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 &&
        info.op == PTRACE_SYSCALL_INFO_ENTRY && IsFileStep(info) &&
        ++taken == step) {
      ::kill(pid, SIGKILL);
    }
    const bool ours = signal == SIGTRAP || signal == (SIGTRAP | 0x80);
    ::ptrace(PTRACE_SYSCALL, pid, nullptr, ours ? 0 : signal);
    wait();
  }
  if (WIFSIGNALED(status)) return {.killed = true};
  return {.killed = false, .exit = WEXITSTATUS(status)};
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TOOLS_TRACED_PROCESS_H_
