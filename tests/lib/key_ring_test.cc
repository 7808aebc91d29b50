#include "signet/key_ring.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <type_traits>

namespace signet {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

static_assert(!std::is_copy_constructible_v<SigningRing>);

// T0 is 2026-03-01T12:00:00.000Z.
constexpr Time kT0{Duration{1'772'366'400'000}};

constexpr RingInfo kInfo{};  // access, v4.public, 1 min, 15 min, 30 s
constexpr Duration kLead = minutes(1) + Seconds(30);
constexpr Duration kTail = minutes(15) + Seconds(30);

VerifyKey NewKey(KeyFormat format = KeyFormat::kPasetoV4Public) {
  return SecretKey::Generate(format).Public();
}

// TwoKeys is a ring that was rotated at T0 + 1 h, as Rotate plans it.
std::vector<RingKey> TwoKeys() {
  const Time turn = kT0 + hours(1) + kLead;
  return {{NewKey(),
           {.created_at = kT0,
            .activates_at = kT0,
            .verify_only_at = turn,
            .retires_at = turn + kTail}},
          {NewKey(), {.created_at = kT0 + hours(1), .activates_at = turn}}};
}

std::string WhyNot(std::vector<RingKey> keys, RingInfo info = kInfo) {
  const Result<KeyRing> ring = KeyRing::Create(info, std::move(keys));
  if (ring.ok()) return "accepted";
  CHECK(ring.error().code == ErrorCode::kInvalid);
  return ring.error().message;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

SigningRing NewRing(RingInfo info = kInfo, Time now = kT0) {
  Result<SigningRing> ring = SigningRing::New(info, now);
  REQUIRE(ring.ok());
  return *std::move(ring);
}

// ---- states ---------------------------------------------------------------

TEST_CASE("a key changes state in the very millisecond of its schedule") {
  const KeySchedule s{.created_at = kT0,
                      .activates_at = kT0 + Seconds(60),
                      .verify_only_at = kT0 + Seconds(120),
                      .retires_at = kT0 + Seconds(180)};
  const auto state = [&s](int64_t ms) { return s.StateAt(kT0 + Duration(ms)); };
  CHECK(state(0) == KeyState::kPending);
  CHECK(state(59'999) == KeyState::kPending);
  CHECK(state(60'000) == KeyState::kActive);
  CHECK(state(119'999) == KeyState::kActive);
  CHECK(state(120'000) == KeyState::kVerifyOnly);
  CHECK(state(179'999) == KeyState::kVerifyOnly);
  CHECK(state(180'000) == KeyState::kRetired);
}

TEST_CASE("revocation overrides every other state from its moment on") {
  for (int at : {-10, 30, 90, 150, 500}) {
    KeySchedule s{.created_at = kT0,
                  .activates_at = kT0 + Seconds(60),
                  .verify_only_at = kT0 + Seconds(120),
                  .retires_at = kT0 + Seconds(180)};
    const Time moment = kT0 + Seconds(at);
    const KeyState before = s.StateAt(moment - Duration(1));
    s.revoked_at = moment;
    CHECK(s.StateAt(moment - Duration(1)) == before);
    CHECK(s.StateAt(moment) == KeyState::kRevoked);
    CHECK(s.StateAt(moment + days(1000)) == KeyState::kRevoked);
  }
}

TEST_CASE("skew favours a token, except against a revoked key") {
  KeySchedule s{.created_at = kT0,
                .activates_at = kT0 + Seconds(60),
                .verify_only_at = kT0 + Seconds(120),
                .retires_at = kT0 + Seconds(180)};
  const auto may = [&s](int64_t ms, int skew) {
    return s.MayVerify(kT0 + Duration(ms), Seconds(skew));
  };
  CHECK(!may(59'999, 0));
  CHECK(may(60'000, 0));
  CHECK(!may(29'999, 30));
  CHECK(may(30'000, 30));
  CHECK(may(179'999, 0));
  CHECK(!may(180'000, 0));
  CHECK(may(209'999, 30));
  CHECK(!may(210'000, 30));
  s.revoked_at = kT0 + Seconds(100);
  CHECK(may(99'999, 0));
  CHECK(!may(100'000, 0));
  CHECK(may(69'999, 30));
  CHECK(!may(70'000, 30));
}

TEST_CASE("names of purposes are parsed back, and nothing else is") {
  for (KeyPurpose purpose : {KeyPurpose::kAccess, KeyPurpose::kRefresh,
                             KeyPurpose::kFeed, KeyPurpose::kEncryption}) {
    CHECK(*ParseKeyPurpose(KeyPurposeName(purpose)) == purpose);
    CHECK(DefaultPolicy(purpose).Validate().ok());
  }
  CHECK(!ParseKeyPurpose("").ok());
  CHECK(!ParseKeyPurpose("Access").ok());
  CHECK(KeyStateName(KeyState::kVerifyOnly) == "verify-only");
}

TEST_CASE("a policy out of range is refused with every problem named") {
  const RotationPolicy bad{.verifier_refresh = Duration(99),
                           .max_token_life = days(401),
                           .clock_skew = Duration(-1)};
  const Status s = bad.Validate();
  REQUIRE(!s.ok());
  CHECK(s.error().message ==
        "rotation policy: verifier_refresh is 99ms, the range is 100ms to "
        "86400s; max_token_life is 34646400s, the range is 1s to 34560000s; "
        "clock_skew is -1ms, the range is 0s to 300s");
  const RotationPolicy least{.verifier_refresh = Duration(100),
                             .max_token_life = Seconds(1),
                             .clock_skew = Duration(0)};
  const RotationPolicy most{.verifier_refresh = days(1),
                            .max_token_life = days(400),
                            .clock_skew = minutes(5)};
  CHECK(least.Validate().ok());
  CHECK(most.Validate().ok());
}

// ---- what a ring refuses --------------------------------------------------

TEST_CASE("a ring that was rotated by the plan is accepted") {
  CHECK(WhyNot(TwoKeys()) == "accepted");
  std::vector<RingKey> keys = TwoKeys();
  std::swap(keys[0], keys[1]);
  const Result<KeyRing> ring = KeyRing::Create(kInfo, keys);
  REQUIRE(ring.ok());
  CHECK(ring->keys()[0] == keys[1]);  // by activation
  CHECK(ring->Find(keys[0].key.id()) == &ring->keys()[1]);
  CHECK(ring->Find("k4.pid.none") == nullptr);
}

TEST_CASE("a ring holds 1 to 1,000 keys with different ids") {
  CHECK(WhyNot({}) == "a ring needs at least one key");
  std::vector<RingKey> keys = TwoKeys();
  keys[1].key = keys[0].key;
  CHECK(WhyNot(keys) ==
        "key " + keys[0].key.id() + ": stands in the ring twice");
  const RingKey same{NewKey(), {.created_at = kT0, .activates_at = kT0}};
  CHECK(WhyNot(std::vector<RingKey>(1001, same)) ==
        "ring of 1001 keys, the limit is 1000");
}

TEST_CASE("a ring holds keys of its own format, which fits its purpose") {
  std::vector<RingKey> keys = TwoKeys();
  keys[1].key = NewKey(KeyFormat::kJwtEdDsa);
  CHECK(Contains(WhyNot(keys), "format is jwt-eddsa, the ring's is v4.public"));
  CHECK(Contains(WhyNot(TwoKeys(), {.purpose = KeyPurpose::kFeed}),
                 "a ring of purpose \"feed\" can't hold keys of format "
                 "\"v4.public\""));
  CHECK(!SigningRing::New(
             {.purpose = KeyPurpose::kAccess, .format = KeyFormat::kRefreshMac},
             kT0)
             .ok());
}

TEST_CASE("a generation is 1 to 2^53 - 1") {
  CHECK(Contains(WhyNot(TwoKeys(), {.generation = 0}), "generation is 0"));
  CHECK(WhyNot(TwoKeys(), {.generation = (uint64_t{1} << 53) - 1}) ==
        "accepted");
  CHECK(Contains(WhyNot(TwoKeys(), {.generation = uint64_t{1} << 53}),
                 "generation is 9007199254740992"));
}

TEST_CASE("a key is pending for at least the refresh interval plus skew") {
  std::vector<RingKey> keys = TwoKeys();
  keys[1].schedule.created_at = keys[1].schedule.activates_at - Seconds(20);
  CHECK(WhyNot(keys) == "key " + keys[1].key.id() +
                            ": pending for 20s, the policy needs at least "
                            "90s");
  keys[1].schedule.created_at =
      keys[1].schedule.activates_at - kLead + Duration(1);
  CHECK(Contains(WhyNot(keys), "pending for 89999ms"));
  keys[1].schedule.created_at -= Duration(1);
  CHECK(WhyNot(keys) == "accepted");
}

TEST_CASE("a key verifies for at least the longest token life plus skew") {
  std::vector<RingKey> keys = TwoKeys();
  *keys[0].schedule.retires_at -= Duration(1);
  CHECK(WhyNot(keys) == "key " + keys[0].key.id() +
                            ": verify-only for 929999ms, the policy needs at "
                            "least 930s");
  keys[0].schedule.retires_at.reset();  // not decided yet
  CHECK(WhyNot(keys) == "accepted");
}

TEST_CASE("two keys are never active at once") {
  std::vector<RingKey> keys = TwoKeys();
  keys[0].schedule.verify_only_at.reset();
  keys[0].schedule.retires_at.reset();
  CHECK(Contains(WhyNot(keys), "active until further notice, but key " +
                                   keys[1].key.id() + " is active from"));
  keys = TwoKeys();
  *keys[0].schedule.verify_only_at += Duration(1);
  *keys[0].schedule.retires_at += Duration(1);
  CHECK(
      Contains(WhyNot(keys), "active until 2026-03-01T13:01:30.001Z, but key " +
                                 keys[1].key.id() +
                                 " is active from 2026-03-01T13:01:30.000Z"));
}

TEST_CASE("there is no moment without an active key") {
  std::vector<RingKey> keys = TwoKeys();
  *keys[0].schedule.verify_only_at -= Duration(1);
  CHECK(Contains(WhyNot(keys), "but the next key, " + keys[1].key.id()));
  keys.pop_back();
  CHECK(Contains(WhyNot(keys), "and no key follows"));
}

TEST_CASE("a schedule does not contradict itself") {
  RingKey key{NewKey(), {.created_at = kT0, .activates_at = kT0}};
  key.schedule.activates_at = kT0 - Duration(1);
  CHECK(Contains(WhyNot({key}), "is before created_at"));
  key.schedule = {.created_at = kT0, .activates_at = kT0};
  key.schedule.verify_only_at = kT0;
  CHECK(Contains(WhyNot({key}), "is not after activates_at"));
  key.schedule = {.created_at = kT0, .activates_at = kT0};
  key.schedule.retires_at = kT0 + days(1);
  CHECK(Contains(WhyNot({key}), "and no verify_only_at"));
  key.schedule = {.created_at = Time(Duration(-1)), .activates_at = kT0};
  CHECK(Contains(WhyNot({key}), "outside the years 1970 to 9999"));
  key.schedule = {.created_at = kT0, .activates_at = Time::max()};
  CHECK(Contains(WhyNot({key}), "outside the years 1970 to 9999"));
}

TEST_CASE("a key that replaces a revoked one may be active at once") {
  std::vector<RingKey> keys = TwoKeys();
  const Time revoked = kT0 + minutes(5);
  keys[0].schedule = {
      .created_at = kT0, .activates_at = kT0, .revoked_at = revoked};
  keys[1].schedule = {.created_at = revoked, .activates_at = revoked};
  CHECK(WhyNot(keys) == "accepted");
  // A gap is the operator's pause; an overlap is a mistake.
  keys[1].schedule.activates_at += hours(1);
  CHECK(WhyNot(keys) == "accepted");
  keys[1].schedule = {.created_at = revoked - Duration(1),
                      .activates_at = revoked - Duration(1)};
  CHECK(Contains(WhyNot(keys), "is active from"));
}

// ---- rotation -------------------------------------------------------------

TEST_CASE("Rotate plans the turn as documented") {
  SigningRing ring = NewRing();
  const std::string first = ring.keys()[0].key.id();
  const Time now = kT0 + hours(2);
  REQUIRE(ring.Rotate(now).ok());
  CHECK(ring.info().generation == 2);
  REQUIRE(ring.keys().size() == 2);
  CHECK(ring.keys()[0].schedule ==
        KeySchedule{.created_at = kT0,
                    .activates_at = kT0,
                    .verify_only_at = now + kLead,
                    .retires_at = now + kLead + kTail});
  CHECK(ring.keys()[1].schedule ==
        KeySchedule{.created_at = now, .activates_at = now + kLead});
  CHECK(ring.Active(now)->key.id() == first);
  CHECK(ring.Active(now + kLead - Duration(1))->key.id() == first);
  CHECK(ring.Active(now + kLead)->key.id() == ring.keys()[1].key.id());
}

TEST_CASE("Rotate is refused while a key is pending") {
  SigningRing ring = NewRing();
  REQUIRE(ring.Rotate(kT0).ok());
  const Status again = ring.Rotate(kT0 + kLead - Duration(1));
  REQUIRE(!again.ok());
  CHECK(again.error().code == ErrorCode::kConflict);
  CHECK(Contains(again.error().message, ring.keys()[1].key.id()));
  CHECK(ring.info().generation == 2);
  CHECK(ring.keys().size() == 2);
  CHECK(ring.Rotate(kT0 + kLead).ok());
}

TEST_CASE("Rotate forgets a key in the millisecond in which it retires") {
  SigningRing early = NewRing();
  REQUIRE(early.Rotate(kT0).ok());
  const Time retires = *early.keys()[0].schedule.retires_at;
  REQUIRE(early.Rotate(retires - Duration(1)).ok());
  CHECK(early.keys().size() == 3);

  SigningRing late = NewRing();
  REQUIRE(late.Rotate(kT0).ok());
  REQUIRE(late.Rotate(retires).ok());
  CHECK(late.keys().size() == 2);
}

TEST_CASE("after the active key is revoked, Rotate gives one at once") {
  SigningRing ring = NewRing();
  const std::string id = ring.keys()[0].key.id();
  const Time now = kT0 + hours(1);
  REQUIRE(ring.Revoke(id, now).ok());
  CHECK(ring.info().generation == 2);
  CHECK(ring.Active(now) == nullptr);
  REQUIRE(ring.Rotate(now).ok());
  REQUIRE(ring.Active(now) != nullptr);
  CHECK(ring.Active(now)->key.id() != id);
  CHECK(ring.Public().Find(id)->schedule.StateAt(now) == KeyState::kRevoked);
}

TEST_CASE("a pending key takes over at once from a revoked one") {
  SigningRing ring = NewRing();
  REQUIRE(ring.Rotate(kT0).ok());
  const std::string heir = ring.keys()[1].key.id();
  REQUIRE(ring.Revoke(ring.keys()[0].key.id(), kT0 + Seconds(5)).ok());
  REQUIRE(ring.Active(kT0 + Seconds(5)) != nullptr);
  CHECK(ring.Active(kT0 + Seconds(5))->key.id() == heir);
}

TEST_CASE("if a pending key is revoked, the active one goes on") {
  SigningRing ring = NewRing();
  const std::string first = ring.keys()[0].key.id();
  REQUIRE(ring.Rotate(kT0).ok());
  REQUIRE(ring.Revoke(ring.keys()[1].key.id(), kT0 + Seconds(5)).ok());
  CHECK(ring.Active(kT0 + days(30))->key.id() == first);
  CHECK(ring.Rotate(kT0 + days(30)).ok());
}

TEST_CASE("a key revoked as it activates leaves the one before it active") {
  SigningRing ring = NewRing();
  const std::string first = ring.keys()[0].key.id();
  REQUIRE(ring.Rotate(kT0).ok());
  REQUIRE(ring.Revoke(ring.keys()[1].key.id(), kT0 + kLead).ok());
  CHECK(ring.Active(kT0 + kLead)->key.id() == first);
}

TEST_CASE("Revoke names what it can't do") {
  SigningRing ring = NewRing();
  const std::string id = ring.keys()[0].key.id();
  CHECK(ring.Revoke("k4.pid.none", kT0).error().code == ErrorCode::kNotFound);
  REQUIRE(ring.Revoke(id, kT0 + Seconds(1)).ok());
  CHECK(ring.Revoke(id, kT0 + Seconds(2)).error().code == ErrorCode::kConflict);
  CHECK(ring.info().generation == 2);
}

TEST_CASE("ForgetRetired makes room for a longer token life") {
  SigningRing ring = NewRing();
  REQUIRE(ring.Rotate(kT0).ok());
  const Time retires = *ring.keys()[0].schedule.retires_at;
  RotationPolicy longer = kInfo.policy;
  longer.max_token_life = hours(1);
  const Status refused = ring.SetPolicy(longer);
  REQUIRE(!refused.ok());
  CHECK(Contains(refused.error().message, "needs at least 3630s"));
  CHECK(ring.info().policy == kInfo.policy);

  CHECK(ring.ForgetRetired(retires - Duration(1)).error().code ==
        ErrorCode::kConflict);
  REQUIRE(ring.ForgetRetired(retires).ok());
  CHECK(ring.keys().size() == 1);
  REQUIRE(ring.SetPolicy(longer).ok());
  CHECK(ring.info().generation == 4);
}

TEST_CASE("a shorter policy does not cut short the tokens that live") {
  SigningRing ring = NewRing();
  RotationPolicy shorter = kInfo.policy;
  shorter.max_token_life = minutes(5);
  REQUIRE(ring.SetPolicy(shorter).ok());
  REQUIRE(ring.Rotate(kT0).ok());
  CHECK(*ring.keys()[0].schedule.retires_at == kT0 + kLead + kTail);
  // The next key has only ever signed under the new policy.
  REQUIRE(ring.Rotate(kT0 + hours(1)).ok());
  CHECK(*ring.keys()[0].schedule.retires_at ==
        kT0 + hours(1) + kLead + minutes(5) + Seconds(30));
  CHECK(Contains(ring.Public().Serialize(), "longest_life_ms") == false);
}

TEST_CASE("SetPolicy refuses a policy out of range") {
  SigningRing ring = NewRing();
  CHECK(!ring.SetPolicy({.verifier_refresh = Duration(0)}).ok());
  CHECK(ring.info().generation == 1);
}

TEST_CASE("a ring at the last generation does not change") {
  SigningRing ring = NewRing({.generation = (uint64_t{1} << 53) - 1});
  CHECK(!ring.Rotate(kT0).ok());
  CHECK(!ring.SetPolicy(kInfo.policy).ok());
  CHECK(ring.keys().size() == 1);
}

TEST_CASE("a clock that steps about never breaks a ring") {
  std::mt19937 random(5);
  for (int run = 0; run < 60; ++run) {
    SigningRing ring = NewRing();
    for (int i = 0; i < 40; ++i) {
      const Time now = kT0 + Seconds(random() % 7200);
      const std::string id =
          ring.keys()[random() % ring.keys().size()].key.id();
      const bool revoked =
          ring.Public().Find(id)->schedule.revoked_at.has_value();
      const uint32_t choice = static_cast<uint32_t>(random()) % 10;
      if (choice < 2) {
        CHECK(ring.Revoke(id, now).ok() == !revoked);
      } else if (choice == 2) {
        (void)ring.ForceRotate(now);
      } else if (choice == 3) {
        (void)ring.ForcePromote(now);
      } else if (choice == 4) {
        (void)ring.ForceRetire(id, now);
      } else {
        const Status s = ring.Rotate(now);
        CHECK((s.ok() || s.error().code == ErrorCode::kConflict));
      }
      CHECK(KeyRing::Parse(ring.Public().Serialize()).ok());
    }
  }
}

// ---- the public file ------------------------------------------------------

const char kPublicRing[] = R"({
  "signet_public_ring": 1,
  "purpose": "access",
  "format": "v4.public",
  "generation": 7,
  "policy": {
    "verifier_refresh_ms": 60000,
    "max_token_life_ms": 900000,
    "clock_skew_ms": 30000
  },
  "keys": [
    {
      "id": "k4.pid.wD8w4xDqH9GXKzCEqH22G-IynZ8HLu_9Xs_oZDCH2CMa",
      "public": "k4.public.11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
      "created_at": "2026-03-01T12:00:00.000Z",
      "activates_at": "2026-03-01T12:00:00.000Z"
    }
  ]
}
)";

std::string Replaced(std::string text, std::string_view from,
                     std::string_view to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string WhyNotParsed(std::string_view json) {
  const Result<KeyRing> ring = KeyRing::Parse(json);
  if (ring.ok()) return "parsed";
  CHECK(ring.error().code == ErrorCode::kInvalid);
  return ring.error().message;
}

TEST_CASE("the public ring is written as documented, byte for byte") {
  const Result<KeyRing> ring = KeyRing::Parse(kPublicRing);
  REQUIRE_MESSAGE(ring.ok(), ring.error().message);
  CHECK(ring->info().generation == 7);
  CHECK(ring->keys()[0].schedule.activates_at == kT0);
  CHECK(ring->Serialize() == kPublicRing);
}

TEST_CASE("white space does not matter to a reader") {
  std::string dense;
  for (char c : std::string(kPublicRing)) {
    if (c != ' ' && c != '\n') dense += c;
  }
  REQUIRE(KeyRing::Parse(dense).ok());
  CHECK(KeyRing::Parse(dense)->Serialize() == kPublicRing);
}

TEST_CASE("every member is needed, known, and of its type") {
  const std::string ring = kPublicRing;
  const auto why = [&ring](std::string_view from, std::string_view to) {
    return WhyNotParsed(Replaced(ring, from, to));
  };
  CHECK(why("\"generation\": 7,", "") ==
        "public ring: member generation is missing");
  CHECK(why("\"generation\": 7", "\"generation\": 7, \"x\": 1") ==
        "public ring: member x is not known");
  CHECK(why("\"generation\": 7", "\"generation\": \"7\"") ==
        "public ring: member generation has the wrong JSON type");
  CHECK(Contains(why("\"generation\": 7", "\"generation\": 7.0"),
                 "member generation is not an integer"));
  CHECK(Contains(why("\"generation\": 7", "\"generation\": -7"),
                 "member generation is not an integer"));
  CHECK(Contains(why("\"generation\": 7", "\"generation\": 1e400"),
                 "member generation is not an integer"));
  CHECK(
      Contains(why("\"generation\": 7", "\"generation\": 18446744073709551616"),
               "member generation is not an integer"));
  CHECK(Contains(why("\"generation\": 7", "\"generation\": 0"),
                 "generation is 0"));
  CHECK(Contains(why("60000,", "60000, \"y\": 2,"),
                 "member policy.y is not known"));
  CHECK(Contains(why("60000", "null"),
                 "member policy.verifier_refresh_ms has the wrong JSON type"));
  CHECK(Contains(why("60000", "50"), "verifier_refresh is 50ms"));
  CHECK(Contains(why("\"access\"", "\"Access\""), "member purpose"));
  CHECK(Contains(why("\"v4.public\"", "\"refresh-mac\""), "member"));
  CHECK(Contains(why("\"created_at\"", "\"createdat\""),
                 "member keys[0].created_at is missing"));
  CHECK(Contains(why("12:00:00.000Z", "12:00:00Z"),
                 "member keys[0].created_at is not a moment"));
  CHECK(Contains(why("\"signet_public_ring\"", "\"signet_ring\""),
                 "member signet_public_ring is missing"));
}

TEST_CASE("a repeated member is refused, also in disguise") {
  CHECK(!KeyRing::Parse(Replaced(kPublicRing, "\"generation\": 7",
                                 "\"generation\": 7, \"generation\": 7"))
             .ok());
  CHECK(!KeyRing::Parse(Replaced(kPublicRing, "\"generation\": 7",
                                 "\"generation\": 7, \"gener\\u0061tion\": 7"))
             .ok());
}

TEST_CASE("a later version of the file is told from a broken one") {
  const Result<KeyRing> ring = KeyRing::Parse(Replaced(
      kPublicRing, "\"signet_public_ring\": 1", "\"signet_public_ring\": 2"));
  REQUIRE(!ring.ok());
  CHECK(ring.error().code == ErrorCode::kUnsupported);
}

TEST_CASE("an id that is not that of its key is refused") {
  CHECK(Contains(WhyNotParsed(Replaced(kPublicRing, "pid.wD8w", "pid.wD8x")),
                 "member keys[0].id is not the id of its key"));
  CHECK(Contains(WhyNotParsed(Replaced(kPublicRing, "URo\"", "URp\"")),
                 "member keys[0].public"));
  CHECK(Contains(
      WhyNotParsed(Replaced(kPublicRing, "k4.public.11q", "k4.secret.11q")),
      "member keys[0].public: a k4.secret. text where k4.public. is due"));
  CHECK(Contains(WhyNotParsed(Replaced(
                     kPublicRing, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                     "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
                 "not a canonical point"));
}

TEST_CASE("what is true is spelled true, what is false is left out") {
  const auto with = [](std::string_view member) {
    return Replaced(kPublicRing, "\"created_at\"",
                    std::string(member) + ", \"created_at\"");
  };
  for (const char* name : {"lead_waived", "tail_waived"}) {
    const std::string quoted = "\"" + std::string(name) + "\": ";
    CHECK(WhyNotParsed(with(quoted + "true")) == "parsed");
    CHECK(Contains(WhyNotParsed(with(quoted + "false")), "is not true"));
    CHECK(Contains(WhyNotParsed(with(quoted + "1")), "the wrong JSON type"));
    CHECK(Contains(WhyNotParsed(with(quoted + "\"true\"")),
                   "the wrong JSON type"));
  }
  CHECK(WhyNotParsed(with("\"ready_at\": \"2026-03-01T12:00:00.000Z\"")) ==
        "parsed");
  CHECK(
      Contains(WhyNotParsed(with("\"ready_at\": \"2026-03-01T12:00:00.001Z\"")),
               "ready_at 2026-03-01T12:00:00.001Z is not between created_at "
               "and activates_at"));
}

TEST_CASE("moments outside the calendar are refused") {
  for (std::string_view bad :
       {"2026-02-29T12:00:00.000Z", "2026-13-01T12:00:00.000Z",
        "2026-03-01T24:00:00.000Z", "2026-03-01T12:60:00.000Z",
        "2026-03-01T23:59:60.000Z", "2026-03-01t12:00:00.000Z",
        "2026-03-01T12:00:00.000z", "2026-03-01T12:00:00.000+00:00",
        "1969-12-31T23:59:59.999Z", "2026-3-01T12:00:00.000Z",
        "2026-03-01T12:00:00.0000Z", " 2026-03-01T12:00:00.000Z", "",
        "2026-03-01T12:00:00.000Z ", "20260-03-01T12:00:00.000Z"}) {
    CAPTURE(bad);
    CHECK(Contains(
        WhyNotParsed(Replaced(kPublicRing, "2026-03-01T12:00:00.000Z", bad)),
        "member keys[0].created_at is not a moment"));
  }
  for (std::string_view good :
       {"1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z"}) {
    const std::string text =
        Replaced(kPublicRing, "2026-03-01T12:00:00.000Z", good);
    REQUIRE(KeyRing::Parse(text).ok());
    CHECK(KeyRing::Parse(text)->Serialize() == text);
  }
}

TEST_CASE("hostile JSON is refused and costs little") {
  const std::string deep(200'000, '[');
  std::string many = "{";
  for (int i = 0; i < 60'000; ++i) many += "\"m" + std::to_string(i) + "\":0,";
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[]"),
        std::string("null"), deep, many + "\"z\":0}",
        "\xef\xbb\xbf" + std::string(kPublicRing),
        std::string(kPublicRing) + "x", std::string(kPublicRing) + "{}",
        Replaced(kPublicRing, "access",
                 "acc\xff"
                 "ess"),
        Replaced(kPublicRing, "{\n", "{ // comment\n"),
        Replaced(kPublicRing, "[\n    {", "[ 1, {"),
        Replaced(kPublicRing, "\"keys\": [", "\"keys\": [], \"k\": [")}) {
    CHECK(WhyNotParsed(bad) != "parsed");
  }
  // A name that can't be shown is not shown.
  const std::string ugly = Replaced(kPublicRing, "\"generation\": 7",
                                    "\"generation\": 7, \"\\u001b[31m\": 1");
  CHECK(WhyNotParsed(ugly) == "public ring: member (unprintable) is not known");
}

TEST_CASE("a public ring is at most 1 MiB") {
  const std::string padding((1u << 20) - sizeof(kPublicRing) + 1, ' ');
  CHECK(KeyRing::Parse(kPublicRing + padding).ok());
  CHECK(Contains(WhyNotParsed(kPublicRing + padding + " "),
                 "1048577 bytes, the limit is 1048576"));
}

TEST_CASE("a ring of 1,000 keys is written and read back") {
  std::vector<RingKey> keys;
  for (int i = 0; i < 1000; ++i) {
    const Time start = kT0 + hours(i);
    keys.push_back(
        {NewKey(), {.created_at = start - kLead, .activates_at = start}});
    if (i == 999) break;
    keys.back().schedule.verify_only_at = start + hours(1);
    keys.back().schedule.retires_at = start + hours(2);
  }
  const Result<KeyRing> ring = KeyRing::Create(kInfo, keys);
  REQUIRE_MESSAGE(ring.ok(), ring.error().message);
  const Result<KeyRing> parsed = KeyRing::Parse(ring->Serialize());
  REQUIRE_MESSAGE(parsed.ok(), parsed.error().message);
  CHECK(*parsed == *ring);
}

TEST_CASE("any change of one byte is refused or is another ring") {
  const std::string text = kPublicRing;
  std::mt19937 random(3);
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(random());
    const Result<KeyRing> ring = KeyRing::Parse(changed);
    if (!ring.ok()) continue;
    CHECK(KeyRing::Parse(ring->Serialize())->Serialize() == ring->Serialize());
  }
}

TEST_CASE("a JWK set shows the keys that are not retired and not revoked") {
  const RingInfo info{.format = KeyFormat::kJwtEdDsa};
  SigningRing ring = NewRing(info);
  REQUIRE(ring.Rotate(kT0).ok());
  const SecretKey& first = ring.keys()[0].key;
  const SecretKey& second = ring.keys()[1].key;
  const auto jwk = [](const SecretKey& key) {
    return R"({"crv":"Ed25519","kty":"OKP","x":")" +
           Base64UrlEncode(key.Public().bytes()) + R"(","kid":")" + key.id() +
           R"(","use":"sig","alg":"EdDSA"})";
  };
  const KeyRing view = ring.Public();
  const Time retires = *ring.keys()[0].schedule.retires_at;
  CHECK(view.Jwks(kT0) ==
        R"({"keys":[)" + jwk(first) + "," + jwk(second) + "]}");
  CHECK(view.Jwks(retires - Duration(1)) == view.Jwks(kT0));
  CHECK(view.Jwks(retires) == R"({"keys":[)" + jwk(second) + "]}");
  REQUIRE(ring.Revoke(second.id(), retires).ok());
  CHECK(ring.Public().Jwks(retires) == R"({"keys":[]})");
  CHECK(NewRing().Public().Jwks(kT0) == R"({"keys":[]})");
}

// ---- every format ---------------------------------------------------------

constexpr KeyFormat kAllFormats[] = {
    KeyFormat::kPasetoV4Public, KeyFormat::kJwtEdDsa,
    KeyFormat::kRefreshMac,     KeyFormat::kFeedEd25519,
    KeyFormat::kPasetoV4Local,  KeyFormat::kJwtEs256,
    KeyFormat::kJwtRs256,       KeyFormat::kJwtPs256,
    KeyFormat::kJwtHs256,       KeyFormat::kJweDir,
    KeyFormat::kJweP256,        KeyFormat::kJweX25519};

constexpr KeyPurpose kAllPurposes[] = {KeyPurpose::kAccess,
                                       KeyPurpose::kRefresh, KeyPurpose::kFeed,
                                       KeyPurpose::kEncryption};

// PurposeOf is the one purpose that a format fits, besides kStatements.
KeyPurpose PurposeOf(KeyFormat format) {
  std::optional<KeyPurpose> found;
  for (KeyPurpose purpose : kAllPurposes) {
    if (!FitsPurpose(purpose, format)) continue;
    CHECK_FALSE(found.has_value());
    found = purpose;
  }
  REQUIRE(found.has_value());
  return *found;
}

TEST_CASE("statements are signed with the keys of a signed JWT") {
  for (KeyFormat format : kAllFormats) {
    CAPTURE(KeyFormatName(format));
    const bool signs = IsJws(format) && format != KeyFormat::kJwtHs256;
    CHECK(FitsPurpose(KeyPurpose::kStatements, format) == signs);
  }
}

TEST_CASE("a format fits one purpose, and unknown formats none") {
  CHECK(PurposeOf(KeyFormat::kPasetoV4Local) == KeyPurpose::kAccess);
  CHECK(PurposeOf(KeyFormat::kJweDir) == KeyPurpose::kAccess);
  CHECK(PurposeOf(KeyFormat::kJweP256) == KeyPurpose::kEncryption);
  CHECK(PurposeOf(KeyFormat::kJweX25519) == KeyPurpose::kEncryption);
  CHECK(PurposeOf(KeyFormat::kRefreshMac) == KeyPurpose::kRefresh);
  CHECK(PurposeOf(KeyFormat::kFeedEd25519) == KeyPurpose::kFeed);
  for (KeyPurpose purpose : kAllPurposes) {
    CHECK_FALSE(FitsPurpose(purpose, static_cast<KeyFormat>(0)));
    CHECK_FALSE(FitsPurpose(purpose, static_cast<KeyFormat>(13)));
  }
}

TEST_CASE("the public side of every format is read back as it was written") {
  for (KeyFormat format : kAllFormats) {
    if (IsSymmetric(format)) continue;
    CAPTURE(KeyFormatName(format));
    SigningRing ring =
        NewRing({.purpose = PurposeOf(format), .format = format});
    REQUIRE(ring.Rotate(kT0).ok());
    const KeyRing open = ring.Public();
    const std::string text = open.Serialize();
    const Result<KeyRing> read = KeyRing::Parse(text);
    REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.error().message));
    CHECK(*read == open);
    CHECK(read->Serialize() == text);
    // What a verifier holds says no more to the public.
    CHECK(ring.ForVerifier().Serialize() == text);
    for (const SigningRing::Key& key : ring.keys()) {
      CHECK_FALSE(Contains(text, Base64UrlEncode(key.key.ExposeSecret())));
    }
    const bool spki = text.find("\"spki.") != std::string::npos;
    const bool paserk = text.find("\"k4.public.") != std::string::npos;
    CHECK(spki != paserk);
  }
}

TEST_CASE("a public file of a symmetric format is refused") {
  for (KeyFormat format : kAllFormats) {
    if (!IsSymmetric(format) || PurposeOf(format) != KeyPurpose::kAccess) {
      continue;
    }
    const std::string ring =
        Replaced(kPublicRing, "\"v4.public\"",
                 "\"" + std::string(KeyFormatName(format)) + "\"");
    CHECK(WhyNotParsed(ring) ==
          "public ring: member keys[0].public is not known");
    const size_t line = ring.find("      \"public\"");
    CHECK(WhyNotParsed(std::string(ring).erase(
              line, ring.find('\n', line) + 1 - line)) ==
          "public ring: member format names one that has no public half");
  }
}

TEST_CASE("a key of a public file is spelled as its format spells it") {
  SigningRing ring = NewRing({.format = KeyFormat::kJwtEs256});
  const std::string text = ring.Public().Serialize();
  const size_t at = text.find("\"spki.") + 1;
  const std::string spki = text.substr(at, text.find('"', at) - at);
  REQUIRE(KeyRing::Parse(text).ok());
  const auto why = [&](const std::string& with) {
    return WhyNotParsed(Replaced(text, spki, with));
  };
  CHECK(Contains(why("k4.public.11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
                 "member keys[0].public: not spki. and base64url"));
  CHECK(Contains(why(spki + "="), "not spki. and base64url"));
  CHECK(Contains(why("spki."), "member keys[0].public: not a key"));
  CHECK(Contains(why(spki.substr(0, 61)), "member keys[0].public: not a key"));
  // A good key of another type, and another good key.
  const auto text_of = [](KeyFormat format) {
    return "spki." +
           Base64UrlEncode(SecretKey::Generate(format).Public().bytes());
  };
  CHECK(Contains(why(text_of(KeyFormat::kJweX25519)),
                 "the key is of another type than jwt-es256 needs"));
  CHECK(Contains(why(text_of(KeyFormat::kJwtEs256)),
                 "member keys[0].id is not the id of its key"));
}

TEST_CASE("a verifier's ring has the ring's ids and schedules") {
  for (KeyFormat format : kAllFormats) {
    CAPTURE(KeyFormatName(format));
    SigningRing ring =
        NewRing({.purpose = PurposeOf(format), .format = format});
    REQUIRE(ring.Rotate(kT0).ok());
    const KeyRing view = ring.ForVerifier();
    CHECK(view.info() == ring.info());
    REQUIRE(view.keys().size() == 2);
    for (size_t i = 0; i < 2; ++i) {
      CHECK(view.keys()[i].key == ring.keys()[i].key.ForVerifier());
      CHECK(view.keys()[i].schedule == ring.keys()[i].schedule);
    }
    CHECK(view.Active(kT0)->key.id() == ring.Active(kT0)->key.id());
    if (!IsSymmetric(format) && !IsJwe(format)) CHECK(view == ring.Public());
  }
}

TEST_CASE("the JWK set of ES256, RS256 and of encryption is as RFC 7518 says") {
  const auto set = [](KeyFormat format) {
    const SigningRing ring =
        NewRing({.purpose = PurposeOf(format), .format = format});
    const std::string jwks = ring.Public().Jwks(kT0);
    const std::string& id = ring.keys()[0].key.id();
    CHECK(ring.ForVerifier().Jwks(kT0) == jwks);  // no secret more
    return Replaced(jwks, id, "ID");
  };
  const SigningRing ring = NewRing({.format = KeyFormat::kJwtEs256});
  const VerifyKey key = ring.keys()[0].key.Public();
  const auto coordinate = [&key](size_t from_end) {
    return Base64UrlEncode(key.bytes().last(from_end).first(32));
  };
  CHECK(ring.Public().Jwks(kT0) ==
        R"({"keys":[{"crv":"P-256","kty":"EC","x":")" + coordinate(64) +
            R"(","y":")" + coordinate(32) + R"(","kid":")" + key.id() +
            R"(","use":"sig","alg":"ES256"}]})");
  const std::string rs256 = set(KeyFormat::kJwtRs256);
  CHECK(rs256.starts_with(R"({"keys":[{"e":"AQAB","kty":"RSA","n":")"));
  CHECK(rs256.ends_with(R"(","kid":"ID","use":"sig","alg":"RS256"}]})"));
  CHECK(Contains(set(KeyFormat::kJwtPs256), R"("alg":"PS256")"));
  const std::string x25519 = set(KeyFormat::kJweX25519);
  CHECK(x25519.starts_with(R"({"keys":[{"crv":"X25519","kty":"OKP","x":")"));
  CHECK(x25519.ends_with(
      R"(","kid":"ID","use":"enc","alg":"ECDH-ES+A256KW"}]})"));
}

TEST_CASE("a symmetric ring has no JWK set") {
  for (KeyFormat format :
       {KeyFormat::kJwtHs256, KeyFormat::kJweDir, KeyFormat::kPasetoV4Local}) {
    const SigningRing ring = NewRing({.format = format});
    CHECK(ring.ForVerifier().Jwks(kT0) == R"({"keys":[]})");
  }
}

}  // namespace
}  // namespace signet
