// Many verifiers behind nginx, with the configuration that we ship.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "signet/feed.h"
#include "signet/issuer.h"
#include "signet/ring_store.h"
#include "tests/revocation-service/operations_fixture.h"

namespace signet::testing {
namespace {

constexpr char kNginx[] = "/usr/sbin/nginx";
constexpr size_t kVerifiers = 30;
constexpr size_t kRevoked = 50;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Replaced(std::string text, const std::string& from,
                     const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE_MESSAGE(at != text.npos, "nginx.conf lacks " << from);
  return text.replace(at, from.size(), to);
}

// FreePort returns one below those that the system gives out itself: nobody
// takes it by chance before nginx does.
uint16_t FreePort() {
  std::mt19937 random{std::random_device{}()};
  for (;;) {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(15'000 + random() % 15'000));
    const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address),
                              sizeof(address)) == 0;
    ::close(probe);
    if (bound) return ntohs(address.sin_port);
  }
}

// Nginx runs with our configuration, but for places and ports.
class Nginx {
 public:
  explicit Nginx(uint16_t service_port) : port_(FreePort()) {
    std::string site = ReadAll(std::string(SIGNET_SOURCE_DIR) +
                               "/revocation-service/deploy/nginx.conf");
    site = Replaced(site, "/var/cache/nginx/signet", directory_ / "cache");
    site = Replaced(site, "127.0.0.1:8420",
                    "127.0.0.1:" + std::to_string(service_port));
    site = Replaced(site, "listen 127.0.0.1:8480",
                    "listen 127.0.0.1:" + std::to_string(port_));
    std::ofstream(directory_ / "nginx.conf")
        << (::getuid() == 0 ? "user root;\n" : "") << "daemon off;\npid "
        << directory_ / "pid"
        << ";\nevents {}\nhttp {\naccess_log off;\n"
        << "client_body_temp_path " << directory_ / "body"
        << ";\nproxy_temp_path " << directory_ / "proxy"
        << ";\nfastcgi_temp_path " << directory_ / "f"
        << ";\nuwsgi_temp_path " << directory_ / "u"
        << ";\nscgi_temp_path " << directory_ / "s"
        << ";\n"
        << site << "}\n";
    Spawn();
  }
  ~Nginx() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_);
  }
  bool Answers() const {
    httplib::Client client("127.0.0.1", port_);
    return static_cast<bool>(client.Get("/.well-known/jwks.json"));
  }
  std::string log() const { return ReadAll(directory_ / "error"); }

 private:
  void Spawn() {
    const std::string config = directory_ / "nginx.conf";
    const std::string log = directory_ / "error";
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::execl(kNginx, kNginx, "-c", config.c_str(), "-e", log.c_str(), nullptr);
    ::_exit(127);
  }

  TempDir directory_;
  uint16_t port_;
  pid_t pid_ = -1;
};

std::unique_ptr<RevocationFeed> StartFeed(const std::string& url,
                                          const std::string& ring,
                                          FeedMode mode) {
  FeedOptions options;
  options.services = {url};
  options.client_id = "dev";
  options.client_secret = "dev-secret";
  auto public_ring = ReadPublicRing(ring);
  REQUIRE(public_ring.ok());
  options.feed_ring = *std::move(public_ring);
  options.mode = mode;
  options.poll_interval = std::chrono::milliseconds(100);
  options.timeout = std::chrono::seconds(30);
  auto feed = RevocationFeed::Start(options);
  REQUIRE_MESSAGE(feed.ok(), feed.error().message);
  return *std::move(feed);
}

// Asked is how often the service itself was asked for an endpoint.
size_t Asked(RunningSignetd& signetd, const std::string& endpoint) {
  const std::string text = signetd.Admin("/metrics")->body;
  const std::string name =
      "signet_http_requests_total{endpoint=\"" + endpoint + "\"";
  size_t asked = 0;
  for (size_t at = text.find(name); at != text.npos;
       at = text.find(name, at + 1)) {
    asked += std::stoul(text.substr(text.find('}', at) + 1));
  }
  return asked;
}

void Revoke(RunningSignetd& signetd, const std::string& session) {
  const auto answer = signetd.Json(
      "/v1/revocations", R"({"kind":"session","value":")" + session + "\"}");
  REQUIRE(answer);
  REQUIRE(answer->status == 201);
}

// Crowd is a service, nginx before it, and many verifiers behind that.
struct Crowd {
  explicit Crowd(FeedMode mode) {
    for (size_t i = 0; i < kRevoked; ++i) Revoke(signetd, NewId());
    nginx = std::make_unique<Nginx>(signetd.process().port());
    REQUIRE_MESSAGE(Eventually([&] { return nginx->Answers(); }), nginx->log());
    for (size_t i = 0; i < kVerifiers; ++i) {
      feeds.push_back(
          StartFeed(nginx->url(), signetd.path("keys/feed.pub.json"), mode));
    }
    for (const auto& feed : feeds) {
      const Status fresh = feed->WaitUntilFresh(std::chrono::minutes(1));
      REQUIRE_MESSAGE(fresh.ok(), fresh.error().message);
      CHECK(feed->status().entries == kRevoked);
    }
  }

  void RevokeOneMore() {
    Revoke(signetd, NewId());
    for (const auto& feed : feeds) {
      CHECK(Eventually([&] { return feed->status().entries > kRevoked; }));
    }
  }

  RunningSignetd signetd;
  std::unique_ptr<Nginx> nginx;
  std::vector<std::unique_ptr<RevocationFeed>> feeds;
};

bool HasNginx() {
  if (::access(kNginx, X_OK) == 0) return true;
  std::puts("skipped: verifiers behind nginx, which is not installed");
  return false;
}

TEST_CASE("many verifiers start behind nginx, and the service hardly notices") {
  if (!HasNginx()) return;
  Crowd crowd(FeedMode::kSubscribe);
  CHECK(Asked(crowd.signetd, "feed_snapshot") >= kVerifiers);
  // Each piece once. One is the newest for ten seconds.
  const size_t pieces = Asked(crowd.signetd, "feed_snapshot_piece");
  CHECK(pieces >= 1);
  CHECK(pieces < kVerifiers / 2);
  // And what is no snapshot comes through at once.
  crowd.RevokeOneMore();
}

TEST_CASE("many verifiers that poll behind nginx share the answers") {
  if (!HasNginx()) return;
  Crowd crowd(FeedMode::kPoll);
  const auto frames = [&] {
    size_t sum = 0;
    for (const auto& feed : crowd.feeds) sum += feed->status().frames;
    return sum;
  };
  CHECK(Eventually([&] { return frames() >= 20 * kVerifiers; }));
  CHECK(Asked(crowd.signetd, "feed_log") < frames() / 2);
  crowd.RevokeOneMore();
  for (const auto& feed : crowd.feeds) {
    CHECK(feed->status().refused == 0);
    CHECK(feed->status().staleness < std::chrono::minutes(1));
  }
}

}  // namespace
}  // namespace signet::testing
