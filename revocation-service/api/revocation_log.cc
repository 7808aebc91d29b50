// The revocations as JSON. Every answer but 400, 401, 403 and 503 names in
// `next` what to ask next, so a poller begins with /v1/revocations/live and
// then follows (docs/pollers.md):
//
//   /v1/revocations/live[?from=F][&wait=S][&limit=L]
//       what is live, by kind and id. The last page goes on with the log, from
//       where it was when the first page was made.
//   /v1/revocations[?epoch=E][&after=N][&wait=S][&limit=L]
//       entries after N; with `wait`, once there are some or S seconds have
//       passed. 410: it was trimmed past N. 409: the epoch is another, or N
//       lies ahead of its log.
//
//   F = epoch "." sequence "." time "." kind "." id
//       position and time (ms) of the first page, and the last name of the
//       page before; id in base64url
//
// `time` is there if the answer, with all before it, holds everything that was
// acknowledged before that moment.
#include "revocation-service/api/revocation_log.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "revocation-service/api/input.h"
#include "revocation-service/oauth/security.h"
#include "signet/primitives.h"
#include "signet/timestamp.h"

namespace signet::service {
namespace {

namespace json = boost::json;

// Below ServerOptions::response_timeout, so that the answer still gets out.
constexpr uint64_t kMaxWaitSeconds = 60;
constexpr uint64_t kMaxLimit = 1000;
// A page costs a walk over the whole list (that holds nobody up), so it is
// large.
constexpr uint64_t kMaxPage = 10'000;
constexpr uint64_t kMaxSequence = std::numeric_limits<int64_t>::max();
constexpr uint64_t kMaxEpoch = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMaxTime = 253'402'300'799'999;  // the year 9999
constexpr std::string_view kLogPath = "/v1/revocations";
constexpr std::string_view kLivePath = "/v1/revocations/live";

// ReadNumber reads a parameter of [least, most]; `absent` stands for none.
// nullopt: it is something else.
std::optional<uint64_t> ReadNumber(const http::Form& query,
                                   std::string_view name, uint64_t least,
                                   uint64_t most, uint64_t absent) {
  if (!query.Has(name)) return absent;
  const auto number = ParseNumber(query.Get(name), most);
  return number && *number >= least ? number : std::nullopt;
}

// ---- Where to go on ----

// Carried is what a `next` hands on.
struct Carried {
  uint64_t wait = 0;   // seconds
  uint64_t limit = 0;  // 0: not asked for
};

std::string Target(std::string_view path, std::string query,
                   const Carried& carried) {
  if (carried.wait != 0) query += "&wait=" + std::to_string(carried.wait);
  if (carried.limit != 0) query += "&limit=" + std::to_string(carried.limit);
  if (!query.empty()) query.replace(0, 1, "?");
  return std::string(path) + query;
}

std::string LogTarget(const FeedPosition& after, const Carried& carried) {
  return Target(kLogPath,
                "&epoch=" + std::to_string(after.epoch) +
                    "&after=" + std::to_string(after.sequence),
                carried);
}

// Mark is where a reader of the live entries stands.
struct Mark {
  FeedPosition position;  // of the first page
  Time time{};            // of the first page
  RevocationName last;    // of the page before
};

std::string MarkText(const Mark& mark) {
  return std::to_string(mark.position.epoch) + "." +
         std::to_string(mark.position.sequence) + "." +
         std::to_string(mark.time.time_since_epoch().count()) + "." +
         std::to_string(static_cast<int>(mark.last.kind)) + "." +
         Base64UrlEncode(mark.last.id);
}

std::optional<Mark> ParseMark(std::string_view text) {
  std::string_view parts[5];
  for (size_t i = 0; i < 5; ++i) {
    const size_t dot = i < 4 ? text.find('.') : text.size();
    if (dot == text.npos) return std::nullopt;
    parts[i] = text.substr(0, dot);
    text.remove_prefix(std::min(text.size(), dot + 1));
  }
  const auto epoch = ParseNumber(parts[0], kMaxEpoch);
  const auto sequence = ParseNumber(parts[1], kMaxSequence);
  const auto time = ParseNumber(parts[2], kMaxTime);
  const auto kind =
      ParseNumber(parts[3], static_cast<int>(RevocationKind::kAll));
  Mark mark;
  if (!epoch || !sequence || !time || !kind || *kind == 0 ||
      !Base64UrlDecodeTo(parts[4], mark.last.id)) {
    return std::nullopt;
  }
  mark.position = {static_cast<uint32_t>(*epoch), *sequence};
  mark.time = Time(Duration(static_cast<int64_t>(*time)));
  mark.last.kind = static_cast<RevocationKind>(*kind);
  return mark;
}

// BeginAnew is the answer to who asks for what the log has not.
http::Response BeginAnew(int status, std::string_view error,
                         std::string_view description, uint32_t epoch,
                         uint64_t wait) {
  return JsonResponse(status,
                      json::serialize(json::object{
                          {"error", error},
                          {"error_description", description},
                          {"epoch", epoch},
                          {"next", Target(kLivePath, "", {.wait = wait})},
                      }));
}

http::Response NewEpoch(uint32_t epoch, uint64_t wait) {
  return BeginAnew(409, "new_epoch",
                   "the place is not of this log; keep what you hold, and "
                   "begin anew with 'next'",
                   epoch, wait);
}

http::Response Gone(uint32_t epoch, uint64_t wait) {
  return BeginAnew(410, "gone",
                   "the log was trimmed past 'after'; keep what you hold, and "
                   "begin anew with 'next'",
                   epoch, wait);
}

// ---- The log ----

struct LogQuery {
  std::optional<uint32_t> epoch;  // nullopt: the present one
  uint64_t after = 0;
  Carried carried;

