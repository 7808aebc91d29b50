#include "revocation-service/readiness.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using testing::Catcher;

// TestEngine fails commits, or does not answer them until it is let go.
class TestEngine final : public Engine {
 public:
  Result<std::optional<std::string>> Get(std::string_view key) override {
    return engine_->Get(key);
  }
  Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                     std::string_view after,
                                     size_t limit) override {
    return engine_->Scan(prefix, after, limit);
  }
  std::vector<Result<Committed>> Commit(
      std::span<const Batch> batches) override {
    ++commits;
    if (stuck) released_.wait();
    if (broken) {
      return {Error{ErrorCode::kUnavailable, "the disk is on fire"}};
    }
    return engine_->Commit(batches);
  }
  Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) override {
    return engine_->Tail(after, limit);
  }
  Result<uint64_t> LastSequence() override { return engine_->LastSequence(); }

  void Release() { release_.set_value(); }
  std::atomic<int> commits{0};
  std::atomic<bool> stuck{false};
  std::atomic<bool> broken{false};

 private:
  std::unique_ptr<Engine> engine_ = NewMemoryEngine();
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
};

http::Response Ask(Readiness& readiness) {
  auto catcher = std::make_shared<Catcher>();
  readiness.Answer(catcher);
  return catcher->Wait();
}

TEST_CASE("a store that answers and no fault is ready") {
  ManualClock clock{Time()};
  auto engine = NewMemoryEngine();
  Committer committer(*engine, {});
  Readiness readiness(committer, clock, [] { return Readiness::Findings(); });
  for (int i = 0; i < 2; ++i) {
    const http::Response response = Ask(readiness);
    CHECK(response.status == 200);
    CHECK(response.body == "{\"ready\":true}");
  }
}

TEST_CASE("a store that fails is not ready, and is again when it heals") {
  ManualClock clock{Time()};
  TestEngine engine;
  Committer committer(engine, {});
  Readiness readiness(committer, clock, [] { return Readiness::Findings(); });
  engine.broken = true;
  const http::Response response = Ask(readiness);
  CHECK(response.status == 503);
  CHECK(response.body.starts_with(
      "{\"ready\":false,\"faults\":[\"store: the disk is on fire"));
  engine.broken = false;
  CHECK(Ask(readiness).status == 200);
}

TEST_CASE("each fault is named") {
  ManualClock clock{Time()};
  auto engine = NewMemoryEngine();
  Committer committer(*engine, {});
  Readiness readiness(committer, clock, [] {
    return Readiness::Findings{{"keys: none", "feed: \"none\""}, {}};
  });
  const http::Response response = Ask(readiness);
  CHECK(response.status == 503);
  CHECK(response.body ==
        "{\"ready\":false,\"faults\":[\"keys: none\",\"feed: \\\"none\\\"\"]}");
}

TEST_CASE("a warning is told, and is no fault") {
  ManualClock clock{Time()};
  auto engine = NewMemoryEngine();
  Committer committer(*engine, {});
  Readiness readiness(committer, clock, [] {
    return Readiness::Findings{{}, {"keys: an older ring"}};
  });
  const http::Response response = Ask(readiness);
  CHECK(response.status == 200);
  CHECK(response.body ==
        "{\"ready\":true,\"warnings\":[\"keys: an older ring\"]}");
}

TEST_CASE("a store that does not answer is not ready after three seconds") {
  ManualClock clock{Time()};
  TestEngine engine;
  engine.stuck = true;
  {
    Committer committer(engine, {});
    Readiness readiness(committer, clock, [] { return Readiness::Findings(); });
    auto early = std::make_shared<Catcher>();
    auto late = std::make_shared<Catcher>();
    readiness.Answer(early);
    clock.Advance(std::chrono::milliseconds(2999));
    readiness.Answer(late);
    readiness.Tick();
    CHECK_FALSE(early->Answered());
    clock.Advance(std::chrono::milliseconds(1));
    readiness.Tick();
    CHECK(early->Wait().status == 503);
    CHECK_FALSE(late->Answered());
    engine.Release();
    CHECK(late->Wait().status == 200);
    CHECK(engine.commits == 1);  // those who ask share one write
    CHECK(early->sent() == 1);
    CHECK(Ask(readiness).status == 200);
  }
}

}  // namespace
}  // namespace signet::service
