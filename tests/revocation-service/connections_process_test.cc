// Ten thousand clients that say little or nothing, at a real signetd.

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>

#include "raw_client.h"
#include "signetd_process.h"

namespace signet::testing {
namespace {

// Sanitizers keep shadow memory of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

constexpr size_t kMany = 9500;

size_t ResidentBytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

class PatientService {
 public:
  PatientService() {
    std::ofstream(directory_ / "c.toml")
        << "[server]\nmax_connections = 12000\nidle_timeout = \"10m\"\n"
           "request_timeout = \"5m\"\n";
    process_.emplace(SignetdProcess::Start(
        {"--dev", "--config", directory_ / "c.toml", "--engine", "memory",
         "--data", directory_ / "data", "--keys", directory_ / "keys"}));
    REQUIRE_MESSAGE(process_->ready(), process_->log());
  }

  // Open connects many clients, each of which sends `first`, and waits until
  // the service has them all.
  std::vector<RawClient> Open(const std::string& first) {
    std::vector<RawClient> clients;
    for (size_t i = 0; i < kMany; ++i) {
      clients.emplace_back(process_->port());
      REQUIRE(clients.back().connected());
      if (!first.empty()) clients.back().Send(first);
    }
    const std::string line = "signet_http_connections ";
    CHECK(Eventually([&] { return Gauge(line) >= kMany; }));
    return clients;
  }
  void AwaitNone() {
    CHECK(Eventually([&] { return Gauge("signet_http_connections ") == 0; }));
  }
  bool Serves() const {
    RawClient client(process_->port());
    const std::string answer = client.Request(
        "GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n");
    return answer.starts_with("HTTP/1.1 200");
  }
  size_t resident() const { return ResidentBytes(process_->pid()); }

 private:
  size_t Gauge(const std::string& name) const {
    RawClient client(process_->admin_port());
    const std::string text =
        client.Request("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    const size_t at = text.find("\n" + name);
    if (at == std::string::npos) return 0;
    return std::strtoul(text.c_str() + at + 1 + name.size(), nullptr, 10);
  }

  TempDir directory_;
  std::optional<SignetdProcess> process_;
};

bool MayOpenMany() {
  if (AllowDescriptors(kMany + 200)) return true;
  std::puts("skipped: ten thousand connections, for want of descriptors");
  return false;
}

TEST_CASE("ten thousand idle connections cost little, and nothing that stays") {
  if (!MayOpenMany()) return;
  PatientService service;
  const size_t before = service.resident();
  size_t first = 0;
  for (int round = 0; round < 2; ++round) {
    const auto clients = service.Open("");
    CHECK(service.Serves());
    const size_t held = service.resident();
    if (round == 0) first = held;
    MESSAGE("bytes per idle connection: " << (held - before) / kMany);
    if (kSanitized) continue;
    CHECK((held - before) / kMany <= 8192);
    // What one round has left serves the next.
    CHECK(held <= first + first / 4);
  }
  service.AwaitNone();
}

TEST_CASE(
    "ten thousand requests that drip in do not keep others from service") {
  if (!MayOpenMany()) return;
  PatientService service;
  const size_t before = service.resident();
  auto clients = service.Open("POST /token HTTP/1.1\r\nHost: a\r\nX: ");
  for (int byte = 0; byte < 3; ++byte) {
    for (RawClient& client : clients) client.Send("x");
    CHECK(service.Serves());
  }
  const size_t each = (service.resident() - before) / kMany;
  MESSAGE("bytes per request that drips in: " << each);
  if (!kSanitized) CHECK(each <= 16'384);
}

}  // namespace
}  // namespace signet::testing
