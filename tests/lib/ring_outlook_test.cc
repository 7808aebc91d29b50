#include "signet/ring_outlook.h"

#include <doctest/doctest.h>

namespace signet {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr Time kT0{Duration{1'772'366'400'000}};
constexpr Duration kLead = minutes(1) + Seconds(30);
constexpr Duration kTail = minutes(15) + Seconds(30);

SigningRing NewRing() {
  Result<SigningRing> ring = SigningRing::New({}, kT0);
  REQUIRE(ring.ok());
  return *std::move(ring);
}

std::string Id(const SigningRing& ring, size_t index) {
  return ring.keys()[index].key.id();
}

std::string OnlyProblem(const SigningRing& ring, Time now,
                        std::optional<Duration> max_age = {}) {
  const std::vector<RingFinding> found = FindProblems(ring, now, max_age);
  REQUIRE(found.size() == 1);
  return std::string(RingProblemName(found[0].problem)) + " " +
         found[0].message;
}

TEST_CASE("nothing lies ahead of a ring of one key") {
  const SigningRing ring = NewRing();
  CHECK(ComingEvents(ring, kT0).empty());
  CHECK(FindProblems(ring, kT0).empty());
}

TEST_CASE("a rotation lies ahead step by step, each until it has happened") {
  SigningRing ring = NewRing();
  REQUIRE(ring.Rotate(kT0).ok());
  const RingEvent stops{kT0 + kLead, Id(ring, 0), KeyState::kVerifyOnly};
  const RingEvent signs{kT0 + kLead, Id(ring, 1), KeyState::kActive};
  const RingEvent retires{kT0 + kLead + kTail, Id(ring, 0), KeyState::kRetired};
  using Events = std::vector<RingEvent>;
  CHECK(ComingEvents(ring, kT0) == Events{stops, signs, retires});
  CHECK(ComingEvents(ring, kT0 + kLead - Duration(1)) ==
        Events{stops, signs, retires});
  CHECK(ComingEvents(ring, kT0 + kLead) == Events{retires});
  CHECK(ComingEvents(ring, kT0 + kLead + kTail).empty());
}

TEST_CASE("nothing lies ahead of a revoked key") {
  SigningRing ring = NewRing();
  REQUIRE(ring.Rotate(kT0).ok());
  REQUIRE(ring.Revoke(Id(ring, 0), kT0 + Seconds(1)).ok());
  CHECK(ComingEvents(ring, kT0 + Seconds(1)).empty());
}

TEST_CASE("a ring in which nothing signs needs an operator") {
  SigningRing ring = NewRing();
  REQUIRE(ring.Revoke(Id(ring, 0), kT0 + Seconds(1)).ok());
  const Time now = kT0 + Seconds(2);
  CHECK(OnlyProblem(ring, now) ==
        "no-active-key no key signs: key " + Id(ring, 0) +
            " was revoked at 2026-03-01T12:00:01.000Z");
  const std::string revoked = Id(ring, 0);
  REQUIRE(ring.Rotate(now, hours(1)).ok());
  CHECK(OnlyProblem(ring, now) ==
        "no-active-key no key signs: key " + revoked +
            " was revoked at 2026-03-01T12:00:01.000Z; key " + Id(ring, 1) +
            " will from 2026-03-01T13:00:02.000Z");
  CHECK(FindProblems(ring, now + hours(1)).empty());
}

TEST_CASE("a key that a pending one has replaced is no problem") {
  SigningRing ring = NewRing();
  REQUIRE(ring.Rotate(kT0).ok());
  REQUIRE(ring.Revoke(Id(ring, 0), kT0 + Seconds(1)).ok());
  CHECK(FindProblems(ring, kT0 + Seconds(1)).empty());
}

TEST_CASE("an active key is too old after its limit, unless one is pending") {
  SigningRing ring = NewRing();
  CHECK(FindProblems(ring, kT0 + days(30), days(30)).empty());
  const Time late = kT0 + days(30) + Duration(1);
  CHECK(FindProblems(ring, late).empty());
  CHECK(OnlyProblem(ring, late, days(30)) ==
        "key-too-old key " + Id(ring, 0) +
            " signs since 2026-03-01T12:00:00.000Z, longer than the limit of "
            "2592000s, and no key is pending");
  REQUIRE(ring.Rotate(late).ok());
  CHECK(FindProblems(ring, late, days(30)).empty());
}

TEST_CASE("a clock is behind if the ring was changed in its future") {
  SigningRing ring = NewRing();
  const Duration skew = ring.info().policy.clock_skew;
  CHECK(FindProblems(ring, kT0 - skew, days(1)).size() == 1);  // none signs
  const std::vector<RingFinding> found =
      FindProblems(ring, kT0 - skew - Duration(1));
  REQUIRE(found.size() == 2);
  CHECK(found[0].problem == RingProblem::kNoActiveKey);
  CHECK(found[1].problem == RingProblem::kClockBehind);
  CHECK(found[1].message ==
        "the clock is behind: it is "
        "2026-03-01T11:59:29.999Z, and key " +
            Id(ring, 0) +
            " was made or revoked at "
            "2026-03-01T12:00:00.000Z");
}

}  // namespace
}  // namespace signet
