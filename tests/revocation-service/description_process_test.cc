// What the tree says of the service, held against a running one: the OpenAPI
// description, the dashboard, the systemd unit.
#include <doctest/doctest.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "revocation-service/ssf/event.h"
#include "revocation-service/ssf/ssf_routes.h"
#include "signet/primitives.h"
#include "signet/status_list.h"
#include "tests/revocation-service/operations_fixture.h"
#include "tests/revocation-service/service_under_test.h"

namespace signet::testing {
namespace {

namespace json = boost::json;

constexpr char kSource[] = SIGNET_SOURCE_DIR;

std::string ReadText(const std::string& path) {
  std::ifstream file(std::string(kSource) + "/" + path, std::ios::binary);
  REQUIRE_MESSAGE(file, path);
  return {std::istreambuf_iterator<char>(file), {}};
}

json::object Description() {
  return json::parse(ReadText("docs/openapi.json")).as_object();
}

// ForEachOperation calls `use` with path, method and operation.
template <typename Use>
void ForEachOperation(const json::object& description, const Use& use) {
  for (const auto& [path, item] : description.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      if (method == "servers") continue;
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(std::toupper(c));
      use(std::string(path), upper, operation.as_object());
    }
  }
}

TEST_CASE("the description has every route of the service, and no other") {
  std::set<std::string> described;
  ForEachOperation(
      Description(),
      [&](const std::string& path, const std::string& method,
          const json::object&) { described.insert(method + " " + path); });
  service::testing::ServiceUnderTest service;
  std::set<std::string> routes = {"GET /healthz", "GET /readyz", "GET /metrics",
                                  "POST /backup"};
  for (const auto& table : {service::OAuthRoutes(*service.services),
                            service::ApiRoutes(*service.services),
                            service::FeedRoutes(*service.services),
                            service::SsfRoutes(*service.services, nullptr)}) {
    for (const service::Route& route : table) {
      std::string path = route.path;
      if (path.ends_with("{}")) path.insert(path.size() - 1, "id");
      routes.insert(route.method + " " + path);
    }
  }
  CHECK(described == routes);
}

// A Checker finds a value's faults against a schema of the description, as far
// as it uses JSON Schema.
class Checker {
 public:
  explicit Checker(const json::object& description)
      : schemas_(description.at("components").at("schemas").as_object()) {}

  std::string Faults(const json::value& schema_value, const json::value& value,
                     const std::string& where) const {
    const json::object& schema = Resolve(schema_value.as_object());
    if (schema.contains("oneOf")) return "";
    std::string faults;
    const std::string type(schema.at("type").as_string().c_str());
    if (!IsOf(type, value)) return where + " is not " + type + "; ";
    if (const auto* words = schema.if_contains("enum")) {
      const json::array& all = words->as_array();
      if (std::find(all.begin(), all.end(), value) == all.end()) {
        faults += where + " is none of its words; ";
      }
    }
    if (type == "array") {
      for (const json::value& item : value.as_array()) {
        faults += Faults(schema.at("items"), item, where + "[]");
      }
    }
    if (type == "object" && schema.contains("properties")) {
      faults += ObjectFaults(schema, value.as_object(), where);
    }
    return faults;
  }

 private:
  const json::object& Resolve(const json::object& schema) const {
    const auto* reference = schema.if_contains("$ref");
    if (reference == nullptr) return schema;
    const std::string text(reference->as_string().c_str());
    return schemas_.at(text.substr(text.rfind('/') + 1)).as_object();
  }
  static bool IsOf(const std::string& type, const json::value& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "number") return value.is_number();
    return type == "integer" && (value.is_int64() || value.is_uint64());
  }
  std::string ObjectFaults(const json::object& schema,
                           const json::object& object,
                           const std::string& where) const {
    std::string faults;
    for (const json::value& name : schema.at("required").as_array()) {
      if (!object.contains(name.as_string())) {
        faults += where + " lacks " + std::string(name.as_string()) + "; ";
      }
    }
    const json::object& properties = schema.at("properties").as_object();
    for (const auto& [name, value] : object) {
      const auto* property = properties.if_contains(name);
      if (property == nullptr) continue;
      faults += Faults(*property, value, where + "." + std::string(name));
    }
    return faults;
  }

  const json::object& schemas_;
};

// Sample is a request that an operation must answer as it is described.
struct Sample {
  std::string method;
  std::string target;
  int status;
  std::string body = {};
  std::string type = {};
  bool as_dev = true;
};

