#include "revocation-service/limits/rate_table.h"

#include <doctest/doctest.h>

#include <string>

namespace signet::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Monotonic kStart{seconds(1000)};

// TakeAll counts how many tokens a key gets of `tries`.
int TakeAll(RateTable& table, const std::string& key, int tries,
            Monotonic now = kStart) {
  int taken = 0;
  for (int i = 0; i < tries; ++i) {
    if (!table.Take(key, now)) ++taken;
  }
  return taken;
}

TEST_CASE("a burst is admitted at once, and then the rate") {
  RateTable table({.per_second = 10, .burst = 5});
  CHECK(TakeAll(table, "a", 100) == 5);
  CHECK(TakeAll(table, "a", 100, kStart + milliseconds(99)) == 0);
  CHECK(TakeAll(table, "a", 100, kStart + milliseconds(100)) == 1);
  CHECK(TakeAll(table, "a", 100, kStart + seconds(60)) == 5);
}

TEST_CASE("a refusal says how long to wait, and costs nothing") {
  RateTable table({.per_second = 2, .burst = 1});
  CHECK_FALSE(table.Take("a", kStart));
  for (int i = 0; i < 10; ++i)
    CHECK(table.Take("a", kStart) == milliseconds(500));
  CHECK_FALSE(table.Take("a", kStart + milliseconds(500)));
}

TEST_CASE("keys have buckets of their own") {
  RateTable table({.per_second = 1, .burst = 3});
  CHECK(TakeAll(table, "a", 10) == 3);
  CHECK(TakeAll(table, "b", 10) == 3);
}

TEST_CASE("a rate of 0 is no limit, and rates can be changed") {
  RateTable table({.per_second = 0, .burst = 0});
  CHECK(TakeAll(table, "a", 1000) == 1000);
  table.SetRate({.per_second = 1, .burst = 2});
  CHECK(TakeAll(table, "a", 10) == 2);
}

TEST_CASE("looking takes nothing; charges stop at one burst") {
  RateTable table({.per_second = 10, .burst = 5});
  for (int i = 0; i < 100; ++i) CHECK_FALSE(table.Look("a", kStart));
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(table.Look("a", kStart));
    table.Charge("a", kStart);
  }
  CHECK(table.Look("a", kStart));
  for (int i = 0; i < 1000; ++i) table.Charge("a", kStart);
  CHECK(table.Look("a", kStart) == milliseconds(100));
}

TEST_CASE("a crowd of other keys wins a limited key nothing back") {
  // One place for eight keys, and ten thousand that want it.
  RateTable table({.per_second = 1, .burst = 10}, 8);
  CHECK(TakeAll(table, "limited", 100) == 10);
  int others = 0;
  for (int i = 0; i < 10'000; ++i) {
    others += TakeAll(table, "other" + std::to_string(i), 1);
  }
  CHECK(TakeAll(table, "limited", 100) == 0);
  // All of them together got no more than the place has.
  CHECK(others <= 7 * 10);
}

TEST_CASE("a bucket that is full again owes nothing to who takes its place") {
  RateTable table({.per_second = 1, .burst = 4}, 8);
  for (int i = 0; i < 8; ++i) {
    CHECK(TakeAll(table, "early" + std::to_string(i), 10) == 4);
  }
  const Monotonic later = kStart + seconds(4);
  for (int i = 0; i < 8; ++i) {
    CHECK(TakeAll(table, "late" + std::to_string(i), 10, later) == 4);
  }
}

}  // namespace
}  // namespace signet::service
