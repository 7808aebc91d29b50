// What is particular to the engine that keeps its data on disk.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "revocation-service/storage/engine.h"
#include "tests/revocation-service/temporary_directory.h"

namespace signet::service {
namespace {

namespace fs = std::filesystem;

Result<Committed> CommitOne(Engine& engine, const Batch& batch) {
  return engine.Commit({&batch, 1}).at(0);
}

std::unique_ptr<Engine> Open(const std::string& path) {
  auto engine = OpenRocksDbEngine(path);
  REQUIRE_MESSAGE(engine.ok(), path);
  return std::move(*engine);
}

// WriteAheadLog finds the newest one: its name ends in .log.
fs::path WriteAheadLog(const std::string& directory) {
  fs::path newest;
  for (const auto& file : fs::directory_iterator(directory)) {
    if (file.path().extension() != ".log") continue;
    newest = std::max(newest, file.path());
  }
  REQUIRE_FALSE(newest.empty());
  return newest;
}

// CrashCopy is what a crash would leave: the files of a store that is open.
void CrashCopy(const std::string& from, const std::string& to) {
  fs::copy(from, to, fs::copy_options::recursive);
  fs::remove(to + "/LOCK");
}

void FillLog(Engine& engine, int count) {
  for (int i = 1; i <= count; ++i) {
    REQUIRE(CommitOne(engine, {.puts = {{"k" + std::to_string(i), "v"}},
                               .log = {std::string(200, 'x')}})
                .ok());
  }
}

TEST_CASE("what was committed is there after the store is opened again") {
  TemporaryDirectory directory;
  const std::string path = directory.path("new/db");
  {
    const auto engine = Open(path);
    REQUIRE(
        CommitOne(*engine, {.puts = {{"a", "1"}}, .log = {"one", "two"}}).ok());
  }
  const auto engine = Open(path);
  CHECK(engine->Get("a").value() == "1");
  CHECK(engine->LastSequence().value() == 2);
  CHECK(engine->Tail(0, 10).value() ==
        std::vector<LogRecord>{{1, "one"}, {2, "two"}});
}

TEST_CASE("a log that was trimmed empty goes on where it was, once reopened") {
  TemporaryDirectory directory;
  const std::string path = directory.path("db");
  {
    const auto engine = Open(path);
    REQUIRE(CommitOne(*engine, {.log = {"1", "2", "3"}}).ok());
    REQUIRE(CommitOne(*engine, {.trim_log_through = 3}).ok());
  }
  const auto engine = Open(path);
  CHECK(engine->LastSequence().value() == 3);
  CHECK(engine->Tail(2, 10).error().code == ErrorCode::kNotFound);
  CHECK(CommitOne(*engine, {.log = {"4"}}).value() == Committed{4});
}

TEST_CASE("a commit is in the files when it returns") {
  TemporaryDirectory directory;
  const auto engine = Open(directory.path("db"));
  FillLog(*engine, 10);
  CrashCopy(directory.path("db"), directory.path("copy"));
  const auto copy = Open(directory.path("copy"));
  CHECK(copy->LastSequence().value() == 10);
  CHECK(copy->Get("k10").value() == "v");
}

TEST_CASE("a torn last record is dropped whole and the rest is kept") {
  TemporaryDirectory directory;
  const auto engine = Open(directory.path("db"));
  FillLog(*engine, 10);
  CrashCopy(directory.path("db"), directory.path("copy"));
  const fs::path log = WriteAheadLog(directory.path("copy"));
  fs::resize_file(log, fs::file_size(log) - 5);
  const auto copy = Open(directory.path("copy"));
  CHECK(copy->LastSequence().value() == 9);
  CHECK(copy->Get("k9").value() == "v");
  CHECK(copy->Get("k10").value() == std::nullopt);
  CHECK(CommitOne(*copy, {.log = {"again"}}).value() == Committed{10});
}

TEST_CASE("damage before the last record is an error, never a shorter log") {
  TemporaryDirectory directory;
  const auto engine = Open(directory.path("db"));
  FillLog(*engine, 10);
  CrashCopy(directory.path("db"), directory.path("copy"));
  {
    std::fstream file(WriteAheadLog(directory.path("copy")),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1000);
    file.write("DAMAGE", 6);
  }
  const auto copy = OpenRocksDbEngine(directory.path("copy"));
  REQUIRE_FALSE(copy.ok());
  CHECK(copy.error().code == ErrorCode::kCorrupt);
  CHECK(copy.error().message.find(directory.path("copy")) != std::string::npos);
}

TEST_CASE("a store that is open elsewhere is refused, and the error says so") {
  TemporaryDirectory directory;
  const auto engine = Open(directory.path("db"));
  const auto second = OpenRocksDbEngine(directory.path("db"));
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == ErrorCode::kUnavailable);
  CHECK(second.error().message == "opening the store " + directory.path("db") +
                                      ": another process has it open");
}

TEST_CASE("a path that cannot be a directory is named in the error") {
  TemporaryDirectory directory;
  const std::string path = directory.path("file");
  std::ofstream(path) << "in the way";
  const auto engine = OpenRocksDbEngine(path + "/db");
  REQUIRE_FALSE(engine.ok());
  CHECK(engine.error().code == ErrorCode::kUnavailable);
  CHECK(engine.error().message.find(path) != std::string::npos);
}

TEST_CASE("the directory of a new store is for its owner alone") {
  TemporaryDirectory directory;
  const auto engine = Open(directory.path("db"));
  const auto mode = fs::status(directory.path("db")).permissions();
  CHECK((mode & (fs::perms::group_all | fs::perms::others_all)) ==
        fs::perms::none);
}

// A SmallFiles makes every file end at a size while it lives: writes beyond
// it fail.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t limit) {
    old_handler_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_limit_);
    const rlimit small{limit, old_limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_limit_{};
  void (*old_handler_)(int) = SIG_DFL;
};

TEST_CASE("after a failed write no commit succeeds and nothing is lost") {
  TemporaryDirectory directory;
  const std::string path = directory.path("db");
  {
    const auto engine = Open(path);
    FillLog(*engine, 10);
    const Batch large{.puts = {{"large", std::string(200'000, 'x')}},
                      .log = {"large"}};
    {
      const SmallFiles limit(100'000);
      const auto result = CommitOne(*engine, large);
      REQUIRE_FALSE(result.ok());
      CHECK(result.error().code == ErrorCode::kUnavailable);
    }
    CHECK(engine->LastSequence().value() == 10);
    CHECK(engine->Get("k10").value() == "v");
    const auto next = CommitOne(*engine, {.log = {"next"}});
    if (!next.ok()) CHECK(next.error().code == ErrorCode::kUnavailable);
  }
  const auto engine = Open(path);
  CHECK(engine->LastSequence().value() >= 10);
  CHECK(engine->Get("k10").value() == "v");
  CHECK(CommitOne(*engine, {.log = {"after"}}).ok());
}

}  // namespace
}  // namespace signet::service
