// The verifier with its cache: it remembers signatures, not verdicts.
// Hostile families 39, 40 and 42.

#include <doctest/doctest.h>

#include <random>
#include <thread>

#include "tests/lib/allocation_counter.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::AllocationCounter;
using testing::Cut;
using testing::ExpectRefusal;
using testing::GoodClaims;
using testing::GoodPolicy;
using testing::JwtFixture;
using testing::kNow;
using testing::PasetoFixture;

constexpr Refusal kUnknownKey{RefusalCode::kUnknownKey, Stage::kKey, "kid"};
constexpr Refusal kKeyNotUsable{RefusalCode::kKeyNotUsable, Stage::kKey, "kid"};
constexpr Refusal kRevoked{RefusalCode::kRevoked, Stage::kRevocation};

// Remembered is a verifier that has accepted a token of its fixture twice, the
// second time from its cache.
template <class F>
struct Remembered {
  F fixture;
  std::string token = fixture.Mint();
  Verifier verifier;

  explicit Remembered(const Policy& policy = GoodPolicy())
      : verifier(fixture.MakeVerifier(policy)) {
    CHECK(verifier.Verify(token).ok());
    CHECK(verifier.Verify(token).ok());
    CHECK(verifier.counters().authenticated == 1);
  }
};

TEST_CASE_TEMPLATE("a signature is checked once, a verdict every time", F,
                   PasetoFixture, JwtFixture) {
  Remembered<F> seen;
  for (int i = 0; i < 3; ++i) {
    auto verdict = seen.verifier.Verify(seen.token);
    REQUIRE(verdict.ok());
    CHECK(verdict->claims() == GoodClaims());
    CHECK(verdict->key_id() == seen.fixture.key().id());
  }
  CHECK(seen.verifier.counters().authenticated == 1);
  CHECK(seen.verifier.counters().accepted == 5);
}

TEST_CASE_TEMPLATE("without a cache every signature is checked", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Policy policy = GoodPolicy();
  policy.cache_bytes = 0;
  Verifier verifier = fixture.MakeVerifier(policy);
  std::string token = fixture.Mint();
  for (int i = 0; i < 3; ++i) CHECK(verifier.Verify(token).ok());
  CHECK(verifier.counters().authenticated == 3);
  CHECK(verifier.cache_bytes() == 0);
}

TEST_CASE_TEMPLATE("a hit allocates nothing, accepted or refused", F,
                   PasetoFixture, JwtFixture) {
  Remembered<F> seen;
  F& fixture = seen.fixture;
  const auto allocations = [&] {
    const AllocationCounter counter;
    (void)seen.verifier.Verify(seen.token).ok();
    return counter.allocations();
  };
  CHECK(allocations() == 0);
  Revocation other = Cut(RevocationKind::kSession, "another session", {});
  fixture.revocations.Apply({&other, 1});
  CHECK(allocations() == 0);
  fixture.clock.Advance(Seconds(11));
  ExpectRefusal(seen.verifier, seen.token,
                {RefusalCode::kStale, Stage::kFreshness});
  CHECK(allocations() == 0);
  Revocation entry = Cut(RevocationKind::kSubject, "alice", kForever);
  fixture.revocations.Apply({&entry, 1});
  ExpectRefusal(seen.verifier, seen.token, kRevoked);
  CHECK(allocations() == 0);
  fixture.clock.Advance(hours(1));
  ExpectRefusal(seen.verifier, seen.token,
                {RefusalCode::kExpired, Stage::kPolicy, "exp"});
  CHECK(allocations() == 0);
}

// ---- Family 39: what must not pass although it was accepted before. ----

TEST_CASE_TEMPLATE("a remembered token is refused when its key has retired", F,
                   PasetoFixture, JwtFixture) {
  Policy policy = GoodPolicy();
  policy.max_lifetime = hours(24);
  policy.max_staleness = hours(24);
  F fixture;
  Verifier verifier = fixture.MakeVerifier(policy);
  // Longer than any token of the ring: only the key can be what expires.
  Claims claims = GoodClaims();
  claims.expires_at = kNow + hours(10);
  std::string token = fixture.Sign(*WriteClaims(claims, F::kForm));
  CHECK(verifier.Verify(token).ok());
  REQUIRE(fixture.ring.Rotate(fixture.clock.Now()).ok());
  REQUIRE(fixture.live.Publish(fixture.ring.Public()).ok());
  CHECK(verifier.Verify(token).ok());
  CHECK(verifier.counters().authenticated == 1);
  fixture.clock.Advance(hours(2));
  ExpectRefusal(verifier, token, kKeyNotUsable);
}

