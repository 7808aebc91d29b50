#ifndef SIGNET_TOOLS_RUN_PROGRAM_H_
#define SIGNET_TOOLS_RUN_PROGRAM_H_

#include <string>
#include <vector>

#include "tools/output.h"

namespace signet::cli {

// FindSignetd is the signetd beside this program, or the one on the path.
std::string FindSignetd();

// ProgramResult is how a program ended and what it wrote, both streams
// together.
struct ProgramResult {
  int exit = -1;  // or minus the signal that ended it
  std::string output;
};

// RunProgram runs it to its end. kUnavailable if it could not be started.
Try<ProgramResult> RunProgram(std::vector<std::string> words);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_RUN_PROGRAM_H_
