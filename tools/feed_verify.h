#ifndef SIGNET_TOOLS_FEED_VERIFY_H_
#define SIGNET_TOOLS_FEED_VERIFY_H_

#include "tools/command_line.h"

namespace signet::cli {

// AddFeedVerify adds `signet feed verify` to the group.
void AddFeedVerify(CommandLine& line, CLI::App* group);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_FEED_VERIFY_H_
