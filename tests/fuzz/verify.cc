// The library's verifiers against a plain second reading of the rule: the
// harness signs what the fuzzer writes, and may spoil the token afterwards.
#include <array>
#include <map>
#include <memory>
#include <vector>

#include "jwt.h"
#include "paseto.h"
#include "signet/live_ring.h"
#include "signet/verifier.h"
#include "tests/fuzz/plain_json.h"
#include "tests/fuzz/plain_verify.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// The list was complete for the last time at this moment.
constexpr Time kComplete = Time(kNow) - hours(4);
constexpr Monotonic kCompleteHere{Duration(1'000'000)};

class SetClock final : public Clock {
 public:
  Time Now() const override { return now; }
  Monotonic MonotonicNow() const override { return monotonic; }
  Time now{};
  Monotonic monotonic{};
};

// Choices are the first bytes of an input.
struct Choices {
  bool jwt;
  size_t signer;    // 0 to 2: verify-only, active, pending
  bool own_header;  // the input brings header or footer
  bool assertion;
  uint8_t spoil;  // 0 to 3, see Spoil
  uint8_t policy;
  uint8_t clock;
  uint8_t revocations;  // a bit for each kind
  uint8_t age;
};

Choices TakeChoices(std::string_view& input) {
  const uint8_t first = TakeByte(input);
  Choices choices{};
  choices.jwt = (first & 1) != 0;
  choices.signer = (first >> 1 & 3) % 3;
  choices.own_header = (first & 8) != 0;
  choices.assertion = (first & 16) != 0;
  choices.spoil = first >> 6;
  choices.policy = TakeByte(input) % 24;
  choices.clock = TakeByte(input);
  const uint8_t last = TakeByte(input);
  choices.revocations = last & 63;
  choices.age = TakeByte(input);
  return choices;
}

Policy PolicyOf(uint8_t variant) {
  Policy policy;
  if ((variant & 1) != 0) policy.clock_skew = Duration::zero();
  policy.any_issuer = policy.any_audience = (variant & 2) != 0;
  policy.caller_checks_binding = (variant & 4) != 0;
  if (!policy.any_issuer) {
    policy.issuer = "https://login.example";
    policy.audience = "orders";
  }
  policy.max_staleness = hours(12);
  policy.when_stale = static_cast<WhenStale>(variant / 8);
  if (policy.when_stale == WhenStale::kAcceptUntil) {
    policy.hard_staleness = hours(13);
  }
  return policy;
}

