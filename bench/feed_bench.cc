// How fast a revocation reaches every verifier, and what the feed costs: the
// service with real sockets, beside PUBLISH of a Redis that keeps nothing.
//
// --small takes sizes that end within a minute; the bounds are for the large.

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <thread>

#include "bench/load_client.h"
#include "bench/paired.h"
#include "bench/redis.h"
#include "bench/setup.h"
#include "bench/store_load.h"
#include "bench/subscribers.h"
#include "signet/feed.h"
#include "signet/ring_store.h"
#include "tests/revocation-service/signetd_process.h"

namespace signet::bench {
namespace {

using testing::SignetdProcess;
using testing::TempDir;
using Clock = std::chrono::steady_clock;

// dev:dev-secret
constexpr std::string_view kAuthorization =
    "Authorization: Basic ZGV2OmRldi1zZWNyZXQ=\r\n";

struct Sizes {
  std::vector<size_t> fans = {100, 1'000, 9'000};
  int rounds = 101;
  size_t idle = 9'000;
  size_t entries = 1'000'000;
};
const Sizes kSmall{
    .fans = {10, 100}, .rounds = 15, .idle = 100, .entries = 20'000};

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start)
      .count();
}

// Service is a `signetd --dev` that takes ten thousand connections.
struct Service {
  explicit Service(const std::string& data = {}) {
    std::ofstream(directory / "c.toml")
        << "[server]\nmax_connections = 12000\n";
    process.emplace(
        SignetdProcess::Start({"--dev", "--config", directory / "c.toml",
                               "--keys", directory / "keys", "--data",
                               data.empty() ? directory / "data" : data}));
    Require(process->ready(), "starting signetd: " + process->log());
  }
  uint16_t port() const { return process->port(); }

  TempDir directory;
  std::optional<SignetdProcess> process;
};

std::string Get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" +
         std::string(kAuthorization) + "\r\n";
}

std::string Revocation() {
  const std::string body = R"({"kind":"session","value":")" + NewId() + "\"}";
  return "POST /v1/revocations HTTP/1.1\r\nHost: localhost\r\n" +
         std::string(kAuthorization) +
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Fan is a number of subscribers of one service, and how to tell them all.
class SignetFan {
 public:
  SignetFan(uint16_t port, size_t count)
      : publisher_(port), fan_(port, count, Get("/feed/stream"), "\n\n") {}

  // Tell is the time from the call until the last one has it, in ms.
  double Tell() {
    const Clock::time_point start = Clock::now();
    publisher_.Send(Revocation());
    ++sequence_;
    // The id of the event that carries it.
    fan_.Await("id: 1." + std::to_string(sequence_) + "\n", "\n\n");
    const double took = MillisecondsSince(start);
    publisher_.Await("\"seq\":" + std::to_string(sequence_));
    return took;
  }

 private:
  Caller publisher_;
  Subscribers fan_;
  uint64_t sequence_ = 0;
};

class RedisFan {
 public:
  RedisFan(uint16_t port, size_t count)
      : publisher_(port),
        fan_(port, count, "SUBSCRIBE revocations\r\n", ":1\r\n") {}

  double Tell() {
    // As long as the service's event, and unlike the one before.
    std::string message = std::to_string(++number_) + ";";
    message.resize(220, 'x');
    const Clock::time_point start = Clock::now();
    publisher_.Send("PUBLISH revocations " + message + "\r\n");
    fan_.Await("\n" + message.substr(0, message.find(';') + 1), "x\r\n");
    const double took = MillisecondsSince(start);
    publisher_.Await("\r\n");
    return took;
  }

 private:
  Caller publisher_;
  Subscribers fan_;
  uint64_t number_ = 0;
};

void PrintTail(const std::string& name, std::vector<double> ours,
               std::vector<double> theirs) {
  for (const auto& [suffix, share] :
       {std::pair{"_p99", 0.99}, std::pair{"_max", 1.0}}) {
    const double value = Percentile(ours, share);
    const double baseline = Percentile(theirs, share);
    Print(name + suffix, value, "ms", baseline, "Redis PUBLISH, not durable",
          value / baseline);
  }
}

void FanOut(size_t count, int rounds) {
  const std::string name = "fanout_" + std::to_string(count);
  const Service service;
  const Redis redis;
  std::vector<double> ours, theirs, ratios;
  SignetFan signet_fan(service.port(), count);
  RedisFan redis_fan(redis.port(), count);
  for (int i = -3; i < rounds; ++i) {
    const double mine = signet_fan.Tell();
    const double other = redis_fan.Tell();
    if (i < 0) continue;  // to warm up
    ours.push_back(mine);
    theirs.push_back(other);
    ratios.push_back(mine / other);
  }
  Print(name, Median(ours), "ms", Median(theirs), "Redis PUBLISH, not durable",
        Median(ratios));
  PrintTail(name, ours, theirs);
}

// Disturbed tells a fan while something else goes on at its service, again and
// again, beside a fan of a service that is left alone.
void Disturbed(const std::string& name, size_t count, int rounds,
               const std::function<void(uint16_t port)>& disturb) {
  const Service busy, quiet;
  SignetFan busy_fan(busy.port(), count);
  SignetFan quiet_fan(quiet.port(), count);
  std::vector<double> disturbed, alone;
  for (int i = 0; i < rounds; ++i) alone.push_back(quiet_fan.Tell());
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) disturb(busy.port());
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  for (int i = 0; i < rounds; ++i) disturbed.push_back(busy_fan.Tell());
  stop = true;
  other.join();
  for (const auto& [suffix, share] :
       {std::pair{"", 0.5}, std::pair{"_p99", 0.99}, std::pair{"_max", 1.0}}) {
    const double value = Percentile(disturbed, share);
    const double baseline = Percentile(alone, share);
    Print(name + suffix, value, "ms", baseline, "the same undisturbed",
          value / baseline);
  }
}

