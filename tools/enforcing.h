#ifndef SIGNET_TOOLS_ENFORCING_H_
#define SIGNET_TOOLS_ENFORCING_H_

#include <optional>
#include <string>

#include "signet/clock.h"
#include "tools/answers.h"
#include "tools/command_line.h"
#include "tools/output.h"

namespace signet::cli {

// Waiting until the connected verifiers enforce what was revoked: `--wait` of
// commands that revoke, `?wait=` of the service.

// AddWait adds the flag.
void AddWait(CLI::App* command, std::optional<Duration>& wait);

// WaitOf is the flag in whole seconds. The service does not wait for longer
// than a minute.
Try<std::optional<Seconds>> WaitOf(const std::optional<Duration>& wait);

// AddWaitTo is the path with the wait in its query, if there is one.
std::string AddWaitTo(const std::string& target,
                      const std::optional<Seconds>& wait);

// Patience is for how long the service's answer is waited for.
Seconds Patience(const std::optional<Seconds>& wait);

// PrintEnforcing says how many of how many enforce it.
void PrintEnforcing(const Answer& verifiers);

// CheckEnforcing fails if some did not say in time that they do: they may
// enforce it or not.
Done CheckEnforcing(const Answer& verifiers);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_ENFORCING_H_
