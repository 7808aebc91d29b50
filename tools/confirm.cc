#include "tools/confirm.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace signet::cli {

Done Confirm(const std::string& cost, bool yes) {
  PrintNote("cost: " + cost);
  if (yes) return {};
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0) {
    return Failure{kUsage, "this needs --yes; nothing was changed",
                   "if that is what you want, say it again with --yes"};
  }
  std::fputs("signet: go on? [y/N] ", stderr);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes") return {};
  return Failure{kRefused, "not confirmed; nothing was changed"};
}

}  // namespace signet::cli
