// POST, GET and PATCH of /v1/sessions. Ending them is in end_sessions.cc.

#include "revocation-service/api/sessions.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string>
#include <utility>

#include "revocation-service/api/input.h"
#include "revocation-service/api/own_session.h"
#include "revocation-service/oauth/security.h"
#include "revocation-service/session/text_rules.h"
#include "signet/issuer.h"
#include "signet/primitives.h"
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

// RFC 7638 section 3: base64url of 32 bytes.
bool IsThumbprint(std::string_view text) {
  std::array<uint8_t, 32> digest;
  return Base64UrlDecodeTo(text, digest);
}

std::string ReadThumbprint(JsonBody& body) {
  std::string text = body.Text("dpop_jkt", kMaxName);
  if (!text.empty() && !IsThumbprint(text)) {
    body.Refuse("dpop_jkt", "must be the SHA-256 thumbprint of a JWK");
  }
  return text;
}

std::string ReadScope(JsonBody& body) {
  std::string scope = body.Text("scope", kMaxScope);
  if (!IsScope(scope)) {
    body.Refuse("scope", "must be scopes separated by one space");
  }
  return scope;
}

SessionChange ReadChange(JsonBody& body) {
  SessionChange change;
  if (body.Has("device")) change.device = body.Text("device", kMaxDevice);
  if (body.Has("claims")) change.custom = body.Object("claims", kMaxClaims);
  return change;
}

Result<OpenRequest, http::Response> ReadOpenRequest(const std::string& text) {
  Result<JsonBody> body =
      JsonBody::Parse(text, {"subject", "audience", "scope", "device", "claims",
                             "client_id", "dpop_jkt"});
  if (!body) return InvalidRequest(body.error().message);
  OpenRequest open;
  open.subject = body->Required("subject", kMaxName);
  open.audience = body->TextOrList("audience", kMaxName, kMaxAudiences);
  open.scope = ReadScope(*body);
  open.device = body->Text("device", kMaxDevice);
  open.custom = body->Object("claims", kMaxClaims);
  open.client_id = body->Text("client_id", kMaxName);
  open.dpop_jkt = ReadThumbprint(*body);
  if (!body->status()) return InvalidRequest(body->status().error().message);
  return open;
}

// SetOwner decides whose session it will be.
Result<void, http::Response> SetOwner(const ClientAuthentication& caller,
                                      OpenRequest& open) {
  if (open.client_id.empty()) open.client_id = caller.client->id;
  const Client* owner = caller.registry->Find(open.client_id);
  if (owner == nullptr || !caller.client->MayActFor(open.client_id)) {
    return ErrorResponse(403, "unauthorized_client",
                         "the caller may not act for client_id");
  }
  if (owner->require_dpop && open.dpop_jkt.empty()) {
    return InvalidRequest("dpop_jkt is missing: the client must use DPoP");
  }
  open.is_public = owner->is_public();
  open.limits = owner->limits;
  return {};
}

// RegisterProbe gives a probe a place in a status list that is none, as its
// client's tokens will have one.
void RegisterProbe(const Services& services, const Client* owner,
                   const Rings::Ring& ring, Grant& grant) {
  if (owner == nullptr || !owner->limits.status_list) return;
  grant.registered =
      Grant::Registered{.token_id = NewId(),
                        .slot = {.list = {}, .index = kStatusListSize - 1},
                        .ring = ring,
                        .at = services.clock.Now()};
}

// A SHA-256 thumbprint in base64url (RFC 7638).
constexpr size_t kThumbprintSize = 43;

