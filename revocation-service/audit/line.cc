// A line of the audit:
//
//   line  = version u8 (1) ‖ event u8 ‖ time u64, in milliseconds ‖ count
//           ‖ session ‖ trace ‖ client text ‖ subject text ‖ address text
//           ‖ reason text ‖ target text
//   session, trace = 0 u8 / (1 u8 ‖ 16 bytes)
//   text  = length u16 ‖ bytes
//
// Integers are big endian, count is u32. Nothing may follow.
#include "revocation-service/audit/line.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "revocation-service/feed/wire.h"

namespace signet::service {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint64_t kMaxTime = 253'402'300'799'999;  // the year 9999

constexpr std::pair<AuditEvent, std::string_view> kNames[] = {
    {AuditEvent::kSessionOpened, "session_opened"},
    {AuditEvent::kSessionEnded, "session_ended"},
    {AuditEvent::kSessionExpired, "session_expired"},
    {AuditEvent::kExchangeRotated, "exchange_rotated"},
    {AuditEvent::kExchangeReplayed, "exchange_replayed"},
    {AuditEvent::kExchangeReuse, "exchange_reuse"},
    {AuditEvent::kExchangeRefused, "exchange_refused"},
    {AuditEvent::kRevoked, "revoked"},
    {AuditEvent::kAuthenticationFailed, "authentication_failed"},
    {AuditEvent::kPermissionDenied, "permission_denied"},
    {AuditEvent::kRateLimited, "rate_limited"},
    {AuditEvent::kKeysChanged, "keys_changed"},
    {AuditEvent::kConfigReloaded, "config_reloaded"},
    {AuditEvent::kConfigRefused, "config_refused"},
    {AuditEvent::kStarted, "started"},
    {AuditEvent::kSuppressed, "suppressed"},
    {AuditEvent::kSessionChanged, "session_changed"},
    {AuditEvent::kSessionSteppedUp, "session_stepped_up"},
    {AuditEvent::kEventRejected, "event_rejected"},
    {AuditEvent::kEventsLost, "events_lost"},
    {AuditEvent::kEventRefused, "event_refused"},
};

using feed::FieldReader;
using feed::FieldWriter;

void PutText(std::string_view text, FieldWriter& out) {
  text = text.substr(0, std::numeric_limits<uint16_t>::max());
  out.Integer(static_cast<uint16_t>(text.size()));
  out.Raw(AsBytes(text));
}

std::string GetText(FieldReader& in) {
  std::string text(std::min<size_t>(in.Integer<uint16_t>(), in.left() + 1), 0);
  for (char& c : text) c = static_cast<char>(in.Integer<uint8_t>());
  return text;
}

void PutId(const std::optional<RevocationId>& id, FieldWriter& out) {
  out.Integer(static_cast<uint8_t>(id ? 1 : 0));
  if (id) out.Raw(*id);
}

std::optional<RevocationId> GetId(FieldReader& in) {
  if (!in.Flag()) return std::nullopt;
  return in.Raw<16>();
}

std::optional<uint8_t> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

std::optional<RevocationId> FromHex(std::string_view text) {
  RevocationId id{};
  if (text.size() != 2 * id.size()) return std::nullopt;
  for (size_t i = 0; i < id.size(); ++i) {
    const auto high = HexDigit(text[2 * i]);
    const auto low = HexDigit(text[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    id[i] = static_cast<uint8_t>(*high << 4 | *low);
  }
  return id;
}

std::string ToHex(const std::optional<RevocationId>& id) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  if (!id) return text;
  for (const uint8_t byte : *id) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

std::string_view AuditEventName(AuditEvent event) {
  for (const auto& [known, name] : kNames) {
    if (known == event) return name;
  }
  return "unknown";
}

std::string AuditEventNames() {
  std::string names;
  for (const auto& [event, name] : kNames) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

std::optional<AuditEvent> ParseAuditEvent(std::string_view name) {
  for (const auto& [known, text] : kNames) {
    if (text == name) return known;
  }
  return std::nullopt;
}

uint8_t LaneOf(AuditEvent event) {
  switch (event) {
    case AuditEvent::kExchangeRotated:
    case AuditEvent::kExchangeReplayed:
      return kExchangeLane;
    case AuditEvent::kExchangeRefused:
    case AuditEvent::kAuthenticationFailed:
    case AuditEvent::kPermissionDenied:
    case AuditEvent::kRateLimited:
    case AuditEvent::kSuppressed:
    case AuditEvent::kEventRefused:
      return kRefusalLane;
    default:
      return kEventLane;
  }
}

AuditLine MakeAuditLine(AuditEvent event, Time time, const Origin& origin) {
  return {.event = event,
          .time = time,
          .client = origin.client,
          .address = origin.address,
          .trace = origin.trace};
}

std::string EncodeAuditLine(const AuditLine& line) {
  const auto milliseconds = line.time.time_since_epoch().count();
  FieldWriter out;
  out.Integer(kVersion);
  out.Integer(static_cast<uint8_t>(line.event));
  out.Integer(static_cast<uint64_t>(std::max<int64_t>(milliseconds, 0)));
  out.Integer(static_cast<uint32_t>(
      std::min<uint64_t>(line.count, std::numeric_limits<uint32_t>::max())));
  PutId(line.session, out);
  PutId(FromHex(line.trace), out);
  for (const std::string* text : {&line.client, &line.subject, &line.address,
                                  &line.reason, &line.target}) {
    PutText(*text, out);
  }
  return out.Take();
}

Result<AuditLine> DecodeAuditLine(std::string_view bytes) {
  FieldReader in(bytes);
  const auto version = in.Integer<uint8_t>();
  if (in.ok() && version != kVersion) {
    return Error{ErrorCode::kUnsupported,
                 "reading an audit line of version " + std::to_string(version),
                 "the store was written by a newer signetd"};
  }
  AuditLine line;
  line.event = static_cast<AuditEvent>(in.Integer<uint8_t>());
  const uint64_t time = in.Integer<uint64_t>();
  line.time = Time(Duration(std::min(time, kMaxTime)));
  line.count = in.Integer<uint32_t>();
  line.session = GetId(in);
  line.trace = ToHex(GetId(in));
  for (std::string* text : {&line.client, &line.subject, &line.address,
                            &line.reason, &line.target}) {
    *text = GetText(in);
  }
  if (!in.done() || time > kMaxTime) {
    return Error{ErrorCode::kCorrupt, "reading an audit line: malformed"};
  }
  return line;
}

LedgerLine ToLedger(const AuditLine& line) {
  return {LaneOf(line.event), EncodeAuditLine(line)};
}

}  // namespace signet::service
