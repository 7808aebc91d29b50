#include "revocation-service/oauth/security.h"

#include <utility>

namespace signet::service {
namespace {

void Refuse(const Services& services, AuditLine line) {
  if (services.audit != nullptr) services.audit->Refuse(std::move(line));
}

std::optional<http::Response> Limited(const Services& services,
                                      const Origin& origin,
                                      const std::optional<Seconds>& wait,
                                      std::string limit, std::string subject) {
  if (!wait) return std::nullopt;
  AuditLine line =
      MakeAuditLine(AuditEvent::kRateLimited, services.clock.Now(), origin);
  line.reason = std::move(limit);
  line.subject = std::move(subject);
  Refuse(services, std::move(line));
  return TooManyRequests(*wait);
}

}  // namespace

Origin OriginOf(const http::Request& request, std::string client_id) {
  return {std::move(client_id), request.remote, request.trace};
}

void AuditRefusal(const Services& services, AuditEvent event,
                  const Origin& origin, std::string reason) {
  AuditLine line = MakeAuditLine(event, services.clock.Now(), origin);
  line.reason = std::move(reason);
  Refuse(services, std::move(line));
}

void OnAuthenticationFailed(const Services& services,
                            const http::Request& request,
                            std::string_view claimed) {
  if (services.admission != nullptr) services.admission->Charge(request.remote);
  const Client* known = services.clients()->Find(claimed);
  AuditRefusal(services, AuditEvent::kAuthenticationFailed,
               OriginOf(request, known == nullptr ? "" : known->id),
               known == nullptr ? "unknown client" : "wrong credentials");
}

std::optional<http::Response> ShedClient(const Services& services,
                                         const http::Request& request,
                                         const std::string& client_id) {
  if (services.admission == nullptr || request.never_shed) return std::nullopt;
  return Limited(services, OriginOf(request, client_id),
                 services.admission->AdmitClient(client_id), "client", {});
}

std::optional<http::Response> ShedSubject(const Services& services,
                                          const http::Request& request,
                                          const std::string& client_id,
                                          const std::string& subject) {
  if (services.admission == nullptr || request.never_shed) return std::nullopt;
  return Limited(services, OriginOf(request, client_id),
                 services.admission->AdmitSubject(subject), "subject", subject);
}

void AuditExchange(const Services& services, const Origin& origin, bool proven,
                   const ExchangeResult& result) {
  const ExchangeOutcome outcome = result.outcome;
  if (outcome == ExchangeOutcome::kMalformed && !proven &&
      services.admission != nullptr) {
    services.admission->Charge(origin.address);
  }
  // Otherwise its line is in the commit, or it is not to have one.
  if (result.audited || outcome == ExchangeOutcome::kReplayed) return;
  const bool limited = outcome == ExchangeOutcome::kRateLimited;
  AuditLine line = MakeAuditLine(
      limited ? AuditEvent::kRateLimited : AuditEvent::kExchangeRefused,
      services.clock.Now(), origin);
  line.subject = result.subject;
  line.session = result.session;
  line.reason = limited ? "subject" : ExchangeOutcomeName(outcome);
  Refuse(services, std::move(line));
}

}  // namespace signet::service
