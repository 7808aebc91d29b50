// A record of the engine's log (fields: wire.h):
//
//   record = version u8 (1) ‖ entry / version u8 (2) ‖ entry ‖ subject text
//   entry  = revocation ‖ value text ‖ reason text ‖ actor text
//
// The subject is not empty: what has none is of version 1. Nothing may follow.
// An unknown version is refused, so that an old binary never misreads a newer
// store.
#include "revocation-service/feed/log_entry.h"

#include "revocation-service/feed/wire.h"

namespace signet::service {
namespace {

constexpr uint8_t kPlain = 1;
constexpr uint8_t kWithSubject = 2;

}  // namespace

std::string EncodeLogEntry(const LogEntry& entry) {
  feed::FieldWriter out;
  out.Integer(entry.subject.empty() ? kPlain : kWithSubject);
  out.Entry(entry.revocation);
  out.Text(entry.value);
  out.Text(entry.reason);
  out.Text(entry.actor);
  if (!entry.subject.empty()) out.Text(entry.subject);
  return out.Take();
}

Result<LogEntry> DecodeLogEntry(std::string_view bytes) {
  feed::FieldReader in(bytes);
  const auto version = in.Integer<uint8_t>();
  if (in.ok() && version != kPlain && version != kWithSubject) {
    return Error{ErrorCode::kUnsupported,
                 "reading a log record of version " + std::to_string(version),
                 "the store was written by a newer signetd"};
  }
  LogEntry entry;
  entry.revocation = in.Entry();
  entry.value = in.Text();
  entry.reason = in.Text();
  entry.actor = in.Text();
  if (version == kWithSubject) entry.subject = in.Text();
  if (!in.done() || entry.subject.empty() != (version == kPlain)) {
    return Error{ErrorCode::kCorrupt, "reading a log record: malformed"};
  }
  return entry;
}

}  // namespace signet::service
