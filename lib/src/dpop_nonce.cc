// The nonce of a slot of time, 22 characters:
//
//   nonce = base64url( M( key, "signet dpop nonce 1" ‖ length ‖ number ) )
//   key   = BLAKE2b-256( secret, "signet dpop nonce key" )
//   number = floor( milliseconds since 1970 / length )
//
// M is keyed BLAKE2b-128; length, in milliseconds, and number are u64, little
// endian. RFC 9449 section 8: nonce = 1*( %x21 / %x23-5B / %x5D-7E ).

#include "signet/dpop_nonce.h"

#include <array>

namespace signet {
namespace {

constexpr size_t kNonceSize = 16;
constexpr Duration kShortestSlot = std::chrono::seconds(10);
constexpr Duration kLongestSlot = std::chrono::hours(1);

void AppendU64(std::string& out, uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>(value >> shift & 0xff);
  }
}

}  // namespace

Result<SlotNonces> SlotNonces::Create(Bytes secret, Duration slot) {
  if (secret.size() < 32 || secret.size() > 64) {
    return Error{ErrorCode::kInvalid,
                 "DPoP nonces: the secret does not have 32 to 64 bytes"};
  }
  if (slot < kShortestSlot || slot > kLongestSlot) {
    return Error{ErrorCode::kInvalid,
                 "DPoP nonces: a slot does not last 10 s to 1 hour"};
  }
  return SlotNonces(secret, slot);
}

SlotNonces::SlotNonces(Bytes secret, Duration slot) : slot_(slot) {
  Blake2b(key_.span(), AsBytes("signet dpop nonce key"), secret);
}

std::string SlotNonces::Make(Time now) const { return NonceOf(SlotOf(now)); }

DpopNonceState SlotNonces::Check(std::string_view nonce, Time now) const {
  const int64_t slot = SlotOf(now);
  DpopNonceState state = DpopNonceState::kUnknown;
  for (const int64_t known : {slot - 1, slot, slot + 1}) {
    if (!ConstantTimeEqual(AsBytes(nonce), AsBytes(NonceOf(known)))) continue;
    state =
        known == slot - 1 ? DpopNonceState::kAging : DpopNonceState::kCurrent;
  }
  return state;
}

std::string SlotNonces::NonceOf(int64_t slot) const {
  std::string message = "signet dpop nonce 1";
  AppendU64(message, static_cast<uint64_t>(slot_.count()));
  AppendU64(message, static_cast<uint64_t>(slot));
  std::array<uint8_t, kNonceSize> mac;
  Blake2b(mac, AsBytes(message), key_.span());
  return Base64UrlEncode(mac);
}

int64_t SlotNonces::SlotOf(Time now) const {
  return now.time_since_epoch() / slot_;
}

}  // namespace signet
