#include "hazmat.h"

#include <sodium.h>

#include <cassert>
#include <cstdlib>
#include <cstring>

namespace signet {

namespace {

// Ready starts libsodium before its first use. It picks the code for this
// processor and opens the random generator; without it nothing here is safe,
// so there is no going on if it fails. Ed25519 and SHA-256 have one
// implementation and need no start: verification does not pay for it.
void Ready() {
  static const bool started = [] {
    if (sodium_init() < 0) std::abort();
    return true;
  }();
  (void)started;
}

}  // namespace

void Wipe(std::span<uint8_t> bytes) {
  sodium_memzero(bytes.data(), bytes.size());
}

void FillRandom(std::span<uint8_t> out) {
  Ready();
  randombytes_buf(out.data(), out.size());
}

bool ConstantTimeEqual(Bytes a, Bytes b) {
  if (a.size() != b.size()) return false;
  return a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Blake2b(std::span<uint8_t> out, Bytes message, Bytes key) {
  Ready();
  // libsodium takes a null key for "no key"; an empty span may not be null.
  const int failed =
      crypto_generichash(out.data(), out.size(), message.data(), message.size(),
                         key.empty() ? nullptr : key.data(), key.size());
  assert(failed == 0);
  (void)failed;
}

namespace hazmat {

void Ed25519Expand(std::span<const uint8_t, 32> seed,
                   std::span<uint8_t, 64> expanded) {
  Ready();
  std::array<uint8_t, 32> public_key;
  crypto_sign_seed_keypair(public_key.data(), expanded.data(), seed.data());
}

void Ed25519Sign(std::span<uint8_t, 64> signature, Bytes message,
                 std::span<const uint8_t, 64> expanded) {
  crypto_sign_detached(signature.data(), nullptr, message.data(),
                       message.size(), expanded.data());
}

bool Ed25519Verify(std::span<const uint8_t, 64> signature, Bytes message,
                   std::span<const uint8_t, 32> public_key) {
  return crypto_sign_verify_detached(signature.data(), message.data(),
                                     message.size(), public_key.data()) == 0;
}

bool Ed25519IsValidPoint(std::span<const uint8_t, 32> point) {
  Ready();
  return crypto_core_ed25519_is_valid_point(point.data()) == 1;
}

bool Ed25519PublicToX25519(std::span<uint8_t, 32> out,
                           std::span<const uint8_t, 32> public_key) {
  return Ed25519IsValidPoint(public_key) &&
         crypto_sign_ed25519_pk_to_curve25519(out.data(), public_key.data()) ==
             0;
}

void Ed25519SeedToX25519(std::span<uint8_t, 32> out,
                         std::span<const uint8_t, 32> seed) {
  SecretBytes<64> expanded;
  Ed25519Expand(seed, expanded.span());
  crypto_sign_ed25519_sk_to_curve25519(out.data(), expanded.span().data());
}

void X25519Public(std::span<uint8_t, 32> public_key,
                  std::span<const uint8_t, 32> secret_key) {
  Ready();
  crypto_scalarmult_base(public_key.data(), secret_key.data());
}

bool X25519(std::span<uint8_t, 32> shared,
            std::span<const uint8_t, 32> secret_key,
            std::span<const uint8_t, 32> public_key) {
  Ready();
  return crypto_scalarmult(shared.data(), secret_key.data(),
                           public_key.data()) == 0;
}

void XChaCha20Xor(std::span<uint8_t> out, Bytes in,
                  std::span<const uint8_t, 24> nonce,
                  std::span<const uint8_t, 32> key) {
  assert(out.size() == in.size());
  if (in.empty()) return;  // an empty span may be null
  Ready();
  crypto_stream_xchacha20_xor(out.data(), in.data(), in.size(), nonce.data(),
                              key.data());
}

void Sha256(std::span<uint8_t, 32> out, Bytes message) {
  crypto_hash_sha256(out.data(), message.data(), message.size());
}

HmacSha256::HmacSha256(Bytes key) {
  static_assert(sizeof(crypto_auth_hmacsha256_state) == sizeof keyed_);
  // An empty span may be null, and libsodium copies from it.
  const uint8_t none = 0;
  crypto_auth_hmacsha256_init(
      reinterpret_cast<crypto_auth_hmacsha256_state*>(keyed_.data()),
      key.empty() ? &none : key.data(), key.size());
}

HmacSha256::~HmacSha256() { Wipe(keyed_); }

void HmacSha256::Compute(Bytes message, std::span<uint8_t, 32> mac) const {
  crypto_auth_hmacsha256_state state;
  std::memcpy(&state, keyed_.data(), sizeof state);
  crypto_auth_hmacsha256_update(&state, message.data(), message.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  sodium_memzero(&state, sizeof state);
}

namespace {

crypto_generichash_state* AsState(std::array<uint8_t, 384>& bytes) {
  static_assert(sizeof(crypto_generichash_state) <= 384);
  static_assert(alignof(crypto_generichash_state) <= 64);
  return reinterpret_cast<crypto_generichash_state*>(bytes.data());
}

}  // namespace

Blake2bStream::Blake2bStream(size_t size, Bytes key) {
  Ready();
  const int failed = crypto_generichash_init(
      AsState(state_), key.empty() ? nullptr : key.data(), key.size(), size);
  assert(failed == 0);
  (void)failed;
}

Blake2bStream::~Blake2bStream() { Wipe(state_); }

Blake2bStream& Blake2bStream::Update(Bytes piece) {
  crypto_generichash_update(AsState(state_), piece.data(), piece.size());
  return *this;
}

void Blake2bStream::Finish(std::span<uint8_t> out) {
  const int failed =
      crypto_generichash_final(AsState(state_), out.data(), out.size());
  assert(failed == 0);
  (void)failed;
}

Status Argon2id(std::span<uint8_t, 32> out, Bytes passphrase,
                std::span<const uint8_t, 16> salt, const Argon2Cost& cost) {
  Ready();
  if (cost.passes < 1 || cost.passes > kMaxArgon2Passes) {
    return Error{ErrorCode::kInvalid,
                 "argon2id: " + std::to_string(cost.passes) +
                     " passes, the range is 1 to " +
                     std::to_string(kMaxArgon2Passes)};
  }
  if (cost.memory_bytes < kMinArgon2Memory ||
      cost.memory_bytes > kMaxArgon2Memory) {
    return Error{ErrorCode::kInvalid,
                 "argon2id: " + std::to_string(cost.memory_bytes) +
                     " bytes of memory, the range is " +
                     std::to_string(kMinArgon2Memory) + " to " +
                     std::to_string(kMaxArgon2Memory)};
  }
  const std::string_view text = AsText(passphrase);
  if (crypto_pwhash(out.data(), out.size(), text.data(), text.size(),
                    salt.data(), cost.passes, cost.memory_bytes,
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Error{ErrorCode::kInternal, "argon2id: no memory of " +
                                           std::to_string(cost.memory_bytes) +
                                           " bytes"};
  }
  return {};
}

}  // namespace hazmat

}  // namespace signet
