// The library's verifiers against a plain second reading of the rule: the
// harness signs what the fuzzer writes, and may spoil the token afterwards.
#include <array>
#include <map>
#include <memory>
#include <vector>

#include "signet/live_ring.h"
#include "signet/verifier.h"
#include "tests/fuzz/forge.h"
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

// Where tokens come from: a ring of access tokens, and for some a ring to which
// they may be encrypted.
struct Origin {
  KeyFormat format;
  std::optional<KeyFormat> wrapper;
};
constexpr Origin kOrigins[] = {
    {KeyFormat::kPasetoV4Public, {}},
    {KeyFormat::kJwtEdDsa, {}},
    {KeyFormat::kPasetoV4Local, {}},
    {KeyFormat::kJwtHs256, {}},
    {KeyFormat::kJweDir, {}},
    {KeyFormat::kJwtEs256, {}},
    {KeyFormat::kJwtRs256, {}},
    {KeyFormat::kJwtPs256, {}},
    {KeyFormat::kJwtEdDsa, KeyFormat::kJweP256},
    {KeyFormat::kJwtHs256, KeyFormat::kJweX25519},
};

// Choices are the first bytes of an input.
struct Choices {
  size_t origin;
  size_t signer;    // 0 to 2: verify-only, active, pending
  bool own_header;  // the input brings header or footer
  bool assertion;
  bool wrapped;      // if the origin has a ring for it
  bool own_wrapper;  // the input brings the header of the encryption too
  uint8_t spoil;     // 0 to 3, see Spoil
  uint8_t policy;
  uint8_t clock;
  uint8_t revocations;  // a bit for each kind
  uint8_t age;
};

Choices TakeChoices(std::string_view& input) {
  Choices choices{};
  choices.origin = TakeByte(input) % std::size(kOrigins);
  const uint8_t first = TakeByte(input);
  choices.signer = (first & 3) % 3;
  choices.own_wrapper = (first & 4) != 0;
  choices.own_header = (first & 8) != 0;
  choices.assertion = (first & 16) != 0;
  choices.wrapped = (first & 32) == 0;
  choices.spoil = first >> 6;
  choices.policy = TakeByte(input) % 48;
  choices.clock = TakeByte(input);
  choices.revocations = TakeByte(input) & 63;
  choices.age = TakeByte(input);
  return choices;
}

