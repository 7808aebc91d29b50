// What the service does with a real disk: exchanges that are durable when they
// are answered, many sessions, their size, and the process itself.
//
// --small takes sizes that end within a minute; the bounds are for the large.

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "bench/arguments.h"
#include "bench/load_client.h"
#include "bench/paired.h"
#include "bench/setup.h"
#include "bench/store_load.h"
#include "tests/revocation-service/signetd_process.h"

namespace signet::bench {
namespace {

using testing::SignetdProcess;
using testing::TempDir;
using Clock = std::chrono::steady_clock;

constexpr size_t kConnections = 64;

struct Sizes {
  size_t few = 10'000;
  size_t many = 1'000'000;
  size_t exchanges = 20'000;  // of one round
  size_t small_store = 10'000;
  std::chrono::milliseconds load = std::chrono::seconds(10);
};
constexpr Sizes kSmall{.few = 1'000,
                       .many = 50'000,
                       .exchanges = 5'000,
                       .small_store = 500,
                       .load = std::chrono::seconds(2)};

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

SignetdProcess StartSignetd(const TempDir& keys, const std::string& data) {
  SignetdProcess process =
      SignetdProcess::Start({"--dev", "--keys", keys / "keys", "--data", data});
  Require(process.ready(), "starting signetd: " + process.log());
  return process;
}

// SyncsPerSecond: what the disk can do, if each sync carries what a group of
// exchanges writes.
double SyncsPerSecond(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  Require(fd >= 0, "opening a file to sync");
  const std::string group(16'384, 'x');
  const Clock::time_point start = Clock::now();
  int syncs = 0;
  while (SecondsSince(start) < 1) {
    Require(::write(fd, group.data(), group.size()) > 0, "writing");
    Require(::fdatasync(fd) == 0, "syncing");
    ++syncs;
  }
  const double taken = SecondsSince(start);
  ::close(fd);
  ::unlink(path.c_str());
  return syncs / taken;
}

// SignaturesPerSecond: each exchange mints one access token.
double SignaturesPerSecond() {
  const SigningRing ring = NewRing(KeyFormat::kPasetoV4Public);
  const Issuer issuer(ring);
  const Claims claims = TypicalClaims();
  return 1e9 / Nanoseconds(2000, [&](int) {
           Keep(Require(issuer.Mint(claims)).size());
         });
}

void IdleMemory() {
  TempDir directory;
  SignetdProcess process = StartSignetd(directory, directory / "data");
  std::this_thread::sleep_for(std::chrono::seconds(3));
  const double used = ResidentBytes(process.pid()) / (1 << 20);
  Print("idle_memory", used, "MiB", 48, "bound", used / 48);
}

void RefreshDurable(const Sizes& sizes) {
  TempDir directory;
  SignetdProcess process = StartSignetd(directory, directory / "data");
  std::vector<std::string> tokens = OpenTokens(process.port(), kConnections);
  const LoadResult load =
      RefreshLoad(process.port(), tokens, std::chrono::seconds(1), sizes.load);
  Require(load.failed == 0, "an exchange was refused");
  const double signatures = SignaturesPerSecond();
  const double syncs = SyncsPerSecond(directory / "sync");
  Print("refresh_durable", load.per_second, "exchanges/s", signatures,
        "tokens that one core mints alone", load.per_second / signatures);
  Print("refresh_durable_syncs", load.per_second, "exchanges/s", syncs,
        "fdatasyncs/s of 16 KiB", load.per_second / syncs);
  Print("refresh_durable_p50", load.p50, "ms", 20, "bound of p99",
        load.p50 / 20);
  Print("refresh_durable_p99", load.p99, "ms", 20, "bound", load.p99 / 20);
  Print("refresh_durable_p999", load.p999, "ms", 20, "bound of p99",
        load.p999 / 20);
}

void RefreshScale(const Sizes& sizes) {
  TempDir directory;
  const std::string many_path = directory / "many";
  {
    StoreLoad few(directory / "few"), many(many_path);
    few.Open(sizes.few);
    many.Open(sizes.many);
    std::vector<double> ours, theirs, ratios;
    for (int round = 0; round < 7; ++round) {
      auto large = many.Exchange(sizes.exchanges, false);
      auto small = few.Exchange(sizes.exchanges, false);
      ours.push_back(Percentile(large, 0.5));
      theirs.push_back(Percentile(small, 0.5));
      ratios.push_back(ours.back() / theirs.back());
    }
    Print("refresh_scale", Median(ours), "ms", Median(theirs),
          "the same with " + std::to_string(sizes.few) + " sessions",
          Median(ratios));
  }
  const Clock::time_point start = Clock::now();
  SignetdProcess process = StartSignetd(directory, many_path);
  const double taken = SecondsSince(start);
  Print("start_with_" + std::to_string(sizes.many), taken, "s", 2, "bound",
        taken / 2);
}

void SessionDisk(const Sizes& sizes) {
  constexpr size_t kRotations = 100;
  TempDir directory;
  {
    StoreLoad store(directory / "data");
    store.Open(sizes.small_store);
    store.Exchange(sizes.small_store * kRotations, true);
  }
  const double bytes = CompactedBytes(directory / "data") /
                       static_cast<double>(sizes.small_store);
  Print("session_disk", bytes, "bytes", 400, "bound", bytes / 400);
}

// Expiry: sessions that expired long ago are removed while others are used, at
// the service's pace; then the rest, as fast as it goes.
void Expiry(const Sizes& sizes) {
  constexpr size_t kCalls = 50;
  TempDir directory;
  {
    const ManualClock then(SystemClock::Shared().Now() -
                           std::chrono::hours(24 * 365));
    StoreLoad(directory / "data", then).Open(sizes.many);
  }
  StoreLoad store(directory / "data");
  store.Open(sizes.few);

  std::atomic<size_t> removed = 0;
  std::vector<double> calls;  // of a batch, in milliseconds
  const auto sweep = [&] {
    const Clock::time_point start = Clock::now();
    const size_t count = store.Sweep(service::kSweepBatch);
    calls.push_back(SecondsSince(start) * 1e3);
    removed += count;
    return count;
  };
  std::vector<double> p50s, p99s, p50_ratios, p99_ratios;
  std::vector<double> p50s_alone, p99s_alone;
  for (int round = 0; round < 7; ++round) {
    auto alone = store.Exchange(sizes.exchanges, false);
    std::atomic<bool> stop = false;
    std::thread janitor([&] {
      while (!stop) {
        sweep();
        std::this_thread::sleep_for(service::kSweepPause);
      }
    });
    auto beside = store.Exchange(sizes.exchanges, false);
    stop = true;
    janitor.join();
    p50s.push_back(Percentile(beside, 0.5));
    p50s_alone.push_back(Percentile(alone, 0.5));
    p50_ratios.push_back(p50s.back() / p50s_alone.back());
    p99s.push_back(Percentile(beside, 0.99));
    p99s_alone.push_back(Percentile(alone, 0.99));
    p99_ratios.push_back(p99s.back() / p99s_alone.back());
  }
  Print("expiry_p50", Median(p50s), "ms", Median(p50s_alone),
        "exchanges while nothing expires", Median(p50_ratios));
  Print("expiry_p99", Median(p99s), "ms", Median(p99s_alone),
        "exchanges while nothing expires", Median(p99_ratios));

  calls.clear();
  const size_t before = removed;
  const Clock::time_point start = Clock::now();
  while (sweep() == service::kSweepBatch) {
  }
  const double taken = SecondsSince(start);
  Require(removed == sizes.many, "not all that expired was removed");
  // The last call found less than a batch.
  calls.pop_back();
  const auto median_of = [&](auto first) {
    return Median({first, first + static_cast<ptrdiff_t>(kCalls)});
  };
  const double early = median_of(calls.begin());
  const double late = median_of(calls.end() - static_cast<ptrdiff_t>(kCalls));
  Print("expiry_late", late, "ms for 40 sessions", early,
        "the first ones swept", late / early);
  Print("expiry_all", static_cast<double>(removed - before) / taken,
        "sessions/s", 2000, "removed a second by the service",
        static_cast<double>(removed - before) / taken / 2000);
}

}  // namespace
}  // namespace signet::bench

int main(int argc, char** argv) {
  using namespace signet::bench;
  const Arguments arguments = Arguments::Read(argc, argv);
  const Sizes sizes = arguments.small ? kSmall : Sizes();
  if (arguments.Wants("idle_memory")) IdleMemory();
  if (arguments.Wants("refresh_durable")) RefreshDurable(sizes);
  if (arguments.Wants("session_disk")) SessionDisk(sizes);
  if (arguments.Wants("refresh_scale")) RefreshScale(sizes);
  if (arguments.Wants("expiry")) Expiry(sizes);
}
