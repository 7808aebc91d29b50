#ifndef SIGNET_TOOLS_COMMANDS_H_
#define SIGNET_TOOLS_COMMANDS_H_

#include "tools/command_line.h"

namespace signet::cli {

// Each adds one group of commands; its usage text, at the top of the file
// that implements it, specifies it.
void AddKeysCommands(CommandLine& line);
void AddTokenCommands(CommandLine& line);
void AddSessionCommands(CommandLine& line);
void AddRevokeCommands(CommandLine& line);
void AddFeedCommands(CommandLine& line);
void AddAuditCommand(CommandLine& line);
void AddClientCommands(CommandLine& line);
void AddBackupCommands(CommandLine& line);
void AddDoctorCommand(CommandLine& line);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_COMMANDS_H_