  size_t limit() const {
    return carried.limit == 0 ? kMaxLimit : carried.limit;
  }
};

Result<LogQuery, http::Response> ReadLogQuery(const Services& services,
                                              const http::Request& request) {
  const auto caller = RequirePermission(services, request, "feed");
  if (!caller) return caller.error();
  const auto query =
      ParseQuery(request.query, {"epoch", "after", "wait", "limit"});
  if (!query) return InvalidRequest(query.error().message);
  const auto epoch = ReadNumber(*query, "epoch", 0, kMaxEpoch, 0);
  if (!epoch) return InvalidRequest("epoch must be a whole number");
  const auto after = ReadNumber(*query, "after", 0, kMaxSequence, 0);
  if (!after) return InvalidRequest("after must be a sequence number");
  const auto wait = ReadNumber(*query, "wait", 0, kMaxWaitSeconds, 0);
  if (!wait) return InvalidRequest("wait must be 0 to 60 seconds");
  const auto limit = ReadNumber(*query, "limit", 1, kMaxLimit, 0);
  if (!limit) return InvalidRequest("limit must be 1 to 1000");
  LogQuery read{.epoch = {}, .after = *after, .carried = {*wait, *limit}};
  if (query->Has("epoch")) read.epoch = static_cast<uint32_t>(*epoch);
  return read;
}

// IsElsewhere: the place is not of this log. Who names no epoch is not told:
// the answer's says whether it is another one.
bool IsElsewhere(const LogQuery& query, const FeedPosition& position) {
  return query.epoch &&
         (*query.epoch != position.epoch || query.after > position.sequence);
}

void AddTimes(const Revocation& revocation, json::object& out) {
  if (IsCutoff(revocation.kind)) {
    out["not_before"] = FormatTimestamp(revocation.not_before);
  }
  out["drop_after"] = FormatTimestamp(revocation.drop_after);
}

json::object Describe(const Publisher::Numbered& numbered) {
  const LogEntry& entry = numbered.entry;
  const Revocation& revocation = entry.revocation;
  json::object out;
  out["seq"] = numbered.sequence;
  out["kind"] = RevocationKindName(revocation.kind);
  out["id"] = Base64UrlEncode(revocation.id);
  out["value"] = entry.value;
  out["at"] = FormatTimestamp(revocation.at);
  AddTimes(revocation, out);
  out["reason"] = entry.reason;
  return out;
}

json::object Answer(uint32_t epoch, json::array entries, std::string next) {
  return {{"epoch", epoch},
          {"entries", std::move(entries)},
          {"next", std::move(next)}};
}

http::Response LogResponse(const Services& services, const LogQuery& query) {
  const auto known = services.publisher.Refresh();
  if (!known) return Unavailable("the log could not be read; try again");
  const FeedPosition position = known->position;
  if (IsElsewhere(query, position)) {
    return NewEpoch(position.epoch, query.carried.wait);
  }
  const auto entries = services.publisher.Recent(query.after, query.limit());
  if (!entries && entries.error().code == ErrorCode::kNotFound) {
    return Gone(position.epoch, query.carried.wait);
  }
  if (!entries) return Unavailable("the log could not be read; try again");
  json::array list;
  for (const auto& entry : *entries) list.push_back(Describe(entry));
  const uint64_t last = entries->empty()
                            ? std::min(query.after, position.sequence)
                            : entries->back().sequence;
  json::object body = Answer(position.epoch, std::move(list),
                             LogTarget({position.epoch, last}, query.carried));
  // Entries may have come since the position was read.
  body["last"] = std::max(position.sequence, last);
  if (query.after <= position.sequence && last >= position.sequence) {
    body["time"] = FormatTimestamp(known->time);
  }
  return JsonResponse(200, json::serialize(body));
}

// ---- What is live ----

struct LiveQuery {
  std::optional<Mark> from;
  Carried carried;

