// The conformance suite: every engine passes the same tests.

#include "revocation-service/storage/engine.h"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "tests/revocation-service/faulty_engine.h"
#include "tests/revocation-service/temporary_directory.h"

namespace signet::service {
namespace {

// An engine under test, and what it needs to live.
struct MemoryStore {
  std::unique_ptr<Engine> owned = NewMemoryEngine();
  Engine& engine = *owned;
};

struct RocksDbStore {
  TemporaryDirectory directory;
  std::unique_ptr<Engine> owned =
      OpenRocksDbEngine(directory.path("db")).value();
  Engine& engine = *owned;
};

struct FaultlessStore {
  std::unique_ptr<Engine> inner = NewMemoryEngine();
  FaultyEngine engine{*inner};
};

#define EVERY_ENGINE(name) \
  TEST_CASE_TEMPLATE(name, Store, MemoryStore, RocksDbStore, FaultlessStore)

Result<Committed> CommitOne(Engine& engine, const Batch& batch) {
  auto results = engine.Commit({&batch, 1});
  REQUIRE(results.size() == 1);
  return results[0];
}

void Put(Engine& engine, const std::string& key, const std::string& value) {
  REQUIRE(CommitOne(engine, {.puts = {{key, value}}}).ok());
}

std::optional<std::string> Get(Engine& engine, std::string_view key) {
  auto value = engine.Get(key);
  REQUIRE(value.ok());
  return *value;
}

std::vector<std::string> ScanKeys(Engine& engine, std::string_view prefix,
                                  std::string_view after = "",
                                  size_t limit = 100) {
  auto pairs = engine.Scan(prefix, after, limit);
  REQUIRE(pairs.ok());
  std::vector<std::string> keys;
  for (const KeyValue& pair : *pairs) keys.push_back(pair.key);
  return keys;
}

std::vector<LogRecord> Tail(Engine& engine, uint64_t after,
                            size_t limit = 100) {
  auto records = engine.Tail(after, limit);
  REQUIRE(records.ok());
  return *records;
}

uint64_t Last(Engine& engine) {
  auto last = engine.LastSequence();
  REQUIRE(last.ok());
  return *last;
}

bool IsError(const Result<Committed>& result, ErrorCode code) {
  return !result.ok() && result.error().code == code;
}

using Keys = std::vector<std::string>;

EVERY_ENGINE("a key that was never put is absent, an empty value is not") {
  Store store;
  CHECK(Get(store.engine, "a") == std::nullopt);
  Put(store.engine, "a", "");
  CHECK(Get(store.engine, "a") == "");
}

EVERY_ENGINE("keys and values may hold any byte") {
  Store store;
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  Put(store.engine, all, all);
  Put(store.engine, "", "the empty key");
  CHECK(Get(store.engine, all) == all);
  CHECK(Get(store.engine, "") == "the empty key");
  CHECK(ScanKeys(store.engine, "") == Keys{"", all});
}

EVERY_ENGINE("a deleted key is absent, and deleting an absent one succeeds") {
  Store store;
  Put(store.engine, "a", "1");
  CHECK(CommitOne(store.engine, {.deletes = {"a", "b"}}).ok());
  CHECK(Get(store.engine, "a") == std::nullopt);
}

EVERY_ENGINE("a scan returns the keys of its prefix in the order of bytes") {
  Store store;
  for (const char* key : {"b/2", "a", "b0", "b/\xff", "b/1", "b", "b/", "c"}) {
    Put(store.engine, key, key);
  }
  CHECK(ScanKeys(store.engine, "b/") == Keys{"b/", "b/1", "b/2", "b/\xff"});
}

EVERY_ENGINE("a scan of a prefix of 0xff bytes ends at the last key") {
  Store store;
  for (const char* key : {"\xfe", "\xff", "\xff\xff", "\xff\xff\x01"}) {
    Put(store.engine, key, "");
  }
  CHECK(ScanKeys(store.engine, "\xff\xff") == Keys{"\xff\xff", "\xff\xff\x01"});
}

EVERY_ENGINE("a scan starts behind `after`, whether that key exists or not") {
  Store store;
  for (const char* key : {"k1", "k2", "k3"}) Put(store.engine, key, "");
  CHECK(ScanKeys(store.engine, "k", "k1") == Keys{"k2", "k3"});
  CHECK(ScanKeys(store.engine, "k", "k15") == Keys{"k2", "k3"});
  CHECK(ScanKeys(store.engine, "k", "k3").empty());
  CHECK(ScanKeys(store.engine, "k", "z").empty());
  CHECK(ScanKeys(store.engine, "k", "a") == Keys{"k1", "k2", "k3"});
}

EVERY_ENGINE("a scan stops at its limit, and a limit of zero finds nothing") {
  Store store;
  for (const char* key : {"k1", "k2", "k3"}) Put(store.engine, key, "");
  CHECK(ScanKeys(store.engine, "k", "", 2) == Keys{"k1", "k2"});
  CHECK(ScanKeys(store.engine, "k", "", 0).empty());
}

EVERY_ENGINE("a scan sees keys, never the log") {
  Store store;
  REQUIRE(CommitOne(store.engine, {.log = {"record"}}).ok());
  CHECK(ScanKeys(store.engine, "").empty());
}

EVERY_ENGINE("a condition holds for the present value alone") {
  Store store;
  Put(store.engine, "a", "1");
  const Batch right{.conditions = {{"a", "1"}, {"b", std::nullopt}},
                    .puts = {{"a", "2"}}};
  CHECK(CommitOne(store.engine, right).ok());
  CHECK(IsError(CommitOne(store.engine, right), ErrorCode::kConflict));
  CHECK(IsError(CommitOne(store.engine, {.conditions = {{"b", ""}}}),
                ErrorCode::kConflict));
  CHECK(IsError(CommitOne(store.engine, {.conditions = {{"a", std::nullopt}}}),
                ErrorCode::kConflict));
}

EVERY_ENGINE("of a batch with one failed condition nothing happens") {
  Store store;
  Put(store.engine, "a", "1");
  Put(store.engine, "d", "1");
  const Batch batch{.conditions = {{"a", "1"}, {"b", "1"}},
                    .puts = {{"a", "2"}, {"c", "2"}},
                    .deletes = {"d"},
                    .log = {"record"}};
  CHECK(IsError(CommitOne(store.engine, batch), ErrorCode::kConflict));
  CHECK(Get(store.engine, "a") == "1");
  CHECK(Get(store.engine, "c") == std::nullopt);
  CHECK(Get(store.engine, "d") == "1");
  CHECK(Last(store.engine) == 0);
}

EVERY_ENGINE("a batch sees the effect of those before it in its group") {
  Store store;
  const std::vector<Batch> group = {
      {.conditions = {{"a", std::nullopt}}, .puts = {{"a", "1"}}},
      {.conditions = {{"a", std::nullopt}}, .puts = {{"a", "x"}}},
      {.conditions = {{"a", "1"}}, .deletes = {"a"}},
      {.conditions = {{"a", std::nullopt}}, .puts = {{"a", "2"}}},
  };
  const auto results = store.engine.Commit(group);
  REQUIRE(results.size() == 4);
  CHECK(results[0].ok());
  CHECK(IsError(results[1], ErrorCode::kConflict));
  CHECK(results[2].ok());
  CHECK(results[3].ok());
  CHECK(Get(store.engine, "a") == "2");
}

EVERY_ENGINE("an empty group and an empty batch succeed") {
  Store store;
  CHECK(store.engine.Commit({}).empty());
  CHECK(CommitOne(store.engine, {}).value() == Committed{0});
}

EVERY_ENGINE("the log starts at 1 and has no gaps, conflicts or not") {
  Store store;
  CHECK(Last(store.engine) == 0);
  CHECK(Tail(store.engine, 0).empty());
  const std::vector<Batch> group = {
      {.log = {"one", "two"}},
      {.conditions = {{"a", "absent"}}, .log = {"never"}},
      {.puts = {{"b", ""}}},
      {.log = {"three"}},
  };
  const auto results = store.engine.Commit(group);
  CHECK(results[0].value() == Committed{2});
  CHECK(IsError(results[1], ErrorCode::kConflict));
  CHECK(results[2].value() == Committed{0});
  CHECK(results[3].value() == Committed{3});
  CHECK(Last(store.engine) == 3);
  CHECK(Tail(store.engine, 0) ==
        std::vector<LogRecord>{{1, "one"}, {2, "two"}, {3, "three"}});
}

EVERY_ENGINE("a tail starts behind `after` and stops at its limit") {
  Store store;
  REQUIRE(CommitOne(store.engine, {.log = {"1", "2", "3", "4"}}).ok());
  CHECK(Tail(store.engine, 1, 2) == std::vector<LogRecord>{{2, "2"}, {3, "3"}});
  CHECK(Tail(store.engine, 4).empty());
  CHECK(Tail(store.engine, 1000).empty());
  CHECK(Tail(store.engine, 0, 0).empty());
}

EVERY_ENGINE("a tail from before the trim is not found, from the trim on is") {
  Store store;
  REQUIRE(CommitOne(store.engine, {.log = {"1", "2", "3", "4"}}).ok());
  REQUIRE(CommitOne(store.engine, {.trim_log_through = 2}).ok());
  const auto before = store.engine.Tail(1, 100);
  REQUIRE_FALSE(before.ok());
  CHECK(before.error().code == ErrorCode::kNotFound);
  CHECK(Tail(store.engine, 2) == std::vector<LogRecord>{{3, "3"}, {4, "4"}});
  CHECK(Last(store.engine) == 4);
}

EVERY_ENGINE("an earlier trim is a trim that was done") {
  Store store;
  REQUIRE(CommitOne(store.engine, {.log = {"1", "2", "3"}}).ok());
  REQUIRE(CommitOne(store.engine, {.trim_log_through = 2}).ok());
  REQUIRE(CommitOne(store.engine, {.trim_log_through = 1}).ok());
  CHECK(Tail(store.engine, 2) == std::vector<LogRecord>{{3, "3"}});
}

EVERY_ENGINE("a trim goes no further than the log, and sequences go on") {
  Store store;
  REQUIRE(CommitOne(store.engine, {.log = {"1", "2"}}).ok());
  const Batch batch{.log = {"3"}, .trim_log_through = 1000};
  CHECK(CommitOne(store.engine, batch).value() == Committed{3});
  CHECK(Last(store.engine) == 3);
  CHECK(Tail(store.engine, 3).empty());
  CHECK(CommitOne(store.engine, {.log = {"4"}}).value() == Committed{4});
  CHECK(Tail(store.engine, 3) == std::vector<LogRecord>{{4, "4"}});
}

EVERY_ENGINE("of many who write on the same condition exactly one wins") {
  Store store;
  constexpr int kRounds = 20;
  std::atomic<int> wins = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store, &wins, t] {
      for (int round = 0; round < kRounds; ++round) {
        const Batch batch{
            .conditions = {{"k" + std::to_string(round), std::nullopt}},
            .puts = {{"k" + std::to_string(round), std::to_string(t)}},
            .log = {"won"}};
        if (store.engine.Commit({&batch, 1})[0].ok()) ++wins;
      }
    });
  }
  threads.clear();
  CHECK(wins == kRounds);
  CHECK(Last(store.engine) == kRounds);
}

