// signet-edge, the first code that users read, against a real signetd.
#include <doctest/doctest.h>
#include <httplib.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/tools/cli_process.h"

namespace signet::testing {
namespace {

namespace json = boost::json;

// EdgeProcess is a running signet-edge, killed when it goes out of scope.
class EdgeProcess {
 public:
  EdgeProcess(const DevService& service, const std::string& flags) {
    const CliResult started = RunShell(
        "signet-edge --service $SIGNET_URL --client dev "
        "--audience orders --feed-ring $SIGNET_KEYS/feed.pub.json "
        "--listen 127.0.0.1:0 " +
            flags +
            " >out 2>err & echo $!\n"
            "for i in $(seq 400); do\n"
            "  grep -q listening out && exit 0; sleep 0.05\n"
            "done; cat err; exit 1",
        directory_.path(), service.Environment());
    INFO(started.out, started.err);
    pid_ = std::stoi(started.out);
    REQUIRE(started.exit == 0);
    const std::string line = ReadWhole(directory_ / "out");
    url_ = line.substr(line.find("http://"));
    url_.resize(url_.find('\n'));
  }
  ~EdgeProcess() { ::kill(pid_, SIGKILL); }

  httplib::Result Get(const std::string& path, const std::string& token = "") {
    httplib::Headers headers;
    if (!token.empty()) headers.emplace("Authorization", "Bearer " + token);
    return httplib::Client(url_).Get(path, headers);
  }

  // StatusBecomes asks /hello until it answers `status`.
  bool StatusBecomes(int status, const std::string& token) {
    for (int i = 0; i < 500; ++i) {
      const auto answer = Get("/hello", token);
      if (answer && answer->status == status) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

 private:
  TempDir directory_;
  pid_t pid_ = -1;
  std::string url_;
};

std::string OpenSession(const DevService& service, const std::string& subject) {
  const CliResult opened = RunShell(
      "signet session open --subject " + subject + " --audience orders --json",
      service.keys(), service.Environment());
  REQUIRE(opened.exit == 0);
  return json::parse(opened.out).at("access_token").as_string().c_str();
}

TEST_CASE("an edge accepts a token until it is revoked, in either mode") {
  const DevService service;
  REQUIRE(service.ready());
  EdgeProcess subscribed(service, ""), polling(service, "--poll 50");
  const std::string token = OpenSession(service, "alice");
  for (EdgeProcess* edge : {&subscribed, &polling}) {
    const auto hello = edge->Get("/hello", token);
    REQUIRE(hello);
    CHECK(hello->status == 200);
    CHECK(hello->body == R"({"hello":"alice","stale":false})");
  }
  CHECK(RunShell("signet revoke subject alice", service.keys(),
                 service.Environment())
            .exit == 0);
  for (EdgeProcess* edge : {&subscribed, &polling}) {
    CHECK(edge->StatusBecomes(401, token));
    const auto refused = edge->Get("/hello", token);
    REQUIRE(refused);
    CHECK(refused->get_header_value("WWW-Authenticate") ==
          "Bearer error=\"invalid_token\"");
    CHECK(refused->body == R"({"error":"revoked at revocation"})");
  }
  const auto status = polling.Get("/status");
  REQUIRE(status);
  const json::value shown = json::parse(status->body);
  CHECK(shown.at("connected").as_bool());
  CHECK(shown.at("sequence").as_int64() >= 1);
  CHECK(shown.at("entries").as_int64() >= 1);
  CHECK(shown.at("counters").at("accepted").as_int64() >= 1);
  CHECK(shown.at("counters").at("refused").at("revoked").as_int64() >= 1);
}

TEST_CASE("an edge names an error only if a token was sent") {
  const DevService service;
  REQUIRE(service.ready());
  EdgeProcess edge(service, "");
  // RFC 6750 section 3.1.
  const auto none = edge.Get("/hello");
  REQUIRE(none);
  CHECK(none->status == 401);
  CHECK(none->get_header_value("WWW-Authenticate") == "Bearer");
  const auto bad = edge.Get("/hello", "nonsense");
  REQUIRE(bad);
  CHECK(bad->status == 401);
  CHECK(bad->get_header_value("WWW-Authenticate") ==
        "Bearer error=\"invalid_token\"");
}

TEST_CASE("an edge that no longer hears the service answers 503, not 401") {
  DevService service;
  REQUIRE(service.ready());
  EdgeProcess edge(service, "--max-staleness 1000 --poll 50");
  const std::string token = OpenSession(service, "alice");
  CHECK(edge.StatusBecomes(200, token));
  service.process().Kill(SIGKILL);
  service.process().Wait();
  CHECK(edge.StatusBecomes(503, token));
  const auto stale = edge.Get("/hello", token);
  REQUIRE(stale);
  CHECK(stale->get_header_value("Retry-After") == "1");
  CHECK(stale->body == R"({"error":"stale at freshness"})");
}

TEST_CASE("an edge lists all its flags when it is asked") {
  const DevService service;
  REQUIRE(service.ready());
  const CliResult help =
      RunShell("signet-edge --help", service.keys(), service.Environment());
  CHECK(help.exit == 0);
  CHECK(help.err.empty());
  for (const char* flag :
       {"--service", "--client", "--feed-ring", "--issuer", "--audience",
        "--listen", "--state", "--poll", "--max-staleness"}) {
    CAPTURE(flag);
    CHECK(help.out.find(std::string("\n    ") + flag + " ") !=
          std::string::npos);
  }
  const CliResult wrong =
      RunShell("signet-edge --pol 5", service.keys(), service.Environment());
  CHECK(wrong.exit == 2);
  CHECK(wrong.err == "signet-edge: error: unknown flag --pol; see --help\n");
}

}  // namespace
}  // namespace signet::testing
