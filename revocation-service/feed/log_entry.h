#ifndef SIGNET_SERVICE_FEED_LOG_ENTRY_H_
#define SIGNET_SERVICE_FEED_LOG_ENTRY_H_

#include <string>
#include <string_view>

#include "signet/result.h"
#include "signet/revocation.h"

namespace signet::service {

// LogEntry is one record of the engine's log: what verifiers get, and what
// people want to know about it.
struct LogEntry {
  Revocation revocation;
  std::string value;   // what was revoked, as it was named
  std::string reason;  // "logout", "reuse", …
  std::string actor;   // the client that asked, or "signetd"
  // Whose session it is, of kind kSession, if that was known. For partners
  // (ssf/): neither verifiers nor the JSON log are told.
  std::string subject = {};

  bool operator==(const LogEntry&) const = default;
};

// EncodeLogEntry and DecodeLogEntry are the stored form, a version byte first.
// kCorrupt, kUnsupported as DecodeSession.
std::string EncodeLogEntry(const LogEntry& entry);
Result<LogEntry> DecodeLogEntry(std::string_view bytes);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_FEED_LOG_ENTRY_H_