TEST_CASE_TEMPLATE("a remembered token is refused when its key is revoked", F,
                   PasetoFixture, JwtFixture) {
  Remembered<F> seen;
  F& fixture = seen.fixture;
  REQUIRE(fixture.ring.Revoke(fixture.key().id(), fixture.clock.Now()).ok());
  REQUIRE(fixture.live.Publish(fixture.ring.Public()).ok());
  ExpectRefusal(seen.verifier, seen.token, kKeyNotUsable);
}

TEST_CASE_TEMPLATE("a remembered token is refused when its key is gone", F,
                   PasetoFixture, JwtFixture) {
  Remembered<F> seen;
  F stranger;
  REQUIRE(seen.fixture.live.Publish(stranger.ring.Public()).ok());
  ExpectRefusal(seen.verifier, seen.token, kUnknownKey);
  // Back again, it is proven anew, and then remembered.
  REQUIRE(seen.fixture.live.Publish(seen.fixture.ring.Public()).ok());
  for (int i = 0; i < 3; ++i) CHECK(seen.verifier.Verify(seen.token).ok());
  CHECK(seen.verifier.counters().authenticated == 2);
}

TEST_CASE("a remembered token is refused under a ring of another format") {
  Remembered<PasetoFixture> seen;
  JwtFixture other;
  REQUIRE(seen.fixture.live.Publish(other.ring.Public()).ok());
  ExpectRefusal(seen.verifier, seen.token,
                {RefusalCode::kWrongAlgorithm, Stage::kKey});
}

TEST_CASE_TEMPLATE("a ring that keeps the key keeps what was remembered", F,
                   PasetoFixture, JwtFixture) {
  Remembered<F> seen;
  REQUIRE(seen.fixture.ring.Rotate(seen.fixture.clock.Now()).ok());
  REQUIRE(seen.fixture.live.Publish(seen.fixture.ring.Public()).ok());
  CHECK(seen.verifier.Verify(seen.token).ok());
  CHECK(seen.verifier.counters().authenticated == 1);
}

TEST_CASE_TEMPLATE("a remembered token is refused once it is revoked", F,
                   PasetoFixture, JwtFixture) {
  const Claims claims = GoodClaims();
  for (const auto& [kind, value] :
       {std::pair(RevocationKind::kToken, claims.token_id),
        std::pair(RevocationKind::kSession, claims.session_id),
        std::pair(RevocationKind::kSubject, claims.subject),
        std::pair(RevocationKind::kClient, claims.client_id),
        std::pair(RevocationKind::kAll, std::string())}) {
    const std::string_view name = RevocationKindName(kind);
    CAPTURE(name);
    Remembered<F> seen;
    const Revocation entry =
        Cut(kind, value, IsCutoff(kind) ? kNow + Seconds(1) : EpochSeconds{});
    seen.fixture.revocations.Apply({&entry, 1});
    ExpectRefusal(seen.verifier, seen.token, kRevoked);
  }
  Remembered<F> seen;
  const Revocation entry =
      Cut(RevocationKind::kKey, seen.fixture.key().id(), kForever);
  seen.fixture.revocations.Apply({&entry, 1});
  ExpectRefusal(seen.verifier, seen.token, kRevoked);
}

TEST_CASE_TEMPLATE("what one route accepted means nothing to another", F,
                   PasetoFixture, JwtFixture) {
  Remembered<F> seen;
  Policy other = GoodPolicy();
  other.audience = "mail.example";
  Verifier route = seen.fixture.MakeVerifier(other);
  for (int i = 0; i < 2; ++i) {
    ExpectRefusal(route, seen.token,
                  {RefusalCode::kWrongAudience, Stage::kPolicy, "aud"});
  }
  // Remembered as authentic, refused nevertheless.
  CHECK(route.counters().authenticated == 1);
}

