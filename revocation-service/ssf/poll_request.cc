// The body of a poll (RFC 8936 section 2.4):
//
//   {"maxEvents": 10, "returnImmediately": true, "ack": ["JTI", …],
//    "setErrs": {"JTI": {"err": "invalid_key", "description": "…"}}}
//
// Every member may be left out, and unknown ones are let through: what an
// extension adds must not keep a partner from hearing of a logout.
#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "revocation-service/api/input.h"
#include "revocation-service/ssf/ssf_routes.h"

namespace signet::service::ssf {
namespace {

namespace json = boost::json;

// What is signed for one answer at most.
constexpr uint64_t kMaxEvents = 100;
constexpr size_t kMaxReceipts = 10'000;

Error Invalid(std::string what) {
  return {ErrorCode::kInvalid, std::move(what)};
}

Status ReadMaxEvents(const json::value& value, PollRequest& request) {
  const int64_t* number = value.if_int64();
  if (number == nullptr || *number < 0) {
    return Invalid("maxEvents must be a whole number, 0 or more");
  }
  request.max_events =
      std::min(static_cast<uint64_t>(*number), uint64_t{kMaxEvents});
  return {};
}

Status ReadImmediately(const json::value& value, PollRequest& request) {
  const bool* flag = value.if_bool();
  if (flag == nullptr) return Invalid("returnImmediately must be a boolean");
  request.return_immediately = *flag;
  return {};
}

Status ReadAck(const json::value& value, PollRequest& request) {
  const json::array* list = value.if_array();
  if (list == nullptr || list->size() > kMaxReceipts) {
    return Invalid("ack must be an array of at most 10000 strings");
  }
  for (const json::value& item : *list) {
    const json::string* id = item.if_string();
    if (id == nullptr) return Invalid("ack must hold strings");
    request.receipt.acknowledged.emplace_back(id->data(), id->size());
  }
  return {};
}

Status ReadErrors(const json::value& value, PollRequest& request) {
  const json::object* errors = value.if_object();
  if (errors == nullptr || errors->size() > kMaxReceipts) {
    return Invalid("setErrs must be an object of at most 10000 members");
  }
  for (const auto& [id, error] : *errors) {
    const json::object* members = error.if_object();
    const json::value* code =
        members == nullptr ? nullptr : members->if_contains("err");
    if (code == nullptr || !code->is_string()) {
      return Invalid("setErrs must hold objects with a string `err`");
    }
    const json::string& text = code->get_string();
    request.receipt.rejected.emplace_back(
        std::string(id), std::string(text.data(), text.size()));
  }
  return {};
}

}  // namespace

Result<PollRequest> ParsePoll(std::string_view body) {
  if (Status valid = CheckJson(body); !valid.ok()) return valid.error();
  json::error_code error;
  const json::value value = json::parse({body.data(), body.size()}, error);
  const json::object* members = value.if_object();
  if (error || members == nullptr) {
    return Invalid("the body must be one JSON object");
  }
  PollRequest request;
  request.max_events = kMaxEvents;
  const std::pair<const char*, Status (*)(const json::value&, PollRequest&)>
      kReaders[] = {{"maxEvents", ReadMaxEvents},
                    {"returnImmediately", ReadImmediately},
                    {"ack", ReadAck},
                    {"setErrs", ReadErrors}};
  for (const auto& [name, read] : kReaders) {
    const json::value* member = members->if_contains(name);
    if (member == nullptr) continue;
    if (Status taken = read(*member, request); !taken.ok()) {
      return taken.error();
    }
  }
  return request;
}

}  // namespace signet::service::ssf