// WithStatusLists configures the client of --dev, whose tokens then have a
// place in a list.
std::string WithStatusLists() {
  std::string permissions;
  for (const std::string_view name : service::kPermissions) {
    permissions += '"' + std::string(name) + "\",";
  }
  return "[[client]]\nid = \"dev\"\nsecret_digest = \"" +
         service::DigestSecret("dev-secret") +
         "\"\nstatus_list = true\npermissions = [" + permissions + "]\n";
}

constexpr char kForm[] = "application/x-www-form-urlencoded";
constexpr char kJson[] = "application/json";

// StatusListOf is the path of the list that a JWT names.
std::string StatusListOf(const std::string& jwt) {
  const size_t begin = jwt.find('.') + 1;
  const auto claims =
      Base64UrlDecode(jwt.substr(begin, jwt.rfind('.') - begin));
  REQUIRE(claims.ok());
  Claims with;
  with.custom = *claims;
  const auto read = ReadStatusReference(with);
  REQUIRE(read.ok());
  REQUIRE(read->has_value());
  return (*read)->uri.substr((*read)->uri.find("/status/"));
}

std::map<std::string, std::vector<Sample>> Samples(RunningSignetd& signetd) {
  const auto opened = signetd.Open("alice");
  const std::string refresh = RunningSignetd::Text(opened, "refresh_token");
  const std::string access = RunningSignetd::Text(opened, "access_token");
  const std::string id =
      RunningSignetd::Text(signetd.Open("dave"), "session_id");
  const std::string kept =
      RunningSignetd::Text(signetd.Open("bob"), "session_id");
  const std::string stepped =
      RunningSignetd::Text(signetd.Open("erin"), "session_id");
  // The last change: the snapshot is shared for seconds.
  const auto redirect =
      signetd.client->Get("/feed/snapshot", RunningSignetd::AsDev());
  REQUIRE(redirect);
  const std::string place = "/feed/" + redirect->get_header_value("Location");
  const std::string list = StatusListOf(access);
  // Whoever asks for the log with an id can acknowledge what has come of it.
  httplib::Headers verifier = RunningSignetd::AsDev();
  verifier.emplace("Feed-Verifier", "AAAAAAAAAAAAAAAAAAAAAA");
  CHECK(signetd.client->Get("/feed/log", verifier)->status == 200);
  const std::string ack = "verifier=AAAAAAAAAAAAAAAAAAAAAA&epoch=1&seq=1";
  const std::string stream = service::ssf::StreamIdOf("dev");
  const std::string exchange = "grant_type=refresh_token&refresh_token=";
  const std::string open = R"({"subject":"carol","audience":"orders"})";
  return {
      {"exchange",
       {{"POST", "/token", 200, exchange + refresh, kForm},
        {"POST", "/token", 400, exchange + "junk", kForm},
        {"POST", "/token", 401, exchange + "junk", kForm, false}}},
      {"introspect",
       {{"POST", "/introspect", 200, "token=" + access, kForm},
        {"POST", "/introspect", 200, "token=junk", kForm},
        {"POST", "/introspect", 400, "nothing=1", kForm},
        {"POST", "/introspect", 401, "token=x", kForm, false}}},
      {"metadata", {{"GET", "/.well-known/oauth-authorization-server", 200}}},
      {"openidMetadata", {{"GET", "/.well-known/openid-configuration", 200}}},
      {"jwks", {{"GET", "/.well-known/jwks.json", 200}}},
      {"statementsJwks", {{"GET", "/.well-known/statements-jwks.json", 200}}},
      {"openSession",
       {{"POST", "/v1/sessions", 201, open, kJson},
        {"POST", "/v1/sessions", 400, "{}", kJson},
        {"POST", "/v1/sessions", 401, open, kJson, false},
        {"POST", "/v1/sessions", 415, open, "text/plain"}}},
      {"listSessions",
       {{"GET", "/v1/sessions?subject=alice", 200},
        {"GET", "/v1/sessions", 400},
        {"GET", "/v1/sessions?subject=alice", 401, "", "", false}}},
      {"showSession",
       {{"GET", "/v1/sessions/" + kept, 200},
        {"GET", "/v1/sessions/junk", 404},
        {"GET", "/v1/sessions/" + kept, 401, "", "", false}}},
      {"changeSession",
       {{"PATCH", "/v1/sessions/" + kept, 200, R"({"device":"x"})", kJson},
        {"PATCH", "/v1/sessions/" + kept, 400, R"({"device":1})", kJson},
        {"PATCH", "/v1/sessions/junk", 404, "{}", kJson},
        {"PATCH", "/v1/sessions/" + kept, 401, "{}", kJson, false},
        {"PATCH", "/v1/sessions/" + kept, 415, "{}", "text/plain"}}},
      {"stepUpSession",
       {{"POST", "/v1/sessions/" + stepped, 201, R"({"scope":"pay"})", kJson},
        {"POST", "/v1/sessions/" + stepped, 404, "{}", kJson},
        {"POST", "/v1/sessions/" + kept, 400, R"({"scope":1})", kJson},
        {"POST", "/v1/sessions/" + kept, 401, "{}", kJson, false},
        {"POST", "/v1/sessions/" + kept, 415, "{}", "text/plain"}}},
      {"backup", {{"POST", "/backup", 200, "", "", false}}},
      {"endSession",
       {{"DELETE", "/v1/sessions/" + id, 204},
        {"DELETE", "/v1/sessions/" + id, 404},
        {"DELETE", "/v1/sessions/" + id, 401, "", "", false}}},
      {"endSessions",
       {{"DELETE", "/v1/sessions?subject=bob&except=" + kept, 200},
        {"DELETE", "/v1/sessions?subject=alice&except=" + kept, 404},
        {"DELETE", "/v1/sessions", 400},
        {"DELETE", "/v1/sessions?subject=bob", 401, "", "", false}}},
      {"revokeToken",
       {{"POST", "/revoke", 200, "token=" + refresh, kForm},
        {"POST", "/revoke", 400, "nothing=1", kForm},
        {"POST", "/revoke", 401, "token=x", kForm, false}}},
      {"revoke",
       {{"POST", "/v1/revocations", 201, R"({"kind":"key","value":"k"})",
         kJson},
        {"POST", "/v1/revocations?wait=1", 201, R"({"kind":"key","value":"l"})",
         kJson},
        {"POST", "/v1/revocations?wait=56", 400,
         R"({"kind":"key","value":"m"})", kJson},
        {"POST", "/v1/revocations", 400, "{}", kJson},
        {"POST", "/v1/revocations", 401, "{}", kJson, false},
        {"POST", "/v1/revocations", 415, "{}", "text/plain"}}},
      {"statusList",
       {{"GET", list, 200, "", "", false},
        {"GET", list + "?time=1", 501, "", "", false},
        {"GET", "/status/junk", 404, "", "", false}}},
      {"liveRevocations",
       {{"GET", "/v1/revocations/live", 200},
        {"GET", "/v1/revocations/live?limit=1", 200},
        {"GET", "/v1/revocations/live?limit=0", 400},
        {"GET", "/v1/revocations/live?from=77.1.1.1.AAAAAAAAAAAAAAAAAAAAAA",
         409},
        {"GET", "/v1/revocations/live", 401, "", "", false}}},
      {"revocationLog",
       {{"GET", "/v1/revocations?after=0", 200},
        {"GET", "/v1/revocations?epoch=77&after=0", 409},
        {"GET", "/v1/revocations?after=x", 400},
        {"GET", "/v1/revocations", 401, "", "", false}}},
      {"listVerifiers",
       {{"GET", "/v1/verifiers", 200},
        {"GET", "/v1/verifiers?wait=0&limit=1", 200},
        {"GET", "/v1/verifiers?limit=1001", 400},
        {"GET", "/v1/verifiers", 401, "", "", false}}},
      {"audit",
       {{"GET", "/v1/audit?limit=1000", 200},
        {"GET", "/v1/audit?limit=0", 400},
        {"GET", "/v1/audit", 401, "", "", false}}},
      {"feedHead",
       {{"GET", "/feed/head", 200}, {"GET", "/feed/head", 401, "", "", false}}},
      {"feedLog",
       {{"GET", "/feed/log", 200},
        {"GET", "/feed/log?after=1", 400},
        {"GET", "/feed/log?epoch=77&after=1", 409},
        {"GET", "/feed/log", 401, "", "", false}}},
      {"feedStream", {{"GET", "/feed/stream", 401, "", "", false}}},
      {"feedSnapshot",
       {{"GET", "/feed/snapshot", 307},
        {"GET", "/feed/snapshot", 401, "", "", false}}},
      {"feedSnapshotPiece",
       {{"GET", place, 200},
        {"GET", "/feed/snapshot/gone", 307},
        {"GET", place, 401, "", "", false}}},
      {"feedRings",
       {{"GET", "/feed/rings", 200},
        {"GET", "/feed/rings", 401, "", "", false}}},
      {"feedAck",
       {{"POST", "/feed/ack", 204, ack, kForm},
        {"POST", "/feed/ack", 404, ack.substr(0, 30) + "Q" + ack.substr(31),
         kForm},
        {"POST", "/feed/ack", 409, ack + "0000", kForm},
        {"POST", "/feed/ack", 400, "epoch=1", kForm},
        {"POST", "/feed/ack", 401, ack, kForm, false}}},
      {"ssfConfiguration", {{"GET", "/.well-known/ssf-configuration", 200}}},
      {"ssfPoll",
       {{"POST", "/ssf/poll", 200, R"({"returnImmediately":true})", kJson},
        {"POST", "/ssf/poll", 400, "[]", kJson},
        {"POST", "/ssf/poll", 401, "{}", kJson, false},
        {"POST", "/ssf/poll", 415, "{}", "text/plain"}}},
      {"ssfStream",
       {{"GET", "/ssf/stream", 200},
        {"GET", "/ssf/stream?stream_id=", 400},
        {"GET", "/ssf/stream?stream_id=x", 404},
        {"GET", "/ssf/stream", 401, "", "", false}}},
      {"ssfStatus",
       {{"GET", "/ssf/status?stream_id=" + stream, 200},
        {"GET", "/ssf/status", 400},
        {"GET", "/ssf/status?stream_id=x", 404},
        {"GET", "/ssf/status", 401, "", "", false}}},
      {"ssfVerify",
       {{"POST", "/ssf/verify", 204, R"({"stream_id":")" + stream + "\"}",
         kJson},
        {"POST", "/ssf/verify", 400, "{}", kJson},
        {"POST", "/ssf/verify", 404, R"({"stream_id":"x"})", kJson},
        {"POST", "/ssf/verify", 401, "{}", kJson, false},
        {"POST", "/ssf/verify", 415, "{}", "text/plain"}}},
      {"healthz", {{"GET", "/healthz", 200, "", "", false}}},
      {"readyz", {{"GET", "/readyz", 200, "", "", false}}},
      {"metrics", {{"GET", "/metrics", 200, "", "", false}}},
  };
}

