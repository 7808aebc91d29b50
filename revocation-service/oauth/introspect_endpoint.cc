// POST /introspect: RFC 7662.

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>

#include "revocation-service/oauth/requests.h"

namespace signet::service {
namespace {

namespace json = boost::json;

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

// Custom claims are left out: one might be called "active" or "username".
http::Response ActiveAccessToken(const Claims& claims) {
  json::object body;
  body["active"] = true;
  AddText(body, "scope", claims.scope);
  AddText(body, "client_id", claims.client_id);
  body["token_type"] = "Bearer";
  body["exp"] = NumericDate(claims.expires_at);
  body["iat"] = NumericDate(claims.issued_at);
  if (claims.not_before) body["nbf"] = NumericDate(*claims.not_before);
  AddText(body, "sub", claims.subject);
  AddAudience(body, claims.audience);
  AddText(body, "iss", claims.issuer);
  AddText(body, "jti", claims.token_id);
  AddText(body, "sid", claims.session_id);
  if (!claims.cnf_jkt.empty()) {
    // RFC 9449 section 6.2.
    body["cnf"] = json::object{{"jkt", claims.cnf_jkt}};
  }
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
  return JsonResponse(200, json::serialize(body));
}

// A resource server takes what is active for an access token: a refresh token
// is shown only to a client that may use its session. The superseded one is
// inactive, though a retry may still exchange it.
http::Response IntrospectRefresh(const Services& services, const Client& caller,
                                 const SessionStore::Found& found) {
  if (!found.current || !caller.MayActFor(found.session.client_id)) {
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
  // RFC 7662 section 2.1: all types are searched, whatever the hint.
  const std::string_view token = form->Get("token");
  const auto found = services.sessions.FindByRefreshToken(token);
  if (!found) return Unknown();
  if (found->has_value()) {
    return IntrospectRefresh(services, *caller->client, **found);
  }
  return IntrospectAccess(services, token);
}

}  // namespace

void HandleIntrospect(const Services& services, const http::Request& request,
                      ResponderPtr responder) {
  responder->Send(Introspect(services, request));
}

}  // namespace signet::service
