#include "key_standing.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "live_ring_access.h"
#include "signet/live_ring.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::kNow;
using testing::NewRing;

constexpr Duration kSkew = std::chrono::seconds(5);

TEST_CASE("a key stands from its beginning until it retires, give or take") {
  const Time from(kNow), retires = from + std::chrono::hours(1);
  const VerifyWindow window{.from = from, .retires = retires};
  CHECK_FALSE(window.Contains(from - kSkew - Duration(1), kSkew));
  CHECK(window.Contains(from - kSkew, kSkew));
  CHECK(window.Contains(retires + kSkew - Duration(1), kSkew));
  CHECK_FALSE(window.Contains(retires + kSkew, kSkew));
}

TEST_CASE("a revoked key stands no longer, and a slow clock adds nothing") {
  const Time revoked = Time(kNow) + std::chrono::minutes(1);
  const VerifyWindow window{.from = Time(kNow), .revoked = revoked};
  CHECK(window.Contains(revoked - kSkew - Duration(1), kSkew));
  CHECK_FALSE(window.Contains(revoked - kSkew, kSkew));
}

TEST_CASE("a standing is that of one key, and of none once it is cleared") {
  KeyStanding standing;
  const Time now(kNow);
  CHECK_FALSE(standing.Holds(1, now, kSkew));
  standing.Set(1, {.from = now});
  CHECK(standing.Holds(1, now, kSkew));
  CHECK_FALSE(standing.Holds(2, now, kSkew));
  standing.Clear();
  CHECK_FALSE(standing.Holds(1, now, kSkew));
}

TEST_CASE("a standing that goes to another key says no to the first one") {
  LiveRing live(NewRing(KeyFormat::kPasetoV4Public).Public());
  const auto key = [&live] {
    return LiveRingAccess::Read(live)->keys().front();
  };
  const LiveKey first = key();
  const Time now(kNow);
  REQUIRE(first.standing->Holds(first.identity, now, kSkew));

  // The second ring has a standing of its own: tokens of the first may still
  // be looking. The third takes over what the first has left.
  REQUIRE(live.Publish(NewRing(KeyFormat::kPasetoV4Public).Public()).ok());
  CHECK_FALSE(first.standing->Holds(first.identity, now, kSkew));
  CHECK(key().standing != first.standing);
  REQUIRE(live.Publish(NewRing(KeyFormat::kPasetoV4Public).Public()).ok());
  const LiveKey third = key();
  CHECK(third.standing == first.standing);
  CHECK(third.standing->Holds(third.identity, now, kSkew));
  CHECK_FALSE(third.standing->Holds(first.identity, now, kSkew));
}

// Each reading that mixes the two keys would make one of them stand that never
// does.
TEST_CASE("who reads a standing while it changes never sees half of each") {
  KeyStanding standing;
  const Time now(kNow);
  const VerifyWindow always{.from = now - std::chrono::hours(1)};
  const VerifyWindow never{.from = now - std::chrono::hours(1),
                           .revoked = now - std::chrono::minutes(1)};
  constexpr int kChanges = 200'000;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < kChanges; ++i) {
      standing.Set(1, always);
      standing.Set(2, never);
    }
    standing.Set(1, always);
    done = true;
  });
  uint64_t mixed = 0;
  while (!done) mixed += standing.Holds(2, now, kSkew) ? 1 : 0;
  writer.join();
  CHECK(mixed == 0);
  CHECK(standing.Holds(1, now, kSkew));
}

}  // namespace
}  // namespace signet
