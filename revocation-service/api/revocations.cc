#include "revocation-service/api/revocations.h"

#include <boost/json.hpp>
#include <string>
#include <utility>

#include "revocation-service/api/input.h"
#include "revocation-service/api/verifiers.h"
#include "revocation-service/oauth/security.h"

namespace signet::service {
namespace {

namespace json = boost::json;

constexpr size_t kMaxValue = 255;
constexpr size_t kMaxReason = 200;

Result<NewRevocation, http::Response> ReadRevocation(const std::string& text) {
  Result<JsonBody> body =
      JsonBody::Parse(text, {"kind", "value", "not_before", "reason"});
  if (!body) return InvalidRequest(body.error().message);
  NewRevocation revocation;
  const auto kind = ParseRevocationKind(body->Required("kind", kMaxValue));
  if (kind) {
    revocation.kind = *kind;
  } else {
    body->Refuse("kind", "must be token, session, subject, client, key or all");
  }
  revocation.value = body->Text("value", kMaxValue);
  revocation.not_before = body->Moment("not_before");
  revocation.reason = body->Text("reason", kMaxReason);
  const bool all = revocation.kind == RevocationKind::kAll;
  if (all != revocation.value.empty()) {
    body->Refuse("value", all ? "must be absent where kind is all"
                              : "is missing or empty");
  }
  if (revocation.not_before && !IsCutoff(revocation.kind)) {
    body->Refuse("not_before", "has no meaning for a token or session");
  }
  if (!body->status()) return InvalidRequest(body->status().error().message);
  return revocation;
}

Result<NewRevocation, http::Response> ReadPost(const Services& services,
                                               const http::Request& request) {
  const auto caller = RequirePermission(services, request, "revoke");
  if (!caller) return caller.error();
  if (!HasMediaType(request, kJsonType)) {
    return ErrorResponse(415, "invalid_request",
                         "the body must be application/json");
  }
  auto revocation = ReadRevocation(request.body);
  if (revocation) revocation->actor = OriginOf(request, caller->client->id);
  return revocation;
}

http::Response PostFailed(const Error& error) {
  return error.code == ErrorCode::kInvalid
             ? InvalidRequest(error.message)
             : Unavailable("the revocation could not be written; try again");
}

}  // namespace

void PostRevocation(const Services& services, const http::Request& request,
                    ResponderPtr responder) {
  Result<NewRevocation, http::Response> revocation =
      ReadPost(services, request);
  if (!revocation) return responder->Send(std::move(revocation).error());
  const auto query = ParseQuery(request.query, {"wait"});
  if (!query) return responder->Send(InvalidRequest(query.error().message));
  const auto wait = BeginAckWait(services, *query);
  if (!wait) return responder->Send(wait.error());
  const RevocationKind kind = revocation->kind;
  services.sessions.Revoke(
      std::move(revocation).value(), [&services, kind, wait = *wait, responder](
                                         const Result<Revoked>& revoked) {
        if (!revoked) return responder->Send(PostFailed(revoked.error()));
        services.metrics.CountRevocation(RevocationKindName(kind));
        SendWhenEnforced(services, wait, 201, DescribePlace(services, *revoked),
                         responder);
      });
}

}  // namespace signet::service
