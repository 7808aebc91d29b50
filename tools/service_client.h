#ifndef SIGNET_TOOLS_SERVICE_CLIENT_H_
#define SIGNET_TOOLS_SERVICE_CLIENT_H_

#include <memory>
#include <string>
#include <string_view>

#include "tools/command_line.h"
#include "tools/output.h"

namespace signet::cli {

// ServiceFlags are the flags of every command that talks to signetd. A secret
// has no flag: the process list would show it.
struct ServiceFlags {
  std::string url;          // --url; empty: not given on the command line
  std::string client;       // --client
  std::string secret_file;  // --secret-file
  std::string ca;           // --ca
};

void AddServiceFlags(CLI::App* command, ServiceFlags& flags);

// ServiceUrl is --url, SIGNET_URL or the default, without a final '/'. It is
// the issuer, too, where none is named.
std::string ServiceUrl(const ServiceFlags& flags);

// Credentials authenticate the CLI as a confidential client.
struct Credentials {
  std::string client_id;
  std::string secret;
};
Try<Credentials> ReadCredentials(const ServiceFlags& flags);

// A ServiceClient speaks HTTP with one signetd. A redirect is followed only to
// a place below: others would carry the secret elsewhere. Not safe for
// concurrent use.
class ServiceClient {
 public:
  static Try<ServiceClient> Create(const ServiceFlags& flags);
  ServiceClient(ServiceClient&&) noexcept;
  ~ServiceClient();

  // Send performs one request and returns the body of a 2xx answer. `body` is
  // JSON, or empty for none; `patience` is how long the answer may take. A
  // failure exits with kRefused for 4xx, and with kUnavailable if there was no
  // answer, or none that tells anything.
  Try<std::string> Send(const std::string& method, const std::string& target,
                        const std::string& body = "",
                        Seconds patience = Seconds(10));

  // Fetch gets what is not JSON: the body of a 2xx answer, or of 410, which
  // says that it is gone. It is not counted as a verifier's question.
  struct Fetched {
    int status = 0;
    std::string body;
    std::string location;  // of a redirect
  };
  Try<Fetched> Fetch(const std::string& target);

 private:
  struct Impl;
  explicit ServiceClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_SERVICE_CLIENT_H_
