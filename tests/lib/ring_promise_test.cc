// The promise of a ring: whatever is done to it, whoever is slow and however
// clocks disagree within the policy, a live token is not refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>

#include "signet/key_ring.h"

namespace signet {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Time kT0{Duration{1'772'366'400'000}};

// A Copy is the ring as somebody fetched it, at a moment of true time.
struct Copy {
  Time fetched;
  KeyRing ring;
};

struct MintedToken {
  std::string key_id;
  Time expires_at;  // by what it says: compared with the reader's clock
};

// A World has one operator, some signers and some verifiers. Each of them has
// a clock that is off by at most half of clock_skew, so that any two disagree
// by at most clock_skew, and steps about within that. Signers and verifiers
// work with copies of the ring that are at most verifier_refresh old.
class World {
 public:
  explicit World(uint32_t seed) : random_(seed), ring_(MakeRing()) {
    Publish();
  }

  void Step() {
    Operate();
    for (uint32_t i = Pick(5); i > 0; --i) {
      Mint();
      VerifyAll();
      Pass();
    }
  }

  // Seen counts what was done, so that a walk that does nothing is noticed.
  struct Seen {
    int verified = 0;
    int rotated = 0, imported = 0, promoted = 0, revoked = 0, forgotten = 0;
    int policies = 0;

    void Add(const Seen& more) {
      verified += more.verified;
      rotated += more.rotated;
      imported += more.imported;
      promoted += more.promoted;
      revoked += more.revoked;
      forgotten += more.forgotten;
      policies += more.policies;
    }
  };
  const Seen& seen() const { return seen_; }

 private:
  const RotationPolicy& policy() const { return ring_.info().policy; }

  uint32_t Pick(size_t below) {
    return static_cast<uint32_t>(random_() % below);
  }

  Duration Within(Duration longest) {
    // Ends of the range more often than chance would have it.
    if (Pick(4) == 0) return Duration(0);
    if (Pick(3) == 0) return longest;
    return Duration(static_cast<int64_t>(random_()) % (longest.count() + 1));
  }

  SigningRing MakeRing() {
    RingInfo info;
    info.policy = {.verifier_refresh = Duration(100) + Within(minutes(40)),
                   .max_token_life = Seconds(2 + Pick(1800)),
                   .clock_skew = Within(minutes(2))};
    Result<SigningRing> ring = SigningRing::New(info, kT0);
    REQUIRE(ring.ok());
    return *std::move(ring);
  }

  // Clock is what somebody's clock shows: any time within the skew.
  Time Clock() {
    const Duration half = policy().clock_skew / 2;
    return now_ - half + Within(2 * half);
  }

  // Fetched is the ring as somebody has it who is late, but not too late.
  const KeyRing& Fetched() {
    AgeCopies();
    size_t first = copies_.size() - 1;
    while (first > 0 && copies_[first].fetched > oldest_) --first;
    const auto span = static_cast<uint32_t>(copies_.size() - first);
    return copies_[Pick(2) == 0 ? first : first + Pick(span)].ring;
  }

  // AgeCopies notes what everybody knows by now. A refresh interval that has
  // just become longer makes no copy older.
  void AgeCopies() {
    oldest_ = std::max(oldest_, now_ - policy().verifier_refresh);
  }

  // Publish puts the ring's file where everybody may fetch it.
  void Publish() {
    const Result<KeyRing> ring = KeyRing::Parse(ring_.Public().Serialize());
    REQUIRE_MESSAGE(ring.ok(), ring.error().message);
    CHECK(*ring == ring_.Public());
    CHECK(std::ranges::count_if(ring->keys(), [this](const RingKey& key) {
            return key.schedule.StateAt(now_) == KeyState::kActive;
          }) == 1);
    copies_.push_back({now_, *ring});
  }

  void Operate() {
    const uint64_t before = ring_.info().generation;
    Status done;
    switch (Pick(11)) {
      case 0:
      case 1:
        seen_.rotated += Count(done = ring_.Rotate(Clock(), SomeLead()));
        break;
      case 2:
        done = ring_.Import(SecretKey::Generate(ring_.info().format), Clock(),
                            SomeLead());
        seen_.imported += Count(done);
        break;
      case 7:
      case 8:
      case 9:
        seen_.promoted += Count(done = ring_.Promote(Clock()));
        break;
      case 3:
        done = RevokeOneThatDoesNotSign();
        break;
      case 4:
        seen_.forgotten += Count(done = ring_.ForgetRetired(Clock()));
        break;
      case 5:
        done = SetSomePolicy();
        break;
      default:
        return;
    }
    CHECK(ring_.info().generation == before + (done.ok() ? 1 : 0));
    if (done.ok()) Publish();
  }

