#ifndef SIGNET_TESTS_REVOCATION_SERVICE_FAKE_TRANSMITTER_H_
#define SIGNET_TESTS_REVOCATION_SERVICE_FAKE_TRANSMITTER_H_

#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "jwt.h"
#include "signet/jwk.h"
#include "signet/mutex.h"
#include "tests/revocation-service/ssf_fixture.h"

namespace signet::testing {

namespace json = boost::json;

inline bool Lives(RunningSignetd& signetd, const json::object& session) {
  const auto answer = signetd.Get("/v1/sessions/" +
                                  RunningSignetd::Text(session, "session_id"));
  REQUIRE(answer);
  return answer->status == 200;
}

inline void Logout(RunningSignetd& signetd, const std::string& subject) {
  httplib::Client http("127.0.0.1", signetd.process().port());
  const auto answer = http.Delete(("/v1/sessions?subject=" + subject).c_str(),
                                  RunningSignetd::AsDev());
  REQUIRE(answer);
  REQUIRE_MESSAGE(answer->status == 200, answer->body);
}

inline double Metric(RunningSignetd& signetd, const std::string& name) {
  const auto metrics = signetd.Admin("/metrics");
  REQUIRE(metrics);
  const size_t at = metrics->body.find("\n" + name + " ");
  if (at == std::string::npos) return 0;
  return std::stod(metrics->body.substr(at + name.size() + 2));
}

// Stanza says how to poll; `keys` is jwks_url or jwks_file.
inline std::string Stanza(const std::string& issuer, const std::string& url,
                          const std::string& secret_file,
                          const std::string& keys) {
  return "[[ssf.transmitter]]\nissuer = \"" + issuer +
         "\"\naudience = \"b\"\npoll_url = \"" + url + "/ssf/poll\"\n" + keys +
         "\nclient_id = \"b\"\nsecret = \"file:" + secret_file + "\"\n";
}

inline std::string PublishedKeys(const std::string& url) {
  return "jwks_url = \"" + url + "/.well-known/statements-jwks.json\"";
}

// WriteSecret writes a private file that holds "b-secret".
inline std::string WriteSecret(const TempDir& directory) {
  const std::string path = directory / "secret";
  std::ofstream(path) << "b-secret\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  return path;
}

// A FakeTransmitter answers polls with what a test gives it, and keeps what the
// receiver says of that.
class FakeTransmitter {
 public:
  explicit FakeTransmitter(const TempDir& directory,
                           std::unique_ptr<httplib::Server> server =
                               std::make_unique<httplib::Server>())
      : keys_file_(directory / "keys.json"), server_(std::move(server)) {
    std::ofstream(keys_file_) << Published();
    server_->Get("/keys", [this](const auto&, httplib::Response& response) {
      MutexLock lock(mutex_);
      response.set_content(Published(), "application/json");
    });
    server_->Post("/ssf/poll", [this](const httplib::Request& request,
                                      httplib::Response& response) {
      Answer(request, response);
    });
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
  }
  ~FakeTransmitter() {
    server_->stop();
    thread_.join();
  }

  std::string url() const {
    return scheme_ + "://127.0.0.1:" + std::to_string(port_);
  }
  std::string keys_url() const { return "jwks_url = \"" + url() + "/keys\""; }
  // Rotate signs with a new key from now on, and publishes that one alone.
  void Rotate() {
    MutexLock lock(mutex_);
    key_ = SecretKey::Generate(KeyFormat::kJwtEs256);
  }
  // authorization is that of the last poll.
  std::string authorization() {
    MutexLock lock(mutex_);
    return authorization_;
  }
  std::string keys() const { return "jwks_file = \"" + keys_file_ + "\""; }

  // Claims are those of a good SET that ends alice's sessions.
  json::object Claims(const std::string& id) const {
    return {
        {"iss", url()},
        {"aud", "b"},
        {"jti", id},
        {"iat", Now()},
        {"sub_id", {{"format", "iss_sub"}, {"iss", url()}, {"sub", "alice"}}},
        {"events",
         {{std::string(service::ssf::kSessionRevoked),
           {{"event_timestamp", Now()}}}}}};
  }
  static int64_t Now() { return static_cast<int64_t>(std::time(nullptr)); }
  std::string Sign(const json::object& claims,
                   const std::string& type = "secevent+jwt") const {
    return SignJws(
        key_,
        R"({"alg":"ES256","typ":")" + type + R"(","kid":")" + key_.id() + "\"}",
        json::serialize(claims));
  }

  // Deliver hands out the sets until they are acknowledged or refused.
  void Deliver(const std::string& id, const std::string& set) {
    MutexLock lock(mutex_);
    sets_[id] = set;
  }
  // ErrorOf is what the receiver says of a set: "ack", an error code, or ""
  // as long as it has said nothing.
  std::string ErrorOf(const std::string& id) {
    MutexLock lock(mutex_);
    const auto found = said_.find(id);
    return found == said_.end() ? "" : found->second;
  }
  void Misbehave(int status, std::string body) {
    MutexLock lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }
  int polls() {
    MutexLock lock(mutex_);
    return polls_;
  }

 private:
  void Answer(const httplib::Request& request, httplib::Response& response) {
    MutexLock lock(mutex_);
    ++polls_;
    authorization_ = request.get_header_value("Authorization");
    if (status_ != 0) {
      response.status = status_;
      response.set_content(body_, "application/json");
      return;
    }
    const auto asked = json::parse(request.body).as_object();
    for (const json::value& id : asked.at("ack").as_array()) {
      Note(std::string(id.as_string()), "ack");
    }
    if (const auto* errors = asked.if_contains("setErrs")) {
      for (const auto& [id, error] : errors->as_object()) {
        Note(std::string(id), std::string(error.at("err").as_string()));
      }
    }
    json::object sets;
    for (const auto& [id, set] : sets_) sets[id] = set;
    response.set_content(json::serialize(json::object{{"sets", sets}}),
                         "application/json");
  }
  void Note(const std::string& id, const std::string& what) {
    said_[id] = what;
    sets_.erase(id);
  }

  std::string Published() const {
    return "{\"keys\":[" + WriteJwk(key_.Public()) + "]}";
  }

  SecretKey key_ = SecretKey::Generate(KeyFormat::kJwtEs256);
  const std::string keys_file_;
  const std::unique_ptr<httplib::Server> server_;
  const std::string scheme_ =
      dynamic_cast<httplib::SSLServer*>(server_.get()) != nullptr ? "https"
                                                                  : "http";
  int port_ = 0;
  std::thread thread_;
  Mutex mutex_;
  std::map<std::string, std::string> sets_;
  std::map<std::string, std::string> said_;
  int status_ = 0;
  std::string body_;
  int polls_ = 0;
  std::string authorization_;
};

// Receiving is a signetd that polls a FakeTransmitter.
struct Receiving {
  explicit Receiving(const std::string& more = "")
      : transmitter(directory),
        signetd(Stanza(transmitter.url(), transmitter.url(),
                       WriteSecret(directory), transmitter.keys()) +
                more) {}
  // Said delivers a set and waits for what the receiver says of it.
  std::string Said(const std::string& id, const std::string& set) {
    transmitter.Deliver(id, set);
    CHECK(Eventually([&] { return !transmitter.ErrorOf(id).empty(); }));
    return transmitter.ErrorOf(id);
  }

  TempDir directory;
  FakeTransmitter transmitter;
  RunningSignetd signetd;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_REVOCATION_SERVICE_FAKE_TRANSMITTER_H_
