#include "tests/fuzz/world.h"

#include <openssl/bn.h>

#include <memory>

#include "evp_key.h"

namespace signet::fuzz {
namespace {

using hazmat::EvpKey;
using hazmat::RsaNumbers;

struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_free(number); }
};
struct FreeContext {
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
using Number = std::unique_ptr<BIGNUM, FreeNumber>;

Number New() { return Number(BN_new()); }

// PrimeOf is the first prime of 1024 bits from a place that the seed gives.
Number PrimeOf(BN_CTX* context, uint8_t key, uint8_t which) {
  std::array<uint8_t, 128> start;
  for (uint8_t half = 0; half < 2; ++half) {
    const std::array<uint8_t, 3> seed = {key, which, half};
    Blake2b(std::span(start).subspan(half * size_t{64}, 64), seed);
  }
  start.front() |= 0xc0;
  start.back() |= 1;
  Number prime(BN_bin2bn(start.data(), start.size(), nullptr));
  while (BN_check_prime(prime.get(), context, nullptr) != 1) {
    FUZZ_CHECK(BN_add_word(prime.get(), 2) == 1);
  }
  return prime;
}

std::string BytesOf(const Number& number) {
  std::string out(static_cast<size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<uint8_t*>(out.data()));
  return out;
}

// RsaSecret is PKCS#8 of a key of 2048 bits (RFC 8017 section 3.2).
std::string RsaSecret(uint8_t number) {
  const std::unique_ptr<BN_CTX, FreeContext> context(BN_CTX_new());
  BN_CTX* const ctx = context.get();
  const Number p = PrimeOf(ctx, number, 0);
  const Number q = PrimeOf(ctx, number, 1);
  const Number n = New(), e = New(), d = New(), phi = New();
  const Number p1(BN_dup(p.get())), q1(BN_dup(q.get()));
  const Number dp = New(), dq = New(), qi = New();
  BN_set_word(e.get(), 65537);
  BN_sub_word(p1.get(), 1);
  BN_sub_word(q1.get(), 1);
  BN_mul(n.get(), p.get(), q.get(), ctx);
  BN_mul(phi.get(), p1.get(), q1.get(), ctx);
  FUZZ_CHECK(BN_mod_inverse(d.get(), e.get(), phi.get(), ctx) != nullptr);
  BN_mod(dp.get(), d.get(), p1.get(), ctx);
  BN_mod(dq.get(), d.get(), q1.get(), ctx);
  FUZZ_CHECK(BN_mod_inverse(qi.get(), q.get(), p.get(), ctx) != nullptr);
  RsaNumbers numbers;
  numbers.n = BytesOf(n);
  numbers.e = BytesOf(e);
  struct Field {
    SecretBuffer RsaNumbers::*to;
    const Number& from;
  };
  for (const Field& field :
       {Field{&RsaNumbers::d, d}, Field{&RsaNumbers::p, p},
        Field{&RsaNumbers::q, q}, Field{&RsaNumbers::dp, dp},
        Field{&RsaNumbers::dq, dq}, Field{&RsaNumbers::qi, qi}}) {
    numbers.*field.to = SecretBuffer(AsBytes(BytesOf(field.from)));
  }
  const auto key = EvpKey::FromRsaPrivate(numbers);
  FUZZ_CHECK(key.ok());
  return std::string(AsText(key->Pkcs8().bytes()));
}

// SecretOf makes an RSA key once: it is what takes long.
std::string SecretOf(KeyFormat format, uint8_t number) {
  if (format == KeyFormat::kJwtRs256 || format == KeyFormat::kJwtPs256) {
    static std::array<std::string, 256> made;
    if (made[number].empty()) made[number] = RsaSecret(number);
    return made[number];
  }
  std::string seed(32, '\0');
  // X25519 ignores the lowest bits of the first byte.
  seed[0] = seed[16] = static_cast<char>(number);
  return seed;
}

}  // namespace

KeyPurpose PurposeOf(KeyFormat format) {
  for (const KeyPurpose purpose :
       {KeyPurpose::kAccess, KeyPurpose::kRefresh, KeyPurpose::kFeed,
        KeyPurpose::kEncryption}) {
    if (FitsPurpose(purpose, format)) return purpose;
  }
  std::abort();
}

SecretKey FixedKey(KeyFormat format, uint8_t number) {
  auto key = SecretKey::FromSecret(format, AsBytes(SecretOf(format, number)));
  FUZZ_CHECK(key.ok());
  return *std::move(key);
}

SigningRing FixedRing(KeyFormat format) {
  using std::chrono::hours;
  RingInfo info;
  info.purpose = PurposeOf(format);
  info.format = format;
  info.generation = 7;
  const Time now(kNow);
  KeySchedule first{now - hours(3), now - hours(3)};
  first.verify_only_at = now - hours(1);
  first.retires_at = now + hours(12);
  KeySchedule second{now - hours(2), now - hours(1)};
  second.verify_only_at = now + hours(1);
  second.retires_at = now + hours(24);
  std::vector<SigningRing::Key> keys;
  keys.push_back({FixedKey(format, 1), first});
  keys.push_back({FixedKey(format, 2), second});
  keys.push_back({FixedKey(format, 3), {now - hours(1), now + hours(1)}});
  auto ring = SigningRing::Create(info, std::move(keys));
  FUZZ_CHECK(ring.ok());
  return *std::move(ring);
}

}  // namespace signet::fuzz