  static int Count(const Status& status) { return status.ok() ? 1 : 0; }

  std::optional<Duration> SomeLead() {
    if (Pick(3) == 0) return std::nullopt;
    return policy().LeastLead() + Within(hours(12));
  }

  Status RevokeOneThatDoesNotSign() {
    const auto& key = ring_.keys()[Pick(ring_.keys().size())];
    const Time now = Clock();
    if (key.schedule.StateAt(now) == KeyState::kActive) return Nothing();
    const std::string id = key.key.id();
    Status done = ring_.Revoke(id, now);
    if (done.ok()) {
      seen_.revoked += 1;
      void_keys_.insert(id);
    }
    return done;
  }

  Status SetSomePolicy() {
    RotationPolicy next = policy();
    next.max_token_life = Seconds(2 + Pick(1800));
    AgeCopies();
    if (Pick(2) == 0) {
      next.verifier_refresh = Duration(100) + Within(minutes(40));
    }
    Status done = ring_.SetPolicy(next);
    seen_.policies += Count(done);
    return done;
  }

  static Status Nothing() { return Error{ErrorCode::kConflict, "nothing"}; }

  // Mint is what a signer does, by its copy of the ring and by its clock. It
  // never holds a copy from before the ring had a key.
  void Mint() {
    const KeyRing& ring = Fetched();
    const Time now = Clock();
    for (const RingKey& key : ring.keys()) {
      if (key.schedule.StateAt(now) != KeyState::kActive) continue;
      tokens_.push_back(
          {key.key.id(), now + ring.info().policy.max_token_life});
    }
    if (tokens_.size() > 60) tokens_.pop_front();
  }

  void VerifyAll() {
    for (const MintedToken& token : tokens_) {
      if (void_keys_.contains(token.key_id)) continue;
      const KeyRing& ring = Fetched();
      const Time now = Clock();
      if (now >= token.expires_at) continue;
      const RingKey* key = ring.Find(token.key_id);
      REQUIRE_MESSAGE(key != nullptr, "key " << token.key_id << " is unknown");
      CHECK_MESSAGE(
          key->schedule.MayVerify(now, policy().clock_skew),
          token.key_id << " is " << KeyStateName(key->schedule.StateAt(now)));
      seen_.verified += 1;
    }
  }

  // Pass lets true time pass, often to just before or in the very millisecond
  // in which something happens.
  void Pass() {
    std::vector<Time> ahead;
    for (const SigningRing::Key& key : ring_.keys()) {
      const KeySchedule& s = key.schedule;
      for (const auto& moment : {std::optional(s.activates_at),
                                 s.verify_only_at, s.retires_at, s.ready_at,
                                 std::optional(copies_.back().fetched +
                                               policy().verifier_refresh)}) {
        if (moment && *moment > now_) ahead.push_back(*moment);
      }
    }
    if (ahead.empty() || Pick(3) == 0) {
      now_ += Within(minutes(15));
      return;
    }
    const Duration half = policy().clock_skew / 2;
    const Time target = ahead[Pick(ahead.size())] + Duration(Pick(3)) -
                        Duration(1) + Pick(3) * half - half;
    now_ = std::max(now_, target);
  }

  std::mt19937 random_;
  // No clock is so slow that it has not seen the first key become active.
  Time now_ = kT0 + hours(1);
  Time oldest_ = now_;  // everybody has at least the ring of this moment
  SigningRing ring_;
  std::deque<Copy> copies_;  // by time; kept whole
  std::deque<MintedToken> tokens_;
  std::set<std::string> void_keys_;  // revoked
  Seen seen_;
};

TEST_CASE("no sequence of steps and no clock makes a live token refused") {
  World::Seen all;
  for (uint32_t seed = 0; seed < 250; ++seed) {
    CAPTURE(seed);
    World world(seed);
    for (int i = 0; i < 100; ++i) world.Step();
    all.Add(world.seen());
  }
  // Every kind of step has been taken, or nothing was tested.
  CHECK(all.verified > 100'000);
  CHECK(all.rotated > 1000);
  CHECK(all.imported > 1000);
  CHECK(all.promoted > 200);
  CHECK(all.revoked > 200);
  CHECK(all.forgotten > 200);
  CHECK(all.policies > 200);
}

}  // namespace
}  // namespace signet