// Moments about the edges of the seeds' times, and of the keys' schedules.
Time NowOf(uint8_t choice) {
  constexpr Duration kOffsets[] = {Duration(0),
                                   Duration(1),
                                   Seconds(29),
                                   Duration(29'999),
                                   Seconds(30),
                                   Duration(30'001),
                                   Duration(59'999),
                                   minutes(1),
                                   minutes(5) - Duration(1),
                                   minutes(5),
                                   minutes(5) + Seconds(30) - Duration(1),
                                   minutes(5) + Seconds(30),
                                   hours(1),
                                   hours(3),
                                   Seconds(-30),
                                   Duration(-30'001),
                                   minutes(-59),
                                   hours(-1),
                                   hours(-2),
                                   hours(-3)};
  return Time(kNow) + kOffsets[choice % std::size(kOffsets)];
}

Monotonic AgeOf(uint8_t choice) {
  constexpr Duration kAges[] = {Duration(0), hours(12), hours(12) + Duration(1),
                                hours(13), hours(13) + Duration(1)};
  return kCompleteHere + kAges[choice % std::size(kAges)];
}

std::vector<Revocation> RevocationsOf(uint8_t mask, std::string_view key_id) {
  struct Named {
    RevocationKind kind;
    std::string_view value;
    EpochSeconds not_before;
  };
  const Named all[] = {
      {RevocationKind::kToken, "AAAAAAAAAAAAAAAAAAAAAA", {}},
      {RevocationKind::kSession, "BBBBBBBBBBBBBBBBBBBBBA", {}},
      {RevocationKind::kSubject, "alice", kNow},
      {RevocationKind::kClient, "app", kNow + Seconds(1)},
      {RevocationKind::kKey, key_id, kForever},
      {RevocationKind::kAll, "", kNow - Seconds(1)},
  };
  std::vector<Revocation> entries;
  for (size_t i = 0; i < std::size(all); ++i) {
    if ((mask >> i & 1) == 0) continue;
    entries.push_back({all[i].kind, MakeRevocationId(all[i].kind, all[i].value),
                       kNow, all[i].not_before, kNow + hours(48)});
  }
  return entries;
}

// A Place is one verifying machine for each format and policy. Its verifiers
// live from input to input, as caches do.
struct Place {
  explicit Place(KeyFormat format)
      : ring(FixedRing(KeyPurpose::kAccess, format)) {
    list.Confirm(kComplete, kCompleteHere);
  }

  // Publish makes the list hold these entries.
  void Publish(std::vector<Revocation> entries) {
    if (entries == revocations) return;
    list.Replace(entries);
    revocations = std::move(entries);
  }

  // All of them must give one verdict. The first is compared with the plain
  // rule, the others with it.
  std::vector<Verifier>& VerifiersOf(uint8_t variant) {
    std::vector<Verifier>& all = verifiers[variant];
    if (all.empty()) {
      Add(all, Verifier::Create(PolicyOf(variant), live, list, clock));
      Add(all, Verifier::Create(PolicyOf(variant), live, list, clock));
    }
    return all;
  }

  static void Add(std::vector<Verifier>& all, Result<Verifier> verifier) {
    FUZZ_CHECK(verifier.ok());
    all.push_back(*std::move(verifier));
  }

  SigningRing ring;
  KeyRing known = ring.Public();
  LiveRing live{known};
  RevocationList list;
  std::vector<Revocation> revocations;  // what the list holds
  SetClock clock;
  std::map<uint8_t, std::vector<Verifier>> verifiers;
};

Place& PlaceOf(bool jwt) {
  static Place paseto(KeyFormat::kPasetoV4Public);
  static Place jws(KeyFormat::kJwtEdDsa);
  return jwt ? jws : paseto;
}

std::string Sign(const Choices& choices, const SecretKey& key,
                 std::string_view& input, std::string_view assertion) {
  std::string header =
      choices.jwt ? JwtHeader(key.id()) : PasetoFooter(key.id());
  if (choices.own_header) header = TakePart(input);
  return choices.jwt ? SignJws(key, header, input)
                     : SignPaseto(key, input, header, assertion);
}

// Spoil changes a token that was signed. A change of one character must be
// refused: there is one spelling.
std::string Spoil(uint8_t how, std::string token, uint8_t where) {
  if (token.empty()) return token;
  const size_t at = token.size() * where / 256;
  if (how == 1) token[at] = token[at] == 'A' ? 'B' : 'A';
  if (how == 2) token.erase(at, 1);
  return token;
}

struct Verdict {
  bool accepted;
  bool stale;
  Claims claims;
  std::optional<Refusal> refusal;
  bool operator==(const Verdict&) const = default;
};

Verdict VerdictOf(const Verifier& verifier, std::string_view token,
                  std::string_view assertion) {
  auto verified = verifier.Verify(token, assertion);
  if (!verified) return {false, false, {}, verified.error()};
  return {true, verified->stale(), verified->claims(), std::nullopt};
}

FUZZ_TARGET(input) {
  if (HasVastExponent(input)) return;
  const Choices choices = TakeChoices(input);
  Place& place = PlaceOf(choices.jwt);
  const SecretKey& key = place.ring.keys()[choices.signer].key;
  const std::string_view assertion =
      choices.assertion ? std::string_view("bound") : std::string_view();
  place.clock.now = NowOf(choices.clock);
  place.clock.monotonic = AgeOf(choices.age);
  place.Publish(RevocationsOf(choices.revocations, key.id()));
  const Policy policy = PolicyOf(choices.policy);
  const PlainWorld world{policy, place.known, place.revocations,
                         std::max(place.clock.monotonic - kCompleteHere,
                                  place.clock.now - kComplete),
                         place.clock.now};

  std::string token(input);
  bool signed_by_us = true;  // a raw text may be a seed, which is
  if (choices.spoil != 3) {
    token = Sign(choices, key, input, assertion);
    const std::string good = token;
    token = Spoil(choices.spoil, token, choices.clock);
    signed_by_us = token == good;
  }
  const std::optional<Claims> expected = PlainVerify(world, token, assertion);
  // What was not signed is never accepted, whatever the rest says.
  if (!signed_by_us) FUZZ_CHECK(!expected);
  std::vector<Verifier>& verifiers = place.VerifiersOf(choices.policy);
  const Verdict verdict = VerdictOf(verifiers.front(), token, assertion);
  FUZZ_CHECK(verdict.accepted == expected.has_value());
  if (verdict.accepted) {
    FUZZ_CHECK(verdict.claims == *expected);
    FUZZ_CHECK(verdict.stale == (world.staleness > policy.max_staleness));
  }
  // Twice: the second time from a cache, if there is one.
  for (size_t i = 1; i < verifiers.size(); ++i) {
    FUZZ_CHECK(VerdictOf(verifiers[i], token, assertion) == verdict);
    FUZZ_CHECK(VerdictOf(verifiers[i], token, assertion) == verdict);
  }
}

}  // namespace
}  // namespace signet::fuzz