  size_t limit() const { return carried.limit == 0 ? kMaxPage : carried.limit; }
};

Result<LiveQuery, http::Response> ReadLiveQuery(const Services& services,
                                                const http::Request& request) {
  const auto caller = RequirePermission(services, request, "feed");
  if (!caller) return caller.error();
  const auto query = ParseQuery(request.query, {"from", "wait", "limit"});
  if (!query) return InvalidRequest(query.error().message);
  const auto wait = ReadNumber(*query, "wait", 0, kMaxWaitSeconds, 0);
  if (!wait) return InvalidRequest("wait must be 0 to 60 seconds");
  const auto limit = ReadNumber(*query, "limit", 1, kMaxPage, 0);
  if (!limit) return InvalidRequest("limit must be 1 to 10000");
  LiveQuery read{.from = {}, .carried = {*wait, *limit}};
  if (query->Has("from")) {
    read.from = ParseMark(query->Get("from"));
    if (!read.from) return InvalidRequest("from must be that of a 'next'");
  }
  return read;
}

json::array DescribeLive(const std::vector<Revocation>& entries) {
  json::array list;
  for (const Revocation& entry : entries) {
    json::object out;
    out["kind"] = RevocationKindName(entry.kind);
    out["id"] = Base64UrlEncode(entry.id);
    AddTimes(entry, out);
    list.push_back(std::move(out));
  }
  return list;
}

http::Response LiveResponse(Publisher& publisher, const LiveQuery& query) {
  const auto known = publisher.Refresh();
  if (!known) return Unavailable("the list could not be read; try again");
  Mark mark{.position = known->position, .time = known->time, .last = {}};
  if (query.from) {
    mark = *query.from;
    if (mark.position.epoch != known->position.epoch ||
        mark.position.sequence > known->position.sequence) {
      return NewEpoch(known->position.epoch, query.carried.wait);
    }
  }
  const auto after = query.from ? std::optional(mark.last) : std::nullopt;
  // What was live at the first page's position is in one of the pages, unless
  // it has expired meanwhile; what comes while they are made, the log tells.
  std::vector<Revocation> page = publisher.revocations().EntriesAfter(
      known->time, after, query.limit() + 1);
  const bool more = page.size() > query.limit();
  if (more) page.pop_back();
  const uint32_t epoch = mark.position.epoch;
  json::array list = DescribeLive(page);
  if (more) {
    mark.last = {page.back().kind, page.back().id};
    return JsonResponse(
        200, json::serialize(Answer(
                 epoch, std::move(list),
                 Target(kLivePath, "&from=" + MarkText(mark), query.carried))));
  }
  json::object body = Answer(epoch, std::move(list),
                             LogTarget(mark.position, {query.carried.wait, 0}));
  body["time"] = FormatTimestamp(mark.time);
  return JsonResponse(200, json::serialize(body));
}

}  // namespace

void GetRevocations(const Services& services, const http::Request& request,
                    ResponderPtr responder) {
  const auto query = ReadLogQuery(services, request);
  if (!query) return responder->Send(query.error());
  const FeedPosition present = services.publisher.position();
  // What is not of this log need not wait for its answer.
  if (query->carried.wait == 0 || IsElsewhere(*query, present)) {
    return responder->Send(LogResponse(services, *query));
  }
  services.publisher.WhenPast({present.epoch, query->after},
                              Seconds(query->carried.wait),
                              [&services, query = *query, responder] {
                                responder->Send(LogResponse(services, query));
                              });
}

void GetLiveRevocations(const Services& services, feed::SnapshotWorker& worker,
                        const http::Request& request, ResponderPtr responder) {
  const auto query = ReadLiveQuery(services, request);
  if (!query) return responder->Send(query.error());
  const bool queued = worker.Submit(
      [&publisher = services.publisher, query = *query, responder] {
        responder->Send(LiveResponse(publisher, query));
      });
  if (!queued) {
    responder->Send(Unavailable("too many want the list; try again"));
  }
}

}  // namespace signet::service
