#include "revocation-service/api/audit.h"

#include <boost/json.hpp>
#include <limits>
#include <string>
#include <utility>

#include "revocation-service/api/input.h"
#include "signet/timestamp.h"

namespace signet::service {
namespace {

namespace json = boost::json;

constexpr uint64_t kMaxLimit = 1000;
constexpr uint64_t kMaxId = std::numeric_limits<int64_t>::max();

Result<AuditQuery, http::Response> ReadAuditQuery(
    const Services& services, const http::Request& request) {
  const auto caller = RequirePermission(services, request, "audit");
  if (!caller) return caller.error();
  const auto query = ParseQuery(request.query, {"after", "limit", "subject",
                                                "session", "client", "event"});
  if (!query) return InvalidRequest(query.error().message);
  AuditQuery audit;
  if (query->Has("after")) {
    const auto after = ParseNumber(query->Get("after"), kMaxId);
    if (!after) return InvalidRequest("after must be a line's id");
    audit.after = *after;
  }
  if (query->Has("limit")) {
    const auto limit = ParseNumber(query->Get("limit"), kMaxLimit);
    if (!limit || *limit == 0) return InvalidRequest("limit must be 1 to 1000");
    audit.limit = *limit;
  }
  audit.subject = query->Get("subject");
  audit.client = query->Get("client");
  if (query->Has("session")) {
    audit.session = ParseSessionId(query->Get("session"));
    if (!audit.session) return InvalidRequest("session must be a session id");
  }
  if (query->Has("event")) {
    audit.event = ParseAuditEvent(query->Get("event"));
    if (!audit.event) {
      return InvalidRequest("there is no such event; known are " +
                            AuditEventNames());
    }
  }
  return audit;
}

json::object Describe(const NumberedAuditLine& numbered) {
  const AuditLine& line = numbered.line;
  json::object out;
  out["id"] = numbered.id;
  out["time"] = FormatTimestamp(line.time);
  out["event"] = AuditEventName(line.event);
  const auto add = [&out](const char* name, const std::string& text) {
    if (!text.empty()) out[name] = text;
  };
  add("client", line.client);
  add("subject", line.subject);
  if (line.session) out["session_id"] = SessionIdText(*line.session);
  add("target", line.target);
  add("reason", line.reason);
  add("address", line.address);
  add("trace_id", line.trace);
  if (line.count != 1) out["count"] = line.count;
  return out;
}

}  // namespace

void GetAudit(const Services& services, const http::Request& request,
              ResponderPtr responder) {
  const auto query = ReadAuditQuery(services, request);
  if (!query) return responder->Send(query.error());
  if (services.audit == nullptr) {
    return responder->Send(Unavailable("there is no audit"));
  }
  const auto page = services.audit->Read(*query);
  if (!page) {
    return responder->Send(Unavailable("the audit could not be read"));
  }
  json::array lines;
  for (const NumberedAuditLine& line : page->lines) {
    lines.push_back(Describe(line));
  }
  responder->Send(JsonResponse(200, json::serialize(json::object{
                                        {"lines", std::move(lines)},
                                        {"next", page->next},
                                        {"more", !page->finished},
                                    })));
}

}  // namespace signet::service
