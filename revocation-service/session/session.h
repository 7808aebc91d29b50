#ifndef SIGNET_SERVICE_SESSION_SESSION_H_
#define SIGNET_SERVICE_SESSION_SESSION_H_

#include <string>
#include <string_view>
#include <vector>

#include "revocation-service/session/refresh_token.h"
#include "signet/clock.h"
#include "signet/result.h"

namespace signet::service {

// Session is the one record that a session has in the store, whatever number
// of tokens it has had. It is a value.
struct Session {
  SessionId id{};
  SessionSalt salt{};
  std::string subject;
  std::string client_id;
  std::vector<std::string> audience;
  std::string scope;
  std::string device;         // a label for people
  std::string custom;         // custom claims, one JSON object text, or empty
  EpochSeconds created_at{};  // when the subject authenticated; iat's floor
  Time rotated_at{};          // when `generation` was made
  EpochSeconds last_seen{};
  EpochSeconds expires_at{};  // absolute lifetime
  Seconds idle_timeout{};     // since last_seen
  uint32_t generation = 1;    // of the live refresh token
  std::string key_id;         // ring key that made that token
  // Generations in a row whose predecessor came again in grace, and whether
  // this one's did: a thief who keeps in step shows as a long row.
  uint32_t graces = 0;
  bool replayed = false;
  // The thumbprint of the DPoP key that refresh tokens are bound to, or empty.
  std::string dpop_jkt;
  // What a retry of the request that made this generation is known by: a
  // digest of its Idempotency-Key, or empty.
  std::string retry_proof;
  // When the last access token of the session dies: bounds drop_after. None
  // was issued after last_seen.
  EpochSeconds access_until{};

  bool operator==(const Session&) const = default;
};

// EncodeSession and DecodeSession are the stored form: a version byte, then
// fields. kCorrupt if the bytes are not what EncodeSession wrote; an unknown
// version is kUnsupported, so an old binary refuses a newer store. REQUIRES:
// times are within 1970 and the year 9999.
std::string EncodeSession(const Session& session);
Result<Session> DecodeSession(const SessionId& id, std::string_view bytes);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_SESSION_H_
