// `signet keys init` beside rings that are there, or were.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "signet/ring_store.h"
#include "tests/tools/cli_process.h"

namespace signet::testing {
namespace {

namespace fs = std::filesystem;

CliResult Signet(const TempDir& directory, const std::string& arguments) {
  return RunShell("signet " + arguments, directory / "");
}

void CheckRefused(const CliResult& result, const std::string& why) {
  CAPTURE(result.err);
  CHECK(result.exit == 1);
  CHECK(result.err.find(why) != std::string::npos);
}

TEST_CASE("no ring is made under another key than those beside it") {
  TempDir directory;
  REQUIRE(Signet(directory, "keys init --keys keys --kek file:./kek").exit ==
          0);
  // The command of somebody who forgot --kek.
  CheckRefused(Signet(directory, "keys init --keys keys --purpose statements"),
               "which should decrypt it, is not");
  CHECK_FALSE(fs::exists(directory / "keys/kek"));
  CHECK_FALSE(fs::exists(directory / "keys/statements.ring"));
  // Of somebody who has another one.
  REQUIRE(Signet(directory, "keys init --keys other").exit == 0);
  CheckRefused(Signet(directory,
                      "keys init --keys keys --purpose statements --kek "
                      "file:./other/kek"),
               "key-encryption key");
  CHECK_FALSE(fs::exists(directory / "keys/statements.ring"));
  CHECK(Signet(directory,
               "keys init --keys keys --purpose statements --kek file:./kek")
            .exit == 0);
}

TEST_CASE("two rings of access tokens do not make the same format") {
  TempDir directory;
  REQUIRE(Signet(directory, "keys init --keys keys").exit == 0);
  CheckRefused(
      Signet(directory,
             "keys init --keys keys --purpose access-alt --format v4.public"),
      "makes v4.public tokens already");
  CHECK_FALSE(fs::exists(directory / "keys/access-alt.ring"));
  CHECK(Signet(directory,
               "keys init --keys keys --purpose access-alt --format jwt-es256")
            .exit == 0);
}

TEST_CASE("a ring in the place of a lost one goes on above it") {
  TempDir directory;
  REQUIRE(Signet(directory, "keys init --keys keys").exit == 0);
  for (const char* life : {"10m", "11m", "12m"}) {
    for (const char* purpose : {"access", "refresh"}) {
      REQUIRE(Signet(directory, std::string("keys policy ") + purpose +
                                    " --keys keys --max-token-life " + life)
                  .exit == 0);
    }
  }
  for (const char* purpose : {"access", "refresh"}) {
    CAPTURE(purpose);
    CHECK(Signet(directory, "keys check --keys keys").exit == 0);
    fs::remove(directory / ("keys/" + std::string(purpose) + ".ring"));
    CHECK(Signet(directory, "keys check --keys keys").exit == 1);
    const CliResult made = Signet(
        directory, std::string("keys init --keys keys --purpose ") + purpose);
    CAPTURE(made.err);
    REQUIRE(made.exit == 0);
    CHECK(made.err.find("goes on with generation 5") != std::string::npos);
    CHECK(made.out.find("generation 5") != std::string::npos);
  }
  CHECK(ReadPublicRing(directory / "keys/access.pub.json")
            .value()
            .info()
            .generation == 5);
}

}  // namespace
}  // namespace signet::testing
