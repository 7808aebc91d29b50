// The signet command line: rings, tokens, sessions and revocations.
#include <exception>

#include "tools/commands.h"

namespace {

constexpr std::string_view kUsageText = R"(Usage:
    signet keys init|list|show|check|export  key rings, in files
    signet keys rotate|promote|retire|revoke|import|rewrap
    signet token mint|verify|inspect         access tokens
    signet session open|list|end             sessions, at the service
    signet revoke token|session|subject|client|key|all [VALUE]
    signet feed tail|status|verify           the revocation feed
    signet audit                             what the service recorded
    signet client new ID                     a client of the service
    signet backup --out DIR                  the store, while signetd runs
    signet restore --from DIR --data DIR     and back, while it does not
    signet doctor                            what is wrong, and what to do
    signet --version

`signet GROUP --help` shows a group's flags. Flags follow the command.

People read a table on stdout; --json prints one JSON value instead. Errors
and hints go to stderr. Durations carry a unit: 500ms, 90s, 15m, 1h, 30d.

Exit codes:
    0  done, or accepted
    1  refused: the token, the ring's rules or the service say no
    2  wrong usage: flags, values, missing files
    3  unavailable: no answer, so nothing is known
)";

}  // namespace

int main(int argc, char** argv) {
  using namespace signet::cli;
  try {
    CommandLine line(kUsageText);
    AddKeysCommands(line);
    AddTokenCommands(line);
    AddSessionCommands(line);
    AddRevokeCommands(line);
    AddFeedCommands(line);
    AddAuditCommand(line);
    AddClientCommands(line);
    AddBackupCommands(line);
    AddDoctorCommand(line);
    return line.Main(argc, argv);
  } catch (const std::exception& error) {
    // Only a defect or exhausted memory ends here.
    PrintFailure({kUnavailable, error.what()});
    return kUnavailable;
  }
}
