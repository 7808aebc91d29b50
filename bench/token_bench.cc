// What the library adds to the raw primitive, measured side by side.

#include <sodium.h>

#include "bench/paired.h"
#include "bench/setup.h"

namespace signet::bench {
namespace {

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

// SignedSize is the number of bytes that the token's signature covers: a JWT's
// text before it; a PASETO's message and footer, with the sizes between them.
size_t SignedSize(const std::string& token, KeyFormat format) {
  if (format == KeyFormat::kJwtEdDsa) return token.rfind('.');
  constexpr size_t kHeader = 10, kSizes = 8 * 5, kSignature = 64;
  const size_t dot = token.rfind('.');
  const size_t body = (dot - kHeader) * 3 / 4;
  const size_t footer = (token.size() - dot - 1) * 3 / 4;
  return kSizes + kHeader + body - kSignature + footer;
}

void BenchFormat(KeyFormat format, const std::string& verify_name,
                 const std::string& mint_name) {
  const SigningRing ring = NewRing(format);
  const LiveRing live(ring.Public());
  const RevocationList empty;
  Policy policy = AnyAgePolicy();
  policy.cache_bytes = 0;
  const Verifier verifier = Require(Verifier::Create(policy, live, empty));
  const Issuer issuer(ring);
  const Claims claims = TypicalClaims();
  const std::string token = Require(issuer.Mint(claims));
  Require(verifier.Verify(token).ok(), "a good token is refused");

  Raw raw(SignedSize(token, format));
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
