// A refresh token:
//
//   token = "srt1." base64url(session 16 ‖ generation u32 BE ‖ tag 8 ‖ mac 16)
//   tag   = first  8 bytes of M("signet srt1 tag" ‖ session ‖ generation)
//   mac   = first 16 bytes of M("signet srt1 mac" ‖ session ‖ generation
//                               ‖ salt 16)
//
// M is keyed BLAKE2b-256 under a key of the `refresh` ring. The tag needs the
// ring alone, so junk costs no I/O; the mac needs the salt of the session's
// record too, so neither a stolen store nor a stolen ring makes a token.
#include "revocation-service/session/refresh_token.h"

#include <algorithm>

#include "signet/primitives.h"

namespace signet::service {
namespace {

constexpr std::string_view kPrefix = "srt1.";
constexpr size_t kTagSize = 8;
constexpr size_t kMacSize = 16;
constexpr size_t kPayloadSize = 16 + 4 + kTagSize + kMacSize;

// HeadText is what the token says in the clear: session and generation.
std::string HeadText(const SessionId& session, uint32_t generation) {
  std::string head(AsText(session));
  for (int shift = 24; shift >= 0; shift -= 8) {
    head.push_back(static_cast<char>(generation >> shift & 0xff));
  }
  return head;
}

Mac TagOf(const SecretKey& key, std::string_view head) {
  std::string message("signet srt1 tag");
  message += head;
  return key.ComputeMac(AsBytes(message));
}

Mac MacOf(const SecretKey& key, std::string_view head,
          const SessionSalt& salt) {
  std::string message("signet srt1 mac");
  message += head;
  message += AsText(salt);
  return key.ComputeMac(AsBytes(message));
}

}  // namespace

std::string SessionIdText(const SessionId& id) { return Base64UrlEncode(id); }

std::optional<SessionId> ParseSessionId(std::string_view text) {
  SessionId id{};
  if (!Base64UrlDecodeTo(text, id)) return std::nullopt;
  return id;
}

std::string MakeRefreshToken(const SecretKey& key, const SessionId& session,
                             uint32_t generation, const SessionSalt& salt) {
  std::string payload = HeadText(session, generation);
  const Mac tag = TagOf(key, payload);
  const Mac mac = MacOf(key, payload, salt);
  payload += AsText(Bytes(tag).first(kTagSize));
  payload += AsText(Bytes(mac).first(kMacSize));
  return std::string(kPrefix) + Base64UrlEncode(AsBytes(payload));
}

std::optional<RefreshToken> ParseRefreshToken(std::string_view text,
                                              const SigningRing& ring,
                                              Time now) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  std::array<uint8_t, kPayloadSize> payload;
  if (!Base64UrlDecodeTo(text.substr(kPrefix.size()), payload)) {
    return std::nullopt;
  }
  const Bytes bytes(payload);
  RefreshToken token;
  std::ranges::copy(bytes.first(16), token.session.begin());
  for (const uint8_t byte : bytes.subspan(16, 4)) {
    token.generation = token.generation << 8 | byte;
  }
  std::ranges::copy(bytes.last(kMacSize), token.mac.begin());

  const std::string_view head = AsText(bytes.first(20));
  for (const SigningRing::Key& entry : ring.keys()) {
    if (!entry.schedule.MayVerify(now, ring.info().policy.clock_skew)) continue;
    const Mac tag = TagOf(entry.key, head);
    if (ConstantTimeEqual(Bytes(tag).first(kTagSize),
                          bytes.subspan(20, kTagSize))) {
      token.key_id = entry.key.id();
      return token;
    }
  }
  return std::nullopt;
}

bool CheckRefreshMac(const RefreshToken& token, const SigningRing& ring,
                     const SessionSalt& salt) {
  const auto entry = std::ranges::find_if(
      ring.keys(), [&](const auto& k) { return k.key.id() == token.key_id; });
  if (entry == ring.keys().end()) return false;
  const Mac mac =
      MacOf(entry->key, HeadText(token.session, token.generation), salt);
  return ConstantTimeEqual(Bytes(mac).first(kMacSize), token.mac);
}

}  // namespace signet::service