httplib::Result Send(RunningSignetd& signetd, const Sample& sample,
                     bool operations) {
  httplib::Client admin("127.0.0.1", signetd.process().admin_port());
  admin.set_read_timeout(30);
  httplib::Request request;
  request.method = sample.method;
  request.path = sample.target;
  request.body = sample.body;
  if (sample.as_dev) request.headers = RunningSignetd::AsDev();
  if (!sample.type.empty()) {
    request.headers.emplace("Content-Type", sample.type);
  }
  return operations ? admin.send(request) : signetd.client->send(request);
}

// CheckAnswer holds an answer against the responses of its operation.
void CheckAnswer(const Checker& checker, const json::object& operation,
                 const httplib::Response& answer) {
  const std::string status = std::to_string(answer.status);
  const auto* response =
      operation.at("responses")
          .as_object()
          .if_contains(json::string_view(status.data(), status.size()));
  REQUIRE_MESSAGE(response != nullptr, status);
  CHECK(answer.get_header_value("Trace-Id").size() == 32);
  const auto* content = response->as_object().if_contains("content");
  if (content == nullptr) {
    CHECK_MESSAGE(answer.body.empty(), answer.body);
    return;
  }
  std::string type = answer.get_header_value("Content-Type");
  type = type.substr(0, type.find(';'));
  const auto* media = content->as_object().if_contains(
      json::string_view(type.data(), type.size()));
  REQUIRE_MESSAGE(media != nullptr, type);
  if (type != kJson) return;
  const std::string faults = checker.Faults(media->as_object().at("schema"),
                                            json::parse(answer.body), "body");
  CHECK_MESSAGE(faults.empty(), faults << answer.body);
}

