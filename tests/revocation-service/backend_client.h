#ifndef SIGNET_TESTS_BACKEND_CLIENT_H_
#define SIGNET_TESTS_BACKEND_CLIENT_H_

#include <httplib.h>

#include <boost/json.hpp>
#include <string>

namespace signet::testing {

// Answer is what a service said: status 0 if it did not answer.
struct Answer {
  int status = 0;
  boost::json::object body;

  std::string Text(const char* name) const {
    const auto* value = body.if_contains(name);
    return value != nullptr && value->is_string()
               ? std::string(value->as_string().c_str())
               : "";
  }
};

// A BackendClient does what a trusted backend does, as the client `dev` of a
// `signetd --dev`. One thread at a time.
class BackendClient {
 public:
  explicit BackendClient(uint16_t port) : http_("127.0.0.1", port) {
    http_.set_basic_auth("dev", "dev-secret");
    http_.set_keep_alive(true);
    http_.set_tcp_nodelay(true);
    http_.set_read_timeout(10);
  }

  Answer Open(const std::string& subject) {
    return Read(http_.Post("/v1/sessions",
                           R"({"subject":")" + subject +
                               R"(","audience":"orders","scope":"read"})",
                           "application/json"));
  }

  Answer Refresh(const std::string& token) {
    return Read(
        http_.Post("/token", httplib::Params{{"grant_type", "refresh_token"},
                                             {"refresh_token", token}}));
  }

  Answer End(const std::string& session_id) {
    return Read(http_.Delete(("/v1/sessions/" + session_id).c_str()));
  }

  Answer Revoke(const std::string& kind, const std::string& value) {
    return Read(
        http_.Post("/v1/revocations",
                   R"({"kind":")" + kind + R"(","value":")" + value + R"("})",
                   "application/json"));
  }

  Answer Revocations(uint64_t after, size_t limit) {
    return Read(http_.Get(("/v1/revocations?after=" + std::to_string(after) +
                           "&limit=" + std::to_string(limit))
                              .c_str()));
  }

  Answer Introspect(const std::string& token) {
    return Read(http_.Post("/introspect", httplib::Params{{"token", token}}));
  }

 private:
  static Answer Read(const httplib::Result& result) {
    Answer answer;
    if (!result) return answer;
    answer.status = result->status;
    boost::json::error_code error;
    auto value = boost::json::parse(result->body, error);
    if (!error && value.is_object()) answer.body = value.as_object();
    return answer;
  }

  httplib::Client http_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_BACKEND_CLIENT_H_
