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

json::object DescribePlace(const Services& services, const Revoked& revoked) {
  const FeedPosition position = services.publisher.position();
  // With nothing to write, a replica that is here knows as much.
  const uint64_t sequence =
      revoked.sequence != 0 ? revoked.sequence : position.sequence;
  return {{"epoch", position.epoch}, {"seq", sequence}};
}

// ReadAckWait reads for how long the caller wants to wait for verifiers, if
// at all.
Result<std::optional<Seconds>, http::Response> ReadAckWait(
    const http::Request& request) {
  const auto query = ParseQuery(request.query, {"wait"});
  if (!query) return InvalidRequest(query.error().message);
  if (!query->Has("wait")) return std::optional<Seconds>();
  const auto wait = ParseNumber(query->Get("wait"), kMaxAckWait);
  if (!wait) return InvalidRequest("wait must be 0 to 55 seconds");
  return std::optional(Seconds(static_cast<int64_t>(*wait)));
}

}  // namespace

void PostRevocation(const Services& services, const http::Request& request,
                    ResponderPtr responder) {
  Result<NewRevocation, http::Response> revocation =
      ReadPost(services, request);
  if (!revocation) return responder->Send(std::move(revocation).error());
  const auto limit = ReadAckWait(request);
  if (!limit) return responder->Send(limit.error());
  feed::Verifiers& verifiers = services.publisher.verifiers();
  // Before the commit: see Verifiers::Begin.
  auto wait = *limit ? verifiers.Begin() : nullptr;
  const RevocationKind kind = revocation->kind;
  services.sessions.Revoke(
      std::move(revocation).value(),
      [&services, &verifiers, kind, wait, limit = limit->value_or(Seconds(0)),
       responder](const Result<Revoked>& revoked) {
        if (!revoked) return responder->Send(PostFailed(revoked.error()));
        services.metrics.CountRevocation(RevocationKindName(kind));
        json::object place = DescribePlace(services, *revoked);
        if (!wait) {
          return responder->Send(JsonResponse(201, json::serialize(place)));
        }
        const auto sequence = place.at("seq").to_number<uint64_t>();
        verifiers.Await(
            wait, sequence, limit,
            [responder, place = std::move(place)](const auto& report) {
              json::object body = place;
              body["verifiers"] = DescribeReport(report);
              responder->Send(JsonResponse(201, json::serialize(body)));
            });
      });
}

}  // namespace signet::service
