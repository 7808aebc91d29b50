// A disk that fills up, on a real small file system.

#include <doctest/doctest.h>
#include <httplib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <random>
#include <thread>

#include "backend_client.h"
#include "revocation-service/storage/committer.h"
#include "revocation-service/storage/disk_reserve.h"
#include "revocation-service/storage/engine.h"
#include "signetd_process.h"
#include "tests/eventually.h"
#include "tests/small_disk.h"

namespace signet::service {
namespace {

using signet::testing::Answer;
using signet::testing::BackendClient;
using signet::testing::Eventually;
using signet::testing::SignetdProcess;
using signet::testing::SmallDisk;
using signet::testing::TempDir;

constexpr uint64_t kMiB = 1 << 20;

// IsLow looks anew: the watch does not ask more often than it needs to.
bool IsLow(DiskReserve& reserve) {
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  reserve.Check();
  return reserve.low();
}

TEST_CASE("a reserve is held, given up by quarters, and taken back") {
  const SmallDisk disk(40);
  if (!disk.mounted()) return;
  DiskReserve reserve(disk / ".", 8 * kMiB);
  CHECK(reserve.held_bytes() == 8 * kMiB);
  CHECK(reserve.FreeBytes() == 32 * static_cast<int64_t>(kMiB));
  CHECK_FALSE(reserve.low());
  CHECK(reserve.Admit().ok());

  disk.Fill("others", 25 * kMiB);  // 7 are free
  CHECK(IsLow(reserve));
  CHECK(reserve.Admit().error().code == ErrorCode::kUnavailable);
  CHECK(reserve.held_bytes() == 8 * kMiB);

  for (const uint64_t left : {6, 4, 2, 0}) {
    disk.Fill("others");
    CHECK(IsLow(reserve));
    CHECK(reserve.held_bytes() == left * kMiB);
    CHECK(reserve.FreeBytes() == 2 * static_cast<int64_t>(kMiB));
  }
  disk.Fill("others");
  CHECK_FALSE(reserve.Release());
  CHECK_FALSE(reserve.HasRoom());

  disk.Remove("others");
  CHECK_FALSE(IsLow(reserve));
  CHECK(reserve.held_bytes() == 8 * kMiB);
  CHECK(reserve.Admit().ok());
}

TEST_CASE("a reserve survives its process, and size 0 gives it up") {
  const SmallDisk disk(40);
  if (!disk.mounted()) return;
  { DiskReserve reserve(disk / ".", 8 * kMiB); }
  disk.Fill("others");
  {
    DiskReserve reserve(disk / ".", 8 * kMiB);
    CHECK(reserve.low());
    CHECK(reserve.held_bytes() == 6 * kMiB);
  }
  DiskReserve none(disk / ".", 0);
  CHECK(none.Admit().ok());
  CHECK_FALSE(std::filesystem::exists(disk / "reserve"));
}

TEST_CASE(
    "what is not urgent waits for the disk, a batch of deletes does not") {
  const auto engine = NewMemoryEngine();
  Committer committer(*engine, {.admit = [] {
    return Status(Error{ErrorCode::kUnavailable, "low"});
  }});
  const auto submit = [&](Batch batch, bool urgent,
                          std::vector<LedgerLine> lines = {}) {
    std::promise<Result<Committed>> promise;
    committer.Submit(
        std::move(batch),
        [&](Result<Committed> result) { promise.set_value(std::move(result)); },
        urgent, std::move(lines));
    return promise.get_future().get();
  };
  const auto refused = submit({.puts = {{"a", "1"}}}, false);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kUnavailable);
  CHECK(submit({.puts = {{"a", "1"}}}, true).ok());
  CHECK(submit({.deletes = {"a"}}, false).ok());
  // A sweep is audited, and a trim leaves a mark.
  CHECK(submit({.deletes = {"a", "b"}}, false, {{0, "line"}}).ok());
  CHECK(submit({.puts = {{"mark", "2"}}, .deletes = {"a", "b"}}, false).ok());
  // A line alone only adds, and so does an audited change.
  CHECK_FALSE(submit({}, false, {{0, "line"}}).ok());
  CHECK_FALSE(submit({.puts = {{"a", "1"}}}, false, {{0, "line"}}).ok());
}

// RandomBytes do not compress, so that they take the room they seem to.
std::string RandomBytes(std::mt19937& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST_CASE("a store on a full disk commits until the reserve is used up") {
  const SmallDisk disk(128);
  if (!disk.mounted()) return;
  std::filesystem::create_directory(disk / "db");
  DiskReserve reserve(disk / "db", 48 * kMiB);
  REQUIRE(reserve.held_bytes() == 48 * kMiB);
  std::mt19937 random(1);
  uint64_t committed = 0;
  {
    auto engine = OpenRocksDbEngine(disk / "db", &reserve);
    REQUIRE(engine.ok());
    disk.Fill("others");
    // Enough for several flushes of what is in memory.
    for (int i = 0; i < 20 * 1024; ++i) {
      const Batch batch{.log = {RandomBytes(random, 1024)}};
      const auto result = (*engine)->Commit({&batch, 1}).at(0);
      REQUIRE_MESSAGE(result.ok(), i << ": " << result.error().message);
      committed = result->last_sequence;
    }
    CHECK(reserve.held_bytes() < 48 * kMiB);
  }
  // It opens again, with all of it, on the same full disk.
  auto engine = OpenRocksDbEngine(disk / "db", &reserve);
  REQUIRE_MESSAGE(engine.ok(), engine.error().message);
  CHECK((*engine)->LastSequence().value() == committed);
  CHECK((*engine)->Tail(0, 1).value().size() == 1);
}

TEST_CASE("on a full disk logins wait, revocations commit, and all heals") {
  const SmallDisk disk(128);
  if (!disk.mounted()) return;
  TempDir directory;
  constexpr int64_t kReserve = 32 * kMiB;
  std::ofstream(directory / "c.toml")
      << "disk_reserve_bytes = " << kReserve << "\n";
  const std::vector<std::string> arguments = {
      "--dev",       "--config", directory / "c.toml", "--data",
      disk / "data", "--keys",   directory / "keys"};
  std::string refresh;
  {
    auto signetd = SignetdProcess::Start(arguments);
    REQUIRE_MESSAGE(signetd.ready(), signetd.log());
    BackendClient client(signetd.port());
    const Answer alice = client.Open("alice");
    REQUIRE(alice.status == 201);
    refresh = alice.Text("refresh_token");
    httplib::Client admin("127.0.0.1", signetd.admin_port());
    const auto metric = [&](const std::string& name) -> int64_t {
      const auto metrics = admin.Get("/metrics");
      REQUIRE(metrics);
      const size_t found = metrics->body.find("\n" + name + " ");
      REQUIRE(found != std::string::npos);
      return std::stoll(metrics->body.substr(found + name.size() + 2));
    };
    const auto low = [&] { return metric("signet_store_low") == 1; };
    const auto held = [&] { return metric("signet_store_reserve_bytes"); };
    CHECK_FALSE(low());

    disk.Fill("others");
    CHECK(Eventually(low));
    CHECK(client.Open("bob").status == 503);
    httplib::Client http("127.0.0.1", signetd.port());
    http.set_basic_auth("dev", "dev-secret");
    const auto answer =
        http.Post("/token", httplib::Params{{"grant_type", "refresh_token"},
                                            {"refresh_token", refresh}});
    REQUIRE(answer);
    CHECK(answer->status == 503);
    CHECK(answer->has_header("Retry-After"));
    const auto ready = admin.Get("/readyz");
    REQUIRE(ready);
    CHECK(ready->status == 503);
    CHECK(ready->body.find("the disk is nearly full") != std::string::npos);
    CHECK(admin.Get("/healthz")->status == 200);
    for (int i = 0; i < 500; ++i) {
      // The others take at once what is given up, but for the last quarter.
      if (i % 100 == 0 && held() > kReserve / 4) disk.Fill("others");
      CHECK(client.Revoke("subject", "s" + std::to_string(i)).status == 201);
    }
    CHECK(client.Refresh(refresh).status == 503);
    signetd.Kill(SIGKILL);
    signetd.Wait();
  }
  auto signetd = SignetdProcess::Start(arguments);
  REQUIRE_MESSAGE(signetd.ready(), signetd.log());
  BackendClient client(signetd.port());
  const Answer log = client.Revocations(0, 1000);
  CHECK(log.body.at("entries").as_array().size() == 500);
  CHECK(client.Revoke("subject", "mallory").status == 201);
  disk.Remove("others");
  CHECK(Eventually([&] { return client.Refresh(refresh).status == 200; }));
  CHECK(client.Open("bob").status == 201);
  httplib::Client admin("127.0.0.1", signetd.admin_port());
  const auto ready = admin.Get("/readyz");
  REQUIRE(ready);
  CHECK(ready->status == 200);
}

}  // namespace
}  // namespace signet::service
