#ifndef SIGNET_TOOLS_CONFIRM_H_
#define SIGNET_TOOLS_CONFIRM_H_

#include <string>

#include "tools/output.h"

namespace signet::cli {

// Confirm says on stderr what a step costs and succeeds only if the answer is
// yes: by `yes` (the flag --yes), or typed on the terminal if there is one.
Done Confirm(const std::string& cost, bool yes);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_CONFIRM_H_
