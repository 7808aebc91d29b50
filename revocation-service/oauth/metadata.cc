// Authorization server metadata (RFC 8414) and the JWK set (RFC 7517).

#include <algorithm>
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

template <typename Names>
json::array ArrayOf(const Names& names) {
  json::array array;
  for (const std::string_view name : names) array.emplace_back(name);
  return array;
}

// AddMethods names how a client authenticates at an endpoint. RFC 8414 section
// 2: with the algorithms, where one of the methods is a JWT.
void AddMethods(std::string endpoint, bool may_be_public, json::object& body) {
  json::array methods = {"client_secret_basic", "client_secret_post",
                         "private_key_jwt"};
  if (may_be_public) methods.emplace_back("none");
  endpoint += "_endpoint_auth_";
  body[endpoint + "methods_supported"] = std::move(methods);
  body[endpoint + "signing_alg_values_supported"] = ArrayOf(kJwsAlgorithms);
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

http::Response MetadataResponse(const Services& services) {
  const std::string& issuer = services.issuer;
  std::string base = issuer;
  while (base.ends_with('/')) base.pop_back();
  json::object body;
  // RFC 8414 section 3.3: identical to the one that the client knows.
  body["issuer"] = issuer;
  body["token_endpoint"] = base + "/token";
  AddMethods("token", true, body);
  body["revocation_endpoint"] = base + "/revoke";
  AddMethods("revocation", true, body);
  body["introspection_endpoint"] = base + "/introspect";
  AddMethods("introspection", false, body);
  // RFC 9701 section 7.
  if (const Rings::Ring ring = IntrospectionRing(services.rings)) {
    body["introspection_signing_alg_values_supported"] =
        json::array{JoseAlgorithm(ring->info().format)};
  }
  // RFC 9449 section 5.1.
  body["dpop_signing_alg_values_supported"] = ArrayOf(kDpopAlgorithms);
  body["jwks_uri"] = base + "/.well-known/jwks.json";
  // Section 2: omitted, it would mean authorization_code and implicit.
  body["grant_types_supported"] = json::array{"refresh_token"};
  // Section 2 makes this one REQUIRED; section 3.2 would omit it for being
  // empty. Clients that check types miss an absent member, and none minds an
  // empty one.
  body["response_types_supported"] = json::array();
  return CacheableJson(json::serialize(body), std::chrono::minutes(5));
}

http::Response JwksResponse(const std::vector<Rings::Ring>& rings, Time now) {
  if (rings.empty()) {
    return ErrorResponse(404, "not_found", "this service has no such ring");
  }
  json::array keys;
  Duration max_age = Duration::max();
  for (const Rings::Ring& ring : rings) {
    // The set is JSON of the library's own making.
    json::value set = json::parse(ring->ForVerifier().Jwks(now));
    for (json::value& key : set.at("keys").as_array()) keys.push_back(key);
    max_age = std::min(max_age, ring->info().policy.verifier_refresh);
  }
  return CacheableJson(json::serialize(json::object{{"keys", keys}}),
                       std::chrono::floor<Seconds>(max_age));
}

Rings::Ring IntrospectionRing(const Rings& rings) {
  for (Rings::Ring& ring : rings.AccessRings()) {
    const KeyFormat format = ring->info().format;
    if (IsJws(format) && !IsSymmetric(format)) return std::move(ring);
  }
  return nullptr;
}

}  // namespace signet::service
