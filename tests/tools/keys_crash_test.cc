// Commands that change rings, killed before every single step that they take
// on the file system, and run two at a time.
#include <doctest/doctest.h>

#include <filesystem>
#include <optional>
#include <sstream>

#include "signet/ring_store.h"
#include "tests/tools/cli_process.h"
#include "tests/tools/traced_process.h"

namespace signet::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kInit[] =
    "signet keys init --verifier-refresh 100ms --max-token-life 1s "
    "--clock-skew 0s";
// More steps than any command takes: it must end by itself before.
constexpr int kManySteps = 200;

// What a ring says, apart from how it is sealed.
std::string Summary(const SigningRing& ring) {
  std::ostringstream out;
  out << "generation " << ring.info().generation;
  for (const SigningRing::Key& key : ring.keys()) {
    const KeySchedule& s = key.schedule;
    out << "; " << key.key.id() << " "
        << s.activates_at.time_since_epoch().count();
    for (const auto& moment : {s.verify_only_at, s.retires_at, s.revoked_at}) {
      out << " " << (moment ? moment->time_since_epoch().count() : -1);
    }
  }
  return out.str();
}

Result<SigningRing> LoadWith(const std::string& directory,
                             const std::string& kek, KeyPurpose purpose) {
  Result<KeyEncryptionKey> key = KeyEncryptionKey::FromFile(directory + kek);
  if (!key.ok()) return key.error();
  RingStore store(directory + "/keys", *std::move(key));
  return store.Load(purpose);
}

SigningRing Load(const std::string& directory,
                 KeyPurpose purpose = KeyPurpose::kAccess) {
  Result<SigningRing> ring = LoadWith(directory, "/keys/kek", purpose);
  REQUIRE_MESSAGE(ring.ok(), ring.error().message);
  return *std::move(ring);
}

void MustRun(const std::string& command, const std::string& directory) {
  const CliResult result = RunShell(command, directory);
  REQUIRE_MESSAGE(result.exit == 0, command << "\n" << result.err);
}

// Words splits a command; the program is named by its path.
std::vector<std::string> Words(const std::string& command) {
  std::istringstream in(command);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  words[0] = BinDirectory() + "/" + words[0];
  return words;
}

// A Template is a directory that is made once and copied for each attempt.
class Template {
 public:
  explicit Template(const std::string& commands) {
    MustRun(commands, made_.path());
  }
  std::string path() const { return made_.path(); }

