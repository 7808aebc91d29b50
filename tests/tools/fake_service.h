#ifndef SIGNET_TESTS_TOOLS_FAKE_SERVICE_H_
#define SIGNET_TESTS_TOOLS_FAKE_SERVICE_H_

#include <httplib.h>

#include <string>
#include <thread>
#include <vector>

#include "signet/mutex.h"

namespace signet::testing {

// FakeService answers every request with the same text, and remembers what
// was asked. It stands for a service that is wrong or hostile.
class FakeService {
 public:
  FakeService(int status, std::string body, httplib::Headers headers = {}) {
    const auto answer = [this, status, body, headers](
                            const httplib::Request& request,
                            httplib::Response& response) {
      {
        MutexLock lock(mutex_);
        asked_.push_back(request.method + " " + request.target);
      }
      response.status = status;
      response.headers = headers;
      response.set_content(body, "application/json");
    };
    server_.Get(".*", answer);
    server_.Post(".*", answer);
    server_.Delete(".*", answer);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~FakeService() {
    server_.stop();
    thread_.join();
  }

  std::vector<std::string> Environment() const {
    return {"SIGNET_URL=http://127.0.0.1:" + std::to_string(port_),
            "SIGNET_CLIENT_ID=dev", "SIGNET_CLIENT_SECRET=dev-secret"};
  }

  std::vector<std::string> asked() const {
    MutexLock lock(mutex_);
    return asked_;
  }

 private:
  httplib::Server server_;
  int port_ = 0;
  mutable Mutex mutex_;
  std::vector<std::string> asked_ SIGNET_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TOOLS_FAKE_SERVICE_H_