TEST_CASE_TEMPLATE("a remembered token expires, and a clock may step back", F,
                   PasetoFixture, JwtFixture) {
  Policy policy = GoodPolicy();
  policy.max_staleness = hours(24);
  Remembered<F> seen(policy);
  F& fixture = seen.fixture;
  fixture.clock.SetWall(Time(kNow) + minutes(5) + Seconds(30));
  ExpectRefusal(seen.verifier, seen.token,
                {RefusalCode::kExpired, Stage::kPolicy, "exp"});
  fixture.clock.SetWall(Time(kNow) - Seconds(31));
  ExpectRefusal(seen.verifier, seen.token,
                {RefusalCode::kNotYetValid, Stage::kPolicy, "iat"});
  fixture.clock.SetWall(Time(kNow));
  CHECK(seen.verifier.Verify(seen.token).ok());
  CHECK(seen.verifier.counters().authenticated == 1);
}

TEST_CASE_TEMPLATE("a remembered token is refused when the list is stale", F,
                   PasetoFixture, JwtFixture) {
  Remembered<F> seen;
  seen.fixture.clock.Advance(Seconds(10) + Duration(1));
  ExpectRefusal(seen.verifier, seen.token,
                {RefusalCode::kStale, Stage::kFreshness});
}

TEST_CASE("a remembered token needs the same implicit assertion") {
  PasetoFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  const std::string token = *fixture.issuer.Mint(GoodClaims(), "tenant 1");
  CHECK(verifier.Verify(token, "tenant 1").ok());
  CHECK(verifier.Verify(token, "tenant 1").ok());
  for (std::string_view wrong : {"", "tenant 2", "tenant 11", "tenant"}) {
    auto verdict = verifier.Verify(token, wrong);
    REQUIRE_FALSE(verdict.ok());
    CHECK(verdict.error().code == RefusalCode::kBadSignature);
  }
  CHECK(verifier.counters().authenticated == 1);
}

// ---- Family 40: two texts are not one token. ----

TEST_CASE_TEMPLATE("another spelling of a remembered token is refused", F,
                   PasetoFixture, JwtFixture) {
  Remembered<F> seen;
  for (size_t i = 0; i < seen.token.size(); ++i) {
    std::string other = seen.token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    CAPTURE(i);
    auto verdict = seen.verifier.Verify(other);
    REQUIRE_FALSE(verdict.ok());
  }
  for (const std::string& other :
       {seen.token + "=", seen.token + ".", " " + seen.token,
        seen.token.substr(0, seen.token.size() - 1)}) {
    CHECK_FALSE(seen.verifier.Verify(other).ok());
  }
  CHECK(seen.verifier.counters().authenticated == 1);
}

// ---- Memory and threads. ----

TEST_CASE("a small cache stays small, and is right when it forgets") {
  PasetoFixture fixture;
  Policy policy = GoodPolicy();
  policy.cache_bytes = 64 << 10;
  Verifier verifier = fixture.MakeVerifier(policy);
  std::vector<std::string> tokens;
  std::vector<VerifiedToken> kept;
  Claims claims = GoodClaims();
  for (int i = 0; i < 150; ++i) {
    claims.subject = "subject " + std::to_string(i);
    tokens.push_back(fixture.Mint(claims));
    for (int again = 0; again < 2; ++again) {
      auto verdict = verifier.Verify(tokens.back());
      REQUIRE(verdict.ok());
      kept.push_back(*verdict);
    }
    REQUIRE(verifier.cache_bytes() <= policy.cache_bytes);
  }
  // Handles outlive the cache's memory of their tokens.
  for (size_t i = 0; i < kept.size(); ++i) {
    CHECK(kept[i].claims().subject == "subject " + std::to_string(i / 2));
  }
  const uint64_t before = verifier.counters().authenticated;
  for (const std::string& token : tokens) CHECK(verifier.Verify(token).ok());
  CHECK(verifier.counters().authenticated > before);
}

