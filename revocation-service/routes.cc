#include "revocation-service/routes.h"

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <cassert>
#include <chrono>
#include <exception>
#include <map>
#include <utility>

#include "revocation-service/gate.h"
#include "revocation-service/trace.h"

namespace signet::service {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using Methods = std::map<std::string, Route, std::less<>>;

// Descriptions are for people: a longer one only repeats what a client sent.
constexpr size_t kMaxDescription = 600;

// DescriptionText keeps to the characters of RFC 6749 section 5.2:
// %x20-21 / %x23-5B / %x5D-7E.
std::string DescriptionText(std::string_view text) {
  std::string out(text.substr(0, kMaxDescription));
  for (char& c : out) {
    if (c == '"') c = '\'';
    if (c < 0x20 || c == '\\' || c > 0x7e) c = '?';
  }
  return out;
}

bool HasHeader(const http::Headers& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return header.first == name; });
}

void AddCommonHeaders(const std::string& trace, http::Response& response) {
  // W3C's traceresponse is a draft and wants a span, which nobody opens here.
  response.headers.emplace_back("Trace-Id", trace);
  constexpr std::string_view kName = "X-Content-Type-Options";
  if (!HasHeader(response.headers, kName)) {
    response.headers.emplace_back(kName, "nosniff");
  }
}

// CountingResponder counts the first answer and passes on what it is given.
// If it dies unused so does the one below, which then answers 500.
class CountingResponder final : public http::Responder {
 public:
  CountingResponder(std::shared_ptr<http::Responder> next, std::string endpoint,
                    const http::Request& request, Metrics& metrics, Gate* gate)
      : next_(std::move(next)),
        request_{.method = request.method,
                 .endpoint = std::move(endpoint),
                 .address = request.remote,
                 .trace = request.trace},
        metrics_(metrics),
        gate_(gate) {}
  ~CountingResponder() override { Count(500); }

  void Send(http::Response response) override {
    // A handler that answers and then throws has answered.
    if (!Count(response.status)) return;
    AddCommonHeaders(request_.trace, response);
    next_->Send(std::move(response));
  }

  std::shared_ptr<http::EventStream> Stream(http::Response head) override {
    Count(head.status);
    AddCommonHeaders(request_.trace, head);
    return next_->Stream(std::move(head));
  }

 private:
  // Count is false if there was an answer before.
  bool Count(int status) {
    if (used_.exchange(true)) return false;
    const std::chrono::duration<double> taken =
        std::chrono::steady_clock::now() - start_;
    metrics_.CountRequest(request_.endpoint, status, taken.count());
    request_.status = status;
    request_.seconds = taken.count();
    if (gate_ != nullptr) gate_->Answered(request_);
    return true;
  }

  const std::shared_ptr<http::Responder> next_;
  AnsweredRequest request_;  // changed by the one answer
  Metrics& metrics_;
  Gate* const gate_;
  const SteadyTime start_ = std::chrono::steady_clock::now();
  std::atomic<bool> used_{false};
};

http::Response NotFound() {
  return ErrorResponse(404, "not_found", "there is no such endpoint");
}

// MethodNotAllowed is RFC 9110 section 15.5.6.
http::Response MethodNotAllowed(const Methods& methods) {
  std::string allow;
  for (const auto& [method, route] : methods) {
    if (!allow.empty()) allow += ", ";
    allow += method;
    if (method == "GET") allow += ", HEAD";
  }
  http::Response response = ErrorResponse(
      405, "method_not_allowed", "this endpoint does not take that method");
  response.headers.emplace_back("Allow", std::move(allow));
  return response;
}

}  // namespace

struct Router::Impl {
  Impl(Metrics& counted, Gate* gate_in) : metrics(counted), gate(gate_in) {}

  // Find returns the methods of the path's routes, or null.
  const Methods* Find(std::string_view path) const;

  void Enter(http::Request& request) const;

  Metrics& metrics;
  Gate* const gate;
  std::map<std::string, Methods, std::less<>> exact;
  // By what stands before "{}".
  std::map<std::string, Methods, std::less<>> prefixes;
};

const Methods* Router::Impl::Find(std::string_view path) const {
  if (const auto it = exact.find(path); it != exact.end()) return &it->second;
  const size_t slash = path.rfind('/');
  if (slash == path.npos || slash + 1 == path.size()) return nullptr;
  const auto it = prefixes.find(path.substr(0, slash + 1));
  return it == prefixes.end() ? nullptr : &it->second;
}

void Router::Impl::Enter(http::Request& request) const {
  std::optional<std::string> trace;
  if (request.CountHeader("traceparent") == 1) {
    trace = ParseTraceparent(request.Header("traceparent"));
  }
  request.trace = trace ? std::move(*trace) : NewTraceId();
  if (gate != nullptr) gate->Enter(request);
}

Router::Router(std::vector<Route> routes, Metrics& metrics, Gate* gate)
    : impl_(std::make_unique<Impl>(metrics, gate)) {
  for (Route& route : routes) {
    const bool is_prefix = route.path.ends_with("/{}");
    auto& table = is_prefix ? impl_->prefixes : impl_->exact;
    std::string path = route.path;
    if (is_prefix) path.resize(path.size() - 2);
    std::string method = route.method;
    [[maybe_unused]] const bool added =
        table[std::move(path)]
            .emplace(std::move(method), std::move(route))
            .second;
    assert(added && "two routes of one method and path");
  }
}

Router::~Router() = default;

void Router::Handle(http::Request request,
                    std::shared_ptr<http::Responder> responder) const {
  impl_->Enter(request);
  const auto counted = [&](std::string name) {
    return std::make_shared<CountingResponder>(std::move(responder),
                                               std::move(name), request,
                                               impl_->metrics, impl_->gate);
  };
  const Methods* methods = impl_->Find(request.path);
  if (methods == nullptr) return counted("unknown")->Send(NotFound());
  // RFC 9110 section 9.3.2: the server leaves the body out.
  const bool head = request.method == "HEAD";
  const auto it =
      methods->find(head ? "GET" : std::string_view(request.method));
  if (it == methods->end()) {
    return counted("unknown")->Send(MethodNotAllowed(*methods));
  }
  request.never_shed = it->second.never_shed;
  const auto answer = counted(it->second.name);
  if (impl_->gate != nullptr && !request.never_shed) {
    if (auto shed = impl_->gate->Shed(request)) {
      return answer->Send(std::move(*shed));
    }
  }
  try {
    it->second.handle(request, answer);
  } catch (const std::exception&) {
    // Out of memory, or a library's exception that slipped through: a request
    // must not end the process.
    answer->Send(ErrorResponse(500, "server_error", "the request failed"));
  }
}

http::Response JsonResponse(int status, std::string body) {
  return {status,
          {{"Content-Type", "application/json"},
           {"Cache-Control", "no-store"},
           {"Pragma", "no-cache"}},
          std::move(body)};
}

http::Response ErrorResponse(int status, std::string_view error,
                             std::string_view description) {
  boost::json::object body;
  body["error"] = error;
  if (!description.empty()) {
    body["error_description"] = DescriptionText(description);
  }
  return JsonResponse(status, boost::json::serialize(body));
}

http::Response TooManyRequests(Seconds retry_after) {
  http::Response response = ErrorResponse(
      429, "rate_limited", "too many requests; try again after Retry-After");
  response.headers.emplace_back("Retry-After",
                                std::to_string(retry_after.count()));
  return response;
}

http::Response Unavailable(std::string_view description) {
  // RFC 9110 sections 10.2.3 and 15.6.4.
  http::Response response =
      ErrorResponse(503, "temporarily_unavailable", description);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace signet::service
