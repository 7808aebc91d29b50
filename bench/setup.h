#ifndef SIGNET_BENCH_SETUP_H_
#define SIGNET_BENCH_SETUP_H_

#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "signet/issuer.h"
#include "signet/verifier.h"

namespace signet::bench {

inline constexpr std::string_view kIssuer = "https://login.example";
inline constexpr std::string_view kAudience = "orders";

// Require ends the program if the set-up of a benchmark failed.
template <typename T>
T Require(Result<T> result) {
  if (result) return std::move(result).value();
  std::cerr << "bench: " << result.error().message << "\n";
  std::exit(1);
}

inline void Require(bool holds, std::string_view what) {
  if (holds) return;
  std::cerr << "bench: " << what << "\n";
  std::exit(1);
}

// TypicalClaims are those of a token that signetd issues, with new ids.
inline Claims TypicalClaims() {
  Claims claims;
  claims.issuer = kIssuer;
  claims.subject = "user-8a6e0804";
  claims.audience = {std::string(kAudience)};
  claims.issued_at = ToSeconds(SystemClock::Shared().Now());
  claims.expires_at = claims.issued_at + Seconds(3000);
  claims.token_id = NewId();
  claims.client_id = "mobile-app";
  claims.scope = "orders.read orders.write";
  claims.session_id = NewId();
  return claims;
}

inline SigningRing NewRing(KeyFormat format) {
  return Require(SigningRing::New(
      {.format = format, .policy = {.max_token_life = std::chrono::hours(1)}},
      SystemClock::Shared().Now()));
}

// AnyAgePolicy accepts a list that no service confirms.
inline Policy AnyAgePolicy() {
  return {.issuer = std::string(kIssuer),
          .audience = std::string(kAudience),
          .when_stale = WhenStale::kAcceptAndAlarm};
}

inline RevocationId RandomId(std::mt19937_64& random) {
  RevocationId id;
  for (uint8_t& byte : id) byte = static_cast<uint8_t>(random());
  return id;
}

// Fill puts live session revocations into the list.
inline void Fill(RevocationList& list, size_t entries, std::mt19937_64& random,
                 EpochSeconds now) {
  std::vector<Revocation> batch;
  for (size_t i = 0; i < entries; ++i) {
    const Seconds life(60 * (1 + i % 15));
    batch.push_back({.kind = RevocationKind::kSession,
                     .id = RandomId(random),
                     .at = now,
                     .drop_after = now + life});
  }
  list.Apply(batch);
}

}  // namespace signet::bench

#endif  // SIGNET_BENCH_SETUP_H_
