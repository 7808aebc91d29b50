// The OAuth and /v1 endpoints of a real signetd, over real connections: what
// the wire adds to the tests of the endpoints themselves.

#include <doctest/doctest.h>
#include <httplib.h>

#include <boost/json.hpp>
#include <string>

#include "tests/revocation-service/signetd_process.h"

namespace signet::testing {
namespace {

constexpr char kForm[] = "application/x-www-form-urlencoded";
constexpr char kDev[] = "&client_id=dev&client_secret=dev-secret";

// RunningService is a `signetd --dev` and a client that keeps its connection.
class RunningService {
 public:
  RunningService()
      : signetd_(SignetdProcess::Start({"--dev", "--data", directory_ / "data",
                                        "--keys", directory_ / "keys",
                                        "--access-format", "jwt"})),
        client("127.0.0.1", signetd_.port()) {
    REQUIRE_MESSAGE(signetd_.ready(), signetd_.log());
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    client.set_read_timeout(10);
  }

  std::string url() const { return signetd_.url(); }

  httplib::Result Form(const char* path, const std::string& body) {
    return client.Post(path, body, kForm);
  }
  boost::json::object Open(const std::string& more = "") {
    const auto response =
        client.Post("/v1/sessions", AsDev(),
                    R"({"subject":"alice","audience":"orders")" + more + "}",
                    "application/json");
    REQUIRE(response);
    CHECK_MESSAGE(response->status == 201, response->body);
    return boost::json::parse(response->body).as_object();
  }
  static httplib::Headers AsDev() {
    return {httplib::make_basic_authentication_header("dev", "dev-secret")};
  }

 private:
  TempDir directory_;
  SignetdProcess signetd_;

 public:
  httplib::Client client;
};

std::string TextOf(const boost::json::object& object, const char* name) {
  return std::string(object.at(name).as_string().c_str());
}

boost::json::object JsonOf(const httplib::Result& response) {
  REQUIRE(response);
  CHECK(response->get_header_value("Content-Type") == "application/json");
  return boost::json::parse(response->body).as_object();
}

TEST_CASE("a client that starts from the metadata finds every endpoint") {
  RunningService service;
  const auto metadata =
      JsonOf(service.client.Get("/.well-known/oauth-authorization-server"));
  CHECK(TextOf(metadata, "issuer") == service.url());
  const auto path = [&](const char* name) {
    const std::string endpoint = TextOf(metadata, name);
    CHECK(endpoint.starts_with(service.url() + "/"));
    return endpoint.substr(service.url().size());
  };
  const auto session = service.Open();
  const auto refreshed =
      service.Form(path("token_endpoint").c_str(),
                   "grant_type=refresh_token&refresh_token=" +
                       TextOf(session, "refresh_token") + kDev);
  const auto tokens = JsonOf(refreshed);
  CHECK(refreshed->status == 200);
  CHECK(refreshed->get_header_value("Cache-Control") == "no-store");
  const auto introspected =
      service.Form(path("introspection_endpoint").c_str(),
                   "token=" + TextOf(tokens, "access_token") + kDev);
  CHECK(JsonOf(introspected).at("active") == true);
  const auto revoked =
      service.Form(path("revocation_endpoint").c_str(),
                   "token=" + TextOf(tokens, "refresh_token") + kDev);
  REQUIRE(revoked);
  CHECK(revoked->status == 200);
  CHECK(revoked->body.empty());
  CHECK(service
            .Form(path("introspection_endpoint").c_str(),
                  "token=" + TextOf(tokens, "access_token") + kDev)
            ->body == R"({"active":false})");
  const auto keys = JsonOf(service.client.Get(path("jwks_uri").c_str()));
  CHECK(keys.at("keys").as_array().size() == 1);
}

TEST_CASE("HEAD, 204 and errors leave a kept connection in step") {
  RunningService service;
  const auto session = service.Open();
  const auto headers = RunningService::AsDev();
  for (int i = 0; i < 3; ++i) {
    const auto head =
        service.client.Head("/.well-known/oauth-authorization-server");
    REQUIRE(head);
    CHECK(head->status == 200);
    CHECK(head->body.empty());
    CHECK(service.client.Get("/nowhere")->status == 404);
    CHECK(service.client.Put("/token", "x", kForm)->status == 405);
    CHECK(service.Form("/token", "grant_type=refresh_token")->status == 401);
    const auto list = service.client.Get("/v1/sessions?subject=alice", headers);
    CHECK(JsonOf(list).at("sessions").as_array().size() == (i == 0 ? 1 : 0));
    const std::string path = "/v1/sessions/" + TextOf(session, "session_id");
    const auto ended = service.client.Delete(path.c_str(), headers);
    REQUIRE(ended);
    CHECK(ended->status == (i == 0 ? 204 : 404));
  }
}

TEST_CASE("a challenge comes with a header that failed, and only then") {
  RunningService service;
  const auto by_body =
      service.Form("/token", "client_id=dev&client_secret=wrong");
  REQUIRE(by_body);
  CHECK(by_body->status == 401);
  CHECK_FALSE(by_body->has_header("WWW-Authenticate"));
  const auto by_header = service.client.Post(
      "/token", {httplib::make_basic_authentication_header("dev", "wrong")},
      "grant_type=refresh_token", kForm);
  REQUIRE(by_header);
  CHECK(by_header->status == 401);
  CHECK(by_header->get_header_value("WWW-Authenticate") ==
        "Basic realm=\"signet\"");
}

TEST_CASE("the public client of --dev refreshes without a secret") {
  RunningService service;
  const auto session = service.Open(R"(,"client_id":"dev-app")");
  const auto response =
      service.Form("/token",
                   "grant_type=refresh_token&client_id=dev-app"
                   "&refresh_token=" +
                       TextOf(session, "refresh_token"));
  REQUIRE(response);
  CHECK_MESSAGE(response->status == 200, response->body);
}

TEST_CASE("a subject is taken from a query as it is percent-encoded") {
  RunningService service;
  const auto opened = service.client.Post(
      "/v1/sessions", RunningService::AsDev(),
      R"({"subject":"j\u00fcrg+1@example.org","audience":"orders"})",
      "application/json");
  REQUIRE(opened);
  CHECK(opened->status == 201);
  const auto list =
      service.client.Get("/v1/sessions?subject=j%C3%BCrg%2B1%40example.org",
                         RunningService::AsDev());
  CHECK(JsonOf(list).at("sessions").as_array().size() == 1);
}

TEST_CASE("a long poll of the log is answered by a revocation") {
  RunningService service;
  const auto posted = service.client.Post(
      "/v1/revocations", RunningService::AsDev(),
      R"({"kind":"token","value":"one"})", "application/json");
  REQUIRE(posted);
  CHECK(posted->status == 201);
  const auto log = JsonOf(service.client.Get("/v1/revocations?after=0&wait=5",
                                             RunningService::AsDev()));
  CHECK(log.at("entries").as_array().size() == 1);
  // Nothing comes: the answer is empty, and it is an answer.
  const auto quiet = JsonOf(service.client.Get("/v1/revocations?after=1&wait=1",
                                               RunningService::AsDev()));
  CHECK(quiet.at("entries").as_array().empty());
  CHECK(quiet.at("last") == 1);
}

}  // namespace
}  // namespace signet::testing
