// A head promises that all that was acknowledged before its time is at or
// before its position: so the time is read first, and then the log's end.

#include <doctest/doctest.h>

#include "tests/revocation-service/feed_fixture.h"

namespace signet::service {
namespace {

using std::chrono::milliseconds;

// A RacingEngine lets something happen just after it has looked how far its
// log goes, and before it says so.
class RacingEngine final : public Engine {
 public:
  explicit RacingEngine(Engine& engine) : engine_(engine) {}

  Result<std::optional<std::string>> Get(std::string_view key) override {
    return engine_.Get(key);
  }
  Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                     std::string_view after,
                                     size_t limit) override {
    return engine_.Scan(prefix, after, limit);
  }
  std::vector<Result<Committed>> Commit(
      std::span<const Batch> batches) override {
    return engine_.Commit(batches);
  }
  Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) override {
    return engine_.Tail(after, limit);
  }
  Result<uint64_t> LastSequence() override {
    const auto last = engine_.LastSequence();
    if (auto race = std::exchange(race_, nullptr)) race();
    return last;
  }

  void RaceOnce(std::function<void()> race) { race_ = std::move(race); }

 private:
  Engine& engine_;
  std::function<void()> race_;
};

TEST_CASE("what is acknowledged while a frame is made is later than its time") {
  const testing::TestRings directory;
  const auto rings = directory.Open();
  ManualClock clock(testing::kFeedStart);
  const auto memory = NewMemoryEngine();
  RacingEngine engine(*memory);
  const auto publisher =
      Publisher::Open(engine, *rings, clock, {.threaded = false}).value();
  const auto head_of = [&](Bytes frame) {
    return std::visit(
        [](const auto& any) { return any.head; },
        DecodeFrame(frame, rings->feed()->Public(), clock.Now()).value());
  };
  Time acknowledged{};
  const auto race = [&] {
    clock.Advance(milliseconds(1));
    testing::Append(*memory, testing::Tokens(1, "late"));
    acknowledged = clock.Now();
    clock.Advance(milliseconds(1));
  };

  engine.RaceOnce(race);
  FeedHead head = head_of(AsBytes(publisher->Head().value()));
  CHECK(head.position.sequence == 0);
  CHECK(head.time < acknowledged);

  REQUIRE(publisher->CatchUp().ok());
  engine.RaceOnce(race);
  const auto log = publisher->Log({head.position.epoch, 1}).value();
  head = head_of(SplitFrames(AsBytes(log.frames)).value().back());
  CHECK(head.position.sequence == 1);
  CHECK(head.time < acknowledged);

  REQUIRE(publisher->CatchUp().ok());
  engine.RaceOnce(race);
  const auto known = publisher->Refresh().value();
  CHECK(known.position.sequence == 2);
  CHECK(known.time < acknowledged);
}

}  // namespace
}  // namespace signet::service
