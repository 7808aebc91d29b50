#include <doctest/doctest.h>
#include <httplib.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "revocation-service/config.h"
#include "revocation-service/kek_place.h"
#include "signet/ring_store.h"
#include "tests/revocation-service/raw_client.h"
#include "tests/revocation-service/signetd_process.h"

// The life of the real process: how it starts, what it refuses, what it
// reloads, how it ends.
namespace signet::service {
namespace {

using signet::testing::Eventually;
using signet::testing::RawClient;
using signet::testing::SignetdProcess;
using signet::testing::TempDir;

std::vector<std::string> Dev(const TempDir& dir,
                             std::vector<std::string> more = {}) {
  std::vector<std::string> args = {"--dev", "--data", dir / "data", "--keys",
                                   dir / "keys"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

std::string Get(uint16_t port, const std::string& path) {
  httplib::Client client("127.0.0.1", port);
  auto answer = client.Get(path.c_str());
  return answer ? std::to_string(answer->status) + " " + answer->body : "";
}

// Introspect tells with what status a client's credentials are answered.
int Introspect(const SignetdProcess& signetd, const std::string& id,
               const std::string& secret) {
  httplib::Client client("127.0.0.1", signetd.port());
  client.set_basic_auth(id.c_str(), secret.c_str());
  auto answer = client.Post("/introspect", "token=junk",
                            "application/x-www-form-urlencoded");
  return answer ? answer->status : 0;
}

bool Logs(const SignetdProcess& signetd, const std::string& text) {
  return Eventually(
      [&] { return signetd.log().find(text) != std::string::npos; });
}

std::string ClientToml(const std::string& id, const std::string& secret) {
  return "[[client]]\nid = \"" + id + "\"\nsecret_digest = \"" +
         DigestSecret(secret) + "\"\npermissions = [\"introspect\"]\n";
}

TEST_CASE("--dev needs no other flag, says so, and is ready") {
  TempDir dir;
  auto signetd = SignetdProcess::Start(Dev(dir));
  REQUIRE(signetd.ready());
  const std::string line = "signetd listening on http://127.0.0.1:" +
                           std::to_string(signetd.port()) +
                           " (operations on http://127.0.0.1:" +
                           std::to_string(signetd.admin_port()) + ")\n";
  CHECK(signetd.output() == line);
  CHECK(Get(signetd.admin_port(), "/healthz") == "200 ok\n");
  CHECK(Get(signetd.admin_port(), "/readyz") == "200 {\"ready\":true}");
  CHECK(Introspect(signetd, "dev", "dev-secret") == 200);
  CHECK(Introspect(signetd, "dev", "wrong") == 401);
  CHECK(signetd.log().find("Never use this") != std::string::npos);
}

TEST_CASE("operations and the public interface are apart") {
  TempDir dir;
  auto signetd = SignetdProcess::Start(Dev(dir));
  REQUIRE(signetd.ready());
  CHECK(Get(signetd.port(), "/metrics").starts_with("404"));
  CHECK(Get(signetd.port(), "/healthz").starts_with("404"));
  CHECK(Get(signetd.admin_port(), "/token").starts_with("404"));
}

TEST_CASE("the metrics show connections, keys, feed and queue") {
  TempDir dir;
  auto signetd = SignetdProcess::Start(Dev(dir));
  REQUIRE(signetd.ready());
  CHECK(Introspect(signetd, "dev", "wrong") == 401);
  const std::string metrics = Get(signetd.admin_port(), "/metrics");
  // The queue may hold the line of the audit still.
  for (const char* line :
       {"signet_http_accepted_total 1\n", "signet_http_streams 0\n",
        "signet_access_keys_active 1\n", "signet_ring_generation 2\n",
        "signet_committer_queue ", "signet_revocations_live 0\n",
        "signet_client_auth_failures_total 1\n",
        "signet_http_requests_total{endpoint=\"introspect\",status=\"401\"} "
        "1\n"}) {
    CAPTURE(line);
    CHECK(metrics.find(line) != std::string::npos);
  }
}

TEST_CASE("the issuer follows the port that was bound") {
  TempDir dir;
  auto signetd = SignetdProcess::Start(Dev(dir));
  REQUIRE(signetd.ready());
  const std::string metadata =
      Get(signetd.port(), "/.well-known/oauth-authorization-server");
  CHECK(metadata.find("\"issuer\":\"" + signetd.url() + "\"") !=
        std::string::npos);
}

TEST_CASE("what --dev makes is private, and is kept by a second start") {
  TempDir dir;
  {
    auto signetd = SignetdProcess::Start(Dev(dir));
    REQUIRE(signetd.ready());
  }
  auto kek = OpenKek("file:" + dir / "keys/kek");
  REQUIRE(kek.ok());
  for (const char* name : {"keys/kek", "keys/access.ring"}) {
    struct stat info = {};
    REQUIRE(::stat((dir / name).c_str(), &info) == 0);
    CHECK((info.st_mode & 077) == 0);
  }
  struct stat data = {};
  REQUIRE(::stat((dir / "data").c_str(), &data) == 0);
  CHECK((data.st_mode & 077) == 0);
  RingStore store(dir / "keys", std::move(*kek));
  const std::string before =
      store.Load(KeyPurpose::kAccess)->keys()[0].key.id();
  auto again = SignetdProcess::Start(Dev(dir));
  REQUIRE(again.ready());
  CHECK(store.Load(KeyPurpose::kAccess)->keys()[0].key.id() == before);
}

TEST_CASE("--dev makes a ring of the format asked for and keeps to it") {
  TempDir dir;
  {
    auto jwt = SignetdProcess::Start(Dev(dir, {"--access-format", "jwt"}));
    REQUIRE(jwt.ready());
    CHECK(Get(jwt.port(), "/.well-known/jwks.json").find("\"OKP\"") !=
          std::string::npos);
  }
  auto other = SignetdProcess::Start(Dev(dir));
  CHECK_FALSE(other.ready());
  CHECK(other.Wait() == 1);
  CHECK(other.log().find("makes jwt tokens, and access_format is v4.public") !=
        std::string::npos);
  CHECK(other.log().find("hint: pass --access-format jwt") !=
        std::string::npos);
}

TEST_CASE("--print-config prints what holds, and it can be read back") {
  TempDir dir;
  auto [printed, code] =
      SignetdProcess::Run({"--print-config", "--listen", "127.0.0.1:9",
                           "--engine", "memory", "--access-format", "jwt"});
  CHECK(code == 0);
  CHECK(printed.output().find("listen = \"127.0.0.1:9\"") != std::string::npos);
  CHECK(printed.output().find("# the issuer in force: http://127.0.0.1:9\n") !=
        std::string::npos);
  std::ofstream(dir / "c.toml") << printed.output();
  auto [again, code2] =
      SignetdProcess::Run({"--print-config", "--config", dir / "c.toml"});
  CHECK(code2 == 0);
  CHECK(again.output() == printed.output());
}

TEST_CASE("--version says which, and --help how") {
  auto [version, code] = SignetdProcess::Run({"--version"});
  CHECK(code == 0);
  CHECK(version.output().starts_with("signetd "));
  auto [help, code2] = SignetdProcess::Run({"--help"});
  CHECK(code2 == 0);
  CHECK(help.output().find("--access-format") != std::string::npos);
}

TEST_CASE("bad usage ends with 2 and names every problem") {
  TempDir dir;
  auto [unknown, code] = SignetdProcess::Run({"--colour", "red"});
  CHECK(code == 2);
  auto [flags, code2] = SignetdProcess::Run(
      {"--access-format", "v4", "--engine", "redis", "--listen", "0.0.0.0:1",
       "--issuer", "http://example.com/"});
  CHECK(code2 == 2);
  for (const char* part :
       {"signetd: --access-format: \"v4\" is not v4.public, v4.local, jwt",
        "signetd: engine cannot be \"redis\"",
        "signetd: server.listen is 0.0.0.0:1",
        "signetd: issuer ends with a slash",
        "signetd: issuer is http:// and not on the loopback interface"}) {
    CAPTURE(part);
    CHECK(flags.log().find(part) != std::string::npos);
  }
  std::ofstream(dir / "c.toml") << "speed = 1\n[server]\nthreads = 0\n";
  auto [file, code3] = SignetdProcess::Run({"--config", dir / "c.toml"});
  CHECK(code3 == 2);
  CHECK(file.log().find("c.toml:1: unknown setting speed") !=
        std::string::npos);
  CHECK(file.log().find("c.toml:3: server.threads is 0") != std::string::npos);
  auto [dev, code4] =
      SignetdProcess::Run({"--dev", "--behind-proxy", "--listen", "0.0.0.0:1"});
  CHECK(code4 == 2);
  CHECK(dev.log().find("loopback") != std::string::npos);
}

TEST_CASE("a start that fails ends with 1 and names what failed") {
  TempDir dir;
  auto keyless =
      SignetdProcess::Start({"--keys", dir / "none", "--data", dir / "data"});
  CHECK(keyless.Wait() == 1);
  CHECK(keyless.log().find(dir / "none/kek") != std::string::npos);
  CHECK(keyless.log().find("hint: make keys") != std::string::npos);

  auto running = SignetdProcess::Start(Dev(dir));
  REQUIRE(running.ready());
  auto same_data = SignetdProcess::Start(Dev(dir));
  CHECK(same_data.Wait() == 1);
  CHECK(same_data.log().find(dir / "data") != std::string::npos);
  const std::string taken = "127.0.0.1:" + std::to_string(running.port());
  auto same_port = SignetdProcess::Start(
      Dev(dir, {"--engine", "memory", "--listen", taken}));
  CHECK(same_port.Wait() == 1);
  CHECK(same_port.log().find("listening on " + taken) != std::string::npos);
  auto no_cert = SignetdProcess::Start(
      Dev(dir, {"--engine", "memory", "--tls-cert", dir / "c.pem", "--tls-key",
                dir / "k.pem"}));
  CHECK(no_cert.Wait() == 1);
  CHECK(no_cert.log().find(dir / "c.pem") != std::string::npos);
}

TEST_CASE("an access lifetime beyond the ring's is refused at the start") {
  TempDir dir;
  std::ofstream(dir / "c.toml") << "[sessions]\naccess_lifetime = \"23h\"\n";
  auto signetd = SignetdProcess::Start(Dev(dir, {"--config", dir / "c.toml"}));
  CHECK(signetd.Wait() == 1);
  CHECK(signetd.log().find("access_lifetime is 23h, the access ring allows") !=
        std::string::npos);
}

TEST_CASE("SIGTERM and SIGINT end streams and idle connections, with 0") {
  TempDir dir;
  for (int signal : {SIGTERM, SIGINT}) {
    auto signetd = SignetdProcess::Start(Dev(dir));
    REQUIRE(signetd.ready());
    RawClient idle(signetd.port());
    RawClient stream(signetd.port());
    // dev:dev-secret
    stream.Send(
        "GET /feed/stream HTTP/1.1\r\nHost: a\r\n"
        "Authorization: Basic ZGV2OmRldi1zZWNyZXQ=\r\n\r\n");
    CHECK(signet::testing::StatusOf(stream.ReadUntil("\r\n\r\n")) == 200);
    signetd.Kill(signal);
    bool closed = false;
    idle.ReadAll(&closed);
    CHECK(closed);
    stream.ReadAll(&closed);
    CHECK(closed);
    idle.Close();
    stream.Close();
    CHECK(signetd.Wait() == 0);
    CHECK(signetd.log().find("stopped") != std::string::npos);
  }
}

TEST_CASE("SIGHUP takes in new clients and says what needs a restart") {
  TempDir dir;
  const auto write = [&](const std::string& text) {
    std::ofstream(dir / "c.toml") << text;
  };
  write(ClientToml("one", "secret-one"));
  auto signetd = SignetdProcess::Start(Dev(dir, {"--config", dir / "c.toml"}));
  REQUIRE(signetd.ready());
  CHECK(Introspect(signetd, "one", "secret-one") == 200);
  CHECK(Introspect(signetd, "two", "secret-two") == 401);

  write("heartbeat = \"5s\"\n" + ClientToml("two", "secret-two"));
  signetd.Kill(SIGHUP);
  REQUIRE(Logs(signetd, "configuration reloaded: 3 clients"));
  CHECK(Introspect(signetd, "two", "secret-two") == 200);
  CHECK(Introspect(signetd, "one", "secret-one") == 401);
  CHECK(
      Logs(signetd, "heartbeat has changed: it takes effect after a restart"));
  CHECK(signetd.log().find("secret-two") == std::string::npos);
}

TEST_CASE("a reload that fails keeps what was in force and says why") {
  TempDir dir;
  std::ofstream(dir / "c.toml") << ClientToml("one", "secret-one");
  auto signetd = SignetdProcess::Start(Dev(dir, {"--config", dir / "c.toml"}));
  REQUIRE(signetd.ready());
  std::ofstream(dir / "c.toml") << "speed = 1\nengine = 2\n";
  signetd.Kill(SIGHUP);
  REQUIRE(Logs(signetd, "c.toml:2: engine is not a text"));
  CHECK(Logs(signetd, "c.toml:1: unknown setting speed"));
  CHECK(Introspect(signetd, "one", "secret-one") == 200);
  std::ofstream(dir / "c.toml") << "[sessions]\naccess_lifetime = \"23h\"\n";
  signetd.Kill(SIGHUP);
  REQUIRE(Logs(signetd, "access_lifetime is 23h"));
  CHECK(Introspect(signetd, "one", "secret-one") == 200);
}

TEST_CASE("a rotated ring is taken in by itself, a broken one is not") {
  TempDir dir;
  auto signetd = SignetdProcess::Start(Dev(dir));
  REQUIRE(signetd.ready());
  auto kek = OpenKek("file:" + dir / "keys/kek");
  REQUIRE(kek.ok());
  RingStore store(dir / "keys", std::move(*kek));
  const Time now = SystemClock::Shared().Now();
  REQUIRE(store
              .Update(KeyPurpose::kAccess,
                      [now](SigningRing& ring) { return ring.Rotate(now); })
              .ok());
  const auto generation_is = [&](const std::string& value) {
    return Get(signetd.admin_port(), "/metrics")
               .find("signet_ring_generation " + value + "\n") !=
           std::string::npos;
  };
  CHECK(Eventually([&] { return generation_is("3"); }));
  CHECK(Get(signetd.admin_port(), "/metrics")
            .find("signet_access_keys_pending 1\n") != std::string::npos);

  std::ofstream(dir / "keys/access.ring") << "junk";
  REQUIRE(Logs(signetd, "reloading the rings: "));
  CHECK(generation_is("3"));
  const std::string ready = Get(signetd.admin_port(), "/readyz");
  CHECK(ready.starts_with("200"));
  CHECK(ready.find("keys: an older ring stays in force: " +
                   dir / "keys/access.ring: ") != std::string::npos);
  CHECK(Get(signetd.admin_port(), "/metrics").find("signet_ring_refused 1\n") !=
        std::string::npos);
}

TEST_CASE("a client that is gone before its answer does not end signetd") {
  TempDir dir;
  auto signetd = SignetdProcess::Start(Dev(dir));
  REQUIRE(signetd.ready());
  for (int i = 0; i < 50; ++i) {
    RawClient client(signetd.port());
    client.Send(
        "POST /introspect HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n"
        "Authorization: Basic ZGV2OmRldi1zZWNyZXQ=\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=a");
  }
  CHECK(Get(signetd.admin_port(), "/healthz") == "200 ok\n");
}

}  // namespace
}  // namespace signet::service
