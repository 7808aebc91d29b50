// A token that was seen before: every check but the signature's, against what
// a session in Redis costs on each request.

#include <latch>
#include <memory>
#include <optional>
#include <thread>

#include "bench/paired.h"
#include "bench/redis.h"
#include "bench/setup.h"
#include "signet/jwk.h"

namespace signet::bench {
namespace {

constexpr int kTokens = 10'000;

// Edge is a verifier that has seen its tokens.
struct Edge {
  explicit Edge(const RevocationList& revocations)
      : Edge(revocations, NewRing(KeyFormat::kPasetoV4Public), {}) {}
  // The verifier knows `keys`, or those of the ring that signs.
  Edge(const RevocationList& revocations, SigningRing signing,
       const std::optional<KeyRing>& keys)
      : ring(std::move(signing)),
        live(keys.value_or(ring.Public())),
        verifier(Require(Verifier::Create(AnyAgePolicy(), live, revocations))) {
    const Issuer issuer(ring);
    for (size_t i = 0; i < kTokens; ++i) {
      tokens.push_back(Require(issuer.Mint(TypicalClaims())));
      Require(verifier.Verify(tokens.back()).ok(), "a good token is refused");
    }
  }

  void Verify(size_t i) const {
    const auto verdict = verifier.Verify(tokens[i % kTokens]);
    Keep(verdict->claims().subject.data());
  }

  SigningRing ring;
  LiveRing live;
  std::vector<std::string> tokens;
  Verifier verifier;
};

void AgainstRedis(const Edge& edge) {
  Redis redis;
  std::vector<std::string> ids;
  const std::string session(200, 's');
  for (size_t i = 0; i < kTokens; ++i) {
    ids.push_back("session:" + NewId());
    redis.Set(ids.back(), session);
  }
  // Both walk through all of their tokens or sessions, round after round.
  size_t ours = 0, theirs = 0;
  Compare(
      "verify_warm", "redis GET over loopback", kTokens,
      [&](int) { edge.Verify(ours++); }, 500,
      [&](int) { Keep(redis.Get(ids[theirs++ % kTokens])); });
}

void WithRevocations(const Edge& edge, const Edge& full) {
  size_t ours = 0, theirs = 0;
  Compare(
      "verify_warm_1m", "the same with an empty list", kTokens,
      [&](int) { full.Verify(ours++); }, [&](int) { edge.Verify(theirs++); });
}

// RingOf is a ring of that many keys, of which `ring` holds one.
KeyRing RingOf(size_t count, const SigningRing& ring) {
  std::string set = R"({"keys":[)" + WriteJwk(ring.Public().keys()[0].key);
  while (--count > 0) {
    const SigningRing other = NewRing(ring.info().format);
    set += "," + WriteJwk(other.Public().keys()[0].key);
  }
  return Require(ReadJwks(set + "]}", ring.info().format, 1));
}

void WithManyKeys(const RevocationList& empty) {
  const auto edge_of = [&](size_t keys) {
    SigningRing ring = NewRing(KeyFormat::kJwtEdDsa);
    const KeyRing known = RingOf(keys, ring);
    return std::make_unique<Edge>(empty, std::move(ring), known);
  };
  const auto one = edge_of(1), hundred = edge_of(100);
  size_t ours = 0, theirs = 0;
  Compare(
      "verify_warm_100_keys", "the same with one key", kTokens,
      [&](int) { hundred->Verify(ours++); },
      [&](int) { one->Verify(theirs++); });
}

// PerSecond lets threads verify for a while, each from a token of its own on.
double PerSecond(const Edge& edge, size_t threads, size_t stride) {
  constexpr size_t kCalls = 100'000;
  std::latch ready(static_cast<ptrdiff_t>(threads) + 1);
  std::vector<std::thread> running;
  for (size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      ready.arrive_and_wait();
      for (size_t i = 0; i < kCalls; ++i) {
        edge.Verify(t * kTokens / threads + i * stride);
      }
    });
  }
  ready.arrive_and_wait();
  const auto start = std::chrono::steady_clock::now();
  for (std::thread& thread : running) thread.join();
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  return static_cast<double>(threads * kCalls) / took.count();
}

void TwoThreads(const Edge& edge, const std::string& name, size_t stride) {
  constexpr int kRounds = 51;
  std::vector<double> ones, twos, ratios;
  for (int round = 0; round < kRounds; ++round) {
    ones.push_back(PerSecond(edge, 1, stride));
    twos.push_back(PerSecond(edge, 2, stride));
    ratios.push_back(twos.back() / ones.back());
  }
  Print(name, Median(twos), "verifies/s", Median(ones), "one thread",
        Median(ratios));
}

void Run() {
  std::mt19937_64 random(1);
  RevocationList empty, million;
  // Fresh for good: no verdict is stale.
  empty.SetAuthoritative();
  million.SetAuthoritative();
  Fill(million, 1'000'000, random, ToSeconds(SystemClock::Shared().Now()));
  const Edge edge(empty);
  AgainstRedis(edge);
  WithRevocations(edge, Edge(million));
  WithManyKeys(empty);
  TwoThreads(edge, "verify_warm_2t", 1);
  TwoThreads(edge, "verify_warm_2t_same_token", 0);
}

}  // namespace
}  // namespace signet::bench

int main() { signet::bench::Run(); }
