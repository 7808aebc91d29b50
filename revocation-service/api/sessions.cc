// POST and GET /v1/sessions. Ending them is in end_sessions.cc.

#include "revocation-service/api/sessions.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>

#include "revocation-service/api/input.h"
#include "revocation-service/oauth/security.h"
#include "revocation-service/session/text_rules.h"
#include "signet/timestamp.h"

namespace signet::service {
namespace {

namespace json = boost::json;

// Bytes. All of them together fit a token of kMaxTokenLength.
constexpr size_t kMaxName = 255;  // subject, client id, one audience
constexpr size_t kMaxAudiences = 8;
constexpr size_t kMaxScope = 1024;
constexpr size_t kMaxDevice = 200;
constexpr size_t kMaxClaims = 2048;

Result<OpenRequest, http::Response> ReadOpenRequest(const std::string& text) {
  Result<JsonBody> body = JsonBody::Parse(
      text, {"subject", "audience", "scope", "device", "claims", "client_id"});
  if (!body) return InvalidRequest(body.error().message);
  OpenRequest open;
  open.subject = body->Required("subject", kMaxName);
  open.audience = body->TextOrList("audience", kMaxName, kMaxAudiences);
  open.scope = body->Text("scope", kMaxScope);
  open.device = body->Text("device", kMaxDevice);
  open.custom = body->Object("claims", kMaxClaims);
  open.client_id = body->Text("client_id", kMaxName);
  if (!IsScope(open.scope)) {
    body->Refuse("scope", "must be scopes separated by one space");
  }
  if (!body->status()) return InvalidRequest(body->status().error().message);
  return open;
}

// SetOwner decides whose session it will be.
Result<void, http::Response> SetOwner(const Client& caller, OpenRequest& open) {
  if (open.client_id.empty()) open.client_id = caller.id;
  if (!caller.MayActFor(open.client_id)) {
    return ErrorResponse(403, "unauthorized_client",
                         "the caller may not act for client_id");
  }
  return {};
}

// CheckMintable makes a token as the session's will be and throws it away: a
// session must not open whose every exchange would fail.
Result<void, http::Response> CheckMintable(const Services& services,
                                           const OpenRequest& open) {
  const KeyFormat format = services.rings.access()->info().format;
  if (!IsPaseto(format) && open.audience.empty()) {
    // RFC 9068 section 2.2.
    return InvalidRequest("audience is missing: a JWT needs it");
  }
  Grant grant;
  grant.session.subject = open.subject;
  grant.session.client_id = open.client_id;
  grant.session.audience = open.audience;
  grant.session.custom = open.custom;
  grant.scope = open.scope;
  grant.issued_at = ToSeconds(services.clock.Now());
  grant.expires_at = grant.issued_at + Seconds(1);
  const Result<std::string> token = MintAccessToken(services, grant);
  if (token) return {};
  if (token.error().code == ErrorCode::kInvalid) {
    return InvalidRequest(token.error().message);
  }
  return Unavailable("no access token can be made now");
}

http::Response OpenFailure(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
      return InvalidRequest(error.message);
    case ErrorCode::kDenied:
      return ErrorResponse(409, "too_many_sessions",
                           "the subject has as many sessions as it may");
    default:
      return Unavailable("the session could not be opened; try again");
  }
}

json::object Describe(const Session& session) {
  const EpochSeconds idle = session.last_seen + session.idle_timeout;
  return {
      {"session_id", SessionIdText(session.id)},
      {"client_id", session.client_id},
      {"scope", session.scope},
      {"device", session.device},
      {"created_at", FormatTimestamp(session.created_at)},
      {"last_seen_at", FormatTimestamp(session.last_seen)},
      {"expires_at", FormatTimestamp(std::min(session.expires_at, idle))},
  };
}

Result<OpenRequest, http::Response> ReadOpen(const Services& services,
                                             const http::Request& request) {
  const auto caller = RequirePermission(services, request, "session.open");
  if (!caller) return caller.error();
  if (!HasMediaType(request, kJsonType)) {
    return ErrorResponse(415, "invalid_request",
                         "the body must be application/json");
  }
  auto open = ReadOpenRequest(request.body);
  if (!open) return open;
  if (auto owned = SetOwner(*caller->client, *open); !owned)
    return owned.error();
  if (auto fits = CheckMintable(services, *open); !fits) return fits.error();
  open->origin = OriginOf(request, caller->client->id);
  auto shed = ShedSubject(services, request, caller->client->id, open->subject);
  if (shed) return std::move(*shed);
  return open;
}

http::Response List(const Services& services, const http::Request& request) {
  const auto caller = RequirePermission(services, request, "session.read");
  if (!caller) return caller.error();
  const Result<http::Form> query = ParseQuery(request.query, {"subject"});
  if (!query) return InvalidRequest(query.error().message);
  if (!query->Has("subject")) return InvalidRequest("subject is missing");
  const auto sessions = services.sessions.List(query->Get("subject"));
  if (!sessions) return Unavailable("the sessions could not be read");
  json::array list;
  for (const Session& session : *sessions) {
    if (caller->client->MayActFor(session.client_id)) {
      list.push_back(Describe(session));
    }
  }
  return JsonResponse(200, json::serialize(json::object{{"sessions", list}}));
}

}  // namespace

void OpenSession(const Services& services, const http::Request& request,
                 ResponderPtr responder) {
  Result<OpenRequest, http::Response> open = ReadOpen(services, request);
  if (!open) return responder->Send(std::move(open).error());
  services.sessions.Open(
      std::move(open).value(),
      [&services, responder](const Result<Grant>& grant) {
        if (!grant) return responder->Send(OpenFailure(grant.error()));
        responder->Send(TokenResponse(services, 201, *grant,
                                      SessionIdText(grant->session.id)));
      });
}

void ListSessions(const Services& services, const http::Request& request,
                  ResponderPtr responder) {
  responder->Send(List(services, request));
}

}  // namespace signet::service