TEST_CASE("every operation answers as it is described") {
  RunningSignetd signetd(WithStatusLists());
  const json::object description = Description();
  const Checker checker(description);
  const auto samples = Samples(signetd);
  std::map<std::string, std::pair<json::object, bool>> operations;
  ForEachOperation(description, [&](const std::string& path, const std::string&,
                                    const json::object& operation) {
    const bool admin =
        description.at("paths").at(path).as_object().contains("servers");
    operations[RunningSignetd::Text(operation, "operationId")] = {operation,
                                                                  admin};
  });
  CHECK(operations.size() == samples.size());
  for (const auto& entry : samples) {
    const std::string& name = entry.first;
    const std::vector<Sample>& sent = entry.second;
    CAPTURE(name);
    REQUIRE(operations.contains(name));
    const auto& operation = operations.at(name);
    for (const Sample& sample : sent) {
      CAPTURE(sample.target);
      CAPTURE(sample.body);
      const auto answer = Send(signetd, sample, operation.second);
      REQUIRE(answer);
      CHECK(answer->status == sample.status);
      CheckAnswer(checker, operation.first, *answer);
    }
  }
}

TEST_CASE("the stream is what the description says") {
  RunningSignetd signetd;
  std::string type;
  signetd.client->Get(
      "/feed/stream", RunningSignetd::AsDev(),
      [&](const httplib::Response& response) {
        type = response.get_header_value("Content-Type");
        CHECK(response.status == 200);
        return false;
      },
      [](const char*, size_t) { return false; });
  CHECK(type == "text/event-stream");
}

