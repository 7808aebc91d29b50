// What root does in the directories of a service that runs as somebody else.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/tools/cli_process.h"

namespace signet::testing {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kService = 12'345;
constexpr gid_t kGroup = 23'456;

void Give(const fs::path& path, uid_t user = kService, gid_t group = kGroup) {
  REQUIRE(::lchown(path.c_str(), user, group) == 0);
}

void CheckOwner(const fs::path& path, uid_t user = kService,
                gid_t group = kGroup) {
  CAPTURE(path.string());
  struct stat info = {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  CHECK(info.st_uid == user);
  CHECK(info.st_gid == group);
}

// Home is a directory of the service's, in which root runs commands.
struct Home {
  Home() { Give(fs::path(directory / "")); }
  CliResult Run(const std::string& command) {
    CliResult result = RunShell(command, directory / "");
    CAPTURE(command);
    REQUIRE_MESSAGE(result.exit == 0, result.err);
    return result;
  }
  TempDir directory;
};

bool IsRoot() {
  if (::geteuid() == 0) return true;
  MESSAGE("skipped: only root can act for somebody else");
  return false;
}

TEST_CASE("what root makes and rotates stays readable for the service") {
  if (!IsRoot()) return;
  Home home;
  home.Run("signet keys init --keys keys --kek file:./kek");
  home.Run(
      "signet keys init --keys keys --kek file:./kek --purpose statements");
  home.Run("signet keys rotate access --keys keys --kek file:./kek");
  home.Run(
      "signet keys rotate refresh --keys keys --kek file:./kek --now --yes");
  const fs::path keys = home.directory / "keys";
  CheckOwner(keys);
  size_t files = 0;
  for (const auto& file : fs::directory_iterator(keys)) {
    CheckOwner(file.path());
    ++files;
  }
  CHECK(files >= 6);
  CheckOwner(home.directory / "kek");
}

TEST_CASE("a ring that root replaces keeps its owner, whosever the directory") {
  if (!IsRoot()) return;
  Home home;
  home.Run("signet keys init --keys keys");
  const fs::path keys = home.directory / "keys";
  Give(keys, 0, 0);
  home.Run("signet keys rotate access --keys keys");
  CheckOwner(keys / "access.ring");
  CheckOwner(keys / "access.pub.json");
}

TEST_CASE("the doctor sees a ring that is somebody else's") {
  if (!IsRoot()) return;
  Home home;
  home.Run("signet keys init --keys keys");
  const std::string told =
      "the rings belong to different users: access.ring to ";
  CHECK(RunShell("signet doctor --keys keys", home.directory / "")
            .out.find(told) == std::string::npos);
  Give(home.directory / "keys/access.ring", 0, 0);
  const CliResult doctor =
      RunShell("signet doctor --keys keys", home.directory / "");
  CHECK(doctor.exit == 1);
  CAPTURE(doctor.out);
  CHECK(doctor.out.find(told + "0, refresh.ring to 12345") !=
        std::string::npos);
}

TEST_CASE("root gives away no file that has another name, nor follows a link") {
  if (!IsRoot()) return;
  Home home;
  home.Run("signet keys init --keys keys && rm keys/.lock");
  const fs::path keys = home.directory / "keys";
  TempDir elsewhere;
  const fs::path victim = elsewhere / "victim";
  home.Run("touch " + victim.string());
  // Whoever owns the directory may link what is not theirs into it.
  fs::create_hard_link(victim, keys / ".lock");
  home.Run("signet keys rotate access --keys keys");
  CheckOwner(victim, 0, 0);
  fs::remove(keys / ".lock");
  fs::remove(keys / "access.pub.json");
  fs::create_symlink(victim, keys / "access.pub.json");
  (void)RunShell("signet keys rotate access --keys keys", home.directory / "");
  CheckOwner(victim, 0, 0);
}

}  // namespace
}  // namespace signet::testing
