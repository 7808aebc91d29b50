// Sessions that have expired are removed, in bounded steps.

#include <doctest/doctest.h>

#include "tests/revocation-service/session_fixture.h"

namespace signet::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST_CASE("a sweep removes what has expired, oldest first, up to its limit") {
  SessionFixture f({.absolute_lifetime = hours(1)});
  std::vector<Grant> grants;
  for (int i = 0; i < 3; ++i) {
    grants.push_back(f.Open());
    f.clock.Advance(minutes(1));
  }
  f.clock.Advance(hours(1) - minutes(2) + f.limits.clock_skew);
  CHECK(f.store.SweepExpired(1).value() == 1);
  CHECK(f.store.SweepExpired(10).value() == 1);
  CHECK(f.store.SweepExpired(10).value() == 0);
  CHECK(f.CountSessions() == 1);
  f.clock.Advance(minutes(1));
  CHECK(f.store.SweepExpired(10).value() == 1);
  CHECK(f.Keys() == std::vector<std::string>{"m/issued"});
  CHECK(f.Log().empty());
}

TEST_CASE("a sweep waits for clocks that are behind") {
  SessionFixture f({.absolute_lifetime = hours(1)});
  f.Open();
  f.clock.Advance(hours(1) + f.limits.clock_skew - Duration(1));
  CHECK(f.store.SweepExpired(10).value() == 0);
  f.clock.Advance(Duration(1));
  CHECK(f.store.SweepExpired(10).value() == 1);
}

TEST_CASE("after the wall clock jumped ahead a sweep waits for an hour") {
  SessionFixture f;
  f.Open();
  f.clock.SetWall(kNoon + hours(24 * 365));
  CHECK(f.store.SweepExpired(10).value() == 0);
  f.clock.Advance(hours(1) - Duration(1));
  CHECK(f.store.SweepExpired(10).value() == 0);
  f.clock.Advance(Duration(1));
  CHECK(f.store.SweepExpired(10).value() == 1);
}

TEST_CASE("a sweep that cannot commit is unavailable") {
  SessionFixture f({.absolute_lifetime = hours(1)});
  f.Open();
  f.clock.Advance(hours(2));
  f.commits.Push(Fault::kUnavailable);
  CHECK(f.store.SweepExpired(10).error().code == ErrorCode::kUnavailable);
  CHECK(f.store.SweepExpired(10).value() == 1);
}

TEST_CASE("an expiry key without a session is removed") {
  SessionFixture f;
  f.Open();
  const Batch damage{.deletes = {f.Keys("s/").at(0)}};
  REQUIRE(f.engine.Commit({&damage, 1})[0].ok());
  f.clock.Advance(f.limits.absolute_lifetime + hours(1));
  CHECK(f.store.SweepExpired(10).value() == 1);
  CHECK(f.Keys("x/").empty());
}

// A ScanRecorder is an engine in memory that notes where scans of the expiry
// index begin.
class ScanRecorder final : public Engine {
 public:
  explicit ScanRecorder(std::vector<std::string>& begins) : begins_(begins) {}

  Result<std::optional<std::string>> Get(std::string_view key) override {
    return inner_->Get(key);
  }
  Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                     std::string_view after,
                                     size_t limit) override {
    if (prefix == "x/") begins_.emplace_back(after);
    return inner_->Scan(prefix, after, limit);
  }
  std::vector<Result<Committed>> Commit(
      std::span<const Batch> batches) override {
    return inner_->Commit(batches);
  }
  Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) override {
    return inner_->Tail(after, limit);
  }
  Result<uint64_t> LastSequence() override { return inner_->LastSequence(); }

 private:
  const std::unique_ptr<Engine> inner_ = NewMemoryEngine();
  std::vector<std::string>& begins_;
};

TEST_CASE("a sweep does not pass over what it removed before") {
  std::vector<std::string> begins;
  SessionFixture f({.absolute_lifetime = hours(1)},
                   std::make_unique<ScanRecorder>(begins));
  for (int i = 0; i < 6; ++i) {
    f.Open("user-" + std::to_string(i));
    f.clock.Advance(minutes(1));
  }
  const std::vector<std::string> keys = f.Keys("x/");
  REQUIRE(keys.size() == 6);
  f.clock.Advance(hours(2));
  begins.clear();
  for (const size_t removed : {2, 2, 2, 0}) {
    CHECK(f.store.SweepExpired(2).value() == removed);
  }
  CHECK(begins == std::vector<std::string>{"", keys[1], keys[3], keys[5]});
}

TEST_CASE("a clock that is set back hides no session from the sweep") {
  SessionFixture f({.absolute_lifetime = hours(1)});
  f.Open("alice");
  f.clock.Advance(hours(2));
  CHECK(f.store.SweepExpired(10).value() == 1);
  // What is opened now expires before what was swept.
  f.clock.SetWall(kNoon - hours(12));
  CHECK(f.store.SweepExpired(10).value() == 0);
  f.Open("bob");
  f.clock.Advance(hours(2));
  CHECK(f.store.SweepExpired(10).value() == 1);
  // The same while nobody swept.
  f.clock.SetWall(kNoon - hours(20));
  f.Open("carol");
  f.clock.Advance(hours(2));
  CHECK(f.store.SweepExpired(10).value() == 1);
  CHECK(f.CountSessions() == 0);
}

TEST_CASE("what a sweep could not remove is removed by the next") {
  SessionFixture f({.absolute_lifetime = hours(1)});
  for (int i = 0; i < 5; ++i) f.Open("user-" + std::to_string(i));
  f.clock.Advance(hours(2));
  f.commits.Push(Fault::kConflict);
  const auto first = f.store.SweepExpired(2);
  REQUIRE(first.ok());
  size_t removed = *first;
  CHECK(removed < 2);
  while (removed < 5) {
    const auto more = f.store.SweepExpired(2);
    REQUIRE(more.ok());
    REQUIRE(*more > 0);
    removed += *more;
  }
  CHECK(f.Keys("x/").empty());
}

}  // namespace
}  // namespace signet::service
