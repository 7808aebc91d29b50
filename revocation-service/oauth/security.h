#ifndef SIGNET_SERVICE_OAUTH_SECURITY_H_
#define SIGNET_SERVICE_OAUTH_SECURITY_H_

#include <optional>
#include <string>

#include "revocation-service/oauth/endpoints.h"

namespace signet::service {

// What the endpoints tell the audit and ask of the limits. Services without
// an audit or limits have none.

// OriginOf is who sends a request, for the audit.
Origin OriginOf(const http::Request& request, std::string client_id);

// AuditRefusal tells of a request that came to nothing.
void AuditRefusal(const Services& services, AuditEvent event,
                  const Origin& origin, std::string reason);

// OnAuthenticationFailed audits it and charges the address. `claimed` is the
// client id that was sent; it is written only if there is such a client, since
// people paste secrets into the wrong field.
void OnAuthenticationFailed(const Services& services,
                            const http::Request& request,
                            std::string_view claimed);

// ShedClient is 429 if a client that has proved who it is asks too often;
// ShedSubject, if a subject does. Neither concerns a request that is never
// shed.
std::optional<http::Response> ShedClient(const Services& services,
                                         const http::Request& request,
                                         const std::string& client_id);
std::optional<http::Response> ShedSubject(const Services& services,
                                          const http::Request& request,
                                          const std::string& client_id,
                                          const std::string& subject);

// AuditExchange tells of an exchange whose commit did not, and charges the
// address for junk that nobody vouches for.
void AuditExchange(const Services& services, const Origin& origin, bool proven,
                   const ExchangeResult& result);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_OAUTH_SECURITY_H_
