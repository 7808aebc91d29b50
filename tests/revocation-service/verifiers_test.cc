// Who follows the feed, and who waits for them.
#include "revocation-service/feed/verifiers.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signet::service::feed {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

VerifierId Id(uint32_t number) {
  VerifierId id{};
  for (size_t i = 0; i < 4; ++i) id[i] = static_cast<uint8_t>(number >> 8 * i);
  return id;
}

Verifiers::Caller Named(uint32_t number, const std::string& client = "edge") {
  return {.id = Id(number),
          .watches = false,
          .client = client,
          .address = "127.0.0.1"};
}

Verifiers::Caller Unnamed(const std::string& client = "edge") {
  return {.id = {}, .watches = false, .client = client, .address = "127.0.0.1"};
}

// Room is a registry whose publisher has nothing to do.
struct Room {
  Room() {
    verifiers.OnWish([] {});
  }
  // Wait waits for a sequence, and keeps the report.
  struct Waiting {
    std::shared_ptr<Verifiers::Wait> wait;
    std::shared_ptr<std::optional<Verifiers::Report>> report =
        std::make_shared<std::optional<Verifiers::Report>>();
  };
  Waiting Begin() { return {.wait = verifiers.Begin()}; }
  void Await(Waiting& waiting, uint64_t sequence, Duration limit = hours(1)) {
    verifiers.Await(std::exchange(waiting.wait, nullptr), sequence, limit,
                    [report = waiting.report](const auto& r) { *report = r; });
    verifiers.Tend(Verifiers::Steady::now());
  }
  Waiting Wait(uint64_t sequence, Duration limit = hours(1)) {
    Waiting waiting = Begin();
    Await(waiting, sequence, limit);
    return waiting;
  }

  Verifiers verifiers;
};

TEST_CASE("a poller counts for ten seconds from its answer") {
  Verifiers::Steady::time_point now;
  Verifiers verifiers([&now] { return now; });
  const auto connected = [&] { return verifiers.Count(0, 0).connected; };
  verifiers.Polled(Named(1), 0, seconds(55));
  now += seconds(64);
  CHECK(connected() == 1);
  now += seconds(1);
  CHECK(connected() == 0);
  verifiers.Polled(Named(1), 0, seconds(55));
  now += seconds(5);
  // Another client's, an unknown one, and one without an id change nothing.
  verifiers.Answered(Named(1, "rival"));
  verifiers.Answered(Named(2));
  verifiers.Answered(Unnamed());
  now += seconds(20);
  CHECK(connected() == 1);
  verifiers.Answered(Named(1));
  now += seconds(9);
  CHECK(connected() == 1);
  now += hours(1);
  CHECK(connected() == 0);
}

TEST_CASE("a poller that pauses for longer counts for three pauses") {
  Verifiers::Steady::time_point now;
  Verifiers verifiers([&now] { return now; });
  const auto connected = [&] { return verifiers.Count(0, 0).connected; };
  verifiers.Polled(Named(1), 0, seconds(20));
  now += seconds(8);
  verifiers.Answered(Named(1));
  // The pause begins at the answer.
  now += seconds(20);
  verifiers.Polled(Named(1), 0, seconds(20));
  now += seconds(1);
  verifiers.Answered(Named(1));
  now += seconds(59);
  CHECK(connected() == 1);
  now += seconds(1);
  CHECK(connected() == 0);
}

TEST_CASE("where nobody follows nobody is waited for") {
  Room room;
  const auto waiting = room.Wait(7);
  REQUIRE(waiting.report->has_value());
  CHECK((*waiting.report)->connected == 0);
  CHECK((*waiting.report)->enforcing == 0);
}

TEST_CASE("a wait ends when the last has acknowledged, however that comes") {
  Room room;
  const auto stream = room.verifiers.Joined(Named(1), 3);
  REQUIRE(stream != nullptr);
  room.verifiers.Polled(Named(2), 3, seconds(0));
  room.verifiers.Polled(Named(3), 3, seconds(20));
  const auto waiting = room.Wait(4);
  CHECK(room.verifiers.asking());
  CHECK(room.verifiers.Acknowledge(Id(1), "edge", 4).ok());
  room.verifiers.Polled(Named(2), 5, seconds(0));
  CHECK_FALSE(waiting.report->has_value());
  room.verifiers.Polled(Named(3), 4, seconds(20));
  REQUIRE(waiting.report->has_value());
  const Verifiers::Report& report = **waiting.report;
  CHECK(report.connected == 3);
  CHECK(report.enforcing == 3);
  CHECK(report.p50_ms >= 0);
  CHECK(report.p50_ms <= report.p99_ms);
  CHECK(report.p99_ms == report.max_ms);
  CHECK_FALSE(room.verifiers.asking());
}

