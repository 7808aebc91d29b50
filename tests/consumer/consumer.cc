// Uses both installed libraries as a stranger would: mint, verify, refuse.
#include <cstdio>

#include "signet/feed.h"
#include "signet/issuer.h"
#include "signet/verifier.h"

int main() {
  const signet::Time now = signet::SystemClock::Shared().Now();
  auto ring = signet::SigningRing::New({}, now);
  if (!ring) return std::puts(ring.error().message.c_str()), 1;

  signet::Claims claims;
  claims.issuer = "https://login.example";
  claims.subject = "alice";
  claims.audience = {"orders"};
  claims.issued_at = signet::ToSeconds(now);
  claims.expires_at = claims.issued_at + signet::Seconds(60);
  auto token = signet::Issuer(*ring).Mint(claims);
  if (!token) return std::puts(token.error().message.c_str()), 1;

  const signet::LiveRing keys(ring->Public());
  auto verifier = signet::Verifier::CreateWithoutRevocation(
      {.issuer = "https://login.example", .audience = "orders"}, keys);
  if (!verifier) return std::puts(verifier.error().message.c_str()), 1;
  auto verified = verifier->Verify(*token);
  if (!verified || verified->claims().subject != "alice") return 1;
  if (verifier->Verify(*token + "A")) return 1;

  // signet::feed links and validates its options.
  if (signet::RevocationFeed::Start({})) return 1;
  std::puts("accepted");
  return 0;
}
