// How fast a revocation reaches every verifier, and what the feed costs: the
// service with real sockets, beside PUBLISH of a Redis that keeps nothing.
//
// --small takes sizes that end within a minute; the bounds are for the large.

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <thread>

#include "bench/arguments.h"
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
  std::vector<size_t> verifiers = {1'000, 5'000};  // that acknowledge
  int waits = 15;
  size_t status_lists = 5;
  size_t idle = 9'000;
  size_t entries = 1'000'000;
};
const Sizes kSmall{.fans = {10, 100},
                   .rounds = 15,
                   .verifiers = {10, 100},
                   .waits = 5,
                   .status_lists = 2,
                   .idle = 100,
                   .entries = 20'000};

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

std::string Revocation(const std::string& query = {}) {
  const std::string body = R"({"kind":"session","value":")" + NewId() + "\"}";
  return "POST /v1/revocations" + query + " HTTP/1.1\r\nHost: localhost\r\n" +
         std::string(kAuthorization) +
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Fan is a number of subscribers of one service, and how to tell them all.
class SignetFan {
 public:
  // The service's log ends at `last`.
  SignetFan(uint16_t port, size_t count, uint64_t last = 0)
      : publisher_(port),
        fan_(port, count,
             Get("/feed/stream?epoch=1&after=" + std::to_string(last)), "\n\n"),
        sequence_(last) {}

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
  uint64_t sequence_;
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
// again, beside a fan of a service that is left alone. Both begin with a log of
// so many entries.
void Disturbed(const std::string& name, size_t count, int rounds,
               const std::function<void(uint16_t port)>& disturb,
               size_t entries = 0) {
  const TempDir stores;
  if (entries > 0) {
    FillLog(stores / "busy", entries);
    FillLog(stores / "quiet", entries);
  }
  const Service busy(stores / "busy"), quiet(stores / "quiet");
  SignetFan busy_fan(busy.port(), count, entries);
  SignetFan quiet_fan(quiet.port(), count, entries);
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

// WithPages: somebody reads all that is live, page after page.
void WithPages(size_t entries, int rounds) {
  std::string next = "/v1/revocations/live";
  Disturbed(
      "live_pages", 10, rounds,
      [&](uint16_t port) {
        Caller reader(port);
        reader.Send(Get(next));
        const std::string body = reader.AwaitBody();
        constexpr std::string_view kNext = "\"next\":\"";
        const size_t at = body.find(kNext);
        Require(at != std::string::npos, "a page does not say what is next");
        const size_t start = at + kNext.size();
        next = body.substr(start, body.find('"', start) - start);
        if (next.find("from=") == next.npos) next = "/v1/revocations/live";
      },
      entries);
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

// NumberIn reads a number of a JSON text; 0 if it is not there.
double NumberIn(const std::string& text, const std::string& name) {
  const std::string mark = "\"" + name + "\":";
  const size_t at = text.find(mark);
  return at == std::string::npos
             ? 0
             : std::strtod(text.c_str() + at + mark.size(), nullptr);
}

// Acknowledged: so many verifiers say that they enforce each of some
// revocations, as the caller who waits for it is told.
void Acknowledged(size_t count, int rounds) {
  const Service service;
  Acknowledgers verifiers(service.port(), count, std::string(kAuthorization));
  std::vector<double> halves, slowest, answers;
  for (int i = -1; i < rounds; ++i) {
    std::atomic<bool> answered{false};
    std::string body;
    double took = 0;
    std::thread caller([&] {
      Caller publisher(service.port());
      const Clock::time_point start = Clock::now();
      publisher.Send(Revocation("?wait=55"));
      body = publisher.AwaitBody();
      took = MillisecondsSince(start);
      answered = true;
    });
    verifiers.ServeWhile([&] { return !answered; });
    caller.join();
    Require(NumberIn(body, "enforcing") == static_cast<double>(count),
            "not all verifiers enforce a revocation: " + body);
    if (i < 0) continue;  // to warm up
    halves.push_back(NumberIn(body, "p50_ms"));
    slowest.push_back(NumberIn(body, "max_ms"));
    answers.push_back(took);
  }
  const std::string name = "acknowledged_" + std::to_string(count);
  const double asked = static_cast<double>(count) / 128 * 10;
  Print(name, Median(slowest), "ms", asked,
        "128 are asked every 10 ms: the last of them", Median(slowest) / asked);
  Print(name + "_p50", Median(halves), "ms", Median(slowest), "the last one",
        Median(halves) / Median(slowest));
  Print(name + "_answer", Median(answers), "ms", Median(slowest),
        "the last acknowledgement", Median(answers) / Median(slowest));
}

std::string SsfPoll(const std::string& acknowledged) {
  const std::string body = "{\"ack\":[" + acknowledged + "]}";
  return "POST /ssf/poll HTTP/1.1\r\nHost: localhost\r\n" +
         std::string(kAuthorization) +
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

// SsfDelivery: from a revocation until a partner, who holds a poll open, has
// the signed event.
void SsfDelivery(int rounds) {
  const Service service;
  Caller partner(service.port()), publisher(service.port());
  // The stream begins with the first poll.
  partner.Send("GET /ssf/stream HTTP/1.1\r\nHost: localhost\r\n" +
               std::string(kAuthorization) + "\r\n");
  partner.AwaitBody();
  std::vector<double> delivered, durable, ratios;
  std::string last;
  for (int i = -3; i < rounds; ++i) {
    partner.Send(SsfPoll(last));
    // So that the poll is held open, rather than answered with what is there.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const Clock::time_point start = Clock::now();
    publisher.Send(Revocation());
    const std::string sets = partner.AwaitBody();
    const double took = MillisecondsSince(start);
    publisher.AwaitBody();
    const double written = MillisecondsSince(start);
    constexpr std::string_view kSets = "\"sets\":{";
    const size_t at = sets.find(kSets);
    Require(at != sets.npos, "a poll brought no events: " + sets);
    const size_t name = at + kSets.size();
    last = sets.substr(name, sets.find(':', name) - name);
    if (i < 0) continue;  // to warm up
    delivered.push_back(took);
    durable.push_back(written);
    ratios.push_back(took / written);
  }
  Print("ssf_delivery", Median(delivered), "ms", Median(durable),
        "the revocation's own answer", Median(ratios));
  const double p99 = Percentile(delivered, 0.99);
  const double theirs = Percentile(durable, 0.99);
  Print("ssf_delivery_p99", p99, "ms", theirs, "the revocation's own answer",
        p99 / theirs);
}

// FullStatusLists: lists of which every place is taken, made from a store on
// disk, while so many revocations are live.
void FullStatusLists(size_t lists, size_t entries) {
  const TempDir directory;
  const std::string data = directory / "data";
  FillLog(data, entries);
  const std::vector<std::string> names = FillStatusLists(data, lists);
  const Service service(data);
  Caller party(service.port());
  std::vector<double> made, kept;
  double bytes = 0;
  const auto ask = [&](const std::string& name, std::vector<double>& times) {
    const Clock::time_point start = Clock::now();
    party.Send(Get("/status/" + name));
    const std::string list = party.AwaitBody();
    times.push_back(MillisecondsSince(start));
    Require(list.starts_with("ey"), "there is no status list: " + list);
    bytes = static_cast<double>(list.size());
  };
  for (const std::string& name : names) {
    ask(name, made);
    ask(name, kept);
  }
  Print("status_list_full", Median(made), "ms", Median(kept),
        "the same asked again", Median(made) / Median(kept));
  Print("status_list_full_bytes", bytes, "bytes", 16'384, "its bits",
        bytes / 16'384);
}

// BodySize is the size of an answer's frames.
double BodySize(uint16_t port, const std::string& path) {
  Caller caller(port);
  caller.Send(Get(path));
  return static_cast<double>(caller.AwaitBody().size());
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
  const Arguments arguments = Arguments::Read(argc, argv);
  const Sizes sizes = arguments.small ? kSmall : Sizes();
  const auto wanted = [&](const std::string& name) {
    return arguments.Wants(name);
  };
  for (const size_t count : sizes.fans) {
    if (wanted("fanout_" + std::to_string(count))) FanOut(count, sizes.rounds);
  }
  if (wanted("fanout_refreshes")) WithRefreshes(sizes.fans[1], sizes.rounds);
  if (wanted("fanout_storm")) {
    WithStorm(sizes.fans[0], sizes.idle, sizes.rounds);
  }
  for (const size_t count : sizes.verifiers) {
    if (wanted("acknowledged")) Acknowledged(count, sizes.waits);
  }
  if (wanted("ssf_delivery")) SsfDelivery(sizes.rounds);
  if (wanted("status_list_full")) {
    FullStatusLists(sizes.status_lists, sizes.entries / 10);
  }
  if (wanted("live_pages")) WithPages(sizes.entries, 10 * sizes.rounds);
  if (wanted("subscriber_memory")) SubscriberMemory(sizes.idle);
  if (wanted("frame_bytes")) FrameSizes();
  if (wanted("replica_load")) ReplicaLoad(sizes.entries);
}
