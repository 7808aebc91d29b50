#include "revocation-service/config.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "revocation-service/config_fields.h"
#include "tests/revocation-service/signetd_process.h"

namespace signet::service {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Config Parsed(std::string_view toml) {
  auto config = ParseConfig(toml, "c.toml");
  if (!config.ok()) FAIL(config.error().message);
  return *config;
}

std::string ProblemOf(std::string_view toml) {
  auto config = ParseConfig(toml, "c.toml");
  REQUIRE_FALSE(config.ok());
  CHECK(config.error().code == ErrorCode::kInvalid);
  return config.error().message;
}

std::string CheckProblem(const Config& config) {
  const Status status = CheckConfig(config);
  return status.ok() ? "" : status.error().message;
}

Client Confidential(const std::string& id) {
  Client client;
  client.id = id;
  client.secret_digest = DigestSecret("a long secret");
  return client;
}

TEST_CASE("an empty file is the default configuration, which is in order") {
  const Config config = Parsed("");
  CHECK(config == Config());
  CHECK(CheckProblem(config) == "");
  CHECK(config.server.listen == "127.0.0.1:8420");
  CHECK(config.admin.listen == "127.0.0.1:8421");
}

TEST_CASE("every setting can be given") {
  const Config config = Parsed(R"(
data = "/d"
keys = "/k"
engine = "memory"
issuer = "https://id.example.com"
access_format = "jwt"
kek = "env:KEK"
behind_proxy = true
heartbeat = "500ms"
log.level = "debug"
[server]
listen = "0.0.0.0:1"
max_header_bytes = 4096
max_connections = 5
request_timeout = "1m"
threads = 3
[admin]
listen = "127.0.0.1:2"
tls_certificate = "c.pem"
tls_key = "k.pem"
[sessions]
access_lifetime = "5m"
idle_timeout = "2h"
absolute_lifetime = "90d"
grace = "1500ms"
max_graces = 3
evict_oldest = false
[[client]]
id = "backend"
secret_digest = "blake2b-256:x"
permissions = ["revoke", "feed"]
may_act_for = ["app"]
[[client]]
id = "app"
public = true
require_dpop = true
status_list = true
access_format = "jwt-es256"
access_lifetime = "2m"
grace = "5s"
[[client]]
id = "keyed"
jwks_file = "keys.json"
[oauth]
dpop_nonce = true
dpop_max_age = "90s"
replay_memory = 5000
assertion_for_token_endpoint = true
)");
  CHECK(config.data == "/d");
  CHECK(config.engine == "memory");
  CHECK(config.access_format == KeyFormat::kJwtEdDsa);
  CHECK(config.behind_proxy);
  CHECK(config.heartbeat == milliseconds(500));
  CHECK(config.server.listen == "0.0.0.0:1");
  CHECK(config.server.max_header_bytes == 4096);
  CHECK(config.server.request_timeout == minutes(1));
  CHECK(config.server.threads == 3);
  CHECK(config.admin.tls_key == "k.pem");
  CHECK(config.sessions.access_lifetime == minutes(5));
  CHECK(config.sessions.absolute_lifetime == hours(24 * 90));
  CHECK(config.sessions.grace == milliseconds(1500));
  CHECK(config.sessions.max_graces == 3);
  CHECK_FALSE(config.sessions.evict_oldest);
  REQUIRE(config.clients.size() == 3);
  CHECK(config.clients[1].require_dpop);
  CHECK(config.clients[1].limits.status_list);
  CHECK(config.clients[1].limits.access_format == KeyFormat::kJwtEs256);
  CHECK_FALSE(config.clients[0].limits.access_format.has_value());
  CHECK_FALSE(config.clients[0].limits.status_list);
  CHECK(config.clients[1].limits.access_lifetime == minutes(2));
  CHECK(config.clients[1].limits.grace == seconds(5));
  CHECK_FALSE(config.clients[1].limits.idle_timeout.has_value());
  CHECK(config.clients[2].jwks_file == "keys.json");
  CHECK_FALSE(config.clients[2].is_public());
  CHECK(config.oauth == ProofOptions{.dpop_nonce = true,
                                     .dpop_max_age = seconds(90),
                                     .replay_memory = 5000,
                                     .assertion_for_token_endpoint = true});
  CHECK(config.clients[0].Has("feed"));
  CHECK(config.clients[0].MayActFor("app"));
  CHECK(config.clients[1].is_public());
}

TEST_CASE("all problems are reported at once, each with its line") {
  const std::string problems = ProblemOf(R"(data = 1
colour = "red"
heartbeat = "10 s"
engine = "redis"
[server]
listen = "127.0.0.1:0"
threads = 0
max_connections = "many"
speed = 3
[sessions]
access_lifetime = "2d"
grace = 30
access_format = "jwt"
[telemetry]
on = true
[[client]]
id = "a"
permissions = "revoke"
)");
  for (const char* line : {
           "c.toml:1: data is not a text in quotes",
           "c.toml:2: unknown setting colour",
           "c.toml:3: heartbeat is not a time such as",
           "c.toml:4: engine is \"redis\", not one of rocksdb, memory",
           "c.toml:7: server.threads is 0, not within 1 to 64",
           "c.toml:8: server.max_connections is not a whole number",
           "c.toml:9: unknown setting server.speed",
           "c.toml:11: sessions.access_lifetime is 2d, not within 1s to 1d",
           "c.toml:12: sessions.grace is not a time",
           "c.toml:13: unknown setting sessions.access_format",
           "c.toml:14: unknown setting telemetry",
           "c.toml:18: client.permissions is not a list of texts",
           "c.toml:16: client \"a\" needs a secret_digest, jwks",
       }) {
    CAPTURE(problems);
    CHECK(problems.find(line) != std::string::npos);
  }
  CHECK(std::count(problems.begin(), problems.end(), '\n') == 12);
}

TEST_CASE("broken TOML is an error with its line") {
  CHECK(ProblemOf("data = \"a\"\nkeys = \n").starts_with("c.toml:2: "));
  CHECK(ProblemOf("data = \"a\"\ndata = \"b\"\n").starts_with("c.toml:2: "));
  CHECK(ProblemOf("a = \"\xff\"").starts_with("c.toml:1: "));
  CHECK(ProblemOf(std::string(5000, '[')).starts_with("c.toml:1: "));
}

TEST_CASE("settings of the wrong shape are problems, not crashes") {
  for (const char* toml :
       {"server = 1",
        "sessions = []",
        "client = 1",
        "client = {}",
        "client = [1]",
        "[client]\nid = \"a\"",
        "[[server]]\nthreads = 1",
        "[[client]]\nid = 1\npublic = true",
        "[[client]]\nid = \"a\"\npublic = 1",
        "[[client]]\nid = \"a\"\nsecret = \"b\"\npublic = true",
        "[[client]]\nid = \"a\"\npublic = true\nsecret_digest = \"d\"",
        "[[client]]\nid = \"a\"\nsecret_digest = \"d\"\npermissions = [1]",
        "[[client]]\nid = \"a\"\nsecret_digest = \"d\"\n"
        "permissions = [\"feed\", \"feed\"]",
        "data = \"a\\u0000b\"",
        "behind_proxy = \"yes\"",
        "[server]\nthreads = 2.0",
        "[server]\nthreads = -1",
        "[server]\nthreads = 9223372036854775807",
        "access_format = \"none\"",
        "[sessions]\naccess_lifetime = \"1500ms\"",
        "dev = true"}) {
    CAPTURE(toml);
    CHECK_FALSE(ProblemOf(toml).empty());
  }
}

TEST_CASE("every format of access tokens has a name, and no other has") {
  for (const char* name : {"v4.public", "v4.local", "jwt", "jwt-es256",
                           "jwt-rs256", "jwt-ps256", "jwt-hs256", "jwe-dir"}) {
    CAPTURE(name);
    Result<KeyFormat> format = ParseAccessFormat(name);
    REQUIRE(format.ok());
    CHECK(AccessFormatName(*format) == name);
  }
  CHECK(ParseAccessFormat("jwt-eddsa").ok());
  for (const char* name :
       {"V4.public", "", "refresh-mac", "feed-ed25519", "jwe-p256"}) {
    CAPTURE(name);
    CHECK(ParseAccessFormat(name).error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("times have a whole number and a unit, and nothing else") {
  CHECK(ParseTime("0s") == Duration::zero());
  CHECK(ParseTime("500ms") == milliseconds(500));
  CHECK(ParseTime("90d") == hours(24 * 90));
  for (const char* text : {"", "s", "10", "10 s", " 10s", "10s ", "-1s", "+1s",
                           "1.5s", "10S", "10sec", "1h30m", "0x10s",
                           "99999999999999999999s", "9223372036854775807d"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseTime(text).has_value());
  }
}

TEST_CASE("times are printed in the largest unit that divides them") {
  CHECK(TimeText(Duration::zero()) == "0s");
  CHECK(TimeText(milliseconds(1500)) == "1500ms");
  CHECK(TimeText(seconds(90)) == "90s");
  CHECK(TimeText(minutes(60)) == "1h");
  CHECK(TimeText(hours(48)) == "2d");
}

TEST_CASE("what is printed reads back as the same configuration") {
  Config config;
  CHECK(Parsed(ToToml(config)) == config);
  config.data = "a \"b\" \\ \n \x7f \xc3\xa9";
  config.issuer = "https://id.example.com/tenant";
  config.access_format = KeyFormat::kJwtEdDsa;
  config.behind_proxy = true;
  config.heartbeat = milliseconds(1234);
  config.server.threads = 7;
  config.admin.max_body_bytes = 4096;
  config.sessions.grace = milliseconds(1);
  config.sessions.idle_timeout = seconds(86'401);
  config.sessions.evict_oldest = false;
  config.clients.push_back(Confidential("back\"end"));
  config.clients[0].permissions = {"feed", "session.open"};
  config.clients[0].may_act_for = {"app"};
  Client app;
  app.id = "app";
  app.require_dpop = true;
  app.limits = {.access_lifetime = seconds(90),
                .idle_timeout = hours(2),
                .absolute_lifetime = hours(3),
                .grace = milliseconds(1500),
                .proven_grace = minutes(3),
                .status_list = true,
                .access_format = KeyFormat::kJwtRs256};
  config.clients.push_back(app);
  Client keyed;
  keyed.id = "keyed";
  keyed.jwks = R"({"keys":[]})";
  config.clients.push_back(keyed);
  CHECK(Parsed(ToToml(config)) == config);
  CHECK(ToToml(Parsed(ToToml(config))) == ToToml(config));
}

TEST_CASE("every printed setting names its default") {
  const std::string text = ToToml(Config());
  CHECK(text.find("request_timeout = \"10s\"  # from a request's first byte to "
                  "its last; 100ms to 5m; default \"10s\"\n") !=
        std::string::npos);
  CHECK(text.find("1024 to 65536 bytes; default 8192\n") != std::string::npos);
}

TEST_CASE("every limit of every number is itself accepted") {
  Config config;
  for (const bool top : {false, true}) {
    for (const Field& field : ConfigFields(config)) {
      if (const auto* count = std::get_if<CountField>(&field.kind)) {
        SetCount(*count, top ? count->max : count->min);
      } else if (const auto* time = std::get_if<TimeField>(&field.kind)) {
        CHECK(SetTime(*time, top ? time->max : time->min));
      }
    }
    CHECK(Parsed(ToToml(config)) == config);
  }
}

TEST_CASE("a listener that others can reach needs TLS or a proxy") {
  Config config;
  config.issuer = "https://id.example.com";
  for (const char* listen : {"0.0.0.0:8420", "[::]:8420", "10.0.0.1:1",
                             "id.example.com:443", "127.0.0.1.evil.com:1"}) {
    CAPTURE(listen);
    config.server.listen = listen;
    CHECK(CheckProblem(config).find("without TLS") != std::string::npos);
    Config proxied = config;
    proxied.behind_proxy = true;
    CHECK(CheckProblem(proxied) == "");
    Config tls = config;
    tls.server.tls_certificate = "c.pem";
    tls.server.tls_key = "k.pem";
    CHECK(CheckProblem(tls) == "");
    Config dev = proxied;
    dev.dev = true;
    CHECK(CheckProblem(dev).find("--dev serves the loopback") !=
          std::string::npos);
  }
  for (const char* listen :
       {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"}) {
    CAPTURE(listen);
    config.server.listen = listen;
    CHECK(CheckProblem(config) == "");
  }
  config.admin.listen = "0.0.0.0:8421";
  CHECK(CheckProblem(config).starts_with("admin.listen is 0.0.0.0:8421"));
}

TEST_CASE("half of TLS is refused") {
  Config config;
  config.server.tls_certificate = "c.pem";
  CHECK(CheckProblem(config).find("needs both") != std::string::npos);
}

TEST_CASE("an issuer is https without query, fragment or final slash") {
  Config config;
  for (const char* good :
       {"https://id.example.com", "https://id.example.com:8443/tenant/a",
        "http://127.0.0.1:8420", "http://localhost", "http://[::1]:1",
        "http://[::1]"}) {
    CAPTURE(good);
    config.issuer = good;
    CHECK(CheckProblem(config) == "");
  }
  for (const char* bad :
       {"id.example.com", "ftp://a", "http://id.example.com",
        "http://127.0.0.1.evil.com", "https://", "https:///a", "https://a/",
        "https://a?b", "https://a#b", "https://a b", "https://u@a",
        "https://a\n", "HTTPS://a"}) {
    CAPTURE(bad);
    config.issuer = bad;
    CHECK(CheckProblem(config) != "");
  }
}

TEST_CASE("without an issuer it follows a loopback listener, no other") {
  Config config;
  config.server.listen = "127.0.0.1:0";
  CHECK(IssuerOf(config, 1234) == "http://127.0.0.1:1234");
  config.server.tls_certificate = "c";
  config.server.tls_key = "k";
  config.server.listen = "[::1]:0";
  CHECK(IssuerOf(config, 5) == "https://[::1]:5");
  config.server.listen = "0.0.0.0:1";
  CHECK(CheckProblem(config).find("issuer is needed") != std::string::npos);
  config.issuer = "https://a";
  CHECK(IssuerOf(config, 5) == "https://a");
}

TEST_CASE("problems between settings are all listed") {
  Config config;
  config.data = "";
  config.kek = "vault:x";
  config.sessions.proven_grace = seconds(1);
  config.sessions.absolute_lifetime = seconds(5);
  config.clients = {Confidential("a"), Confidential("a")};
  const std::string problems = CheckProblem(config);
  CHECK(problems.find("data is empty") != std::string::npos);
  CHECK(problems.find("kek is not") != std::string::npos);
  CHECK(problems.find("proven_grace is shorter") != std::string::npos);
  CHECK(problems.find("access_lifetime is longer") != std::string::npos);
  CHECK(problems.find("'a'") != std::string::npos);
}

TEST_CASE("a client's limits keep to the ranges and to each other") {
  CHECK(ProblemOf("[[client]]\nid = \"a\"\npublic = true\ngrace = \"2h\"\n")
            .find("client.grace is 2h, not within") != std::string::npos);
  Config config;
  Client app;
  app.id = "app";
  app.limits.grace = minutes(30);
  app.limits.proven_grace = minutes(20);
  config.clients = {app};
  CHECK(CheckProblem(config).find("client \"app\".proven_grace is shorter") !=
        std::string::npos);
}

TEST_CASE("a file is read, and one that is not there is named") {
  signet::testing::TempDir dir;
  std::ofstream(dir / "c.toml") << "data = \"x\"\n";
  auto config = ReadConfig(dir / "c.toml");
  REQUIRE(config.ok());
  CHECK(config->data == "x");
  auto missing = ReadConfig(dir / "none.toml");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == ErrorCode::kNotFound);
  CHECK(missing.error().message.find("none.toml") != std::string::npos);
  CHECK_FALSE(ReadConfig(dir.path()).ok());  // a directory
  std::ofstream(dir / "huge.toml") << std::string(2 << 20, '#');
  CHECK(ReadConfig(dir / "huge.toml").error().message.find("1 MiB") !=
        std::string::npos);
}

}  // namespace
}  // namespace signet::service
