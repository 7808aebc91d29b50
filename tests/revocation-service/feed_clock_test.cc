#include "revocation-service/feed/feed_clock.h"

#include <doctest/doctest.h>

#include "tests/revocation-service/feed_fixture.h"

namespace signet::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::kFeedStart;

TEST_CASE("a wall clock that leaps ahead is believed only after a while") {
  ManualClock clock(kFeedStart);
  feed::FeedClock feed_clock(clock);
  REQUIRE(feed_clock.Now().ok());
  clock.Advance(hours(5));  // time that passes is no leap
  CHECK(*feed_clock.Now() == clock.Now());
  clock.SetWall(clock.Now() + minutes(1));
  CHECK(feed_clock.Now().ok());

  clock.SetWall(clock.Now() + hours(1));
  CHECK_FALSE(feed_clock.Now().ok());
  clock.Advance(seconds(29));
  CHECK_FALSE(feed_clock.Now().ok());
  clock.Advance(seconds(1));
  CHECK(*feed_clock.Now() == clock.Now());
}

TEST_CASE("a leap that is taken back was never believed") {
  ManualClock clock(kFeedStart);
  feed::FeedClock feed_clock(clock);
  REQUIRE(feed_clock.Now().ok());
  clock.SetWall(kFeedStart + hours(24));
  CHECK(feed_clock.Now().error().code == ErrorCode::kUnavailable);
  clock.Advance(seconds(20));
  clock.SetWall(kFeedStart + seconds(20));
  CHECK(*feed_clock.Now() == kFeedStart + seconds(20));
  // The next leap waits from its own beginning.
  clock.SetWall(kFeedStart + hours(24));
  CHECK_FALSE(feed_clock.Now().ok());
  clock.Advance(seconds(20));
  CHECK_FALSE(feed_clock.Now().ok());
}

TEST_CASE("a wall clock that is set back is believed at once") {
  ManualClock clock(kFeedStart);
  feed::FeedClock feed_clock(clock);
  REQUIRE(feed_clock.Now().ok());
  clock.SetWall(kFeedStart - hours(1));
  CHECK(*feed_clock.Now() == kFeedStart - hours(1));
}

}  // namespace
}  // namespace signet::service
