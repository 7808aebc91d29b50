#ifndef SIGNET_SERVICE_OAUTH_ENDPOINTS_H_
#define SIGNET_SERVICE_OAUTH_ENDPOINTS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "revocation-service/audit/audit_log.h"
#include "revocation-service/feed/publisher.h"
#include "revocation-service/limits/admission.h"
#include "revocation-service/metrics.h"
#include "revocation-service/oauth/clients.h"
#include "revocation-service/oauth/proofs.h"
#include "revocation-service/rings.h"
#include "revocation-service/routes.h"
#include "revocation-service/session/session_store.h"
#include "signet/verifier.h"

namespace signet::service {

class StatusLists;

// Services is what the endpoints work with: all borrowed.
struct Services {
  SessionStore& sessions;
  Publisher& publisher;
  const Rings& rings;
  const Verifier& verifier;  // of this issuer's access tokens, any audience
  const Proofs& proofs;
  Metrics& metrics;
  const Clock& clock;
  std::string issuer;
  // The registry in force; replaced on reload.
  std::function<std::shared_ptr<const Clients>()> clients;
  AuditLog* audit = nullptr;
  Admission* admission = nullptr;
  StatusLists* status_lists = nullptr;
};

// AuthenticateClient reads the client's credentials from a request: Basic
// (RFC 6749 section 2.3.1, form-decoded), the body's client_id and
// client_secret, its client_assertion (RFC 7523 section 2.2), or client_id
// alone of a public client. A request without a form brings its assertion as
// `Authorization: Bearer`. More than one method at once is invalid_request. On
// failure the response is in the error.
struct ClientAuthentication {
  std::shared_ptr<const Clients> registry;  // keeps `client` alive
  const Client* client = nullptr;
  bool proven = false;  // by a secret or a key
};
Result<ClientAuthentication, http::Response> AuthenticateClient(
    const Services& services, const http::Request& request);

// RequirePermission authenticates by header or body, demands a confidential
// client, and the permission: 401 or 403 in the error.
Result<ClientAuthentication, http::Response> RequirePermission(
    const Services& services, const http::Request& request,
    std::string_view permission);

// OAuthRoutes: /token, /revoke, /introspect, metadata, JWKS, /status.
std::vector<Route> OAuthRoutes(const Services& services);

// StatusRoute is PATH/status/{}: the status lists.
Route StatusRoute(const Services& services, const std::string& path);

// ApiRoutes: /v1/sessions, /v1/revocations, /v1/verifiers, /v1/audit.
std::vector<Route> ApiRoutes(const Services& services);

// FeedRoutes: /feed/head, /feed/log, /feed/stream, /feed/snapshot[/NAME],
// /feed/rings, /feed/ack.
std::vector<Route> FeedRoutes(const Services& services);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_OAUTH_ENDPOINTS_H_
