#ifndef SIGNET_SERVICE_AUDIT_LINE_H_
#define SIGNET_SERVICE_AUDIT_LINE_H_

#include <optional>
#include <string>
#include <string_view>

#include "revocation-service/storage/ledger.h"
#include "signet/clock.h"
#include "signet/result.h"
#include "signet/revocation.h"

namespace signet::service {

// AuditEvent is the closed set of what is audited. The numbers are stored and
// never change their meaning; names stand in docs/operations.md.
enum class AuditEvent : uint8_t {
  kSessionOpened = 1,
  kSessionEnded = 2,
  kSessionExpired = 3,
  kExchangeRotated = 4,
  kExchangeReplayed = 5,
  kExchangeReuse = 6,  // and the session has ended
  kExchangeRefused = 7,
  kRevoked = 8,
  kAuthenticationFailed = 9,
  kPermissionDenied = 10,
  kRateLimited = 11,
  kKeysChanged = 12,
  kConfigReloaded = 13,
  kConfigRefused = 14,
  kStarted = 15,
  kSuppressed = 16,  // refusals that were counted and not written
  kSessionChanged = 17,
  kSessionSteppedUp = 18,  // ended, and opened anew with other privileges
  kEventRejected = 19,     // a partner would not take an event
  kEventsLost = 20,        // forgotten before a partner had them
  kEventRefused = 21,      // of a transmitter, by this service
};

std::string_view AuditEventName(AuditEvent event);
std::optional<AuditEvent> ParseAuditEvent(std::string_view name);
// AuditEventNames is all of them, with commas between.
std::string AuditEventNames();

// The lanes of the ledger: what changes something and is rare; what is
// routine; what was refused, and so can be provoked by anybody.
inline constexpr uint8_t kEventLane = 0;
inline constexpr uint8_t kExchangeLane = 1;
inline constexpr uint8_t kRefusalLane = 2;

uint8_t LaneOf(AuditEvent event);

// Origin is who asked: the client that did or claimed to, where it connected
// from, and the trace of its request.
struct Origin {
  std::string client = {};
  std::string address = {};
  std::string trace = {};

  Origin() = default;
  // What stands alone is a client: "signetd" for the service itself.
  Origin(std::string client_in)  // NOLINT(google-explicit-constructor)
      : client(std::move(client_in)) {}
  Origin(const char* client_in)  // NOLINT(google-explicit-constructor)
      : client(client_in) {}
  Origin(std::string client_in, std::string address_in, std::string trace_in)
      : client(std::move(client_in)),
        address(std::move(address_in)),
        trace(std::move(trace_in)) {}
};

// AuditLine says who did what to whom, when and why. It never holds a token,
// a secret, or a text that a stranger chose. It is a value.
struct AuditLine {
  AuditEvent event = AuditEvent::kStarted;
  Time time{};
  std::string client = {};
  std::string subject = {};
  std::optional<RevocationId> session = {};
  std::string address = {};
  std::string trace = {};  // 32 lower-case hexadecimal digits, or empty
  std::string reason = {};
  std::string target = {};  // what else it was about: "key:…", "all", a ring
  uint64_t count = 1;       // how many it stands for

  bool operator==(const AuditLine&) const = default;
};

AuditLine MakeAuditLine(AuditEvent event, Time time, const Origin& origin);

// EncodeAuditLine and DecodeAuditLine are the stored form (docs/formats.md),
// a version byte first. kCorrupt, kUnsupported as DecodeSession.
std::string EncodeAuditLine(const AuditLine& line);
Result<AuditLine> DecodeAuditLine(std::string_view bytes);

// ToLedger puts a line into its lane.
LedgerLine ToLedger(const AuditLine& line);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_AUDIT_LINE_H_
