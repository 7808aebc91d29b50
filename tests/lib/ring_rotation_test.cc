// The steps of a ring, each on its own; ring_promise_test.cc mixes them.
#include <doctest/doctest.h>

#include "signet/key_ring.h"

namespace signet {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr Time kT0{Duration{1'772'366'400'000}};
constexpr RingInfo kInfo{};
constexpr Duration kRefresh = minutes(1);
constexpr Duration kLead = kRefresh + Seconds(30);
constexpr Duration kTail = minutes(15) + Seconds(30);

SigningRing NewRing(const RingInfo& info = kInfo) {
  Result<SigningRing> ring = SigningRing::New(info, kT0);
  REQUIRE(ring.ok());
  return *std::move(ring);
}

// Rotated is a ring whose second key is pending until `lead` after T0 + 1 h.
SigningRing Rotated(std::optional<Duration> lead = {}) {
  SigningRing ring = NewRing();
  REQUIRE(ring.Rotate(kT0 + hours(1), lead).ok());
  return ring;
}

const KeySchedule& ScheduleOf(const SigningRing& ring, size_t index) {
  return ring.keys()[index].schedule;
}

void ExpectError(const Status& status, ErrorCode code,
                 const std::string& part) {
  REQUIRE(!status.ok());
  CHECK(status.error().code == code);
  INFO(status.error().message);
  CHECK(status.error().message.find(part) != std::string::npos);
}

bool SurvivesItsFile(const SigningRing& ring) {
  const Result<KeyRing> parsed = KeyRing::Parse(ring.Public().Serialize());
  return parsed.ok() && *parsed == ring.Public();
}

// ---- rotation with a lead of one's own ------------------------------------

TEST_CASE("a longer lead is kept, and verifiers accept the key before it") {
  const SigningRing ring = Rotated(days(1));
  const Time now = kT0 + hours(1);
  CHECK(ScheduleOf(ring, 1) == KeySchedule{.created_at = now,
                                           .activates_at = now + days(1),
                                           .ready_at = now + kLead});
  CHECK(ScheduleOf(ring, 0).verify_only_at == now + days(1));
  const KeySchedule& pending = ScheduleOf(ring, 1);
  CHECK(pending.StateAt(now + hours(23)) == KeyState::kPending);
  CHECK(!pending.MayVerify(now + kLead - Duration(1), Duration(0)));
  CHECK(pending.MayVerify(now + kLead, Duration(0)));
  CHECK(SurvivesItsFile(ring));
}

TEST_CASE("the least lead is a plain rotation, less is refused") {
  CHECK(!ScheduleOf(Rotated(kLead), 1).ready_at);
  SigningRing ring = NewRing();
  ExpectError(ring.Rotate(kT0, kLead - Duration(1)), ErrorCode::kInvalid,
              "a lead of 89999ms, the policy needs at least 90s");
  CHECK(ring.info().generation == 1);
}

TEST_CASE("a key verifies at least as long as an old copy of the ring lives") {
  RingInfo info;
  info.policy.verifier_refresh = hours(2);
  SigningRing ring = NewRing(info);
  REQUIRE(ring.Rotate(kT0).ok());
  const KeySchedule& old_key = ScheduleOf(ring, 0);
  CHECK(*old_key.retires_at - *old_key.verify_only_at ==
        hours(2) + Seconds(30));
}

// ---- promote --------------------------------------------------------------

TEST_CASE("Promote succeeds from the moment on that all verifiers know it") {
  const Time ready = kT0 + hours(1) + kLead;
  SigningRing early = Rotated(days(1));
  ExpectError(early.Promote(ready - Duration(1)), ErrorCode::kConflict,
              "verifiers may not know it before 2026-03-01T13:01:30.000Z");
  CHECK(early.info().generation == 2);

  SigningRing ring = Rotated(days(1));
  REQUIRE(ring.Promote(ready).ok());
  CHECK(ring.info().generation == 3);
  CHECK(ring.Active(ready)->key.id() == ring.keys()[1].key.id());
  CHECK(!ScheduleOf(ring, 1).lead_waived);
  CHECK(ScheduleOf(ring, 0).verify_only_at == ready);
  // Another signer may go on with its old copy of the ring for a while.
  CHECK(ScheduleOf(ring, 0).retires_at == ready + kTail + kRefresh);
  CHECK(SurvivesItsFile(ring));
}

TEST_CASE("a verifier with the ring from before the promotion accepts it") {
  SigningRing ring = Rotated(days(1));
  const KeyRing before = ring.Public();
  const Time now = kT0 + hours(2);
  REQUIRE(ring.Promote(now).ok());
  const std::string id = ring.Active(now)->key.id();
  CHECK(before.Find(id)->schedule.MayVerify(now, Duration(0)));
}

TEST_CASE("without a pending key there is nothing to promote") {
  SigningRing ring = NewRing();
  ExpectError(ring.Promote(kT0), ErrorCode::kConflict, "no key is pending");
  ExpectError(ring.ForcePromote(kT0), ErrorCode::kConflict,
              "no key is pending");
}

TEST_CASE("ForcePromote breaks the promise and says so in the ring") {
  SigningRing ring = Rotated();
  const KeyRing before = ring.Public();
  const Time now = kT0 + hours(1) + Seconds(5);
  REQUIRE(ring.ForcePromote(now).ok());
  CHECK(ScheduleOf(ring, 1).lead_waived);
  const std::string id = ring.Active(now)->key.id();
  CHECK(id == ring.keys()[1].key.id());
  CHECK(!before.Find(id)->schedule.MayVerify(now, Seconds(30)));
  CHECK(ring.Public().Find(id)->schedule.MayVerify(now, Duration(0)));
  CHECK(SurvivesItsFile(ring));
  // Without the waiver such a ring is refused.
  KeyRing published = ring.Public();
  std::vector<RingKey> keys(published.keys().begin(), published.keys().end());
  keys[1].schedule.lead_waived = false;
  CHECK(!KeyRing::Create(published.info(), keys).ok());
}

TEST_CASE("ForcePromote of a key that all verifiers know waives nothing") {
  SigningRing ring = Rotated(days(1));
  REQUIRE(ring.ForcePromote(kT0 + hours(2)).ok());
  CHECK(!ScheduleOf(ring, 1).lead_waived);
}

// ---- forced rotation ------------------------------------------------------

TEST_CASE("ForceRotate signs with a new key at once") {
  SigningRing ring = NewRing();
  const Time now = kT0 + hours(1);
  REQUIRE(ring.ForceRotate(now).ok());
  CHECK(ScheduleOf(ring, 1) == KeySchedule{.created_at = now,
                                           .activates_at = now,
                                           .lead_waived = true});
  CHECK(ring.Active(now)->key.id() == ring.keys()[1].key.id());
  CHECK(ScheduleOf(ring, 0).retires_at == now + kTail + kRefresh);
  ExpectError(Rotated().ForceRotate(kT0 + hours(1)), ErrorCode::kConflict,
              "is already pending");
}

TEST_CASE("ForceRotate of a ring without an active key is a rotation") {
  SigningRing ring = NewRing();
  REQUIRE(ring.Revoke(ring.keys()[0].key.id(), kT0 + Seconds(1)).ok());
  REQUIRE(ring.ForceRotate(kT0 + Seconds(2)).ok());
  CHECK(!ScheduleOf(ring, 1).lead_waived);
  CHECK(ring.Active(kT0 + Seconds(2)) != nullptr);
}

// ---- forced retirement ----------------------------------------------------

TEST_CASE("ForceRetire ends a verify-only key, and no other") {
  SigningRing ring = Rotated();
  const std::string first = ring.keys()[0].key.id();
  const std::string second = ring.keys()[1].key.id();
  const Time turn = kT0 + hours(1) + kLead;
  ExpectError(ring.ForceRetire(first, turn - Duration(1)), ErrorCode::kConflict,
              "is active, not verify-only");
  ExpectError(ring.ForceRetire(second, turn - Duration(1)),
              ErrorCode::kConflict, "is pending, not verify-only");
  ExpectError(ring.ForceRetire("k4.pid.none", turn), ErrorCode::kNotFound,
              "no such key");
  REQUIRE(ring.ForceRetire(first, turn).ok());
  CHECK(ScheduleOf(ring, 0).StateAt(turn) == KeyState::kRetired);
  CHECK(ScheduleOf(ring, 0).tail_waived);
  CHECK(SurvivesItsFile(ring));
  REQUIRE(ring.ForgetRetired(turn).ok());
  CHECK(ring.keys().size() == 1);
}

TEST_CASE("a key does not retire before it stops signing") {
  SigningRing ring = Rotated();
  const KeyRing view = ring.Public();
  std::vector<RingKey> keys(view.keys().begin(), view.keys().end());
  keys[0].schedule.tail_waived = true;
  keys[0].schedule.retires_at = *keys[0].schedule.verify_only_at - Duration(1);
  const Result<KeyRing> refused = KeyRing::Create(view.info(), keys);
  REQUIRE(!refused.ok());
  CHECK(refused.error().message.find("is before verify_only_at") !=
        std::string::npos);
}

// ---- import ---------------------------------------------------------------

TEST_CASE("an imported key is pending like one that Rotate made") {
  SigningRing ring = NewRing();
  SecretKey key = SecretKey::Generate(kInfo.format);
  const std::string id = key.id();
  REQUIRE(ring.Import(std::move(key), kT0 + hours(1)).ok());
  CHECK(ring.keys()[1].key.id() == id);
  CHECK(ScheduleOf(ring, 1) == ScheduleOf(Rotated(), 1));
  CHECK(ScheduleOf(ring, 0) == ScheduleOf(Rotated(), 0));
}

TEST_CASE("a key of another format, or one that the ring has, is refused") {
  SigningRing ring = NewRing();
  ExpectError(ring.Import(SecretKey::Generate(KeyFormat::kJwtEdDsa), kT0),
              ErrorCode::kInvalid,
              "the key's format is jwt-eddsa, the ring's is v4.public");
  const Result<SecretKey> same =
      SecretKey::FromSecret(kInfo.format, ring.keys()[0].key.ExposeSecret());
  REQUIRE(same.ok());
  Result<SecretKey> again =
      SecretKey::FromSecret(kInfo.format, ring.keys()[0].key.ExposeSecret());
  ExpectError(ring.Import(*std::move(again), kT0), ErrorCode::kConflict,
              "the ring holds key " + same->id() + " already");
  CHECK(ring.info().generation == 1);
  ExpectError(
      Rotated().Import(SecretKey::Generate(kInfo.format), kT0 + hours(1)),
      ErrorCode::kConflict, "is already pending");
}

// ---- revocation and what was planned --------------------------------------

TEST_CASE("an heir by revocation forgets its long lead") {
  SigningRing ring = Rotated(days(1));
  const Time now = kT0 + hours(1) + Seconds(1);
  REQUIRE(ring.Revoke(ring.keys()[0].key.id(), now).ok());
  CHECK(ring.Active(now) != nullptr);
  CHECK(!ScheduleOf(ring, 1).ready_at);
  CHECK(SurvivesItsFile(ring));
}

}  // namespace
}  // namespace signet
