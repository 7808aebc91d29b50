#include "revocation-service/api/revocations.h"

#include <boost/json.hpp>
#include <limits>
#include <string>
#include <utility>

#include "revocation-service/api/input.h"
#include "revocation-service/api/timestamps.h"

namespace signet::service {
namespace {

namespace json = boost::json;

constexpr size_t kMaxValue = 255;
constexpr size_t kMaxReason = 200;
// Below ServerOptions::response_timeout, so that the answer still gets out.
constexpr uint64_t kMaxWaitSeconds = 60;
constexpr uint64_t kMaxLimit = 1000;

http::Response InvalidRequest(std::string_view description) {
  return ErrorResponse(400, "invalid_request", description);
}

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
  if (!HasMediaType(request, "application/json")) {
    return ErrorResponse(415, "invalid_request",
                         "the body must be application/json");
  }
  auto revocation = ReadRevocation(request.body);
  if (revocation) revocation->actor = caller->client->id;
  return revocation;
}

http::Response AnswerPost(const Services& services, RevocationKind kind,
                          const Result<Revoked>& revoked) {
  if (!revoked && revoked.error().code == ErrorCode::kInvalid) {
    return InvalidRequest(revoked.error().message);
  }
  if (!revoked) {
    return Unavailable("the revocation could not be written; try again");
  }
  services.metrics.CountRevocation(RevocationKindName(kind));
  const FeedPosition position = services.publisher.position();
  // With nothing to write, a replica that is here knows as much.
  const uint64_t sequence =
      revoked->sequence != 0 ? revoked->sequence : position.sequence;
  return JsonResponse(201, json::serialize(json::object{
                               {"epoch", position.epoch},
                               {"seq", sequence},
                           }));
}

// ---- The log ----

struct LogQuery {
  uint64_t after = 0;
  uint64_t wait = 0;  // seconds
  uint64_t limit = kMaxLimit;
};

// ReadParameter leaves `out` alone if the parameter is absent.
Result<void, http::Response> ReadParameter(const http::Form& query,
                                           std::string_view name, uint64_t max,
                                           uint64_t& out) {
  if (!query.Has(name)) return {};
  const auto number = ParseNumber(query.Get(name), max);
  if (!number) {
    return InvalidRequest(std::string(name) +
                          " must be a whole number of at most " +
                          std::to_string(max));
  }
  out = *number;
  return {};
}

Result<LogQuery, http::Response> ReadLogQuery(const Services& services,
                                              const http::Request& request) {
  const auto caller = RequirePermission(services, request, "feed");
  if (!caller) return caller.error();
  const auto query = ParseQuery(request.query, {"after", "wait", "limit"});
  if (!query) return InvalidRequest(query.error().message);
  LogQuery read;
  constexpr uint64_t kAny = std::numeric_limits<int64_t>::max();
  for (auto [name, max, out] :
       {std::tuple<std::string_view, uint64_t, uint64_t*>{"after", kAny,
                                                          &read.after},
        {"wait", kMaxWaitSeconds, &read.wait},
        {"limit", kMaxLimit, &read.limit}}) {
    if (auto ok = ReadParameter(*query, name, max, *out); !ok) {
      return ok.error();
    }
  }
  if (read.limit == 0) return InvalidRequest("limit must be at least 1");
  return read;
}

json::object Describe(const Publisher::Numbered& numbered) {
  const LogEntry& entry = numbered.entry;
  const Revocation& revocation = entry.revocation;
  json::object out;
  out["seq"] = numbered.sequence;
  out["kind"] = RevocationKindName(revocation.kind);
  out["value"] = entry.value;
  out["at"] = FormatTimestamp(revocation.at);
  if (IsCutoff(revocation.kind)) {
    out["not_before"] = FormatTimestamp(revocation.not_before);
  }
  out["drop_after"] = FormatTimestamp(revocation.drop_after);
  out["reason"] = entry.reason;
  return out;
}

http::Response LogResponse(const Services& services, const LogQuery& query) {
  const FeedPosition position = services.publisher.position();
  const auto entries =
      services.publisher.Recent(query.after, static_cast<size_t>(query.limit));
  if (!entries && entries.error().code == ErrorCode::kNotFound) {
    return ErrorResponse(410, "gone",
                         "the log was trimmed past 'after'; take "
                         "/feed/snapshot");
  }
  if (!entries) return Unavailable("the log could not be read; try again");
  json::array list;
  for (const auto& entry : *entries) list.push_back(Describe(entry));
  // Entries may have come since the position was read.
  const uint64_t last = entries->empty() ? 0 : entries->back().sequence;
  return JsonResponse(200, json::serialize(json::object{
                               {"epoch", position.epoch},
                               {"last", std::max(position.sequence, last)},
                               {"entries", std::move(list)},
                           }));
}

}  // namespace

void PostRevocation(const Services& services, const http::Request& request,
                    ResponderPtr responder) {
  Result<NewRevocation, http::Response> revocation =
      ReadPost(services, request);
  if (!revocation) return responder->Send(std::move(revocation).error());
  const RevocationKind kind = revocation->kind;
  services.sessions.Revoke(
      std::move(revocation).value(),
      [&services, kind, responder](const Result<Revoked>& revoked) {
        responder->Send(AnswerPost(services, kind, revoked));
      });
}

void GetRevocations(const Services& services, const http::Request& request,
                    ResponderPtr responder) {
  const auto query = ReadLogQuery(services, request);
  if (!query) return responder->Send(query.error());
  if (query->wait == 0) return responder->Send(LogResponse(services, *query));
  const uint32_t epoch = services.publisher.position().epoch;
  services.publisher.WhenPast({epoch, query->after}, Seconds(query->wait),
                              [&services, query = *query, responder] {
                                responder->Send(LogResponse(services, query));
                              });
}

}  // namespace signet::service
