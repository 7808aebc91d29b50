// POST /feed/ack and GET /v1/verifiers.

#include "revocation-service/api/verifiers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "revocation-service/api/input.h"

namespace signet::service {
namespace {

namespace json = boost::json;

constexpr uint64_t kMaxEpoch = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMaxSequence = std::numeric_limits<int64_t>::max();
constexpr uint64_t kMaxLimit = 1000;
constexpr uint64_t kUsualLimit = 100;

// Ack is whom an acknowledgement is of, and how far it goes.
struct Ack {
  feed::VerifierId verifier{};
  FeedPosition position;
};

Result<Ack, http::Response> ReadAck(const http::Form& form) {
  const auto verifier = ParseVerifierId(form.Get("verifier"));
  if (!verifier) return InvalidRequest("verifier must be 16 bytes, base64url");
  const auto epoch = ParseNumber(form.Get("epoch"), kMaxEpoch);
  if (!epoch) return InvalidRequest("epoch must be a whole number");
  const auto sequence = ParseNumber(form.Get("seq"), kMaxSequence);
  if (!sequence) return InvalidRequest("seq must be a whole number");
  return Ack{*verifier, {static_cast<uint32_t>(*epoch), *sequence}};
}

http::Response NotOfThisLog(const FeedPosition& ours) {
  json::object body;
  body["error"] = "new_epoch";
  body["error_description"] =
      "the position is not of this log, or lies ahead of it";
  body["epoch"] = ours.epoch;
  return JsonResponse(409, json::serialize(body));
}

http::Response AckRefused(const Error& error) {
  return error.code == ErrorCode::kDenied
             ? ErrorResponse(403, "access_denied", error.message)
             : ErrorResponse(404, "not_found", error.message);
}

// TakeAck asks the store nothing: what was published is known here.
http::Response TakeAck(const Services& services, const http::Request& request) {
  const auto form = ReadForm(request);
  if (!form) return form.error();
  const auto caller = RequireFormPermission(services, request, *form, "feed");
  if (!caller) return caller.error();
  const auto ack = ReadAck(*form);
  if (!ack) return ack.error();
  const FeedPosition ours = services.publisher.position();
  if (ack->position.epoch != ours.epoch || ack->position > ours) {
    return NotOfThisLog(ours);
  }
  const Status taken = services.publisher.verifiers().Acknowledge(
      ack->verifier, caller->client->id, ack->position.sequence);
  if (!taken) return AckRefused(taken.error());
  return {204, {{"Cache-Control", "no-store"}}, ""};
}

json::object Describe(const feed::Verifiers::Listed& listed) {
  return {{"id", Base64UrlEncode(listed.id)},
          {"client", listed.client},
          {"address", listed.address},
          {"transport", feed::TransportName(listed.transport)},
          {"seq", listed.acknowledged},
          {"behind", listed.behind},
          {"seen_ms", listed.seen.count()}};
}

http::Response CensusResponse(const Publisher& publisher, size_t limit,
                              const feed::Verifiers::Report& report) {
  const FeedPosition position = publisher.position();
  const auto census = publisher.verifiers().Count(position.sequence, limit);
  json::array list;
  for (const auto& listed : census.verifiers) list.push_back(Describe(listed));
  json::object body{
      {"epoch", position.epoch},
      {"seq", position.sequence},
      {"connected", census.connected},
      {"without_id", census.without_id},
      {"furthest_behind", census.furthest_behind},
      {"acknowledged", DescribeReport(report)},
      {"verifiers", std::move(list)},
  };
  return JsonResponse(200, json::serialize(body));
}

struct CensusQuery {
  Seconds wait{};
  size_t limit = kUsualLimit;
};

Result<CensusQuery, http::Response> ReadCensusQuery(
    const Services& services, const http::Request& request) {
  const auto caller = RequirePermission(services, request, "feed");
  if (!caller) return caller.error();
  const auto query = ParseQuery(request.query, {"wait", "limit"});
  if (!query) return InvalidRequest(query.error().message);
  CensusQuery read;
  if (query->Has("wait")) {
    const auto wait = ParseNumber(query->Get("wait"), kMaxAckWait);
    if (!wait) return InvalidRequest("wait must be 0 to 55 seconds");
    read.wait = Seconds(static_cast<int64_t>(*wait));
  }
  if (query->Has("limit")) {
    const auto limit = ParseNumber(query->Get("limit"), kMaxLimit);
    if (!limit) return InvalidRequest("limit must be 0 to 1000");
    read.limit = static_cast<size_t>(*limit);
  }
  return read;
}

}  // namespace

std::optional<feed::VerifierId> ParseVerifierId(std::string_view text) {
  feed::VerifierId id{};
  const Result<std::string> bytes = Base64UrlDecode(text);
  if (!bytes || bytes->size() != id.size()) return std::nullopt;
  std::ranges::copy(AsBytes(*bytes), id.begin());
  return id;
}

json::object DescribeReport(const feed::Verifiers::Report& report) {
  json::object out{{"connected", report.connected},
                   {"enforcing", report.enforcing}};
  if (report.enforcing == 0) return out;  // there is no latency of nobody
  const auto rounded = [](double ms) { return std::round(ms * 1000) / 1000; };
  out["p50_ms"] = rounded(report.p50_ms);
  out["p99_ms"] = rounded(report.p99_ms);
  out["max_ms"] = rounded(report.max_ms);
  return out;
}

Result<AckWait, http::Response> BeginAckWait(const Services& services,
                                             const http::Form& query) {
  if (!query.Has("wait")) return AckWait();
  const auto limit = ParseNumber(query.Get("wait"), kMaxAckWait);
  if (!limit) return InvalidRequest("wait must be 0 to 55 seconds");
  return AckWait{services.publisher.verifiers().Begin(),
                 Seconds(static_cast<int64_t>(*limit))};
}

void SendWhenEnforced(const Services& services, const AckWait& wait, int status,
                      json::object body, const ResponderPtr& responder) {
  if (wait.wait == nullptr) {
    return responder->Send(JsonResponse(status, json::serialize(body)));
  }
  const auto sequence = body.at("seq").to_number<uint64_t>();
  services.publisher.verifiers().Await(
      wait.wait, sequence, wait.limit,
      [responder, status, body = std::move(body)](const auto& report) {
        json::object enforced = body;
        enforced["verifiers"] = DescribeReport(report);
        responder->Send(JsonResponse(status, json::serialize(enforced)));
      });
}

json::object DescribePlace(const Services& services, const Revoked& revoked) {
  const FeedPosition position = services.publisher.position();
  // With nothing to write, a replica that is here knows as much.
  const uint64_t sequence =
      revoked.sequence != 0 ? revoked.sequence : position.sequence;
  return {{"epoch", position.epoch}, {"seq", sequence}};
}

void PostAck(const Services& services, const http::Request& request,
             ResponderPtr responder) {
  responder->Send(TakeAck(services, request));
}

void GetVerifiers(const Services& services, const http::Request& request,
                  ResponderPtr responder) {
  const auto query = ReadCensusQuery(services, request);
  if (!query) return responder->Send(query.error());
  Publisher& publisher = services.publisher;
  auto& verifiers = publisher.verifiers();
  verifiers.Await(
      verifiers.Begin(), publisher.position().sequence, query->wait,
      [&publisher, responder, limit = query->limit](const auto& report) {
        responder->Send(CensusResponse(publisher, limit, report));
      });
}

}  // namespace signet::service