// CheckMintable makes a token as the session's will be and throws it away: a
// session must not open whose every exchange would fail.
Result<void, http::Response> CheckMintable(const Services& services,
                                           Grant grant) {
  const auto registry = services.clients();
  const Client* owner = registry->Find(grant.session.client_id);
  if (owner != nullptr) grant.format = owner->limits.access_format;
  const Rings::Ring ring = services.rings.AccessOf(grant.format);
  if (ring == nullptr) return Unavailable("no access token can be made now");
  if (!IsPaseto(ring->info().format) && grant.audience.empty()) {
    // RFC 9068 section 2.2.
    return InvalidRequest("audience is missing: a JWT needs it");
  }
  // Any exchange may bind its access token to a key.
  if (grant.dpop_jkt.empty())
    grant.dpop_jkt = std::string(kThumbprintSize, 'x');
  grant.issued_at = ToSeconds(services.clock.Now());
  grant.expires_at = grant.issued_at + Seconds(1);
  RegisterProbe(services, owner, ring, grant);
  const Result<std::string> token = MintAccessToken(services, grant);
  if (token) return {};
  if (token.error().code == ErrorCode::kInvalid) {
    return InvalidRequest(token.error().message);
  }
  return Unavailable("no access token can be made now");
}

Grant ProbeOf(const OpenRequest& open) {
  Grant grant;
  grant.session.subject = open.subject;
  grant.session.client_id = open.client_id;
  grant.session.custom = open.custom;
  grant.audience = open.audience;
  grant.dpop_jkt = open.dpop_jkt;
  grant.scope = open.scope;
  return grant;
}

Grant ProbeOf(const Session& session, const StepUpRequest& request) {
  Grant grant;
  grant.session = session;
  grant.session.custom = request.change.custom.value_or(session.custom);
  grant.audience = request.audience.value_or(session.audience);
  grant.dpop_jkt =
      request.dpop_jkt.empty() ? session.dpop_jkt : request.dpop_jkt;
  grant.scope = request.scope.value_or(session.scope);
  return grant;
}

http::Response WriteFailure(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
      return InvalidRequest(error.message);
    case ErrorCode::kDenied:
      return ErrorResponse(409, "too_many_sessions",
                           "the subject has as many sessions as it may");
    case ErrorCode::kNotFound:
      return NoSuchSession();
    default:
      return Unavailable("the session could not be written; try again");
  }
}

json::object Describe(const Session& session) {
  const EpochSeconds idle = session.last_seen + session.idle_timeout;
  json::object out = {
      {"session_id", SessionIdText(session.id)},
      {"client_id", session.client_id},
      {"scope", session.scope},
      {"device", session.device},
      {"created_at", FormatTimestamp(session.created_at)},
      {"last_seen_at", FormatTimestamp(session.last_seen)},
      {"expires_at", FormatTimestamp(std::min(session.expires_at, idle))},
  };
  if (!session.dpop_jkt.empty()) out["dpop_jkt"] = session.dpop_jkt;
  return out;
}

// DescribeWhole is for who asks for one session.
http::Response DescribeWhole(const Session& session) {
  json::object out = Describe(session);
  out["subject"] = session.subject;
  out["audience"] =
      json::array(session.audience.begin(), session.audience.end());
  if (!session.custom.empty()) {
    json::error_code error;
    json::value claims = json::parse(session.custom, error);
    if (!error) out["claims"] = std::move(claims);
  }
  return JsonResponse(200, json::serialize(out));
}

http::Response NotJson() {
  return ErrorResponse(415, "invalid_request",
                       "the body must be application/json");
}

