#ifndef SIGNET_TESTS_TOOLS_HOUSE_H_
#define SIGNET_TESTS_TOOLS_HOUSE_H_

#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/cli_process.h"

namespace signet::testing {

// A House is a signetd whose data directory can change.
class House {
 public:
  explicit House(std::vector<std::string> more = {}) : more_(std::move(more)) {
    ::setenv("SIGNETD_BIN", (BinDirectory() + "/signetd").c_str(), 0);
    Start("data", "127.0.0.1:0");
  }

  void Start(const std::string& data, const std::string& listen) {
    std::vector<std::string> arguments = {
        "--dev", "--data",   directory_ / data,       "--keys",
        Keys(),  "--issuer", "http://127.0.0.1:8420", "--listen",
        listen};
    arguments.insert(arguments.end(), more_.begin(), more_.end());
    process_.emplace(SignetdProcess::Start(std::move(arguments)));
  }
  // MoveTo goes on with another data directory, on the same port.
  void MoveTo(const std::string& data) {
    const std::string listen = "127.0.0.1:" + std::to_string(port());
    process_->Kill(SIGKILL);
    process_->Wait();
    Start(data, listen);
    REQUIRE_MESSAGE(process_->ready(), process_->log());
  }

  CliResult Run(const std::string& command) {
    return RunShell(command, directory_.path(),
                    {"SIGNET_ADMIN_URL=http://127.0.0.1:" +
                     std::to_string(process_->admin_port())});
  }
  std::string Keys() const { return directory_ / "keys"; }
  std::string Path(const std::string& name) const { return directory_ / name; }
  uint16_t port() const { return process_->port(); }
  SignetdProcess& process() { return *process_; }

 private:
  TempDir directory_;
  const std::vector<std::string> more_;
  std::optional<SignetdProcess> process_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TOOLS_HOUSE_H_