// Reads the log while others write it, and returns the number of gaps.
int CountGaps(Engine& engine, uint64_t until) {
  int gaps = 0;
  uint64_t after = 0;
  while (after < until) {
    const auto records = engine.Tail(after, 3);
    if (!records.ok()) return gaps + 1;
    for (const LogRecord& record : *records) {
      if (record.sequence != ++after) ++gaps;
    }
  }
  return gaps;
}

EVERY_ENGINE("a tail that is read while others commit has no gaps") {
  Store store;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&store] {
      for (int i = 0; i < 20; ++i) {
        const Batch batch{.log = {"a", "b"}};
        (void)store.engine.Commit({&batch, 1});
      }
    });
  }
  CHECK(CountGaps(store.engine, 120) == 0);
  threads.clear();
  CHECK(Last(store.engine) == 120);
}

TEST_CASE("a planned fault is unavailable and changes nothing") {
  FaultScript script;
  auto inner = NewMemoryEngine();
  FaultyEngine engine(*inner, script.plan());
  script.Push(Fault::kUnavailable);
  const Batch batch{.puts = {{"a", "1"}}};
  CHECK(IsError(CommitOne(engine, batch), ErrorCode::kUnavailable));
  CHECK(Get(engine, "a") == std::nullopt);
}

TEST_CASE("a lost answer is unavailable though it happened") {
  FaultScript script;
  auto inner = NewMemoryEngine();
  FaultyEngine engine(*inner, script.plan());
  script.Push(Fault::kLostAnswer);
  const Batch batch{.puts = {{"a", "1"}}};
  CHECK(IsError(CommitOne(engine, batch), ErrorCode::kUnavailable));
  CHECK(Get(engine, "a") == "1");
}

}  // namespace
}  // namespace signet::service
