#ifndef SIGNET_SERVICE_APP_H_
#define SIGNET_SERVICE_APP_H_

#include <memory>
#include <string>

#include "revocation-service/config.h"
#include "signet/clock.h"

namespace signet::service {

// App is the running service: everything between a configuration and two
// listeners, built by hand from top to bottom. It owns all of it. Safe from
// any thread, but for Stop and the destructor.
class App {
 public:
  // Start opens keys and store and serves. The error says which step failed.
  // REQUIRES: CheckConfig(config) is ok; the clock outlives the App.
  static Result<std::unique_ptr<App>> Start(
      Config config, const Clock& clock = SystemClock::Shared());

  // The destructor is Stop with no time left.
  ~App();

  // url and operations_url are where it listens: "http://127.0.0.1:8420".
  std::string url() const;
  std::string operations_url() const;

  // Reload loads changed rings, and puts clients, behind_proxy, [sessions],
  // [limits], [audit], [proxy] and [log] in force. What cannot change without
  // a restart is logged. On an error no setting has changed.
  Status Reload(const Config& fresh);

  // ReloadRefused audits a configuration that could not even be read.
  void ReloadRefused();

  // Stop drains both listeners within `limit`, then commits what is queued
  // and closes the store.
  void Stop(Duration limit);

 private:
  struct Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_APP_H_
