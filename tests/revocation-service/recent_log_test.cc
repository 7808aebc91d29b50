#include "revocation-service/feed/recent_log.h"

#include <doctest/doctest.h>

#include "tests/revocation-service/feed_fixture.h"

namespace signet::service {
namespace {

using testing::Tokens;

TEST_CASE("the recent log is bounded and keeps its hash chain") {
  feed::RecentLog whole(100);
  feed::RecentLog bounded(3);
  for (const LogEntry& entry : Tokens(10, "t")) {
    whole.Append(entry.revocation);
    bounded.Append(entry.revocation);
  }
  CHECK(bounded.base() == 7);
  CHECK(bounded.last() == 10);
  CHECK(bounded.hash() == whole.hash());
  const auto stretch = bounded.After(7, 2);
  CHECK(stretch.first_sequence == 8);
  CHECK(stretch.last_sequence() == 9);
  CHECK(stretch.previous_hash == whole.After(7, 1).previous_hash);
  CHECK(stretch.entries == whole.After(7, 2).entries);
  CHECK(bounded.After(10, 5).entries.empty());
  CHECK(bounded.After(10, 5).previous_hash == whole.hash());

  bounded.Forget(9);
  CHECK(bounded.base() == 9);
  bounded.Forget(3);
  CHECK(bounded.base() == 9);
  bounded.Forget(99);
  CHECK(bounded.base() == 10);
  CHECK(bounded.hash() == whole.hash());
}

}  // namespace
}  // namespace signet::service
