#ifndef SIGNET_SERVICE_SESSION_REFRESH_TOKEN_H_
#define SIGNET_SERVICE_SESSION_REFRESH_TOKEN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "signet/key_ring.h"

namespace signet::service {

using SessionId = std::array<uint8_t, 16>;
using SessionSalt = std::array<uint8_t, 16>;

std::string SessionIdText(const SessionId& id);
std::optional<SessionId> ParseSessionId(std::string_view text);

// RefreshToken is a decoded refresh token whose tag was right: a key of the
// `refresh` ring made it. Whether its MAC is right only the session's salt
// can tell.
struct RefreshToken {
  SessionId session{};
  uint32_t generation = 0;
  std::array<uint8_t, 16> mac{};
  // The id of the ring key whose tag matched.
  std::string key_id;
};

// Refresh tokens have their grammar in docs/formats.md.
// Each is a function of ring key, session, generation and salt, so the same
// successor can be made again.
// Functions are safe from any thread.

// MakeRefreshToken derives the token with the given key. REQUIRES: the key is
// of kRefreshMac.
std::string MakeRefreshToken(const SecretKey& key, const SessionId& session,
                             uint32_t generation, const SessionSalt& salt);

// ParseRefreshToken checks form and tag, without I/O. nullopt: junk.
std::optional<RefreshToken> ParseRefreshToken(std::string_view text,
                                              const SigningRing& ring,
                                              Time now);

// CheckRefreshMac tells whether the token belongs to the session with `salt`.
bool CheckRefreshMac(const RefreshToken& token, const SigningRing& ring,
                     const SessionSalt& salt);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_REFRESH_TOKEN_H_
