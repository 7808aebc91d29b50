#include "tools/admin_client.h"

#include <httplib.h>

#include <exception>

#include "tools/files.h"

namespace signet::cli {
namespace {

constexpr const char* kDefaultUrl = "http://127.0.0.1:8421";

Failure BadUrl(const std::string& url) {
  return {kUsage, "\"" + url + "\" is not the URL of a service",
          "write http://HOST:PORT, as signetd's --admin-listen"};
}

Failure NoAnswer(const std::string& url) {
  return {kUnavailable, url + " did not answer",
          "is signetd running there? --admin-url or SIGNET_ADMIN_URL names its "
          "operations listener"};
}

}  // namespace

void AddAdminUrl(CLI::App* command, std::string& url) {
  AddText(command, "--admin-url", url);
}

std::string AdminUrl(const std::string& flag) {
  std::string url = flag.empty() ? FromEnvironment("SIGNET_ADMIN_URL") : flag;
  if (url.empty()) url = kDefaultUrl;
  if (url.ends_with('/')) url.pop_back();
  return url;
}

Try<AdminAnswer> AskAdmin(const std::string& url, const std::string& method,
                          const std::string& path, Seconds patience) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return BadUrl(url);
  }
  try {
    httplib::Client http(url);
    if (!http.is_valid()) return BadUrl(url);
    http.set_connection_timeout(Seconds(5));
    http.set_read_timeout(patience);
    http.set_decompress(false);
    httplib::Request request;
    request.method = method;
    request.path = path;
    const httplib::Result answer = http.send(request);
    if (!answer) return NoAnswer(url);
    return AdminAnswer{answer->status, answer->body};
  } catch (const std::exception&) {
    return BadUrl(url);
  }
}

}  // namespace signet::cli
