#include "signet/ring_follower.h"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "signet/mutex.h"
#include "signet/verifier.h"
#include "tests/eventually.h"
#include "tests/lib/token_fixture.h"
#include "tests/temp_dir.h"

namespace signet::testing {
namespace {

using std::chrono::milliseconds;

constexpr RingFollowerOptions kFast{.interval = Duration(100),
                                    .cooldown = Duration(100)};
// Never in a test, unless a token asks for it.
constexpr RingFollowerOptions kOnDemand{.interval = std::chrono::hours(1),
                                        .cooldown = Duration(100)};

SigningRing NewRing(KeyFormat format = KeyFormat::kPasetoV4Public) {
  return *SigningRing::New({.format = format}, SystemClock::Shared().Now());
}

// A Shelf is a source that a test fills and breaks.
class Shelf {
 public:
  explicit Shelf(KeyRing ring) : ring_(std::move(ring)) {}

  RingSource Source() {
    return [this]() -> Result<KeyRing> {
      ++questions;
      MutexLock lock(mutex_);
      if (!ring_) return Error{ErrorCode::kUnavailable, "the shelf is empty"};
      return *ring_;
    };
  }
  void Put(std::optional<KeyRing> ring) {
    MutexLock lock(mutex_);
    ring_ = std::move(ring);
  }

  std::atomic<int> questions = 0;

 private:
  Mutex mutex_;
  std::optional<KeyRing> ring_ SIGNET_GUARDED_BY(mutex_);
};

TEST_CASE("a follower takes over a rotated ring file by itself") {
  TempDir dir;
  auto store = std::make_shared<RingStore>(
      dir.path(), *KeyEncryptionKey::CreateFile(dir / "kek"));
  REQUIRE(store->Create(NewRing()));
  auto follower = RingFollower::Start(
      PublicRingFile(store->PublicPath(KeyPurpose::kAccess)), kFast);
  REQUIRE(follower);
  CHECK((*follower)->status().generation == 1);
  REQUIRE(store->Update(KeyPurpose::kAccess, [](SigningRing& ring) {
    return ring.Rotate(SystemClock::Shared().Now());
  }));
  CHECK(Eventually([&] { return (*follower)->status().generation == 2; }));
  CHECK((*follower)->keys().Copy()->keys().size() == 2);
  CHECK((*follower)->status().last_error.empty());
}

TEST_CASE("a follower of a sealed ring opens tokens under a shared secret") {
  TempDir dir;
  auto store = std::make_shared<RingStore>(
      dir.path(), *KeyEncryptionKey::CreateFile(dir / "kek"));
  const SigningRing ring = NewRing(KeyFormat::kPasetoV4Local);
  REQUIRE(store->Create(ring));
  auto follower =
      RingFollower::Start(SealedRingFile(store, KeyPurpose::kAccess), kFast);
  REQUIRE(follower);
  auto verifier = Verifier::CreateWithoutRevocation(
      {.any_issuer = true, .any_audience = true}, (*follower)->keys());
  REQUIRE(verifier);
  Claims claims = GoodClaims();
  claims.issued_at = ToSeconds(SystemClock::Shared().Now());
  claims.expires_at = claims.issued_at + std::chrono::minutes(5);
  auto token = Issuer(ring).Mint(claims);
  REQUIRE(token);
  CHECK(token->starts_with("v4.local."));
  CHECK(verifier->Verify(*token).ok());
}

TEST_CASE("a source that gives no ring at the start is an error") {
  auto follower = RingFollower::Start(PublicRingFile("/nonexistent/ring"));
  REQUIRE_FALSE(follower.ok());
  CHECK(follower.error().code == ErrorCode::kNotFound);
}

TEST_CASE("the last good ring serves while the source fails, and it shows") {
  const SigningRing ring = NewRing();
  Shelf shelf(ring.Public());
  auto follower = RingFollower::Start(shelf.Source(), kFast);
  REQUIRE(follower);
  shelf.Put(std::nullopt);
  CHECK(Eventually([&] { return (*follower)->status().failures > 0; }));
  CHECK((*follower)->status().last_error == "the shelf is empty");
  CHECK((*follower)->keys().Copy() == ring.Public());
  shelf.Put(ring.Public());
  CHECK(Eventually([&] { return (*follower)->status().last_error.empty(); }));
}

TEST_CASE("an older ring than the one in force is refused") {
  SigningRing ring = NewRing();
  const KeyRing old = ring.Public();
  REQUIRE(ring.Rotate(SystemClock::Shared().Now()));
  Shelf shelf(ring.Public());
  auto follower = RingFollower::Start(shelf.Source(), kFast);
  REQUIRE(follower);
  shelf.Put(old);
  CHECK(Eventually([&] { return (*follower)->status().failures > 0; }));
  CHECK((*follower)->status().generation == 2);
}

TEST_CASE("a token of an unknown key has the source asked, all share one") {
  SigningRing ring = NewRing();
  Shelf shelf(ring.Public());
  auto follower = RingFollower::Start(shelf.Source(), kOnDemand);
  REQUIRE(follower);
  auto verifier = Verifier::CreateWithoutRevocation(
      {.any_issuer = true, .any_audience = true}, (*follower)->keys());
  REQUIRE(verifier);
  Claims claims = GoodClaims();
  claims.issued_at = ToSeconds(SystemClock::Shared().Now());
  claims.expires_at = claims.issued_at + std::chrono::minutes(5);
  const SigningRing stranger = NewRing();
  const std::string unknown = *Issuer(stranger).Mint(claims);

  CHECK(shelf.questions == 1);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 2000; ++i) {
    CHECK(verifier->Verify(unknown).error().code == RefusalCode::kUnknownKey);
  }
  CHECK(Eventually([&] { return shelf.questions >= 2; }));
  const auto periods =
      (std::chrono::steady_clock::now() - start) / kOnDemand.cooldown;
  CHECK(shelf.questions <= 3 + periods);
}

TEST_CASE("follower options out of range are all named") {
  const RingFollowerOptions bad{.interval = Duration(1),
                                .cooldown = std::chrono::hours(2)};
  auto follower = RingFollower::Start(PublicRingFile("x"), bad);
  REQUIRE_FALSE(follower.ok());
  CHECK(follower.error().message.find("interval is") != std::string::npos);
  CHECK(follower.error().message.find("cooldown is") != std::string::npos);
}

}  // namespace
}  // namespace signet::testing
