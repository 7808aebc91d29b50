#ifndef SIGNET_SERVICE_SSF_EVENT_H_
#define SIGNET_SERVICE_SSF_EVENT_H_

#include <string>
#include <string_view>

#include "revocation-service/feed/log_entry.h"
#include "revocation-service/ssf/stream_state.h"

namespace signet::service::ssf {

// The media type of a security event token, without "application/" (RFC 8417
// section 2.3).
inline constexpr std::string_view kEventType = "secevent+jwt";

inline constexpr std::string_view kSessionRevoked =
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
inline constexpr std::string_view kVerification =
    "https://schemas.openid.net/secevent/ssf/event-type/verification";
inline constexpr std::string_view kStreamUpdated =
    "https://schemas.openid.net/secevent/ssf/event-type/stream-updated";

// What begins the actor of a revocation that another transmitter's event
// caused: its issuer follows.
inline constexpr std::string_view kReceivedPrefix = "ssf:";

// The reason of a session's revocation that goes on under another id.
inline constexpr std::string_view kSteppedUp = "step_up";

// IsEvent tells whether a revocation is told to partners: those of tokens and
// keys, and a step up, end no session, and what came from a transmitter is that
// one's to tell.
bool IsEvent(const LogEntry& entry);

// EventId is the `jti` of a log record: the same whenever it is delivered, and
// another one if a new store begins the same numbers again.
std::string EventId(uint32_t epoch, uint64_t sequence, const LogEntry& entry);

// Stream is what all events of one partner have in common.
struct Stream {
  std::string issuer;
  std::string audience;  // the partner's client id
  std::string id;        // stream_id
};

// EventPayload and NoticePayload are the claims of a SET (RFC 8417; SSF 1.0
// section 4.1: `sub_id` at the top, neither `sub` nor `exp`).
// REQUIRES: IsEvent(entry).
std::string EventPayload(const Stream& stream, const std::string& id,
                         const LogEntry& entry);
std::string NoticePayload(const Stream& stream, const Notice& notice);

// StreamIdOf names a client's stream in characters that a URL takes as they
// are.
std::string StreamIdOf(std::string_view client_id);

}  // namespace signet::service::ssf

#endif  // SIGNET_SERVICE_SSF_EVENT_H_
