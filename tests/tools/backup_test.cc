// A real signetd, backed up while it runs, and restored after it went on.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "signet/feed.h"
#include "signet/ring_store.h"
#include "tests/revocation-service/backend_client.h"
#include "tests/tools/cli_process.h"
#include "tests/tools/house.h"

namespace signet::testing {
namespace {

namespace fs = std::filesystem;

uint64_t EpochOf(BackendClient& client) {
  return client.Revocations(0, 1).body.at("epoch").to_number<uint64_t>();
}

// Story is what happens around a backup.
struct Story {
  explicit Story(House& house) {
    BackendClient client(house.port());
    rotated = client.Open("rotated");
    quiet = client.Open("quiet");
    ended = client.Open("ended");
    epoch = EpochOf(client);
    const CliResult backup = house.Run("signet backup --out copy");
    REQUIRE_MESSAGE(backup.exit == 0, backup.err);
    for (int i = 0; i < 3; ++i) {
      rotated = client.Refresh(rotated.Text("refresh_token"));
    }
    REQUIRE(rotated.status == 200);
    REQUIRE(client.End(ended.Text("session_id")).status == 204);
    late = client.Open("late");
  }
  Answer rotated, quiet, ended, late;
  uint64_t epoch = 0;
};

TEST_CASE("after a restore nothing that was revoked comes back") {
  House house;
  const Story story(house);
  const CliResult restored =
      house.Run("signet restore --from copy --data restored");
  REQUIRE_MESSAGE(restored.exit == 0, restored.err);
  house.MoveTo("restored");

  BackendClient client(house.port());
  CHECK(EpochOf(client) > story.epoch);
  for (const Answer* session :
       {&story.rotated, &story.quiet, &story.ended, &story.late}) {
    const Answer answer = client.Refresh(session->Text("refresh_token"));
    CHECK(answer.status == 400);
    CHECK(answer.Text("error") == "invalid_grant");
    CHECK(client.Introspect(session->Text("access_token")).body.at("active") ==
          false);
  }
  const Answer fresh = client.Open("quiet");
  CHECK(fresh.status == 201);
  CHECK(client.Refresh(fresh.Text("refresh_token")).status == 200);
  CHECK_FALSE(fs::exists(house.Path("restored/backup.json")));
}

TEST_CASE("kept sessions go on, and one refreshed since is no thief's") {
  House house;
  const Story story(house);
  const CliResult restored =
      house.Run("signet restore --from copy --data restored --keep-sessions");
  REQUIRE_MESSAGE(restored.exit == 0, restored.err);
  house.MoveTo("restored");

  BackendClient client(house.port());
  // Access tokens are void: some of them had been revoked.
  CHECK(client.Introspect(story.quiet.Text("access_token")).body.at("active") ==
        false);
  CHECK(client.Refresh(story.quiet.Text("refresh_token")).status == 200);
  // The store went back in time: neither yes nor no, and nothing is revoked.
  CHECK(client.Refresh(story.rotated.Text("refresh_token")).status == 503);
  CHECK(client.Refresh(story.rotated.Text("refresh_token")).status == 503);
  CHECK(client.Revocations(0, 100).body.at("entries").as_array().size() == 1);
}

TEST_CASE("a backup that is restored twice begins two epochs") {
  House house;
  const Story story(house);
  uint64_t last = story.epoch;
  for (const std::string data : {"one", "two"}) {
    REQUIRE(house.Run("signet restore --from copy --data " + data).exit == 0);
    // Epochs are told apart by the second in which they begin.
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    house.MoveTo(data);
    BackendClient client(house.port());
    const uint64_t epoch = EpochOf(client);
    CHECK(epoch > last);
    last = epoch;
    house.MoveTo(data);  // a later start begins none
    BackendClient again(house.port());
    CHECK(EpochOf(again) == last);
  }
}

TEST_CASE("an edge keeps what it holds over a restore") {
  House house;
  FeedOptions options;
  options.services = {"http://127.0.0.1:" + std::to_string(house.port())};
  options.client_id = "dev";
  options.client_secret = "dev-secret";
  options.feed_ring = *ReadPublicRing(house.Keys() + "/feed.pub.json");
  options.mode = FeedMode::kPoll;
  options.poll_interval = Duration(50);
  options.max_backoff = Duration(200);
  auto feed = RevocationFeed::Start(std::move(options));
  REQUIRE(feed);
  const Story story(house);
  const auto until = [&](const auto& condition) {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return condition();
  };
  const RevocationList& list = (*feed)->revocations();
  CHECK(until([&] { return list.size() == 1; }));  // the session that ended
  REQUIRE(house.Run("signet restore --from copy --data restored").exit == 0);
  house.MoveTo("restored");
  CHECK(until([&] {
    return (*feed)->status().position.epoch > story.epoch && list.size() == 2;
  }));
}

TEST_CASE("a copy made by hand is a restore too") {
  House house;
  const Story story(house);
  REQUIRE(house.Run("cp -r copy restored").exit == 0);
  house.MoveTo("restored");
  BackendClient client(house.port());
  CHECK(EpochOf(client) > story.epoch);
  CHECK(client.Refresh(story.quiet.Text("refresh_token")).status == 400);
}

TEST_CASE("a backup is whole, private, and leaves no second copy") {
  House house;
  const Story story(house);
  struct stat info = {};
  REQUIRE(::stat(house.Path("copy").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  CHECK_FALSE(fs::exists(house.Path("data/backup")));
  CHECK_FALSE(fs::exists(house.Path("copy.partial")));
  const CliResult again = house.Run("signet backup --out copy");
  CHECK(again.exit == 2);
  CHECK(again.err.find("copy is not empty") != std::string::npos);
}

TEST_CASE(
    "a backup that lost bytes is not restored, and half of one not used") {
  House house;
  const Story story(house);
  const auto cut = [&] {
    for (const auto& file : fs::directory_iterator(house.Path("copy"))) {
      if (file.path().extension() != ".sst") continue;
      fs::resize_file(file.path(), file.file_size() - 1);
      return true;
    }
    return false;
  };
  REQUIRE(house.Run("cp -a copy whole").exit == 0);
  REQUIRE(cut());
  const std::string restore = "signet restore --data restored --from ";
  const CliResult restored = house.Run(restore + "copy");
  CHECK(restored.exit == 1);
  CHECK(restored.err.find("the list of the backup says") != std::string::npos);
  auto [process, exit] = SignetdProcess::Run(
      {"--dev", "--data", house.Path("restored"), "--keys", house.Keys(),
       "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"});
  CHECK(exit == 1);
  CHECK(process.log().find("was cut short") != std::string::npos);
  // What it has left is in nobody's way.
  CHECK(house.Run(restore + "whole").exit == 0);
  CHECK(house.Run(restore + "whole").exit == 2);
  // Another one that is under way has no remains.
  const CliResult beside = house.Run(
      "mkdir busy && flock busy signet restore --data busy --from whole");
  CHECK(beside.exit == 2);
  CHECK(beside.err.find("is another restore under way?") != std::string::npos);
}

TEST_CASE("a backup whose bytes have changed is found, before it is used") {
  House house;
  const Story story(house);
  const std::string doctor =
      "signet doctor --data data --keys keys --kek file:keys/kek "
      "--backup copy";
  CHECK(house.Run(doctor).out.find("good      backup   copy is whole") !=
        std::string::npos);
  // Each digest is what sha256sum says.
  CHECK(house
            .Run("cd copy && jq -r '.files[]|.sha256+\"  \"+.name' "
                 "backup.json | sha256sum -c --quiet")
            .exit == 0);
  for (const auto& file : fs::directory_iterator(house.Path("copy"))) {
    if (file.path().extension() != ".sst") continue;
    std::fstream bytes(file.path(),
                       std::ios::in | std::ios::out | std::ios::binary);
    char first = 0;
    bytes.get(first);
    bytes.seekp(0);
    bytes.put(static_cast<char>(first ^ 1));
    break;
  }
  const CliResult restored =
      house.Run("signet restore --from copy --data restored");
  CHECK(restored.exit == 1);
  CHECK(restored.err.find("is not what was backed up: its SHA-256") !=
        std::string::npos);
  const CliResult ill = house.Run(doctor);
  CHECK(ill.exit == 1);
  CHECK(ill.out.find("bad       backup   copy/") != std::string::npos);
}

TEST_CASE("a backup without checksums is restored, and its sizes compared") {
  House house;
  const Story story(house);
  REQUIRE(house
              .Run("jq 'del(.files[].sha256)' copy/backup.json >old && "
                   "mv old copy/backup.json")
              .exit == 0);
  const CliResult doctor = house.Run(
      "signet doctor --data data --keys keys --kek file:keys/kek "
      "--backup copy");
  CHECK(doctor.exit == 0);
  CHECK(doctor.out.find("doubtful  backup   copy has no checksums") !=
        std::string::npos);
  const CliResult restored =
      house.Run("signet restore --from copy --data restored");
  CHECK(restored.exit == 0);
  CHECK(restored.err.find("has no checksums") != std::string::npos);
  house.MoveTo("restored");
  BackendClient client(house.port());
  CHECK(client.Open("alice").status == 201);
}

TEST_CASE("a store in memory says that it has no backup") {
  House house({"--engine", "memory"});
  const CliResult backup = house.Run("signet backup --out copy");
  CHECK(backup.exit == 1);
  CHECK(backup.err.find("this store keeps no files") != std::string::npos);
  CHECK_FALSE(fs::exists(house.Path("copy")));
}

TEST_CASE("the doctor finds nothing wrong with a service that is well") {
  House house;
  const std::string command =
      "signet doctor --data data --keys keys --kek file:keys/kek";
  const CliResult well = house.Run(command);
  CHECK_MESSAGE(well.exit == 0, well.out << well.err);
  CHECK(well.out.find("good      store    store data: format 1, epoch 1") !=
        std::string::npos);
  CHECK(well.out.find("is ready") != std::string::npos);

  REQUIRE(house.Run("chmod 755 data; chmod 644 keys/kek").exit == 0);
  const CliResult ill = house.Run(command + " --json");
  CHECK(ill.exit == 1);
  const auto report = boost::json::parse(ill.out).as_object();
  CHECK(report.at("good") == false);
  CHECK(ill.out.find("chmod go= data") != std::string::npos);
  CHECK(ill.out.find("chmod 600 keys/kek") != std::string::npos);
  REQUIRE(house.Run("chmod 700 data; chmod 600 keys/kek").exit == 0);

  house.process().Kill(SIGKILL);
  house.process().Wait();
  const CliResult down = house.Run(command);
  CHECK_MESSAGE(down.exit == 3, down.out << down.err);
}

}  // namespace
}  // namespace signet::testing
