#include <algorithm>
#include <array>

#include "hazmat.h"
#include "paserk.h"

// PASERK, "PKE", version 4:
//
//   sealed = "k4.seal." base64url( tag 32 ‖ epk 32 ‖ ciphertext 32 )
//   tag    = BLAKE2b-256( key = mac key, "k4.seal." ‖ epk ‖ ciphertext )
//   keys   = BLAKE2b-256( %x01 or %x02 ‖ "k4.seal." ‖ X25519 ‖ epk ‖ xpk )
//   nonce  = BLAKE2b-192( epk ‖ xpk )
//
// epk is a fresh X25519 key, xpk the X25519 form of the Ed25519 key. The text
// of the specification says "k4.local." for "k4.seal."; its vectors are as
// here.

namespace signet::paserk {

namespace {

constexpr size_t kTagSize = 32;
constexpr size_t kEpkSize = 32;

// SealKeys are the keys of one sealing. X25519 gives both sides the same.
struct SealKeys {
  SecretBytes<32> cipher;
  SecretBytes<32> mac;
  std::array<uint8_t, 24> nonce{};
};

SealKeys DeriveSealKeys(const SecretBytes<32>& shared, Bytes epk, KeySpan xpk) {
  SealKeys keys;
  auto derive = [&](uint8_t use, std::span<uint8_t> out) {
    const uint8_t first[] = {use};
    hazmat::Blake2bStream(out.size())
        .Update(first)
        .Update(AsBytes(Prefix(Type::kSeal)))
        .Update(shared.span())
        .Update(epk)
        .Update(xpk)
        .Finish(out);
  };
  derive(0x01, keys.cipher.span());
  derive(0x02, keys.mac.span());
  hazmat::Blake2bStream(keys.nonce.size())
      .Update(epk)
      .Update(xpk)
      .Finish(keys.nonce);
  return keys;
}

void ComputeTag(const SealKeys& keys, Bytes epk_and_ciphertext,
                std::span<uint8_t> tag) {
  hazmat::Blake2bStream(kTagSize, keys.mac.span())
      .Update(AsBytes(Prefix(Type::kSeal)))
      .Update(epk_and_ciphertext)
      .Finish(tag);
}

}  // namespace

Result<std::string> Seal(KeySpan key, KeySpan public_key) {
  std::array<uint8_t, 32> xpk;
  if (!hazmat::Ed25519PublicToX25519(xpk, public_key)) {
    return Error{ErrorCode::kInvalid,
                 "sealing: the public key is not a canonical point of "
                 "Ed25519's group"};
  }
  std::array<uint8_t, kTagSize + kEpkSize + 32> sealed;
  const std::span<uint8_t, 96> all(sealed);
  const auto epk = all.subspan<kTagSize, kEpkSize>();
  SecretBytes<32> esk;
  SecretBytes<32> shared;
  FillRandom(esk.span());
  hazmat::X25519Public(epk, esk.span());
  if (!hazmat::X25519(shared.span(), esk.span(), xpk)) {
    return Error{ErrorCode::kInternal, "sealing: X25519 gave nothing"};
  }
  const SealKeys keys = DeriveSealKeys(shared, epk, xpk);
  hazmat::XChaCha20Xor(all.last<32>(), key, keys.nonce, keys.cipher.span());
  ComputeTag(keys, all.subspan(kTagSize), all.first(kTagSize));
  return EncodeBody(Type::kSeal, sealed);
}

Result<SecretKeyBytes> Unseal(std::string_view text, KeySpan seed) {
  std::array<uint8_t, kTagSize + kEpkSize + 32> sealed;
  Status decoded = DecodeBody(Type::kSeal, text, sealed);
  if (!decoded.ok()) return decoded.error();
  const std::span<const uint8_t, 96> all(sealed);
  const auto epk = all.subspan<kTagSize, kEpkSize>();
  SecretBytes<32> xsk;
  SecretBytes<32> shared;
  std::array<uint8_t, 32> xpk;
  hazmat::Ed25519SeedToX25519(xsk.span(), seed);
  hazmat::X25519Public(xpk, xsk.span());
  // RFC 7748 section 6.1: an epk of small order gives zero, which no secret
  // key has a part in.
  if (!hazmat::X25519(shared.span(), xsk.span(), epk)) {
    return Denied(Type::kSeal);
  }
  const SealKeys keys = DeriveSealKeys(shared, epk, xpk);
  std::array<uint8_t, kTagSize> tag;
  ComputeTag(keys, all.subspan(kTagSize), tag);
  if (!ConstantTimeEqual(tag, all.first(kTagSize))) return Denied(Type::kSeal);
  SecretKeyBytes key;
  hazmat::XChaCha20Xor(key.span(), all.last<32>(), keys.nonce,
                       keys.cipher.span());
  return key;
}

}  // namespace signet::paserk
