#include "revocation-service/oauth/requests.h"

#include <boost/json.hpp>
#include <utility>

#include "revocation-service/http/message.h"
#include "signet/issuer.h"

namespace signet::service {
namespace {

// RFC 6749 section 2.3.1: credentials "MUST NOT be included in the request
// URI". Other parameters there are unknown to us, and so ignored.
Result<void, http::Response> CheckQuery(const std::string& query) {
  if (query.empty()) return {};
  const Result<http::Form> form = http::Form::Parse(query);
  if (!form) return InvalidRequest(form.error().message);
  for (const std::string_view name :
       {"client_secret", "client_assertion", "refresh_token", "token"}) {
    if (form->Has(name)) {
      return InvalidRequest(std::string(name) + " must be sent in the body");
    }
  }
  return {};
}

// WithStatus appends the claim by which a status list is found
// (draft-ietf-oauth-status-list-17 section 6.2) to the session's own. If one
// of them has the name, no token can be made.
std::string WithStatus(const Services& services, const Grant& grant) {
  std::string claims = grant.session.custom;
  if (!grant.registered) return claims;
  boost::json::object list;
  list["idx"] = grant.registered->slot.index;
  list["uri"] = services.issuer + "/status/" +
                StatusListText(grant.registered->slot.list);
  const std::string status =
      R"("status":{"status_list":)" + boost::json::serialize(list) + "}}";
  const size_t end = claims.rfind('}');
  if (end == claims.npos) return "{" + status;
  claims.resize(end);
  const bool has_any = claims.find('"') != claims.npos;
  return claims + (has_any ? "," : "") + status;
}

Claims ClaimsOf(const Services& services, const Grant& grant) {
  return {.issuer = services.issuer,
          .subject = grant.session.subject,
          .audience = grant.audience,
          .expires_at = grant.expires_at,
          .issued_at = grant.issued_at,
          .not_before = {},
          .token_id = grant.registered ? grant.registered->token_id : NewId(),
          .client_id = grant.session.client_id,
          .scope = grant.scope,
          .session_id = SessionIdText(grant.session.id),
          .cnf_jkt = grant.dpop_jkt,
          .custom = WithStatus(services, grant)};
}

// WithIssuer calls `use` with the issuer of the grant's access token.
template <class Use>
auto WithIssuer(const Services& services, const Grant& grant, Use use)
    -> decltype(use(std::declval<const Issuer&>())) {
  if (grant.registered) {
    const ManualClock then(grant.registered->at);
    return use(Issuer(*grant.registered->ring, then));
  }
  const Rings::Ring ring = services.rings.AccessOf(grant.format);
  if (ring == nullptr) {
    return Error{ErrorCode::kUnavailable, "no ring makes the client's tokens"};
  }
  return use(Issuer(*ring, services.clock));
}

http::Response MintFailure(const Error& error) {
  if (error.code == ErrorCode::kUnavailable) return Unavailable(error.message);
  // The session was made under other rules: no retry helps, and yet the grant
  // is not invalid, which would make the client forget it.
  return ErrorResponse(500, "server_error",
                       "the access token could not be made");
}

}  // namespace

http::Response InvalidRequest(std::string_view description) {
  return ErrorResponse(400, "invalid_request", description);
}

bool HasMediaType(const http::Request& request, std::string_view type) {
  if (request.CountHeader("Content-Type") != 1) return false;
  std::string_view value = request.Header("Content-Type");
  value = value.substr(0, value.find(';'));
  const size_t last = value.find_last_not_of(" \t");
  value = value.substr(0, last == value.npos ? 0 : last + 1);
  return http::EqualsIgnoringCase(value, type);
}

Result<http::Form, http::Response> ReadForm(const http::Request& request) {
  if (auto query = CheckQuery(request.query); !query) return query.error();
  if (!HasMediaType(request, kFormType)) {
    return InvalidRequest("the body must be application/x-www-form-urlencoded");
  }
  Result<http::Form> form = http::Form::Parse(request.body);
  if (!form) return InvalidRequest(form.error().message);
  return std::move(form).value();
}

Result<std::string> MintAccessToken(const Services& services,
                                    const Grant& grant) {
  return WithIssuer(services, grant, [&](const Issuer& issuer) {
    return issuer.Mint(ClaimsOf(services, grant));
  });
}

Status CheckAccessToken(const Services& services, const Grant& grant) {
  return WithIssuer(services, grant, [&](const Issuer& issuer) {
    return issuer.Check(ClaimsOf(services, grant));
  });
}

http::Response TokenResponse(const Services& services, int status,
                             const Grant& grant,
                             const std::string& session_id) {
  const Result<std::string> access_token = MintAccessToken(services, grant);
  if (!access_token) return MintFailure(access_token.error());

  boost::json::object body;
  body["access_token"] = *access_token;
  // RFC 9449 section 5.
  body["token_type"] = grant.dpop_jkt.empty() ? "Bearer" : "DPoP";
  body["expires_in"] = Seconds(grant.expires_at - grant.issued_at).count();
  body["refresh_token"] = grant.refresh_token;
  if (!grant.scope.empty()) body["scope"] = grant.scope;
  if (!session_id.empty()) body["session_id"] = session_id;
  return JsonResponse(status, boost::json::serialize(body));
}

}  // namespace signet::service
