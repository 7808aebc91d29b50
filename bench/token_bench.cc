// What the library adds to the raw primitive, measured side by side.

#include <sodium.h>

#include <cstdlib>
#include <iostream>

#include "bench/paired.h"
#include "signet/issuer.h"
#include "signet/verifier.h"

namespace signet::bench {
namespace {

constexpr std::string_view kIssuer = "https://login.example";
constexpr std::string_view kAudience = "orders";

// Require ends the program if the set-up of a benchmark failed.
template <typename T>
T Require(Result<T> result) {
  if (result) return std::move(result).value();
  std::cerr << "bench: " << result.error().message << "\n";
  std::exit(1);
}

Claims TypicalClaims() {
  Claims claims;
  claims.issuer = kIssuer;
  claims.subject = "user-8a6e0804";
  claims.audience = {std::string(kAudience)};
  claims.issued_at = ToSeconds(SystemClock::Shared().Now());
  claims.expires_at = claims.issued_at + Seconds(600);
  claims.token_id = NewId();
  claims.client_id = "mobile-app";
  claims.scope = "orders.read orders.write";
  claims.session_id = NewId();
  return claims;
}

// Raw signs and verifies as many bytes as the token's signature covers, with
// libsodium alone.
struct Raw {
  explicit Raw(size_t size) : message(size, 'm') {
    crypto_sign_keypair(public_key, secret_key);
    Sign();
  }
  void Sign() {
    crypto_sign_detached(signature, nullptr, message.data(), message.size(),
                         secret_key);
    Keep(signature[0]);
  }
  void Verify() const {
    Keep(crypto_sign_verify_detached(signature, message.data(), message.size(),
                                     public_key));
  }
  std::vector<unsigned char> message;
  unsigned char public_key[32], secret_key[64], signature[64];
};

void BenchFormat(KeyFormat format, const std::string& verify_name,
                 const std::string& mint_name) {
  const Time now = SystemClock::Shared().Now();
  const SigningRing ring = Require(SigningRing::New({.format = format}, now));
  const LiveRing live(ring.Public());
  const RevocationList empty;
  const Verifier verifier =
      Require(Verifier::Create({.issuer = std::string(kIssuer),
                                .audience = std::string(kAudience),
                                .when_stale = WhenStale::kAcceptAndAlarm},
                               live, empty));
  const Issuer issuer(ring);
  const Claims claims = TypicalClaims();
  const std::string token = Require(issuer.Mint(claims));
  if (!verifier.Verify(token)) std::exit(1);

  Raw raw(token.size() * 3 / 4);
  Compare(
      verify_name, "libsodium verify", 20,
      [&](int) { Keep(verifier.Verify(token).ok()); },
      [&](int) { raw.Verify(); });
  Compare(
      mint_name, "libsodium sign", 40,
      [&](int) { Keep(issuer.Mint(claims).ok()); }, [&](int) { raw.Sign(); });
}

}  // namespace
}  // namespace signet::bench

int main() {
  if (sodium_init() < 0) return 1;
  using signet::KeyFormat;
  signet::bench::BenchFormat(KeyFormat::kPasetoV4Public, "verify_public_cold",
                             "mint_public");
  signet::bench::BenchFormat(KeyFormat::kJwtEdDsa, "verify_jwt_eddsa_cold",
                             "mint_jwt_eddsa");
}
