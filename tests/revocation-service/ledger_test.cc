#include "revocation-service/storage/ledger.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "revocation-service/storage/committer.h"
#include "tests/revocation-service/faulty_engine.h"

namespace signet::service {
namespace {

Result<Committed> Write(Committer& committer, Batch batch,
                        std::vector<LedgerLine> lines) {
  std::promise<Result<Committed>> answer;
  committer.Submit(
      std::move(batch),
      [&](Result<Committed> result) { answer.set_value(std::move(result)); },
      false, std::move(lines));
  return answer.get_future().get();
}

std::vector<std::string> Texts(Engine& engine, uint64_t after = 0,
                               size_t limit = 1000) {
  std::vector<std::string> texts;
  const auto lines = ReadLedger(engine, after, limit).value();
  for (const NumberedLine& line : lines) {
    texts.push_back(line.data);
  }
  return texts;
}

using Strings = std::vector<std::string>;

TEST_CASE("lines are numbered in the order of their commits") {
  auto engine = NewMemoryEngine();
  Committer committer(*engine, {});
  CHECK(Write(committer, {}, {{0, "a"}, {1, "b"}}).ok());
  CHECK(Write(committer, {}, {{0, "c"}}).ok());
  const auto lines = ReadLedger(*engine, 0, 10).value();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].id == 1);
  CHECK(lines[2].id == 3);
  CHECK(lines[1].lane == 1);
  CHECK(lines[1].lane_number == 1);
  CHECK(lines[2].lane_number == 2);
  CHECK(Texts(*engine, 1) == Strings{"b", "c"});
  CHECK(Texts(*engine, 0, 1) == Strings{"a"});
  CHECK(ReadLedgerCounts(*engine).value().last_id == 3);
}

TEST_CASE("a batch that comes to nothing leaves no line") {
  auto engine = NewMemoryEngine();
  Committer committer(*engine, {});
  Batch batch{.conditions = {{"a", "not there"}}};
  const auto result = Write(committer, batch, {{0, "lie"}});
  CHECK(result.error().code == ErrorCode::kConflict);
  CHECK(Texts(*engine).empty());
  CHECK(Write(committer, {}, {{0, "true"}}).ok());
  CHECK(Texts(*engine) == Strings{"true"});
}

TEST_CASE("a store that fails loses the batch and its line together") {
  auto memory = NewMemoryEngine();
  std::atomic<Fault> fault = Fault::kNone;
  FaultyEngine engine(*memory, [&](EngineCall call) {
    return call == EngineCall::kCommit ? fault.load() : Fault::kNone;
  });
  Committer committer(engine, {});
  fault = Fault::kUnavailable;
  CHECK_FALSE(Write(committer, {.puts = {{"k", "v"}}}, {{0, "x"}}).ok());
  fault = Fault::kNone;
  CHECK(memory->Get("k").value() == std::nullopt);
  CHECK(Texts(*memory).empty());
  CHECK(Write(committer, {.puts = {{"k", "v"}}}, {{0, "y"}}).ok());
  CHECK(Texts(*memory) == Strings{"y"});
}

TEST_CASE("a ledger that cannot be read holds up no revocation") {
  auto memory = NewMemoryEngine();
  std::atomic<Fault> fault = Fault::kNone;
  FaultyEngine engine(*memory, [&](EngineCall call) {
    return call == EngineCall::kGet ? fault.load() : Fault::kNone;
  });
  Committer committer(engine, {});
  const auto revoke = [&](const std::string& what) {
    std::promise<Result<Committed>> answer;
    committer.Submit(
        {.log = {what}},
        [&](Result<Committed> result) { answer.set_value(std::move(result)); },
        true, {{0, what}});
    return answer.get_future().get();
  };
  SUBCASE("because the store does not answer") { fault = Fault::kUnavailable; }
  SUBCASE("because its counter is damaged") {
    Batch damage{.puts = {{"m/ledger", "x"}}};
    REQUIRE(memory->Commit({&damage, 1}).front().ok());
  }
  CHECK(revoke("first").ok());
  CHECK(revoke("second").ok());
  CHECK(*memory->LastSequence() == 2);
  CHECK(Texts(*memory).empty());
  // What has no line needs no ledger; what has one is refused.
  CHECK(Write(committer, {.puts = {{"k", "v"}}}, {}).ok());
  CHECK_FALSE(Write(committer, {.puts = {{"k", "w"}}}, {{0, "x"}}).ok());
  CHECK(memory->Get("k").value() == "v");

  fault = Fault::kNone;
  Batch repair{.deletes = {"m/ledger"}};
  REQUIRE(memory->Commit({&repair, 1}).front().ok());
  CHECK(Write(committer, {}, {{0, "later"}}).ok());
  CHECK(Texts(*memory) == Strings{"later", "first", "second"});
  CHECK(Write(committer, {}, {{0, "last"}}).ok());
  CHECK(Texts(*memory).size() == 4);
}

