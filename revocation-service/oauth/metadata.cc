// Authorization server metadata (RFC 8414) and the JWK set (RFC 7517).

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "revocation-service/oauth/requests.h"

namespace signet::service {
namespace {

namespace json = boost::json;

http::Response CacheableJson(std::string body, Seconds max_age) {
  return {
      200,
      {{"Content-Type", "application/json"},
       {"Cache-Control", "public, max-age=" + std::to_string(max_age.count())}},
      std::move(body)};
}

json::array SecretMethods() {
  return {"client_secret_basic", "client_secret_post"};
}

json::array AllMethods() {
  return {"client_secret_basic", "client_secret_post", "none"};
}

}  // namespace

std::string IssuerPath(std::string_view issuer) {
  const size_t scheme = issuer.find("://");
  const size_t host = scheme == issuer.npos ? 0 : scheme + 3;
  const size_t slash = issuer.find('/', host);
  if (slash == issuer.npos) return "";
  std::string path(issuer.substr(slash));
  // RFC 8414 section 3.1: "any terminating '/' MUST be removed".
  while (path.ends_with('/')) path.pop_back();
  return path;
}

http::Response MetadataResponse(const std::string& issuer) {
  std::string base = issuer;
  while (base.ends_with('/')) base.pop_back();
  json::object body;
  // RFC 8414 section 3.3: identical to the one that the client knows.
  body["issuer"] = issuer;
  body["token_endpoint"] = base + "/token";
  body["token_endpoint_auth_methods_supported"] = AllMethods();
  body["revocation_endpoint"] = base + "/revoke";
  body["revocation_endpoint_auth_methods_supported"] = AllMethods();
  body["introspection_endpoint"] = base + "/introspect";
  body["introspection_endpoint_auth_methods_supported"] = SecretMethods();
  body["jwks_uri"] = base + "/.well-known/jwks.json";
  // Section 2: omitted, it would mean authorization_code and implicit.
  body["grant_types_supported"] = json::array{"refresh_token"};
  // Section 2 makes this one REQUIRED; section 3.2 would omit it for being
  // empty. Clients that check types miss an absent member, and none minds an
  // empty one.
  body["response_types_supported"] = json::array();
  return CacheableJson(json::serialize(body), std::chrono::minutes(5));
}

http::Response JwksResponse(const Services& services) {
  const Rings::Ring ring = services.rings.access();
  const Seconds max_age =
      std::chrono::floor<Seconds>(ring->info().policy.verifier_refresh);
  return CacheableJson(ring->ForVerifier().Jwks(services.clock.Now()), max_age);
}

}  // namespace signet::service