TEST_CASE("a verified token from the cache outlives its verifier") {
  std::vector<VerifiedToken> kept;
  {
    Remembered<PasetoFixture> seen;
    for (int i = 0; i < 30; ++i) {
      kept.push_back(*seen.verifier.Verify(seen.token));
    }
  }
  for (const VerifiedToken& token : kept) CHECK(token.claims() == GoodClaims());
}

TEST_CASE_TEMPLATE("rings, revocations and hits go on at once", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  Policy policy = GoodPolicy();
  policy.cache_bytes = 64 << 10;
  Verifier verifier = fixture.MakeVerifier(policy);
  std::vector<std::string> tokens;
  for (int i = 0; i < 100; ++i) {
    Claims claims = GoodClaims();
    claims.subject = "subject " + std::to_string(i);
    tokens.push_back(fixture.Mint(claims));
  }
  std::atomic<bool> stop{false};
  std::atomic<int> accepted{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      while (!stop) {
        const size_t i = random() % 4 == 0 ? random() % 100 : random() % 10;
        auto verdict = verifier.Verify(tokens[i]);
        if (verdict) {
          ++accepted;
          wrong += verdict->claims().subject != "subject " + std::to_string(i);
        } else {
          wrong += verdict.error().code != RefusalCode::kRevoked;
        }
      }
    });
  }
  const KeyRing ring = fixture.ring.Public();
  for (int i = 0; i < 100 || accepted == 0; ++i) {
    CHECK(fixture.live.Publish(ring).ok());
    const Revocation entry =
        Cut(RevocationKind::kSubject, "subject " + std::to_string(90 + i % 10),
            kNow + Seconds(1));
    fixture.revocations.Apply({&entry, 1});
    if (i % 10 == 9) fixture.revocations.Replace({});
    std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(accepted > 0);
}

// ---- Family 42: the fast path and the slow path give one answer. ----

// Twins verifies everything with a cache and without.
template <class F>
class Twins {
 public:
  explicit Twins(unsigned seed) : random_(seed) {
    Policy policy = GoodPolicy();
    policy.max_staleness = minutes(2);
    policy.when_stale = WhenStale::kAcceptUntil;
    policy.hard_staleness = minutes(5);
    policy.cache_bytes = 256 << 10;
    fast_.emplace(fixture_.MakeVerifier(policy));
    policy.cache_bytes = 0;
    slow_.emplace(fixture_.MakeVerifier(policy));
  }

  void Step() {
    switch (Pick(12)) {
      case 0:
        return fixture_.clock.Advance(Seconds(Pick(40)));
      case 1:
        return fixture_.clock.SetWall(Time(kNow) + Seconds(Pick(900)) -
                                      Seconds(120));
      case 2:
        return Revoke();
      case 3:
        return ChangeRing();
      case 4:
        return fixture_.revocations.Confirm(fixture_.clock.Now(),
                                            fixture_.clock.MonotonicNow());
      case 5:
      case 6:
        return Mint();
      default:
        return Compare();
    }
  }

  uint64_t hits() const {
    const VerifierCounters counters = fast_->counters();
    uint64_t past_signature = counters.accepted;
    for (RefusalCode code : {RefusalCode::kWrongAudience, RefusalCode::kExpired,
                             RefusalCode::kNotYetValid, RefusalCode::kRevoked,
                             RefusalCode::kStale}) {
      past_signature += counters.refused[static_cast<size_t>(code)];
    }
    return past_signature - counters.authenticated;
  }
  uint64_t refused(RefusalCode code) const {
    return fast_->counters().refused[static_cast<size_t>(code)];
  }

 private:
  struct Issued {
    std::string text, assertion;
  };

  unsigned Pick(unsigned below) {
    return static_cast<unsigned>(random_() % below);
  }