TEST_CASE("who had acknowledged before the place was known counts") {
  Room room;
  room.verifiers.Joined(Named(1), 0);
  auto waiting = room.Begin();
  CHECK(room.verifiers.asking());
  CHECK(room.verifiers.Acknowledge(Id(1), "edge", 9).ok());
  room.Await(waiting, 9);
  REQUIRE(waiting.report->has_value());
  CHECK((*waiting.report)->enforcing == 1);
}

TEST_CASE("an acknowledgement of less does not count, nor twice") {
  Room room;
  room.verifiers.Joined(Named(1), 0);
  room.verifiers.Joined(Named(2), 0);
  const auto waiting = room.Wait(9);
  CHECK(room.verifiers.Acknowledge(Id(1), "edge", 8).ok());
  CHECK(room.verifiers.Acknowledge(Id(1), "edge", 9).ok());
  CHECK(room.verifiers.Acknowledge(Id(1), "edge", 9).ok());
  CHECK(room.verifiers.Acknowledge(Id(1), "edge", 10).ok());
  CHECK(room.verifiers.Acknowledge(Id(2), "edge", 8).ok());
  CHECK_FALSE(waiting.report->has_value());
  room.verifiers.Tend(Verifiers::Steady::time_point::max());
  REQUIRE(waiting.report->has_value());
  CHECK((*waiting.report)->enforcing == 1);
  CHECK((*waiting.report)->connected == 2);
}

TEST_CASE("who leaves does not enforce unless it comes back") {
  Room room;
  const auto first = room.verifiers.Joined(Named(1), 0);
  const auto second = room.verifiers.Joined(Named(2), 0);
  const auto waiting = room.Wait(1);
  room.verifiers.Left(Named(1), first);
  room.verifiers.Left(Named(2), second);
  CHECK(room.verifiers.Count(1, 10).connected == 0);
  room.verifiers.Joined(Named(1), 1);
  CHECK_FALSE(waiting.report->has_value());
  room.verifiers.Tend(Verifiers::Steady::time_point::max());
  REQUIRE(waiting.report->has_value());
  CHECK((*waiting.report)->enforcing == 1);
  CHECK((*waiting.report)->connected == 2);
}

TEST_CASE("who comes during a wait is not waited for") {
  Room room;
  room.verifiers.Joined(Named(1), 0);
  const auto waiting = room.Wait(1);
  room.verifiers.Joined(Named(2), 0);
  CHECK(room.verifiers.Acknowledge(Id(1), "edge", 1).ok());
  REQUIRE(waiting.report->has_value());
  CHECK((*waiting.report)->connected == 1);
}

TEST_CASE("who gives no id counts, and is never known to enforce") {
  Room room;
  const auto stream = room.verifiers.Joined(Unnamed(), 0);
  CHECK(stream == nullptr);
  room.verifiers.Polled(Unnamed("poller"), 9, seconds(0));
  room.verifiers.Polled(Unnamed("poller"), 9, seconds(0));
  // Nothing can come of waiting for it.
  const auto waiting = room.Wait(1);
  REQUIRE(waiting.report->has_value());
  CHECK((*waiting.report)->connected == 2);
  CHECK((*waiting.report)->enforcing == 0);
  room.verifiers.Left(Unnamed(), stream);
  CHECK(room.verifiers.Count(0, 0).without_id == 1);
}

TEST_CASE("who only watches does not count") {
  Room room;
  Verifiers::Caller watcher = Unnamed();
  watcher.watches = true;
  const auto mark = room.verifiers.Joined(watcher, 0);
  room.verifiers.Polled(watcher, 0, seconds(0));
  CHECK(room.verifiers.Count(0, 0).connected == 0);
  room.verifiers.Left(watcher, mark);
}

