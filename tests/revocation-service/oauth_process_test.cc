// private_key_jwt, DPoP with nonces, and changes of sessions, at a real
// signetd over real connections.

#include <doctest/doctest.h>
#include <httplib.h>

#include <boost/json.hpp>
#include <fstream>
#include <string>

#include "tests/revocation-service/proof_fixture.h"
#include "tests/revocation-service/signetd_process.h"

namespace signet::testing {
namespace {

constexpr char kForm[] = "application/x-www-form-urlencoded";
constexpr char kJson[] = "application/json";
constexpr char kIssuer[] = "https://auth.example";
constexpr char kTokenUrl[] = "https://auth.example/token";

// KeyedProcess is a signetd that demands nonces, with the client `billing`,
// which has a key in a file.
class KeyedProcess {
 public:
  KeyedProcess() : signetd_(Start()), client("127.0.0.1", signetd_.port()) {
    REQUIRE_MESSAGE(signetd_.ready(), signetd_.log());
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    client.set_read_timeout(10);
  }

  httplib::Headers Bearer() const {
    return {{"Authorization", "Bearer " + Assertion()}};
  }
  std::string Assertion() const {
    return maker_.Make(ToSeconds(SystemClock().Now()));
  }
  boost::json::object Open(const std::string& more) {
    const auto response = client.Post(
        "/v1/sessions", Bearer(), R"({"subject":"alice")" + more + "}", kJson);
    REQUIRE(response);
    REQUIRE_MESSAGE(response->status == 201, response->body);
    return boost::json::parse(response->body).as_object();
  }

 private:
  SignetdProcess Start() {
    std::ofstream(directory_ / "keys.json") << maker_.jwks();
    std::ofstream config(directory_ / "signetd.toml");
    config << "issuer = \"" << kIssuer << "\"\n[oauth]\ndpop_nonce = true\n"
           << "[[client]]\nid = \"billing\"\njwks_file = \""
           << directory_ / "keys.json"
           << "\"\npermissions = [\"session.open\", \"session.end\"]\n"
           << "may_act_for = [\"dev-app\"]\n"
           << "[[client]]\nid = \"dev-app\"\npublic = true\n"
           << "access_lifetime = \"2m\"\n";
    config.close();
    return SignetdProcess::Start(
        {"--dev", "--config", directory_ / "signetd.toml", "--data",
         directory_ / "data", "--keys", directory_ / "keys"});
  }

  TempDir directory_;
  AssertionMaker maker_{"billing", kIssuer};
  SignetdProcess signetd_;

 public:
  httplib::Client client;
};

std::string TextOf(const boost::json::object& object, const char* name) {
  return std::string(object.at(name).as_string().c_str());
}

TEST_CASE("a backend with a key opens, changes, steps up and ends a session") {
  KeyedProcess process;
  const auto opened = process.Open(R"(,"scope":"read")");
  const std::string path = "/v1/sessions/" + TextOf(opened, "session_id");
  const auto changed = process.client.Patch(
      path.c_str(), process.Bearer(), R"({"claims":{"tenant":"red"}})", kJson);
  REQUIRE(changed);
  CHECK_MESSAGE(changed->status == 200, changed->body);
  const auto stepped = process.client.Post(path.c_str(), process.Bearer(),
                                           R"({"scope":"pay"})", kJson);
  REQUIRE(stepped);
  REQUIRE_MESSAGE(stepped->status == 201, stepped->body);
  const auto body = boost::json::parse(stepped->body).as_object();
  const auto ended = process.client.Delete(
      ("/v1/sessions/" + TextOf(body, "session_id")).c_str(), process.Bearer());
  REQUIRE(ended);
  CHECK(ended->status == 204);
}

TEST_CASE("an assertion that is sent twice is refused") {
  KeyedProcess process;
  const std::string form = "grant_type=refresh_token&refresh_token=junk&" +
                           AssertionMaker::Parameters(process.Assertion());
  const auto first = process.client.Post("/token", form, kForm);
  REQUIRE(first);
  CHECK(first->status == 400);
  const auto second = process.client.Post("/token", form, kForm);
  REQUIRE(second);
  CHECK(second->status == 401);
}

TEST_CASE("an app with a key learns the nonce and refreshes") {
  KeyedProcess process;
  const DpopProver prover = NewProver();
  const auto opened = process.Open(R"(,"client_id":"dev-app","dpop_jkt":")" +
                                   prover.jkt() + "\"");
  CHECK(opened.at("expires_in") == 120);
  const std::string form =
      "grant_type=refresh_token&client_id=dev-app&refresh_token=" +
      TextOf(opened, "refresh_token");
  const auto asked = process.client.Post(
      "/token", {{"DPoP", Prove(prover, kTokenUrl)}}, form, kForm);
  REQUIRE(asked);
  CHECK(asked->status == 400);
  const std::string nonce = asked->get_header_value("DPoP-Nonce");
  REQUIRE_FALSE(nonce.empty());
  const auto given = process.client.Post(
      "/token", {{"DPoP", Prove(prover, kTokenUrl, nonce)}}, form, kForm);
  REQUIRE(given);
  REQUIRE_MESSAGE(given->status == 200, given->body);
  CHECK(TextOf(boost::json::parse(given->body).as_object(), "token_type") ==
        "DPoP");
  const auto bare = process.client.Post("/token", form, kForm);
  REQUIRE(bare);
  CHECK(bare->status == 400);
}

}  // namespace
}  // namespace signet::testing