TEST_CASE("a commit whose answer was lost keeps its numbers to itself") {
  auto memory = NewMemoryEngine();
  std::atomic<Fault> fault = Fault::kLostAnswer;
  FaultyEngine engine(*memory, [&](EngineCall call) {
    return call == EngineCall::kCommit ? fault.load() : Fault::kNone;
  });
  Committer committer(engine, {});
  CHECK_FALSE(Write(committer, {}, {{0, "x"}}).ok());
  fault = Fault::kNone;
  CHECK(Write(committer, {}, {{0, "y"}}).ok());
  CHECK(Texts(*memory) == Strings{"x", "y"});
}

TEST_CASE("two committers over one engine never share or reorder a number") {
  auto engine = NewMemoryEngine();
  constexpr int kEach = 400;
  std::atomic<int> failed{0};
  std::atomic<bool> done{false};
  std::vector<uint64_t> followed;
  std::thread follower([&] {
    uint64_t after = 0;
    while (true) {
      const bool last = done;
      const auto page = ReadLedger(*engine, after, 50).value();
      for (const NumberedLine& line : page) {
        after = line.id;
        followed.push_back(line.id);
      }
      if (last && ReadLedger(*engine, after, 1).value().empty()) return;
      std::this_thread::yield();
    }
  });
  {
    std::vector<std::thread> writers;
    for (int w = 0; w < 2; ++w) {
      writers.emplace_back([&] {
        Committer committer(*engine, {});
        for (int i = 0; i < kEach; ++i) {
          if (!Write(committer, {}, {{0, "line"}}).ok()) ++failed;
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
  }
  done = true;
  follower.join();
  CHECK(failed == 0);
  // Whoever follows misses none: later lines never come before earlier ones.
  CHECK(followed.size() == 2 * kEach);
  CHECK(std::ranges::is_sorted(followed));
  CHECK(std::ranges::adjacent_find(followed) == followed.end());
}

// Trim trims once and commits.
size_t Trim(
    Engine& engine, uint8_t lane, uint64_t keep, size_t limit,
    const std::function<bool(const NumberedLine&)>& is_old =
        [](const NumberedLine&) { return false; }) {
  const auto plan = PlanLedgerTrim(engine, lane, keep, is_old, limit).value();
  if (plan.batch.puts.empty()) return 0;
  REQUIRE(engine.Commit({{plan.batch}})[0].ok());
  return plan.removed;
}

TEST_CASE("each lane keeps its newest lines, whatever the others do") {
  auto engine = NewMemoryEngine();
  Committer committer(*engine, {});
  CHECK(Write(committer, {}, {{0, "e1"}, {0, "e2"}, {0, "e3"}}).ok());
  for (int i = 0; i < 50; ++i) CHECK(Write(committer, {}, {{2, "junk"}}).ok());
  CHECK(Write(committer, {}, {{0, "e4"}}).ok());
  while (Trim(*engine, 2, 5, 10) > 0) {
  }
  CHECK(Trim(*engine, 0, 3, 100) == 1);
  CHECK(Texts(*engine) ==
        Strings{"e2", "e3", "junk", "junk", "junk", "junk", "junk", "e4"});
  CHECK(Trim(*engine, 0, 3, 100) == 0);
}

TEST_CASE("lines go by age too, oldest first, a bounded number at a time") {
  auto engine = NewMemoryEngine();
  Committer committer(*engine, {});
  for (const char* text : {"old", "old", "old", "new", "old"}) {
    CHECK(Write(committer, {}, {{0, text}}).ok());
  }
  const auto is_old = [](const NumberedLine& line) {
    return line.data == "old";
  };
  CHECK(Trim(*engine, 0, 100, 2, is_old) == 2);
  CHECK(Trim(*engine, 0, 100, 2, is_old) == 1);
  CHECK(Trim(*engine, 0, 100, 2, is_old) == 0);
  CHECK(Texts(*engine) == Strings{"new", "old"});
}

TEST_CASE("of two that trim at once only one does") {
  auto engine = NewMemoryEngine();
  Committer committer(*engine, {});
  for (int i = 0; i < 4; ++i) CHECK(Write(committer, {}, {{0, "x"}}).ok());
  const auto never = [](const NumberedLine&) { return false; };
  const auto one = PlanLedgerTrim(*engine, 0, 2, never, 10).value();
  const auto other = PlanLedgerTrim(*engine, 0, 1, never, 10).value();
  CHECK(engine->Commit({{one.batch}})[0].ok());
  CHECK_FALSE(engine->Commit({{other.batch}})[0].ok());
  CHECK(Texts(*engine).size() == 2);
}

}  // namespace
}  // namespace signet::service
