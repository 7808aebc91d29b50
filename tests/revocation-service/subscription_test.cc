#include <doctest/doctest.h>

#include <deque>

#include "revocation-service/feed/broadcaster.h"
#include "revocation-service/feed/publisher.h"
#include "tests/revocation-service/feed_mailbox.h"

namespace signet::service {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Append;
using testing::Entry;
using testing::Eventually;
using testing::FeedFixture;
using testing::kFeedStart;
using testing::Mailbox;
using testing::ModelReplica;
using testing::Tokens;

TEST_CASE("a subscriber gets its backlog, then what comes, without a gap") {
  FeedFixture feed;
  feed.Revoke(Tokens(3, "before"));
  Mailbox mailbox;
  REQUIRE(feed.publisher->Subscribe({1, 0}, mailbox.NewSink()).ok());
  ModelReplica replica = feed.NewReplica({1, 0});
  CHECK(mailbox.Reaches(replica, 3));
  for (int i = 0; i < 20; ++i) {
    feed.Revoke(Tokens(2, "after" + std::to_string(i)));
  }
  CHECK(mailbox.Reaches(replica, 43));
  CHECK(replica.list.size() == 43);
}

TEST_CASE("a subscriber that misses nothing gets a head at once") {
  FeedFixture feed;
  feed.Revoke(Tokens(3, "t"));
  ModelReplica replica = feed.NewReplica();
  feed.Follow(replica);
  Mailbox mailbox;
  REQUIRE(feed.publisher->Subscribe({1, 3}, mailbox.NewSink()).ok());
  REQUIRE(Eventually([&] { return mailbox.size() == 1; }));
  mailbox.Deliver(replica);
  CHECK(replica.heads == 1);
}

TEST_CASE("subscribers share one text of each event") {
  FeedFixture feed;
  Mailbox one;
  Mailbox other;
  REQUIRE(feed.publisher->Subscribe({1, 0}, one.NewSink()).ok());
  REQUIRE(feed.publisher->Subscribe({1, 0}, other.NewSink()).ok());
  REQUIRE(Eventually([&] { return one.size() == 1 && other.size() == 1; }));
  one.Take();
  other.Take();
  feed.Revoke(Tokens(1, "t"));
  REQUIRE(Eventually([&] { return one.size() == 1 && other.size() == 1; }));
  CHECK(one.Take().front() == other.Take().front());
}

TEST_CASE("heartbeats come while it is quiet") {
  FeedFixture feed({.heartbeat = milliseconds(10)});
  Mailbox mailbox;
  REQUIRE(feed.publisher->Subscribe({1, 0}, mailbox.NewSink()).ok());
  CHECK(Eventually([&] { return mailbox.size() >= 5; }));
  ModelReplica replica = feed.NewReplica({1, 0});
  mailbox.Deliver(replica);
  CHECK(replica.batches == 0);
}

TEST_CASE("no head is sent while the store does not answer") {
  FeedFixture feed({.heartbeat = milliseconds(10)});
  Mailbox mailbox;
  REQUIRE(feed.publisher->Subscribe({1, 0}, mailbox.NewSink()).ok());
  REQUIRE(Eventually([&] { return mailbox.size() >= 1; }));
  feed.fault = Fault::kUnavailable;
  feed.clock.Advance(seconds(5));  // only a head of the outage says so
  std::this_thread::sleep_for(milliseconds(100));
  ModelReplica replica = feed.NewReplica({1, 0});
  mailbox.Deliver(replica);
  CHECK(replica.head.time == kFeedStart);

  feed.fault = Fault::kNone;
  CHECK(Eventually([&] {
    mailbox.Deliver(replica);
    return replica.head.time == kFeedStart + seconds(5);
  }));
}

TEST_CASE("a changed ring is announced at once") {
  FeedFixture feed;
  Mailbox mailbox;
  REQUIRE(feed.publisher->Subscribe({1, 0}, mailbox.NewSink()).ok());
  ModelReplica replica = feed.NewReplica({1, 0});
  feed.directory.Rotate(KeyPurpose::kAccess, kFeedStart);
  REQUIRE(feed.rings->Reload().ok());
  feed.publisher->Wake();
  CHECK(Eventually([&] {
    mailbox.Deliver(replica);
    return replica.head.ring_generation == 3;
  }));
}

TEST_CASE("a subscriber whose sink fails is dropped, the others stay") {
  FeedFixture feed;
  Mailbox bad;
  Mailbox good;
  bad.Refuse();
  REQUIRE(feed.publisher->Subscribe({1, 0}, bad.NewSink()).ok());
  REQUIRE(feed.publisher->Subscribe({1, 0}, good.NewSink()).ok());
  CHECK(Eventually([&] { return feed.publisher->subscribers() == 1; }));
  CHECK(Eventually([&] { return bad.dropped(); }));
  feed.Revoke(Tokens(1, "t"));
  ModelReplica replica = feed.NewReplica({1, 0});
  CHECK(good.Reaches(replica, 1));
}

TEST_CASE("who unsubscribes is let go, and twice is harmless") {
  FeedFixture feed;
  Mailbox mailbox;
  const auto id = feed.publisher->Subscribe({1, 0}, mailbox.NewSink());
  REQUIRE(id.ok());
  CHECK(feed.publisher->subscribers() == 1);
  feed.publisher->Unsubscribe(*id);
  feed.publisher->Unsubscribe(*id);
  CHECK(feed.publisher->subscribers() == 0);
  CHECK(Eventually([&] { return mailbox.dropped(); }));
}

TEST_CASE("subscribers are let go when the publisher closes") {
  FeedFixture feed;
  Mailbox mailbox;
  REQUIRE(feed.publisher->Subscribe({1, 0}, mailbox.NewSink()).ok());
  feed.publisher.reset();
  CHECK(mailbox.dropped());
}

TEST_CASE("cursors that cannot be served are refused") {
  FeedFixture feed({.heartbeat = hours(1), .max_recent = 2});
  feed.Revoke(Tokens(3, "t"));
  const auto code = [&](FeedPosition after) {
    const auto id = feed.publisher->Subscribe(after, [](auto) { return true; });
    REQUIRE_FALSE(id.ok());
    return id.error().code;
  };
  CHECK(code({1, 0}) == ErrorCode::kNotFound);
  CHECK(code({1, 4}) == ErrorCode::kConflict);
  CHECK(code({2, 0}) == ErrorCode::kConflict);
  CHECK(feed.publisher->subscribers() == 0);
}

TEST_CASE("a burst reaches live subscribers in steps, all of it") {
  FeedFixture feed;
  Mailbox mailbox;
  REQUIRE(feed.publisher->Subscribe({1, 0}, mailbox.NewSink()).ok());
  REQUIRE(Eventually([&] { return mailbox.size() == 1; }));
  feed.Revoke(Tokens(2 * feed::kMaxStep + 500, "t"));
  ModelReplica replica = feed.NewReplica({1, 0});
  CHECK(mailbox.Reaches(replica, 2 * feed::kMaxStep + 500));
  CHECK(replica.list.size() == 2 * feed::kMaxStep + 500);
}

TEST_CASE("one who lies a step or more behind resumes step by step") {
  FeedFixture feed;
  const uint64_t total = 2 * feed::kMaxStep + 1;
  feed.Revoke(Tokens(static_cast<int>(total), "t"));
  // Until those who are live have all of it, nobody lies behind them.
  Mailbox live;
  REQUIRE(feed.publisher->Subscribe({1, total}, live.NewSink()).ok());
  REQUIRE(Eventually([&] { return live.size() == 1; }));
  ModelReplica replica = feed.NewReplica({1, 0});
  for (int step = 1; step <= 3; ++step) {
    Mailbox mailbox;
    REQUIRE(
        feed.publisher->Subscribe(replica.position, mailbox.NewSink()).ok());
    const bool last = step == 3;
    REQUIRE(Eventually([&] {
      mailbox.Deliver(replica);
      return replica.position.sequence ==
             std::min(total, step * uint64_t{feed::kMaxStep});
    }));
    if (last) break;
    CHECK(Eventually([&] { return mailbox.dropped(); }));
    CHECK(feed.publisher->subscribers() == 1);
  }
  CHECK(replica.head.position.sequence == total);
}

TEST_CASE("a burst that is longer than the memory cuts all who listen") {
  FeedFixture feed({.heartbeat = hours(1), .max_recent = 10});
  Mailbox mailbox;
  REQUIRE(feed.publisher->Subscribe({1, 0}, mailbox.NewSink()).ok());
  REQUIRE(Eventually([&] { return mailbox.size() == 1; }));
  feed.Revoke(Tokens(11, "t"));
  CHECK(Eventually([&] { return feed.publisher->subscribers() == 0; }));
  CHECK(Eventually([&] { return mailbox.dropped(); }));
  // It works for those who come afterwards.
  Mailbox next;
  REQUIRE(feed.publisher->Subscribe({1, 11}, next.NewSink()).ok());
  CHECK(Eventually([&] { return next.size() == 1; }));
  feed.Revoke(Tokens(1, "u"));
  CHECK(Eventually([&] { return next.size() == 2; }));
}

TEST_CASE("who joins while others write misses nothing and gets no overlap") {
  FeedFixture feed;
  constexpr int kRounds = 60;
  std::deque<Mailbox> mailboxes;
  std::vector<FeedPosition> cursors;
  std::thread writer([&] {
    for (int i = 0; i < 300; ++i) {
      Append(feed.engine, Tokens(3, "w" + std::to_string(i) + "."));
      (void)feed.publisher->CatchUp();
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    FeedPosition cursor = feed.publisher->position();
    if (i % 2 == 1) cursor.sequence /= 2;
    cursors.push_back(cursor);
    auto sink = mailboxes.emplace_back().NewSink();
    REQUIRE(feed.publisher->Subscribe(cursor, std::move(sink)).ok());
    std::this_thread::sleep_for(milliseconds(1));
  }
  writer.join();
  for (int i = 0; i < kRounds; ++i) {
    // Start from what the cursor stands for, so that digests agree.
    ModelReplica replica = feed.NewReplica({1, 0});
    for (uint64_t n = 0; n < cursors[i].sequence; ++n) {
      const Revocation entry =
          Entry(RevocationKind::kToken,
                "w" + std::to_string(n / 3) + "." + std::to_string(n % 3))
              .revocation;
      replica.list.Apply({&entry, 1});
      replica.hash = ChainLogHash(replica.hash, entry);
    }
    replica.position = cursors[i];
    CHECK(mailboxes[i].Reaches(replica, 900));
    CHECK(replica.list.size() == 900);
  }
}

}  // namespace
}  // namespace signet::service