Result<OpenRequest, http::Response> ReadOpen(const Services& services,
                                             const http::Request& request) {
  const auto caller = RequirePermission(services, request, "session.open");
  if (!caller) return caller.error();
  if (!HasMediaType(request, kJsonType)) return NotJson();
  auto open = ReadOpenRequest(request.body);
  if (!open) return open;
  if (auto owned = SetOwner(*caller, *open); !owned) {
    return owned.error();
  }
  if (auto fits = CheckMintable(services, ProbeOf(*open)); !fits) {
    return fits.error();
  }
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

// Existing is a session that the caller may use.
struct Existing {
  ClientAuthentication caller;
  Session session;
};

Result<Existing, http::Response> FindExisting(const Services& services,
                                              const http::Request& request,
                                              std::string_view permission) {
  auto caller = RequirePermission(services, request, permission);
  if (!caller) return caller.error();
  const Result<http::Form> query = ParseQuery(request.query, {});
  if (!query) return InvalidRequest(query.error().message);
  FoundSession found = FindOwn(services, *caller->client, IdInPath(request));
  if (!found) return found.error();
  if (!found->has_value()) return NoSuchSession();
  return Existing{std::move(*caller), std::move(**found)};
}

Result<SessionChange, http::Response> ReadPatch(const Services& services,
                                                const Session& session,
                                                const http::Request& request) {
  if (!HasMediaType(request, kJsonType)) return NotJson();
  Result<JsonBody> body = JsonBody::Parse(request.body, {"device", "claims"});
  if (!body) return InvalidRequest(body.error().message);
  SessionChange change = ReadChange(*body);
  if (!body->status()) return InvalidRequest(body->status().error().message);
  auto fits = CheckMintable(services, ProbeOf(session, {.change = change}));
  if (!fits) return fits.error();
  return change;
}

Result<StepUpRequest, http::Response> ReadStepUp(const Services& services,
                                                 const Existing& existing,
                                                 const http::Request& request) {
  if (!HasMediaType(request, kJsonType)) return NotJson();
  Result<JsonBody> body = JsonBody::Parse(
      request.body, {"audience", "scope", "device", "claims", "dpop_jkt"});
  if (!body) return InvalidRequest(body.error().message);
  StepUpRequest step;
  step.id = existing.session.id;
  step.change = ReadChange(*body);
  if (body->Has("audience")) {
    step.audience = body->TextOrList("audience", kMaxName, kMaxAudiences);
  }
  if (body->Has("scope")) step.scope = ReadScope(*body);
  step.dpop_jkt = ReadThumbprint(*body);
  if (!body->status()) return InvalidRequest(body->status().error().message);
  step.change.origin = OriginOf(request, existing.caller.client->id);
  const Client* owner =
      existing.caller.registry->Find(existing.session.client_id);
  if (owner != nullptr) {
    step.is_public = owner->is_public();
    step.limits = owner->limits;
  }
  auto fits = CheckMintable(services, ProbeOf(existing.session, step));
  if (!fits) return fits.error();
  return step;
}

}  // namespace

void ShowSession(const Services& services, const http::Request& request,
                 ResponderPtr responder) {
  const auto found = FindExisting(services, request, "session.read");
  responder->Send(found ? DescribeWhole(found->session) : found.error());
}

void ChangeSession(const Services& services, const http::Request& request,
                   ResponderPtr responder) {
  const auto found = FindExisting(services, request, "session.open");
  if (!found) return responder->Send(found.error());
  auto change = ReadPatch(services, found->session, request);
  if (!change) return responder->Send(std::move(change).error());
  change->origin = OriginOf(request, found->caller.client->id);
  services.sessions.Change(
      found->session.id, std::move(change).value(),
      [responder](const Result<Session>& changed) {
        responder->Send(changed ? DescribeWhole(*changed)
                                : WriteFailure(changed.error()));
      });
}

void StepUpSession(const Services& services, const http::Request& request,
                   ResponderPtr responder) {
  const auto found = FindExisting(services, request, "session.open");
  if (!found) return responder->Send(found.error());
  auto step = ReadStepUp(services, *found, request);
  if (!step) return responder->Send(std::move(step).error());
  services.sessions.StepUp(
      std::move(step).value(),
      [&services, responder](const Result<Grant>& grant) {
        if (!grant) return responder->Send(WriteFailure(grant.error()));
        services.metrics.CountRevocation(
            RevocationKindName(RevocationKind::kSession));
        responder->Send(TokenResponse(services, 201, *grant,
                                      SessionIdText(grant->session.id)));
      });
}

void OpenSession(const Services& services, const http::Request& request,
                 ResponderPtr responder) {
  Result<OpenRequest, http::Response> open = ReadOpen(services, request);
  if (!open) return responder->Send(std::move(open).error());
  services.sessions.Open(
      std::move(open).value(),
      [&services, responder](const Result<Grant>& grant) {
        if (!grant) return responder->Send(WriteFailure(grant.error()));
        responder->Send(TokenResponse(services, 201, *grant,
                                      SessionIdText(grant->session.id)));
      });
}

void ListSessions(const Services& services, const http::Request& request,
                  ResponderPtr responder) {
  responder->Send(List(services, request));
}

}  // namespace signet::service