  void CopyTo(const TempDir& directory) const {
    fs::copy(
        made_.path(), directory.path(),
        fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }

 private:
  TempDir made_;
};

// KillEverywhere runs the command from a fresh copy, killed before its first
// step, its second, …, until it gets through. Each time the ring loads and is
// as before, or changed whole.
void KillEverywhere(const Template& from, const std::string& command) {
  CAPTURE(command);
  const std::string before = Summary(Load(from.path()));
  const uint64_t generation = Load(from.path()).info().generation;
  int unchanged = 0, changed = 0;
  for (int step = 1; step < kManySteps; ++step) {
    CAPTURE(step);
    TempDir directory;
    from.CopyTo(directory);
    const TracedEnd end = RunUntilStep(Words(command), directory.path(), step);
    const SigningRing ring = Load(directory.path());
    if (ring.info().generation == generation) {
      CHECK(Summary(ring) == before);
      ++unchanged;
    } else {
      CHECK(ring.info().generation == generation + 1);
      ++changed;
    }
    // Load has repaired what follows from the ring, and no lock is left.
    const Result<KeyRing> open =
        ReadPublicRing(directory / "keys/access.pub.json");
    REQUIRE(open.ok());
    CHECK(*open == ring.Public());
    if (!end.killed) {
      CHECK(end.exit == 0);
      CHECK(changed > 1);
      CHECK(unchanged > 5);
      return;
    }
    // It can be said again: then it is done, or the ring's rules say no.
    CHECK(RunShell(command, directory.path()).exit <= 1);
  }
  FAIL("it never ended");
}

TEST_CASE("rotate, killed anywhere, leaves the old ring or the new one") {
  const Template ring(std::string(kInit) + " --purpose access");
  KillEverywhere(ring, "signet keys rotate");
  KillEverywhere(ring, "signet keys rotate --now --yes");
}

TEST_CASE("promote and retire, killed anywhere, leave a whole ring") {
  const Template pending(std::string(kInit) +
                         " --purpose access; signet keys rotate --in 1h");
  KillEverywhere(pending, "signet keys promote --now --yes");
  // The first key has retired, the second is verify-only.
  const Template old(std::string(kInit) +
                     " --purpose access; signet keys rotate --now --yes; "
                     "sleep 1.2; signet keys rotate --now --yes; "
                     "signet keys rotate --in 1h");
  KillEverywhere(old, "signet keys promote --now --yes");
  const Template retired(std::string(kInit) +
                         " --purpose access; signet keys rotate --now --yes; "
                         "sleep 1.2");
  KillEverywhere(retired, "signet keys retire");
}

TEST_CASE("revoke, import and a forced end, killed anywhere, leave a ring") {
  const Template ring(
      "signet keys init --purpose access; umask 077; "
      "echo cHFyc3R1dnd4eXp7fH1-f4CBgoOEhYaHiImKi4yNjo8 >seed");
  KillEverywhere(ring, "signet keys revoke " +
                           Load(ring.path()).keys()[0].key.id() + " --yes");
  KillEverywhere(ring, "signet keys import --secret-file seed");
  const Template turned(
      "signet keys init --purpose access; "
      "signet keys rotate --now --yes");
  KillEverywhere(turned, "signet keys retire --now --yes --key " +
                             Load(turned.path()).keys()[0].key.id());
}

constexpr KeyPurpose kPurposes[] = {KeyPurpose::kAccess, KeyPurpose::kRefresh,
                                    KeyPurpose::kFeed};

TEST_CASE("rewrap, killed anywhere, leaves rings that one of the keys opens") {
  const Template rings("signet keys init");
  const std::string command = "signet keys rewrap --new-kek file:next";
  for (int step = 1; step < kManySteps; ++step) {
    CAPTURE(step);
    TempDir directory;
    rings.CopyTo(directory);
    const TracedEnd end = RunUntilStep(Words(command), directory.path(), step);
    for (const KeyPurpose purpose : kPurposes) {
      const bool by_old = LoadWith(directory.path(), "/keys/kek", purpose).ok();
      const bool by_new = LoadWith(directory.path(), "/next", purpose).ok();
      CHECK(by_old != by_new);
    }
    // Repeated, it is completed.
    MustRun(command, directory.path());
    for (const KeyPurpose purpose : kPurposes) {
      const Result<SigningRing> ring =
          LoadWith(directory.path(), "/next", purpose);
      REQUIRE(ring.ok());
      CHECK(Summary(*ring) == Summary(Load(rings.path(), purpose)));
      CHECK(LoadWith(directory.path(), "/keys/kek", purpose).error().code ==
            ErrorCode::kDenied);
    }
    if (!end.killed) {
      CHECK(end.exit == 0);
      CHECK(step > 20);
      return;
    }
  }
  FAIL("it never ended");
}

TEST_CASE("init, killed anywhere, leaves whole rings and can be completed") {
  for (int step = 1; step < kManySteps; ++step) {
    CAPTURE(step);
    TempDir directory;
    const TracedEnd end =
        RunUntilStep(Words("signet keys init"), directory.path(), step);
    for (const KeyPurpose purpose : kPurposes) {
      const std::string name(KeyPurposeName(purpose));
      if (fs::exists(directory / ("keys/" + name + ".ring"))) {
        CHECK(Load(directory.path(), purpose).info().generation == 1);
      } else {
        MustRun("signet keys init --purpose " + name, directory.path());
      }
    }
    MustRun("signet keys check", directory.path());
    if (!end.killed) {
      CHECK(end.exit == 0);
      CHECK(step > 30);
      return;
    }
  }
  FAIL("it never ended");
}

// AtOnce runs two commands side by side and gives their exit codes.
std::pair<int, int> AtOnce(const std::string& one, const std::string& other,
                           const std::string& directory) {
  MustRun("(" + one + " >/dev/null 2>one.err; echo $? >one) & (" + other +
              " >/dev/null 2>other.err; echo $? >other) & wait",
          directory);
  return {std::stoi(ReadWhole(directory + "/one")),
          std::stoi(ReadWhole(directory + "/other"))};
}

TEST_CASE("two commands on different rings at once are both done") {
  const Template rings("signet keys init");
  for (int round = 0; round < 8; ++round) {
    TempDir directory;
    rings.CopyTo(directory);
    const auto [one, other] =
        AtOnce("signet keys rotate access", "signet keys rotate refresh",
               directory.path());
    CHECK(one == 0);
    CHECK(other == 0);
    CHECK(Load(directory.path()).keys().size() == 2);
    CHECK(Load(directory.path(), KeyPurpose::kRefresh).keys().size() == 2);
  }
}

TEST_CASE("of two commands on one ring, which do not clash, both are done") {
  const Template rings("signet keys init; signet keys rotate --now --yes");
  for (int round = 0; round < 8; ++round) {
    TempDir directory;
    rings.CopyTo(directory);
    const auto [one, other] =
        AtOnce("signet keys rotate",
               "signet keys rewrap --purpose access --new-kek file:keys/kek",
               directory.path());
    CHECK(one == 0);
    CHECK(other == 0);
    CHECK(Load(directory.path()).keys().size() == 3);
  }
}

TEST_CASE("of two commands on one ring, which clash, one is refused") {
  const Template rings("signet keys init");
  for (int round = 0; round < 8; ++round) {
    TempDir directory;
    rings.CopyTo(directory);
    const auto [one, other] =
        AtOnce("signet keys rotate", "signet keys rotate", directory.path());
    // One waits for the other, and is then refused: a key is pending.
    CHECK(one + other == 1);
    const std::string error =
        ReadWhole(directory / "one.err") + ReadWhole(directory / "other.err");
    CHECK(error.find("already pending") != std::string::npos);
    CHECK(Load(directory.path()).info().generation == 2);
    CHECK(Load(directory.path()).keys().size() == 2);
  }
}

}  // namespace
}  // namespace signet::testing