// SpareTime lets one input in sixteen have what takes as long as ten others:
// ES256, RSA, and ECDH. The rest have the same header, claims and policy with
// a key that is fast.
void SpareTime(size_t draw, Choices& choices) {
  constexpr size_t kJwtEdDsa = 1, kJwtHs256 = 3, kJwtEs256 = 5, kToP256 = 8;
  if (draw % 16 == 0 || choices.origin < kJwtEs256) return;
  choices.origin = choices.origin == kToP256 ? kJwtEdDsa : kJwtHs256;
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
  if (variant >= 24) policy.token_type = TokenType::kPlainJwt;
  policy.max_staleness = hours(12);
  policy.when_stale = static_cast<WhenStale>(variant % 24 / 8);
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

// A Place is one verifying machine for each origin. Its verifiers live from
// input to input, as caches do.
struct Place {
  explicit Place(const Origin& origin) : ring(FixedRing(origin.format)) {
    list.Confirm(kComplete, kCompleteHere);
    if (origin.wrapper) {
      wrapping.emplace(FixedRing(*origin.wrapper));
      opener.emplace(wrapping->ForVerifier());
      opening.emplace(*opener);
    }
  }

  // Publish makes the list hold these entries.
  void Publish(std::vector<Revocation> entries) {
    if (entries == revocations) return;
    list.Replace(entries);
    revocations = std::move(entries);
  }

  // All of them must give one verdict. The first remembers nothing and is
  // compared with the plain rule; the other, whose cache is so small that it
  // forgets, with it.
  std::vector<Verifier>& VerifiersOf(uint8_t variant) {
    std::vector<Verifier>& all = verifiers[variant];
    if (!all.empty()) return all;
    for (const size_t cache_bytes : {size_t{0}, size_t{64} << 10}) {
      Policy policy = PolicyOf(variant);
      policy.cache_bytes = cache_bytes;
      auto verifier = Verifier::Create(policy, live, list, clock);
      FUZZ_CHECK(verifier.ok());
      if (opening) verifier->DecryptWith(*opening);
      all.push_back(*std::move(verifier));
    }
    return all;
  }

  SigningRing ring;
  KeyRing known = ring.ForVerifier();
  LiveRing live{known};
  std::optional<SigningRing> wrapping;
  std::optional<KeyRing> opener;
  std::optional<LiveRing> opening;
  RevocationList list;
  std::vector<Revocation> revocations;  // what the list holds
  SetClock clock;
  std::map<uint8_t, std::vector<Verifier>> verifiers;
};

Place& PlaceOf(size_t origin) {
  static std::array<std::unique_ptr<Place>, std::size(kOrigins)> places;
  if (!places[origin]) {
    places[origin] = std::make_unique<Place>(kOrigins[origin]);
  }
  return *places[origin];
}

std::string Make(const Choices& choices, const Place& place,
                 std::string_view& input, std::string_view assertion) {
  const SecretKey& key = place.ring.keys()[choices.signer].key;
  std::string header = GoodHeader(key);
  if (choices.own_header) header = TakePart(input);
  if (!place.wrapping || !choices.wrapped) {
    return Forge(key, header, input, assertion);
  }
  const VerifyKey to = place.wrapping->keys()[choices.signer].key.Public();
  std::string wrapper = GoodWrapper(to);
  if (choices.own_wrapper) wrapper = TakePart(input);
  return ForgeWrapped(to, wrapper, Forge(key, header, input, assertion));
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

void CheckExplained(const Verifier& verifier, std::string_view token,
                    std::string_view assertion, const Verdict& verdict) {
  const Explanation told = verifier.Explain(token, assertion);
  FUZZ_CHECK(told.verdict.ok() == verdict.accepted);
  if (!verdict.accepted) FUZZ_CHECK(told.verdict.error() == *verdict.refusal);
}

FUZZ_TARGET(input) {
  if (HasVastExponent(input)) return;
  const size_t draw = DrawOf(input);
  Choices choices = TakeChoices(input);
  SpareTime(draw, choices);
  Place& place = PlaceOf(choices.origin);
  const SecretKey& key = place.ring.keys()[choices.signer].key;
  const std::string_view assertion =
      choices.assertion ? std::string_view("bound") : std::string_view();
  place.clock.now = NowOf(choices.clock);
  place.clock.monotonic = AgeOf(choices.age);
  place.Publish(RevocationsOf(choices.revocations, key.id()));
  const Policy policy = PolicyOf(choices.policy);
  const PlainWorld world{policy,
                         place.known,
                         place.opener ? &*place.opener : nullptr,
                         place.revocations,
                         std::max(place.clock.monotonic - kCompleteHere,
                                  place.clock.now - kComplete),
                         place.clock.now};

  std::string token(input);
  bool signed_by_us = true;  // a raw text may be a seed, which is
  if (choices.spoil != 3) {
    token = Make(choices, place, input, assertion);
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
  // The other ways are asked about every token that is accepted, and each
  // about one in four of those that are refused.
  const size_t way = draw / 16 % 4;
  if (verdict.accepted || way == 0) {
    CheckExplained(verifiers[0], token, assertion, verdict);
  }
  if (!verdict.accepted && way != 1) return;
  // Twice: the second time from the cache.
  FUZZ_CHECK(VerdictOf(verifiers[1], token, assertion) == verdict);
  FUZZ_CHECK(VerdictOf(verifiers[1], token, assertion) == verdict);
}

}  // namespace
}  // namespace signet::fuzz
