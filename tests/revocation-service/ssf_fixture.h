#ifndef SIGNET_TESTS_REVOCATION_SERVICE_SSF_FIXTURE_H_
#define SIGNET_TESTS_REVOCATION_SERVICE_SSF_FIXTURE_H_

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "revocation-service/oauth/clients.h"
#include "revocation-service/ssf/event.h"
#include "signet/jws_keys.h"
#include "signet/statement.h"
#include "tests/revocation-service/operations_fixture.h"

namespace signet::testing {

// Partner is the stanza of a client that may poll; its secret is its id and
// "-secret".
inline std::string Partner(const std::string& id) {
  return "[[client]]\nid = \"" + id + "\"\nsecret_digest = \"" +
         service::DigestSecret(id + "-secret") +
         "\"\npermissions = [\"ssf\"]\n";
}

// Polled is the answer to a poll: the claims of each SET, whose signature the
// published keys have made.
struct Polled {
  int status = 0;
  std::string body;
  std::map<std::string, boost::json::object> sets;
  bool more = false;

  // ids are those of the SETs that tell of a revoked session.
  std::vector<std::string> ids() const {
    std::vector<std::string> out;
    for (const auto& [id, claims] : sets) {
      if (Event(claims, service::ssf::kSessionRevoked) != nullptr) {
        out.push_back(id);
      }
    }
    return out;
  }
  static const boost::json::object* Event(const boost::json::object& claims,
                                          std::string_view type) {
    const auto& events = claims.at("events").as_object();
    const auto* event = events.if_contains({type.data(), type.size()});
    return event == nullptr ? nullptr : &event->as_object();
  }
};

inline std::string Acks(const std::vector<std::string>& ids) {
  boost::json::array list;
  for (const std::string& id : ids) list.emplace_back(id);
  return "\"ack\":" + boost::json::serialize(list);
}

// A PartnerClient polls a signetd as a client of Partner(id).
class PartnerClient {
 public:
  PartnerClient(RunningSignetd& signetd, std::string id)
      : signetd_(signetd), id_(std::move(id)) {}

  httplib::Result Post(const std::string& path, const std::string& body,
                       const char* type = "application/json") {
    httplib::Client http("127.0.0.1", signetd_.process().port());
    http.set_read_timeout(70);
    http.set_basic_auth(id_, id_ + "-secret");
    return http.Post(path, body, type);
  }
  httplib::Result Get(const std::string& path) {
    httplib::Client http("127.0.0.1", signetd_.process().port());
    http.set_basic_auth(id_, id_ + "-secret");
    return http.Get(path);
  }

  // Poll asks for what is there; `more` are further members.
  Polled Poll(const std::string& more = "") {
    return Read(Post("/ssf/poll", "{\"returnImmediately\":true" +
                                      (more.empty() ? "" : "," + more) + "}"));
  }
  Polled LongPoll() { return Read(Post("/ssf/poll", "{}")); }

  std::string StreamId() {
    const auto answer = Get("/ssf/stream");
    REQUIRE(answer);
    REQUIRE_MESSAGE(answer->status == 200, answer->body);
    const auto list = boost::json::parse(answer->body);
    return std::string(list.at(0).at("stream_id").as_string());
  }

 private:
  Polled Read(const httplib::Result& answer) {
    REQUIRE(answer);
    Polled polled;
    polled.status = answer->status;
    polled.body = answer->body;
    if (answer->status != 200) return polled;
    const auto body = boost::json::parse(answer->body);
    polled.more = body.at("moreAvailable").as_bool();
    if (body.at("sets").as_object().empty()) return polled;
    const auto published = Get("/.well-known/statements-jwks.json");
    REQUIRE(published);
    const auto keys = JwsKeys::Parse(published->body);
    REQUIRE(keys.ok());
    for (const auto& [id, set] : body.at("sets").as_object()) {
      const auto payload =
          ReadStatement(*keys, "secevent+jwt", std::string(set.as_string()));
      REQUIRE(payload.ok());
      const auto claims = boost::json::parse(*payload).as_object();
      CHECK(claims.at("jti") == boost::json::value(std::string(id)));
      CHECK(claims.at("aud") == boost::json::value(id_));
      polled.sets[std::string(id)] = claims;
    }
    return polled;
  }

  RunningSignetd& signetd_;
  const std::string id_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_REVOCATION_SERVICE_SSF_FIXTURE_H_
