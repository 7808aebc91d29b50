#include "signet/live_ring.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "live_ring_access.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::GoodClaims;
using testing::JwtFixture;
using testing::kNow;
using testing::NewRing;
using testing::PasetoFixture;

TEST_CASE("an empty live ring holds nothing") {
  LiveRing live;
  CHECK_FALSE(live.Copy().has_value());
  CHECK(LiveRingAccess::Read(live).get() == nullptr);
}

TEST_CASE("a published ring is the one in force, keys found by id") {
  SigningRing ring = NewRing(KeyFormat::kPasetoV4Public);
  LiveRing live;
  REQUIRE(live.Publish(ring.Public()).ok());
  CHECK(*live.Copy() == ring.Public());
  auto guard = LiveRingAccess::Read(live);
  std::string id = ring.keys().front().key.id();
  const LiveKey* found = guard->Find(id);
  REQUIRE(found != nullptr);
  CHECK(found->key->key.id() == id);
  CHECK(found->revocation_id == MakeRevocationId(RevocationKind::kKey, id));
  CHECK(guard->Find("") == nullptr);
  CHECK(guard->Find(id + "x") == nullptr);
  CHECK(guard->Find(id.substr(1)) == nullptr);
}

TEST_CASE("every key of a ring of several is found") {
  SigningRing ring = NewRing(KeyFormat::kJwtEdDsa);
  Time now(kNow);
  for (int i = 0; i < 4; ++i) {
    now += std::chrono::minutes(2);
    REQUIRE(ring.Rotate(now).ok());
  }
  LiveRing live(ring.Public());
  auto guard = LiveRingAccess::Read(live);
  REQUIRE(ring.keys().size() > 2);
  for (const SigningRing::Key& key : ring.keys()) {
    REQUIRE(guard->Find(key.key.id()) != nullptr);
    CHECK(guard->Find(key.key.id())->key->key.id() == key.key.id());
  }
}

TEST_CASE("a ring of a lower generation is a rollback, the same is not") {
  SigningRing ring = NewRing(KeyFormat::kPasetoV4Public);
  KeyRing first = ring.Public();
  LiveRing live(first);
  CHECK(live.Publish(first).ok());
  REQUIRE(ring.Rotate(Time(kNow)).ok());
  KeyRing second = ring.Public();
  REQUIRE(live.Publish(second).ok());
  Status status = live.Publish(first);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::kRollback);
  CHECK(*live.Copy() == second);
}

TEST_CASE("a key keeps its identity as long as each ring holds it") {
  SigningRing ring = NewRing(KeyFormat::kJwtEdDsa);
  const std::string id = ring.keys().front().key.id();
  LiveRing live(ring.Public());
  const auto identity = [&](const std::string& key_id) -> uint64_t {
    auto guard = LiveRingAccess::Read(live);
    const LiveKey* key = guard->Find(key_id);
    if (key == nullptr) return 0;
    CHECK(guard->FindIdentity(key->identity) == key);
    return key->identity;
  };
  const uint64_t first = identity(id);
  CHECK(first != 0);
  REQUIRE(ring.Rotate(Time(kNow)).ok());
  REQUIRE(live.Publish(ring.Public()).ok());
  CHECK(identity(id) == first);
  const uint64_t second = identity(ring.keys()[1].key.id());
  CHECK(second != first);

  // A ring without it, of the same generation; then the old one again.
  SigningRing stranger = NewRing(KeyFormat::kJwtEdDsa);
  REQUIRE(stranger.Rotate(Time(kNow)).ok());
  REQUIRE(live.Publish(stranger.Public()).ok());
  CHECK(identity(id) == 0);
  for (uint64_t gone : {uint64_t{0}, first, second, uint64_t{1} << 40}) {
    CHECK(LiveRingAccess::Read(live)->FindIdentity(gone) == nullptr);
  }
  REQUIRE(live.Publish(ring.Public()).ok());
  CHECK(identity(id) > second);
}

template <class F>
void ExpectUnknown(const F& issuer_side, const Verifier& verifier) {
  testing::ExpectRefusal(verifier, issuer_side.Mint(),
                         {RefusalCode::kUnknownKey, Stage::kKey, "kid"});
}

TEST_CASE_TEMPLATE("an unknown key id calls the hook, which may publish", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  F stranger;
  int calls = 0;
  fixture.live.OnUnknownKey([&] {
    ++calls;
    CHECK(fixture.live.Publish(stranger.ring.Public()).ok());
  });
  Verifier verifier = fixture.MakeVerifier();
  CHECK(verifier.Verify(fixture.Mint()).ok());
  CHECK(calls == 0);
  ExpectUnknown(stranger, verifier);
  CHECK(calls == 1);
  CHECK(verifier.Verify(stranger.Mint()).ok());
  CHECK(calls == 1);
}

TEST_CASE("verifiers and publishers do not disturb each other") {
  PasetoFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  std::string token = fixture.Mint();
  std::atomic<bool> stop{false};
  std::atomic<int> verified{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop) verified += verifier.Verify(token).ok() ? 1 : -1'000'000;
    });
  }
  KeyRing ring = fixture.ring.Public();
  for (int i = 0; i < 200 || verified == 0; ++i) {
    CHECK(fixture.live.Publish(ring).ok());
    std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(verified > 0);
  CHECK(verifier.counters().accepted == static_cast<uint64_t>(verified));
}

}  // namespace
}  // namespace signet
