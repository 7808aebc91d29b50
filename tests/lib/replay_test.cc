#include "signet/replay.h"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/lib/token_fixture.h"

namespace signet {

inline std::ostream& operator<<(std::ostream& out, ReplayAnswer answer) {
  constexpr std::string_view kNames[] = {"first", "seen", "unknown"};
  return out << kNames[static_cast<size_t>(answer)];
}

namespace {

using testing::kNow;

constexpr Time kStart{kNow};
constexpr Time kUntil = kStart + std::chrono::minutes(1);
constexpr Duration kMoment{1};

TEST_CASE("what is remembered is seen until it is worthless, and not after") {
  ReplayMemory memory(10);
  CHECK(memory.Remember("key", "a", kUntil, kStart) == ReplayAnswer::kFirst);
  CHECK(memory.Remember("key", "a", kUntil, kStart) == ReplayAnswer::kSeen);
  CHECK(memory.Remember("key", "a", kUntil, kUntil - kMoment) ==
        ReplayAnswer::kSeen);
  CHECK(memory.Remember("key", "b", kUntil + kMoment, kUntil) ==
        ReplayAnswer::kFirst);
  CHECK(memory.size() == 1);
}

TEST_CASE("a scope and an id are remembered as a pair") {
  ReplayMemory memory(10);
  CHECK(memory.Remember("key", "a", kUntil, kStart) == ReplayAnswer::kFirst);
  CHECK(memory.Remember("other", "a", kUntil, kStart) == ReplayAnswer::kFirst);
  CHECK(memory.Remember("ke", "ya", kUntil, kStart) == ReplayAnswer::kFirst);
  CHECK(memory.Remember("", "keya", kUntil, kStart) == ReplayAnswer::kFirst);
  CHECK(memory.Remember("keya", "", kUntil, kStart) == ReplayAnswer::kFirst);
  CHECK(memory.size() == 5);
}

TEST_CASE("a full memory does not know, and still knows what it has seen") {
  ReplayMemory memory(2);
  CHECK(memory.Remember("key", "a", kUntil, kStart) == ReplayAnswer::kFirst);
  CHECK(memory.Remember("key", "b", kUntil + kMoment, kStart) ==
        ReplayAnswer::kFirst);
  CHECK(memory.Remember("key", "c", kUntil, kStart) == ReplayAnswer::kUnknown);
  CHECK(memory.Remember("key", "c", kUntil, kStart) == ReplayAnswer::kUnknown);
  CHECK(memory.Remember("key", "a", kUntil, kStart) == ReplayAnswer::kSeen);
  CHECK(memory.size() == 2);

  // At the moment at which one of them is worthless there is room for one.
  CHECK(memory.Remember("key", "c", kUntil + kMoment, kUntil) ==
        ReplayAnswer::kFirst);
  CHECK(memory.Remember("key", "d", kUntil + kMoment, kUntil) ==
        ReplayAnswer::kUnknown);
  CHECK(memory.Remember("key", "b", kUntil + kMoment, kUntil) ==
        ReplayAnswer::kSeen);
}

TEST_CASE(
    "the first to be worthless is shed first, in whatever order they "
    "came") {
  ReplayMemory memory(100);
  for (int i = 0; i < 100; ++i) {
    const int place = i * 37 % 100;
    REQUIRE(memory.Remember("key", std::to_string(place),
                            kUntil + Duration(place),
                            kStart) == ReplayAnswer::kFirst);
  }
  for (int i = 0; i < 100; ++i) {
    const Time now = kUntil + Duration(i);
    if (i < 99) {
      CHECK(memory.Remember("key", std::to_string(i + 1),
                            kUntil + Duration(i + 1),
                            now) == ReplayAnswer::kSeen);
    }
    CHECK(memory.Remember("new", std::to_string(i),
                          kUntil + std::chrono::hours(1),
                          now) == ReplayAnswer::kFirst);
    CHECK(memory.size() == 100);
  }
}

TEST_CASE("after a pause the memory empties faster than it fills") {
  ReplayMemory memory(1000);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(memory.Remember("old", std::to_string(i), kUntil, kStart) ==
            ReplayAnswer::kFirst);
  }
  const Time later = kUntil + std::chrono::hours(1);
  for (int i = 0; i < 400; ++i) {
    REQUIRE(memory.Remember("new", std::to_string(i), later + kMoment, later) ==
            ReplayAnswer::kFirst);
  }
  CHECK(memory.size() == 400);
}

TEST_CASE("what was forgotten is unknown when the clock is set back") {
  ReplayMemory memory(10);
  REQUIRE(memory.Remember("key", "a", kUntil, kStart) == ReplayAnswer::kFirst);
  // Some other call, later, makes it forget.
  REQUIRE(memory.Remember("key", "b", kUntil + std::chrono::minutes(1),
                          kUntil) == ReplayAnswer::kFirst);
  REQUIRE(memory.size() == 1);
  CHECK(memory.Remember("key", "a", kUntil, kStart) == ReplayAnswer::kUnknown);
  CHECK(memory.Remember("key", "c", kUntil, kStart) == ReplayAnswer::kUnknown);
  CHECK(memory.Remember("key", "c", kUntil + kMoment, kStart) ==
        ReplayAnswer::kFirst);
}

TEST_CASE("what is worthless already is not remembered") {
  ReplayMemory memory(10);
  CHECK(memory.Remember("key", "a", kStart, kStart) == ReplayAnswer::kUnknown);
  CHECK(memory.Remember("key", "a", kStart - kMoment, kStart) ==
        ReplayAnswer::kUnknown);
  CHECK(memory.size() == 0);
}

TEST_CASE("of many threads that bring one id exactly one is first") {
  constexpr int kThreads = 4;
  constexpr int kIds = 2000;
  ReplayMemory memory(kIds);
  std::atomic<int> first = 0;
  std::atomic<int> seen = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kIds; ++i) {
        // Each thread brings them in another order.
        const std::string id = std::to_string((i * 7 + t * 501) % kIds);
        const ReplayAnswer answer = memory.Remember("key", id, kUntil, kStart);
        if (answer == ReplayAnswer::kFirst) ++first;
        if (answer == ReplayAnswer::kSeen) ++seen;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(first == kIds);
  CHECK(seen == (kThreads - 1) * kIds);
  CHECK(memory.size() == kIds);
}

TEST_CASE(
    "threads that fill the memory together do not fill it beyond its "
    "capacity") {
  ReplayMemory memory(100);
  std::atomic<int> first = 0;
  std::atomic<int> unknown = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        switch (memory.Remember(std::to_string(t), std::to_string(i), kUntil,
                                kStart)) {
          case ReplayAnswer::kFirst:
            ++first;
            break;
          case ReplayAnswer::kUnknown:
            ++unknown;
            break;
          case ReplayAnswer::kSeen:
            break;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(first == 100);
  CHECK(unknown == 100);
}

}  // namespace
}  // namespace signet