TEST_CASE("an acknowledgement is taken for a verifier of one's own alone") {
  Room room;
  room.verifiers.Joined(Named(1, "edge"), 0);
  CHECK(room.verifiers.Acknowledge(Id(2), "edge", 0).error().code ==
        ErrorCode::kNotFound);
  CHECK(room.verifiers.Acknowledge(Id(1), "rival", 0).error().code ==
        ErrorCode::kDenied);
  CHECK(room.verifiers.acknowledgements() == 0);
  // Another client with the same id is one without.
  CHECK(room.verifiers.Joined(Named(1, "rival"), 9) == nullptr);
  const auto census = room.verifiers.Count(9, 10);
  CHECK(census.connected == 2);
  CHECK(census.without_id == 1);
  REQUIRE(census.verifiers.size() == 1);
  CHECK(census.verifiers[0].acknowledged == 0);
}

TEST_CASE("two streams of one id are one verifier until both have ended") {
  Room room;
  const auto before = room.verifiers.Joined(Named(1), 0);
  const auto after = room.verifiers.Joined(Named(1), 0);
  CHECK(room.verifiers.Count(0, 0).connected == 1);
  room.verifiers.Left(Named(1), before);
  CHECK(room.verifiers.Count(0, 0).connected == 1);
  room.verifiers.Left(Named(1), after);
  CHECK(room.verifiers.Count(0, 0).connected == 0);
}

TEST_CASE("the furthest behind is listed first") {
  Room room;
  room.verifiers.Polled(Named(1), 5, seconds(0));
  room.verifiers.Polled(Named(2), 2, seconds(30));
  const auto stream = room.verifiers.Joined(Named(3), 0);
  auto census = room.verifiers.Count(6, 2);
  CHECK(census.connected == 3);
  CHECK(census.furthest_behind == 4);
  REQUIRE(census.verifiers.size() == 2);
  CHECK(census.verifiers[0].id == Id(2));
  CHECK(census.verifiers[0].behind == 4);
  CHECK(census.verifiers[0].transport == Transport::kLongPoll);
  CHECK(census.verifiers[1].id == Id(1));
  // A stream was not asked, so it is not known to lack anything.
  stream->asked = 6;
  census = room.verifiers.Count(6, 1);
  CHECK(census.furthest_behind == 6);
  CHECK(census.verifiers.at(0).id == Id(3));
}

TEST_CASE("the registry is bounded, and makes room for who is there") {
  Room room;
  for (uint32_t i = 0; i < Verifiers::kMaxKnown; ++i) {
    const auto mark = room.verifiers.Joined(Named(i), 0);
    REQUIRE(mark != nullptr);
    if (i > 0) room.verifiers.Left(Named(i), mark);
  }
  CHECK(room.verifiers.Count(0, 0).connected == 1);
  CHECK(room.verifiers.Joined(Named(1u << 20), 0) != nullptr);
  CHECK(room.verifiers.Acknowledge(Id(0), "edge", 0).ok());
  CHECK_FALSE(room.verifiers.Acknowledge(Id(1), "edge", 0).ok());
  for (uint32_t i = 2; i < Verifiers::kMaxKnown; ++i) {
    REQUIRE(room.verifiers.Joined(Named(i), 0) != nullptr);
  }
  CHECK(room.verifiers.Joined(Named(2u << 20), 0) == nullptr);
  CHECK(room.verifiers.Count(0, 0).connected == Verifiers::kMaxKnown + 1);
  CHECK(room.verifiers.Count(0, 0).without_id == 1);
}

TEST_CASE("beyond the bound of waits nobody is said to enforce") {
  Room room;
  room.verifiers.Joined(Named(1), 0);
  std::vector<Room::Waiting> waiting;
  for (int i = 0; i < Verifiers::kMaxWaits; ++i)
    waiting.push_back(room.Wait(1));
  const auto one_more = room.Wait(0);
  REQUIRE(one_more.report->has_value());
  CHECK((*one_more.report)->connected == 1);
  CHECK((*one_more.report)->enforcing == 0);
  CHECK_FALSE(waiting.back().report->has_value());
  CHECK(room.verifiers.Acknowledge(Id(1), "edge", 1).ok());
  for (const auto& waited : waiting) CHECK(waited.report->has_value());
}

TEST_CASE("waits end when told to, and later ones at once") {
  Room room;
  room.verifiers.Joined(Named(1), 0);
  const auto waiting = room.Wait(1);
  room.verifiers.EndWaits();
  room.verifiers.Tend(Verifiers::Steady::now());
  CHECK(waiting.report->has_value());
  CHECK(room.Wait(1).report->has_value());
}

TEST_CASE("a wait that comes to nothing asks for nothing") {
  Room room;
  room.Begin().wait.reset();
  CHECK_FALSE(room.verifiers.asking());
}

}  // namespace
}  // namespace signet::service::feed
