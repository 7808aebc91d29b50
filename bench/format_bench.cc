// The other token formats against their raw primitives, as in token_bench.cc.

#include <sodium.h>

#include "bench/paired.h"
#include "bench/raw_openssl.h"
#include "bench/setup.h"

namespace signet::bench {
namespace {

// A Case is a format, with a token of it and who verifies it without a cache.
struct Case {
  explicit Case(KeyFormat format)
      : ring(NewRing(format)),
        live(ring.ForVerifier()),
        verifier(Require(Verifier::Create(Uncached(), live, empty))),
        token(Require(Issuer(ring).Mint(TypicalClaims()))) {
    Require(verifier.Verify(token).ok(), "a good token is refused");
  }
  static Policy Uncached() {
    Policy policy = AnyAgePolicy();
    policy.cache_bytes = 0;
    return policy;
  }

  SigningRing ring;
  LiveRing live;
  RevocationList empty;
  Verifier verifier;
  std::string token;
};

void BenchOpenSsl(KeyFormat format, const std::string& name, EVP_PKEY* key,
                  int calls) {
  const Case ours(format);
  RawOpenSsl raw(key, ours.token.rfind('.'));
  Compare(
      name, "OpenSSL verify", calls,
      [&](int) { Keep(ours.verifier.Verify(ours.token).ok()); },
      [&](int) { raw.Verify(); });
}

// RawLocal does what v4.local asks of the primitives: both keys split, the
// MAC over all parts, the cipher over the message.
struct RawLocal {
  explicit RawLocal(size_t message_size)
      : mac_input(message_size + 200, 'm'), message(message_size, 'c') {}
  void Open() {
    unsigned char cipher_key[56], mac_key[32], tag[32];
    crypto_generichash(cipher_key, sizeof cipher_key, split, sizeof split, key,
                       sizeof key);
    crypto_generichash(mac_key, sizeof mac_key, split, sizeof split, key,
                       sizeof key);
    crypto_generichash(tag, sizeof tag, mac_input.data(), mac_input.size(),
                       mac_key, sizeof mac_key);
    crypto_stream_xchacha20_xor(message.data(), message.data(), message.size(),
                                cipher_key + 32, cipher_key);
    Keep(tag[0]);
    Keep(message[0]);
  }
  unsigned char key[32] = {1}, split[56] = {2};
  std::vector<unsigned char> mac_input, message;
};

void BenchLocal() {
  const Case ours(KeyFormat::kPasetoV4Local);
  RawLocal raw(ours.token.size() * 3 / 4 - 100);
  Compare(
      "verify_local_cold", "libsodium key split, MAC, cipher", 400,
      [&](int) { Keep(ours.verifier.Verify(ours.token).ok()); },
      [&](int) { raw.Open(); });
}

}  // namespace
}  // namespace signet::bench

int main() {
  if (sodium_init() < 0) return 1;
  using signet::KeyFormat;
  signet::bench::BenchLocal();
  signet::bench::BenchOpenSsl(KeyFormat::kJwtEs256, "verify_jwt_es256_cold",
                              EVP_EC_gen("prime256v1"), 10);
  signet::bench::BenchOpenSsl(KeyFormat::kJwtRs256, "verify_jwt_rs256_cold",
                              EVP_RSA_gen(2048), 30);
}
