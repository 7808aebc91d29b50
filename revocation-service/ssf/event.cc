#include "revocation-service/ssf/event.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "signet/primitives.h"
#include "signet/revocation.h"

namespace signet::service::ssf {
namespace {

namespace json = boost::json;

int64_t Number(EpochSeconds time) { return time.time_since_epoch().count(); }

json::object Opaque(std::string_view id) {
  return {{"format", "opaque"}, {"id", id}};
}

json::object User(const std::string& issuer, std::string_view subject) {
  return {{"format", "iss_sub"}, {"iss", issuer}, {"sub", subject}};
}

// SubjectOf follows RFC 9493, and SSF 1.0 section 3.2 for complex subjects.
json::object SubjectOf(const std::string& issuer, const LogEntry& entry) {
  switch (entry.revocation.kind) {
    case RevocationKind::kSubject:
      return User(issuer, entry.value);
    case RevocationKind::kClient:
      return {{"format", "complex"}, {"application", Opaque(entry.value)}};
    case RevocationKind::kAll:
      return {{"format", "complex"},
              {"tenant", {{"format", "uri"}, {"uri", issuer}}}};
    default:
      // The `sid` of the access tokens. Whose it was is not known of a session
      // that had ended before, and of entries of an older signetd.
      if (entry.subject.empty()) return Opaque(entry.value);
      return {{"format", "complex"},
              {"user", User(issuer, entry.subject)},
              {"session", Opaque(entry.value)}};
  }
}

// InitiatorOf is a word of CAEP 1.0 section 2.
std::string_view InitiatorOf(const LogEntry& entry) {
  const std::string& reason = entry.reason;
  if (reason == "reuse" || reason == "evicted") return "policy";
  if (reason == "logout" || reason == "revoked") return "user";
  if (entry.actor == "signetd") return "system";
  return "admin";
}

// ReasonOf is told for the service's own words only: what an operator writes
// beside a revocation is not for partners.
std::string_view ReasonOf(const LogEntry& entry) {
  constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
      {"logout", "logout"},
      {"revoked", "logout by the app"},
      {"reuse", "a refresh token was used twice"},
      {"evicted", "the user has too many sessions"},
  };
  for (const auto& [reason, text] : kTexts) {
    if (entry.reason == reason) return text;
  }
  return "";
}

std::string Payload(const Stream& stream, const std::string& id,
                    EpochSeconds at, json::object subject,
                    std::string_view event, json::object details) {
  json::object events;
  events[json::string_view(event.data(), event.size())] = std::move(details);
  json::object claims;
  claims["iss"] = stream.issuer;
  claims["jti"] = id;
  claims["iat"] = Number(at);
  claims["aud"] = stream.audience;
  claims["sub_id"] = std::move(subject);
  claims["events"] = std::move(events);
  return json::serialize(claims);
}

}  // namespace

bool IsEvent(const LogEntry& entry) {
  if (std::string_view(entry.actor).starts_with(kReceivedPrefix)) return false;
  // It goes on under another id: whoever ended it would log the user out.
  if (entry.reason == kSteppedUp) return false;
  switch (entry.revocation.kind) {
    case RevocationKind::kSession:
    case RevocationKind::kSubject:
    case RevocationKind::kClient:
    case RevocationKind::kAll:
      return true;
    default:
      return false;
  }
}

std::string EventId(uint32_t epoch, uint64_t sequence, const LogEntry& entry) {
  return std::to_string(epoch) + "." + std::to_string(sequence) + "." +
         std::to_string(Number(entry.revocation.at));
}

std::string EventPayload(const Stream& stream, const std::string& id,
                         const LogEntry& entry) {
  const Revocation& revocation = entry.revocation;
  EpochSeconds ended = revocation.at;
  // A cutoff in the past leaves what was opened since: so does the event.
  if (IsCutoff(revocation.kind)) {
    ended = std::min(ended, revocation.not_before);
  }
  json::object details;
  details["event_timestamp"] = Number(ended);
  details["initiating_entity"] = InitiatorOf(entry);
  const std::string_view reason = ReasonOf(entry);
  if (!reason.empty()) details["reason_admin"] = json::object{{"en", reason}};
  return Payload(stream, id, revocation.at, SubjectOf(stream.issuer, entry),
                 kSessionRevoked, std::move(details));
}

std::string NoticePayload(const Stream& stream, const Notice& notice) {
  json::object details;
  if (notice.kind == Notice::Kind::kUpdated) {
    details["status"] = "enabled";
    details["reason"] = notice.text;
  } else if (!notice.text.empty()) {
    details["state"] = notice.text;
  }
  return Payload(
      stream, notice.id, notice.at, Opaque(stream.id),
      notice.kind == Notice::Kind::kUpdated ? kStreamUpdated : kVerification,
      std::move(details));
}

std::string StreamIdOf(std::string_view client_id) {
  std::array<uint8_t, 16> digest{};
  Blake2b(digest, AsBytes(client_id));
  return Base64UrlEncode(digest);
}

}  // namespace signet::service::ssf
