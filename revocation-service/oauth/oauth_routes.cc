#include <string>
#include <utility>
#include <vector>

#include "revocation-service/oauth/requests.h"

namespace signet::service {
namespace {

constexpr std::string_view kMetadataPath =
    "/.well-known/oauth-authorization-server";
// OpenID Connect Discovery section 4 appends it to the issuer's path. RFC 8414
// section 5: clients that know only this one find the same.
constexpr std::string_view kOpenIdPath = "/.well-known/openid-configuration";

// EndpointsAt lists what the metadata names, below a path.
std::vector<Route> EndpointsAt(const std::string& path,
                               const Services& services) {
  const auto handler = [&services](auto handle) {
    return [&services, handle](const http::Request& request,
                               ResponderPtr responder) {
      handle(services, request, std::move(responder));
    };
  };
  return {
      {"POST", path + "/token", "token", handler(HandleToken)},
      {"POST", path + "/revoke", "revoke", handler(HandleRevoke), kNeverShed},
      {"POST", path + "/introspect", "introspect", handler(HandleIntrospect)},
      {"GET", path + "/.well-known/jwks.json", "jwks",
       [&services](const http::Request&, const ResponderPtr& responder) {
         responder->Send(
             JwksResponse(services.rings.AccessRings(), services.clock.Now()));
       }},
      // The keys of security events and status lists: not among those of
      // access tokens, so that nobody takes one for the other.
      {"GET", path + "/.well-known/statements-jwks.json", "statements_jwks",
       [&services](const http::Request&, const ResponderPtr& responder) {
         std::vector<Rings::Ring> rings;
         if (Rings::Ring ring = services.rings.statements()) {
           rings.push_back(std::move(ring));
         }
         responder->Send(JwksResponse(rings, services.clock.Now()));
       }},
      StatusRoute(services, path),
  };
}

Route MetadataAt(const std::string& path, const Services& services) {
  return {"GET", path, "metadata",
          [&services](const http::Request&, const ResponderPtr& responder) {
            responder->Send(MetadataResponse(services));
          }};
}

}  // namespace

std::vector<Route> OAuthRoutes(const Services& services) {
  const std::string metadata(kMetadataPath);
  std::vector<Route> routes = EndpointsAt("", services);
  routes.push_back(MetadataAt(metadata, services));
  routes.push_back(MetadataAt(std::string(kOpenIdPath), services));
  const std::string path = IssuerPath(services.issuer);
  if (path.empty()) return routes;
  // A proxy may or may not take the issuer's path away, so the endpoints
  // stand at both. RFC 8414 section 3: the metadata's well-known path goes
  // between host and path.
  for (Route& route : EndpointsAt(path, services)) {
    routes.push_back(std::move(route));
  }
  routes.push_back(MetadataAt(metadata + path, services));
  routes.push_back(MetadataAt(path + std::string(kOpenIdPath), services));
  return routes;
}

}  // namespace signet::service
