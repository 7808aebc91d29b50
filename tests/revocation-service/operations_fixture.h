#ifndef SIGNET_TESTS_REVOCATION_SERVICE_OPERATIONS_FIXTURE_H_
#define SIGNET_TESTS_REVOCATION_SERVICE_OPERATIONS_FIXTURE_H_

#include <doctest/doctest.h>
#include <httplib.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "tests/eventually.h"
#include "tests/revocation-service/signetd_process.h"

namespace signet::testing {

// RunningSignetd is a `signetd --dev` with more settings, and a client that
// keeps its connection.
class RunningSignetd {
 public:
  explicit RunningSignetd(const std::string& settings = "") {
    std::ofstream(directory_ / "signetd.toml") << settings;
    Start();
  }

  void Restart() {
    signetd_->Kill(SIGTERM);
    CHECK(signetd_->Wait() == 0);
    Start();
  }

  // Form posts a form as the client `dev`; As, as whom the body names.
  httplib::Result As(const char* path, const std::string& body,
                     const httplib::Headers& headers = {}) {
    return client->Post(path, headers, body,
                        "application/x-www-form-urlencoded");
  }
  httplib::Result Form(const char* path, const std::string& body,
                       const httplib::Headers& headers = {}) {
    return As(path, body + "&client_id=dev&client_secret=dev-secret", headers);
  }
  httplib::Result Json(const char* path, const std::string& body) {
    return client->Post(path, AsDev(), body, "application/json");
  }
  httplib::Result Get(const std::string& path) {
    return client->Get(path, AsDev());
  }
  httplib::Result Admin(const std::string& path) {
    httplib::Client admin("127.0.0.1", signetd_->admin_port());
    admin.set_read_timeout(30);
    return admin.Get(path);
  }
  boost::json::object Open(const std::string& subject) {
    const auto answer = Json("/v1/sessions", "{\"subject\":\"" + subject +
                                                 "\",\"audience\":\"orders\"}");
    REQUIRE(answer);
    REQUIRE_MESSAGE(answer->status == 201, answer->body);
    return boost::json::parse(answer->body).as_object();
  }
  static std::string Text(const boost::json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return "";
    return std::string(value->as_string().c_str());
  }
  static httplib::Headers AsDev() {
    return {httplib::make_basic_authentication_header("dev", "dev-secret")};
  }
  // Audit is what GET /v1/audit answers.
  boost::json::object Audit(const std::string& query = "") {
    const auto answer = Get("/v1/audit?limit=1000" + query);
    REQUIRE(answer);
    REQUIRE_MESSAGE(answer->status == 200, answer->body);
    return boost::json::parse(answer->body).as_object();
  }
  SignetdProcess& process() { return *signetd_; }
  std::string path(const std::string& name) const { return directory_ / name; }

  std::unique_ptr<httplib::Client> client;

 private:
  void Start() {
    signetd_ = std::make_unique<SignetdProcess>(SignetdProcess::Start(
        {"--dev", "--data", directory_ / "data", "--keys", directory_ / "keys",
         "--config", directory_ / "signetd.toml", "--access-format", "jwt"}));
    REQUIRE_MESSAGE(signetd_->ready(), signetd_->log());
    client = std::make_unique<httplib::Client>("127.0.0.1", signetd_->port());
    client->set_keep_alive(true);
    client->set_tcp_nodelay(true);
    client->set_read_timeout(30);
  }

  TempDir directory_;
  std::unique_ptr<SignetdProcess> signetd_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_REVOCATION_SERVICE_OPERATIONS_FIXTURE_H_