// MetricsOf finds the names of metrics in an expression.
std::set<std::string> MetricsOf(const std::string& expression) {
  std::set<std::string> names;
  std::string word;
  for (const char c : expression + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += c;
    } else {
      if (word.starts_with("signet_") || word.starts_with("process_")) {
        names.insert(word);
      }
      word.clear();
    }
  }
  return names;
}

// LiveMetrics are the names in /metrics of a signetd to which everything has
// happened that is counted.
std::set<std::string> LiveMetrics() {
  RunningSignetd signetd(
      "[limits]\nfailures_per_second = 1\n"
      "failures_burst = 1\n");
  signetd.Form("/token", "grant_type=refresh_token&refresh_token=junk");
  signetd.Json("/v1/revocations", R"({"kind":"key","value":"k"})");
  CHECK(Eventually([&] {
    return signetd.As("/token", "client_id=dev&client_secret=x")->status == 429;
  }));
  std::istringstream text(signetd.Admin("/metrics")->body);
  std::set<std::string> names;
  for (std::string line; std::getline(text, line);) {
    if (line.empty() || line[0] == '#') continue;
    names.insert(line.substr(0, line.find_first_of("{ ")));
  }
  return names;
}

TEST_CASE("dashboard and manual name metrics that exist, and the manual all") {
  const std::set<std::string> live = LiveMetrics();
  const auto board =
      json::parse(ReadText("revocation-service/deploy/grafana.json"));
  size_t used = 0;
  for (const json::value& panel : board.at("panels").as_array()) {
    CHECK(!panel.at("title").as_string().empty());
    for (const json::value& target : panel.at("targets").as_array()) {
      for (const std::string& name :
           MetricsOf(std::string(target.at("expr").as_string().c_str()))) {
        CHECK_MESSAGE(live.contains(name), name);
        ++used;
      }
    }
  }
  CHECK(used > 20);
  const std::set<std::string> told = MetricsOf(ReadText("docs/operations.md"));
  for (std::string name : live) {
    for (const char* suffix : {"_bucket", "_sum", "_count"}) {
      if (name.ends_with(suffix)) name.resize(name.rfind('_'));
    }
    CHECK_MESSAGE(told.contains(name), name);
  }
}

TEST_CASE("the manual tells every setting") {
  const auto [signetd, code] = SignetdProcess::Run({"--print-config"});
  REQUIRE(code == 0);
  const std::string manual = ReadText("docs/operations.md");
  std::istringstream text(signetd.output());
  std::string table;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with('[')) table = line;
    const size_t equals = line.find(" = ");
    if (line.starts_with('#') || equals == std::string::npos) continue;
    const std::string name = "`" + line.substr(0, equals) + "`";
    CHECK_MESSAGE(manual.find(name) != std::string::npos, table << name);
  }
}

TEST_CASE("systemd finds nothing wrong with the unit") {
  if (std::system("command -v systemd-analyze >/dev/null") != 0) {
    MESSAGE("systemd-analyze is not installed");
    return;
  }
  std::string unit = ReadText("revocation-service/deploy/signetd.service");
  const std::string installed = "/usr/bin/signetd";
  const size_t at = unit.find("ExecStart=" + installed);
  REQUIRE(at != std::string::npos);
  // The program as it is built, not as it would be installed.
  unit.replace(at + 10, installed.size(), "/bin/true");
  TempDir directory;
  std::ofstream(directory / "signetd.service") << unit;
  const auto run = [&](const std::string& verb, std::string& said) {
    const std::string command = "systemd-analyze " + verb + " " +
                                (directory / "signetd.service") + " >" +
                                (directory / "out") + " 2>&1";
    const int code = std::system(command.c_str());
    std::ifstream out(directory / "out");
    said = {std::istreambuf_iterator<char>(out), {}};
    return code;
  };
  std::string said;
  const int verified = run("verify --man=no", said);
  CHECK_MESSAGE(verified == 0, said);
  CHECK_MESSAGE(said.empty(), said);
  // Of 10, which is a unit without any restriction; 1.5 when this was written.
  const int exposed = run("security --offline=true --threshold=20", said);
  CHECK_MESSAGE(exposed == 0, said);
}

}  // namespace
}  // namespace signet::testing
