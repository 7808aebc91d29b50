// POST /introspect: RFC 7662.

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "revocation-service/http/list.h"
#include "revocation-service/http/message.h"
#include "revocation-service/oauth/requests.h"
#include "signet/primitives.h"

namespace signet::service {
namespace {

namespace json = boost::json;

// RFC 9701 section 4.
constexpr std::string_view kJwtType = "application/token-introspection+jwt";

// RFC 7662 section 2.2: of an inactive token nothing else is said, not even
// why.
http::Response Inactive() { return JsonResponse(200, R"({"active":false})"); }

http::Response Unknown() {
  return Unavailable("the token's state could not be read; try again");
}

int64_t NumericDate(EpochSeconds time) {
  return time.time_since_epoch().count();
}

void AddText(json::object& body, std::string_view name,
             const std::string& value) {
  if (!value.empty()) body[name] = value;
}

// As RFC 7519 section 4.1.3: one audience may be a string.
void AddAudience(json::object& body, const std::vector<std::string>& audience) {
  if (audience.empty()) return;
  if (audience.size() == 1) {
    body["aud"] = audience.front();
    return;
  }
  json::array& list = body["aud"].emplace_array();
  for (const std::string& one : audience) list.emplace_back(one);
}

// RFC 9449 section 6.2.
void AddBinding(const std::string& jkt, json::object& body) {
  if (!jkt.empty()) body["cnf"] = json::object{{"jkt", jkt}};
}

// Custom claims are left out: one might be called "active" or "username".
http::Response ActiveAccessToken(const Claims& claims) {
  json::object body;
  body["active"] = true;
  AddText(body, "scope", claims.scope);
  AddText(body, "client_id", claims.client_id);
  // RFC 9449 section 6.2.
  body["token_type"] = claims.cnf_jkt.empty() ? "Bearer" : "DPoP";
  body["exp"] = NumericDate(claims.expires_at);
  body["iat"] = NumericDate(claims.issued_at);
  if (claims.not_before) body["nbf"] = NumericDate(*claims.not_before);
  AddText(body, "sub", claims.subject);
  AddAudience(body, claims.audience);
  AddText(body, "iss", claims.issuer);
  AddText(body, "jti", claims.token_id);
  AddText(body, "sid", claims.session_id);
  AddBinding(claims.cnf_jkt, body);
  return JsonResponse(200, json::serialize(body));
}

// A refresh token has no token_type (RFC 6749 section 5.1 types access
// tokens), no audience but the issuer, and no jti.
http::Response ActiveRefreshToken(const Services& services,
                                  const Session& session) {
  const EpochSeconds idle = session.last_seen + session.idle_timeout;
  json::object body;
  body["active"] = true;
  AddText(body, "scope", session.scope);
  body["client_id"] = session.client_id;
  body["exp"] = NumericDate(std::min(session.expires_at, idle));
  body["iat"] = NumericDate(ToSeconds(session.rotated_at));
  body["sub"] = session.subject;
  body["iss"] = services.issuer;
  body["sid"] = SessionIdText(session.id);
  AddBinding(session.dpop_jkt, body);
  return JsonResponse(200, json::serialize(body));
}

// A resource server takes what is active for an access token: a refresh token
// is shown only to a client that may use its session. The superseded one is
// inactive, though a retry may still exchange it.
http::Response IntrospectRefresh(const Services& services, const Client& caller,
                                 const SessionStore::Found& found) {
  if (found.distance != 0 || !caller.MayActFor(found.session.client_id)) {
    return Inactive();
  }
  return ActiveRefreshToken(services, found.session);
}

http::Response IntrospectAccess(const Services& services,
                                std::string_view token) {
  const auto verified = services.verifier.Verify(token);
  if (verified) {
    // RFC 7662 section 4: expired is inactive. The verifier's leeway is for
    // machines whose clocks are not this one.
    const Claims& claims = verified->claims();
    const bool live = ToSeconds(services.clock.Now()) < claims.expires_at;
    return live ? ActiveAccessToken(claims) : Inactive();
  }
  // Don't know is neither true nor false. An unknown key is known, though:
  // this service has the original ring, so it did not sign that token.
  const RefusalCode code = verified.error().code;
  const bool unknown =
      code == RefusalCode::kNoKeys || code == RefusalCode::kStale;
  return unknown ? Unknown() : Inactive();
}

// Weight reads a number up to 1. Another text is 0.
double Weight(std::string_view text) {
  double weight = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, weight);
  return code == std::errc() && stop == end && weight <= 1 ? weight : 0;
}

// Quality is how much the request likes that media type, from 0 to 1: the
// weight of the Accept headers that name it (RFC 9110 section 12.5.1), 0 if
// none does.
double Quality(const http::Request& request, std::string_view type) {
  double quality = 0;
  for (const auto& [name, value] : request.headers) {
    if (!http::EqualsIgnoringCase(name, "Accept")) continue;
    for (std::string_view range : http::SplitList(value, ',')) {
      const auto parts = http::SplitList(range, ';');
      if (!http::EqualsIgnoringCase(parts.front(), type)) continue;
      quality = 1;
      for (std::string_view part : parts) {
        if (part.starts_with("q=") || part.starts_with("Q=")) {
          quality = Weight(part.substr(2));
        }
      }
    }
  }
  return quality;
}

// RFC 9701 section 4: by its name, and JSON no better.
bool WantsJwt(const http::Request& request) {
  const double jwt = Quality(request, kJwtType);
  return jwt > 0 && jwt >= Quality(request, kJsonType);
}

// AsJwt signs the answer for that caller (RFC 9701 sections 4 and 5).
http::Response AsJwt(const Services& services, const SigningRing& ring,
                     const std::string& client_id, http::Response response) {
  const Time now = services.clock.Now();
  const SigningRing::Key* active = ring.Active(now);
  if (active == nullptr) return Unavailable("no key signs now; try again");
  const json::object header{{"typ", "token-introspection+jwt"},
                            {"alg", JoseAlgorithm(active->key.format())},
                            {"kid", active->key.id()}};
  // The answer is JSON of this service's own making.
  const json::object claims{
      {"iss", services.issuer},
      {"aud", client_id},
      {"iat", NumericDate(ToSeconds(now))},
      {"token_introspection", json::parse(response.body)}};
  std::string jwt = Base64UrlEncode(AsBytes(json::serialize(header)));
  jwt += "." + Base64UrlEncode(AsBytes(json::serialize(claims)));
  const std::string signature = active->key.Sign(AsBytes(jwt));
  response.body = jwt + "." + Base64UrlEncode(AsBytes(signature));
  response.headers.front().second = kJwtType;
  return response;
}

http::Response FindAndDescribe(const Services& services, const Client& caller,
                               std::string_view token) {
  // RFC 7662 section 2.1: all types are searched, whatever the hint.
  const auto found = services.sessions.FindByRefreshToken(token);
  if (!found) return Unknown();
  if (found->has_value()) return IntrospectRefresh(services, caller, **found);
  return IntrospectAccess(services, token);
}

http::Response Introspect(const Services& services,
                          const http::Request& request) {
  const Result<http::Form, http::Response> form = ReadForm(request);
  if (!form) return form.error();
  const auto caller =
      RequireFormPermission(services, request, *form, "introspect");
  if (!caller) return caller.error();
  if (!form->Has("token")) {
    return InvalidRequest("token is missing");
  }
  http::Response response =
      FindAndDescribe(services, *caller->client, form->Get("token"));
  if (response.status != 200 || !WantsJwt(request)) return response;
  const Rings::Ring ring = IntrospectionRing(services.rings);
  // Without a ring that signs a JWS the answer is JSON, which every client must
  // take.
  if (ring == nullptr) return response;
  return AsJwt(services, *ring, caller->client->id, std::move(response));
}

}  // namespace

void HandleIntrospect(const Services& services, const http::Request& request,
                      ResponderPtr responder) {
  responder->Send(Introspect(services, request));
}

}  // namespace signet::service
