// A model of the feed: one service and three replicas, all of their deciding
// code the real one, between them a network that does what it likes, under
// clocks that step. Random scripts from a seed; after every step, for every
// replica and every token that was given out:
//
// S  A token is not accepted when an entry that voids it was acknowledged
//    longer ago than the policy's bound: it is refused, as revoked or stale.
//    Ages are true ones, which no machine of the model can read. So it holds
//    whatever the wall clocks say, of the service, the replica or both, and
//    however long the network holds answers back, but for this:
//
//    While a replica's latest evidence is misleading, the bound is longer by
//    as much as its wall clock lies behind the furthest that the service's
//    ever was. Misleading is an answer that was made before its question (a
//    cache, and frames carry no challenge: only their times tell their age),
//    and a frame of a stream during which the service's clock leapt ahead.
//    The first honest answer ends it.
//
// U  What a process has once called revoked it never accepts again.
// N  What no entry of any log has ever voided is never called revoked.
// L  When all clocks are right again, every time that a wrong one has signed
//    has passed and the network carries: each replica is fresh within twelve
//    exchanges. A replica that has missed two rotations of the feed ring is
//    given the ring; a store that lost its end and did not say so, or that
//    was restored under a clock set back to before an earlier epoch began, a
//    new epoch: replicas refuse that one as a rollback.
// M  A replica never goes back, in the log or in the feed's time; not by a
//    restart either, if it could write its state.
// A  What was acknowledged is in the log.
// D  An entry stays until every token that it voids has died everywhere,
//    whatever the service's clock said when either was made. A store that went
//    back in time may not know how late tokens were dated.
//
// What it assumes: the service's clock is never ahead by an hour (trims would
// forget; checkpoint.cc), and monotonic clocks of all run at one rate.
//
// SIGNET_MODEL_SEED, _SEEDS and _STEPS say what is played. A finding prints
// its seed and a shortened script.

#include <doctest/doctest.h>

#include <cstdlib>

#include "feed_model_world.h"

namespace signet::service::model {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST_CASE(
    "what was acknowledged is rejected within the bound, or stale is said") {
  const uint64_t first = FromEnvironment("SIGNET_MODEL_SEED", 1);
  const uint64_t seeds = FromEnvironment("SIGNET_MODEL_SEEDS", 40);
  const uint64_t steps = FromEnvironment("SIGNET_MODEL_STEPS", 250);
  World::Counts total;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    World::Counts counts;
    const Script script = MakeScript(seed, steps);
    const auto finding = Run(script, &counts);
    total.steps += counts.steps;
    total.fresh += counts.fresh;
    total.stale += counts.stale;
    total.accepted += counts.accepted;
    total.revoked += counts.revoked;
    if (!finding) continue;
    MESSAGE("SIGNET_MODEL_SEED=" << seed << " SIGNET_MODEL_STEPS=" << steps
                                 << ": step " << finding->step << ": "
                                 << finding->what);
    const Script less = Shorten(script);
    const auto again = Run(less, nullptr);
    FAIL("shortened to " << less.size()
                         << " steps: " << (again ? again->what : "") << "\n"
                         << Describe(less));
  }
  MESSAGE("seeds " << seeds << ", steps " << total.steps << ", fresh "
                   << total.fresh << ", stale " << total.stale << ", accepted "
                   << total.accepted << ", revoked " << total.revoked);
  CHECK(total.fresh > 0);
  CHECK(total.stale > 0);
  CHECK(total.accepted > 0);
  CHECK(total.revoked > 0);
}

TEST_CASE("an answer that was held back is as old as its question") {
  ModelService service(testing::kFeedStart);
  ManualClock clock(testing::kFeedStart);
  ModelReplica replica(clock, FeedMode::kPoll, service.feed_ring());
  const auto exchange = [&](Duration held) {
    replica.Ask();
    ModelReplica::Line& line = replica.line();
    line.answer = service.Get(line.question.path);
    line.state = ModelReplica::Line::State::kAnswered;
    service.Advance(held);
    clock.Advance(held);
    replica.Deliver();
  };
  exchange({});  // a snapshot
  exchange({});
  CHECK(replica.Staleness() == Duration{});
  // A wall clock that is behind must not hide it.
  clock.SetWall(testing::kFeedStart - std::chrono::seconds(50));
  service.Advance(Duration(1));
  clock.Advance(Duration(1));
  exchange(std::chrono::seconds(20));
  CHECK(replica.Staleness() == std::chrono::seconds(20));
}

}  // namespace
}  // namespace signet::service::model
