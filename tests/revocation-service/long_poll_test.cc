#include <doctest/doctest.h>

#include <atomic>
#include <mutex>

#include "revocation-service/feed/publisher.h"
#include "tests/revocation-service/feed_fixture.h"

namespace signet::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Eventually;
using testing::FeedFixture;
using testing::ModelReplica;
using testing::Tokens;

struct Flag {
  std::shared_ptr<std::atomic<int>> calls =
      std::make_shared<std::atomic<int>>(0);
  std::function<void()> Raise() const {
    return [calls = calls] { ++*calls; };
  }
};

TEST_CASE("a long poll answers at once if the log is past it already") {
  FeedFixture feed;
  feed.Revoke(Tokens(1, "t"));
  const Flag flag;
  feed.publisher->WhenPast({1, 0}, seconds(60), flag.Raise());
  CHECK(*flag.calls == 1);
  feed.publisher->WhenPast({1, 1}, seconds(0), flag.Raise());
  CHECK(*flag.calls == 2);
}

TEST_CASE("a long poll ends when an entry comes, and only once") {
  FeedFixture feed;
  const Flag flag;
  feed.publisher->WhenPast({1, 0}, seconds(600), flag.Raise());
  CHECK(*flag.calls == 0);
  feed.Revoke(Tokens(1, "t"));
  CHECK(Eventually([&] { return *flag.calls == 1; }));
  feed.Revoke(Tokens(1, "u"));
  feed.publisher.reset();
  CHECK(*flag.calls == 1);
}

TEST_CASE("a long poll ends at its limit, and the shorter one first") {
  FeedFixture feed;
  const Flag longer;
  const Flag shorter;
  feed.publisher->WhenPast({1, 0}, seconds(600), longer.Raise());
  feed.publisher->WhenPast({1, 0}, milliseconds(20), shorter.Raise());
  CHECK(Eventually([&] { return *shorter.calls == 1; }));
  CHECK(*longer.calls == 0);
}

TEST_CASE("long polls end when told to, and later ones at once") {
  FeedFixture feed;
  const Flag flag;
  feed.publisher->WhenPast({1, 0}, seconds(600), flag.Raise());
  feed.publisher->EndWaits();
  CHECK(Eventually([&] { return *flag.calls == 1; }));
  feed.publisher->WhenPast({1, 0}, seconds(600), flag.Raise());
  CHECK(Eventually([&] { return *flag.calls == 2; }));
}

TEST_CASE("long polls are answered when the publisher closes") {
  FeedFixture feed;
  const Flag flag;
  feed.publisher->WhenPast({1, 0}, seconds(600), flag.Raise());
  feed.publisher.reset();
  CHECK(*flag.calls == 1);
}

TEST_CASE("a thousand long polls of one cursor get one and the same answer") {
  FeedFixture feed;
  std::mutex mutex;
  std::vector<std::string> answers;
  for (int i = 0; i < 1'000; ++i) {
    feed.publisher->WhenPast({1, 0}, seconds(600), [&] {
      const auto answer = feed.publisher->Log({1, 0});
      const std::lock_guard lock(mutex);
      answers.push_back(answer.ok() ? answer->frames : "");
    });
  }
  feed.Revoke(Tokens(1, "t"));
  REQUIRE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return answers.size() == 1'000;
  }));
  for (const auto& answer : answers) REQUIRE(answer == answers.front());
  ModelReplica replica = feed.NewReplica();
  replica.position = {1, 0};
  replica.ApplyBody(answers.front());
  CHECK(replica.list.size() == 1);
}

}  // namespace
}  // namespace signet::service
