// A token that was seen before: every check but the signature's, against what
// a session in Redis costs on each request.

#include <latch>
#include <thread>

#include "bench/paired.h"
#include "bench/redis.h"
#include "bench/setup.h"

namespace signet::bench {
namespace {

constexpr size_t kTokens = 10'000;

// Edge is a verifier that has seen its tokens.
struct Edge {
  explicit Edge(const RevocationList& revocations)
      : verifier(Require(Verifier::Create(AnyAgePolicy(), live, revocations))) {
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

  SigningRing ring = NewRing(KeyFormat::kPasetoV4Public);
  LiveRing live{ring.Public()};
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
      "verify_warm", "redis GET over loopback", 1000,
      [&](int) { edge.Verify(ours++); },
      [&](int) { Keep(redis.Get(ids[theirs++ % kTokens])); });
}

void WithRevocations(const Edge& edge, const Edge& full) {
  size_t ours = 0, theirs = 0;
  Compare(
      "verify_warm_1m", "the same with an empty list", 5000,
      [&](int) { full.Verify(ours++); }, [&](int) { edge.Verify(theirs++); });
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
  Fill(million, 1'000'000, random, ToSeconds(SystemClock::Shared().Now()));
  const Edge edge(empty);
  AgainstRedis(edge);
  WithRevocations(edge, Edge(million));
  TwoThreads(edge, "verify_warm_2t", 1);
  TwoThreads(edge, "verify_warm_2t_same_token", 0);
}

}  // namespace
}  // namespace signet::bench

int main() { signet::bench::Run(); }
