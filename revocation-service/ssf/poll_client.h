#ifndef SIGNET_SERVICE_SSF_POLL_CLIENT_H_
#define SIGNET_SERVICE_SSF_POLL_CLIENT_H_

#include <memory>
#include <string>

#include "revocation-service/ssf/options.h"
#include "signet/mutex.h"
#include "signet/result.h"

namespace signet::service::ssf {

// A PollClient asks a transmitter over HTTP: no redirects, certificates
// checked, answers of bounded size within bounded time. One thread asks;
// Cancel is safe from any.
class PollClient {
 public:
  // An answer that is longer than this is refused.
  static constexpr size_t kMaxAnswer = 4 << 20;

  PollClient(Transmitter transmitter, std::string secret);
  ~PollClient();

  // Poll posts JSON to the poll endpoint and returns the body of a 200.
  Result<std::string> Poll(const std::string& body);

  // FetchKeys returns what stands at jwks_url.
  Result<std::string> FetchKeys();

  // Cancel cuts off what is under way, and all that would come.
  void Cancel() SIGNET_EXCLUDES(mutex_);

 private:
  struct Connection;
  struct Question;

  Result<std::string> Ask(std::unique_ptr<Connection>& connection,
                          const std::string& url, const Question& question);
  void Watch(int socket) SIGNET_EXCLUDES(mutex_);
  void Unwatch() SIGNET_EXCLUDES(mutex_);

  const Transmitter transmitter_;
  const std::string secret_;
  std::unique_ptr<Connection> polls_;
  Mutex mutex_;
  bool cancelled_ SIGNET_GUARDED_BY(mutex_) = false;
  // A duplicate of the present socket: httplib closes its own when it likes.
  int watched_ SIGNET_GUARDED_BY(mutex_) = -1;
};

}  // namespace signet::service::ssf

#endif  // SIGNET_SERVICE_SSF_POLL_CLIENT_H_
