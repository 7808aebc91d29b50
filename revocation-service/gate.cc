#include "revocation-service/gate.h"

#include <cstdio>
#include <utility>

#include "revocation-service/log.h"
#include "revocation-service/routes.h"

namespace signet::service {
namespace {

constexpr uint32_t kFailuresPerSecond = 50;
constexpr int kFailed = 500;

std::string Milliseconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", seconds * 1000);
  return text;
}

}  // namespace

RequestLines ParseRequestLines(std::string_view name) {
  if (name == "all") return RequestLines::kAll;
  return name == "none" ? RequestLines::kNone : RequestLines::kFailed;
}

Gate::Gate(Proxies proxies, RequestLines lines, Admission& admission,
           AuditLog& audit, const Clock& clock)
    : lines_(lines),
      admission_(admission),
      audit_(audit),
      clock_(clock),
      proxies_(std::make_shared<const Proxies>(std::move(proxies))) {}

void Gate::SetProxies(Proxies proxies) {
  auto fresh = std::make_shared<const Proxies>(std::move(proxies));
  MutexLock lock(mutex_);
  proxies_.swap(fresh);
}

void Gate::Enter(http::Request& request) const {
  std::shared_ptr<const Proxies> proxies;
  {
    MutexLock lock(mutex_);
    proxies = proxies_;
  }
  request.remote = proxies->ClientOf(request);
}

std::optional<http::Response> Gate::Shed(const http::Request& request) {
  const auto wait = admission_.AdmitAddress(request.remote);
  if (!wait) return std::nullopt;
  AuditLine line = MakeAuditLine(AuditEvent::kRateLimited, clock_.Now(),
                                 {"", request.remote, request.trace});
  line.reason = "address";
  audit_.Refuse(std::move(line));
  return TooManyRequests(*wait);
}

bool Gate::MayLogFailure() {
  const int64_t second =
      std::chrono::floor<Seconds>(clock_.MonotonicNow().time_since_epoch())
          .count();
  MutexLock lock(mutex_);
  if (second != second_) {
    second_ = second;
    logged_ = 0;
  }
  return logged_++ < kFailuresPerSecond;
}

void Gate::Answered(const AnsweredRequest& request) {
  const RequestLines lines = lines_;
  if (lines == RequestLines::kNone) return;
  if (lines == RequestLines::kFailed &&
      (request.status < kFailed || !MayLogFailure())) {
    return;
  }
  const auto log = request.status < kFailed ? LogInfo : LogWarning;
  log("request", {{"method", request.method},
                  {"endpoint", request.endpoint},
                  {"status", std::to_string(request.status)},
                  {"milliseconds", Milliseconds(request.seconds)},
                  {"address", request.address},
                  {"trace_id", request.trace}});
}

}  // namespace signet::service