// WithRefreshes: 16 clients exchange refresh tokens as fast as they can.
void WithRefreshes(size_t count, int rounds) {
  std::vector<std::string> tokens;
  Disturbed("fanout_" + std::to_string(count) + "_refreshes", count, rounds,
            [&](uint16_t port) {
              if (tokens.empty()) tokens = OpenTokens(port, 16);
              RefreshLoad(port, tokens, {}, std::chrono::milliseconds(500));
            });
}

// WithStorm: many verifiers connect at once, get their first frame, hang up,
// and come again.
void WithStorm(size_t count, size_t others, int rounds) {
  Disturbed("fanout_" + std::to_string(count) + "_storm", count, rounds,
            [&](uint16_t port) {
              const Subscribers crowd(port, others, Get("/feed/stream"),
                                      "\n\n");
            });
}

void SubscriberMemory(size_t count) {
  const Service service;
  const auto settled = [&] {
    std::this_thread::sleep_for(std::chrono::seconds(5));
    return ResidentBytes(service.process->pid());
  };
  const double before = settled();
  const Subscribers fan(service.port(), count, Get("/feed/stream"), "\n\n");
  const double each = (settled() - before) / static_cast<double>(count);
  Print("subscriber_memory", each, "bytes", 8192, "bound", each / 8192);
}

// BodySize is the size of an answer's frames.
double BodySize(uint16_t port, const std::string& path) {
  Caller caller(port);
  caller.Send(Get(path));
  return static_cast<double>(caller.AwaitBody());
}

void FrameSizes() {
  const Service service;
  Caller caller(service.port());
  double size = 0;
  for (int i = 1; i <= 100; ++i) {
    caller.Send(Revocation());
    caller.Await("\"seq\":" + std::to_string(i));
    if (i == 1) size = BodySize(service.port(), "/feed/log?epoch=1&after=0");
  }
  Print("frame_bytes_1", size, "bytes", 160, "bound", size / 160);
  const double batch =
      BodySize(service.port(), "/feed/log?epoch=1&after=0") / 100;
  Print("frame_bytes_100", batch, "bytes each", 24, "bound", batch / 24);
}

// EntropyBytes is what a set of random ids takes at least: the logarithm of
// the number of such sets.
double EntropyBytes(size_t count) {
  const auto n = static_cast<double>(count);
  return (128 * n * std::log(2.0) - std::lgamma(n + 1)) / std::log(2.0) / 8;
}

double SnapshotLoad(const Service& service) {
  FeedOptions options;
  options.services = {"http://127.0.0.1:" + std::to_string(service.port())};
  options.client_id = "dev";
  options.client_secret = "dev-secret";
  options.feed_ring =
      Require(ReadPublicRing(service.directory / "keys/feed.pub.json"));
  options.timeout = std::chrono::seconds(30);
  const Clock::time_point start = Clock::now();
  const auto feed = Require(RevocationFeed::Start(options));
  Require(feed->WaitUntilFresh(std::chrono::seconds(60)).ok(),
          "a verifier does not become fresh");
  return MillisecondsSince(start) / 1000;
}

void ReplicaLoad(size_t entries) {
  const TempDir directory;
  FillLog(directory / "data", entries);
  const Service service(directory / "data");
  const std::string suffix = entries == 1'000'000 ? "1m" : "small";
  // The first one has the service make the snapshot.
  const double first = SnapshotLoad(service);
  const double next = SnapshotLoad(service);
  Print("replica_load_" + suffix, first, "s", 1, "bound", first);
  Print("replica_load_" + suffix + "_shared", next, "s", first,
        "the first, for which the snapshot is made", next / first);
  Caller caller(service.port());
  caller.Send(Get("/feed/snapshot"));
  const std::string place = caller.AwaitHeader("Location");
  const double bytes = BodySize(service.port(), "/feed/" + place);
  const double least = EntropyBytes(entries);
  Print("snapshot_bytes_" + suffix, bytes, "bytes", least,
        "the entropy of the ids", bytes / least);
}

}  // namespace
}  // namespace signet::bench

int main(int argc, char** argv) {
  using namespace signet::bench;
  Sizes sizes;
  std::string only;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--small") == 0) {
      sizes = kSmall;
    } else {
      only = argv[i];
    }
  }
  const auto wanted = [&](const std::string& name) {
    return only.empty() || only == name;
  };
  for (const size_t count : sizes.fans) {
    if (wanted("fanout_" + std::to_string(count))) FanOut(count, sizes.rounds);
  }
  if (wanted("fanout_refreshes")) WithRefreshes(sizes.fans[1], sizes.rounds);
  if (wanted("fanout_storm")) {
    WithStorm(sizes.fans[0], sizes.idle, sizes.rounds);
  }
  if (wanted("subscriber_memory")) SubscriberMemory(sizes.idle);
  if (wanted("frame_bytes")) FrameSizes();
  if (wanted("replica_load")) ReplicaLoad(sizes.entries);
}