  void Mint() {
    Claims claims = GoodClaims();
    claims.subject = "subject " + std::to_string(Pick(5));
    claims.session_id = "session " + std::to_string(Pick(50));
    claims.issued_at = kNow + Seconds(Pick(600));
    claims.expires_at = claims.issued_at + Seconds(1 + Pick(600));
    if (Pick(8) == 0) claims.audience = {"mail.example"};
    if (Pick(8) == 0) claims.custom = "{\"role\":\"admin\"}";
    Issued issued;
    if (!F::kIsJwt && Pick(3) == 0) issued.assertion = "tenant";
    auto text = fixture_.issuer.Mint(claims, issued.assertion);
    if (!text) return;  // between two keys nobody signs
    issued.text = *text;
    tokens_.push_back(issued);
  }

  void Revoke() {
    if (Pick(3) != 0) return;
    Revocation entry = Pick(2) == 0
                           ? Cut(RevocationKind::kSession,
                                 "session " + std::to_string(Pick(50)), {})
                           : Cut(RevocationKind::kSubject,
                                 "subject " + std::to_string(Pick(5)),
                                 kNow + Seconds(Pick(300)));
    fixture_.revocations.Apply({&entry, 1});
    if (Pick(6) == 0) fixture_.revocations.Replace({});
  }

  void ChangeRing() {
    const unsigned how = Pick(20);
    if (how < 2) (void)fixture_.ring.Rotate(fixture_.clock.Now());
    if (how == 2) {
      (void)fixture_.ring.Revoke(
          fixture_.ring
              .keys()[Pick(static_cast<unsigned>(fixture_.ring.keys().size()))]
              .key.id(),
          fixture_.clock.Now());
    }
    // A stranger's ring has a low generation: it may be refused.
    (void)fixture_.live.Publish(how == 3 ? F().ring.Public()
                                         : fixture_.ring.Public());
  }

  // Spoil changes the text in a way that a sender might.
  std::string Spoil(std::string text) {
    const size_t at = Pick(static_cast<unsigned>(text.size()));
    switch (Pick(5)) {
      case 0:
        text[at] = static_cast<char>(random_());
        break;
      case 1:
        text.erase(at, 1);
        break;
      case 2:
        text.insert(at, 1, text[at]);
        break;
      case 3:
        text.back() = text.back() == 'A' ? 'B' : 'A';
        break;
      default:
        text.resize(at);
    }
    return text;
  }

  void Compare() {
    if (tokens_.empty()) return;
    const Issued& issued = tokens_[tokens_.size() - 1 -
                                   Pick(static_cast<unsigned>(
                                       std::min<size_t>(tokens_.size(), 30)))];
    std::string text = issued.text;
    std::string assertion = issued.assertion;
    if (Pick(6) == 0) text = Spoil(text);
    if (Pick(12) == 0) assertion = "other";
    const auto slow = slow_->Verify(text, assertion);
    for (int i = 0; i < 2; ++i) {
      const auto fast = fast_->Verify(text, assertion);
      REQUIRE(fast.ok() == slow.ok());
      if (!fast) {
        REQUIRE(fast.error() == slow.error());
        continue;
      }
      REQUIRE(fast->claims() == slow->claims());
      REQUIRE(fast->key_id() == slow->key_id());
      REQUIRE(fast->stale() == slow->stale());
    }
  }

  std::mt19937 random_;
  F fixture_;
  std::vector<Issued> tokens_;
  std::optional<Verifier> fast_, slow_;
};

TEST_CASE_TEMPLATE("with a cache and without, every answer is the same", F,
                   PasetoFixture, JwtFixture) {
  uint64_t hits = 0, expired = 0, revoked = 0, early = 0, stale = 0, key = 0;
  for (unsigned seed = 1; seed <= 8; ++seed) {
    Twins<F> twins(seed);
    for (int i = 0; i < 1000; ++i) twins.Step();
    hits += twins.hits();
    expired += twins.refused(RefusalCode::kExpired);
    revoked += twins.refused(RefusalCode::kRevoked);
    early += twins.refused(RefusalCode::kNotYetValid);
    stale += twins.refused(RefusalCode::kStale);
    key += twins.refused(RefusalCode::kKeyNotUsable) +
           twins.refused(RefusalCode::kUnknownKey);
  }
  // The walk reached what it is meant to reach.
  CHECK(hits > 1000);
  for (uint64_t count : {expired, revoked, early, stale, key}) {
    CHECK(count > 50);
  }
}

}  // namespace
}  // namespace signet
