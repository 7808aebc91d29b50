#ifndef SIGNET_TOOLS_ADMIN_CLIENT_H_
#define SIGNET_TOOLS_ADMIN_CLIENT_H_

#include <string>

#include "tools/command_line.h"
#include "tools/output.h"

namespace signet::cli {

// AddAdminUrl adds --admin-url. AdminUrl is that, or SIGNET_ADMIN_URL, or the
// default of signetd's operations listener.
void AddAdminUrl(CLI::App* command, std::string& url);
std::string AdminUrl(const std::string& flag);

// AdminAnswer is what the operations listener said, whatever its status.
struct AdminAnswer {
  int status = 0;
  std::string body;
};

// AskAdmin sends one request without a body. No answer at all is kUnavailable,
// a URL that is none is kUsage.
Try<AdminAnswer> AskAdmin(const std::string& url, const std::string& method,
                          const std::string& path, Seconds patience);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_ADMIN_CLIENT_H_
