#include "revocation-service/readiness.h"

#include <boost/json.hpp>
#include <utility>

#include "revocation-service/routes.h"

namespace signet::service {
namespace {

constexpr Duration kPatience = std::chrono::seconds(3);
constexpr size_t kMaxWaiting = 1000;

// The probe's own keys: the second never exists.
constexpr char kProbeKey[] = "m/ready";
constexpr char kAbsentKey[] = "m/ready-absent";

boost::json::array ToArray(const std::vector<std::string>& texts) {
  return boost::json::array(texts.begin(), texts.end());
}

}  // namespace

Readiness::Readiness(Committer& committer, const Clock& clock, Look look)
    : committer_(committer), clock_(clock), look_(std::move(look)) {}

void Readiness::Answer(std::shared_ptr<http::Responder> responder) {
  {
    MutexLock lock(mutex_);
    if (waiting_.size() < kMaxWaiting) {
      waiting_.push_back({std::move(responder), clock_.MonotonicNow()});
    }
    if (std::exchange(probing_, true)) return;
  }
  Batch batch;
  batch.conditions.push_back({kAbsentKey, std::nullopt});
  batch.puts.push_back({kProbeKey, "1"});
  committer_.Submit(std::move(batch), [this](Result<Committed> result) {
    OnProbe(result.ok() ? Status() : Status(result.error()));
  });
}

void Readiness::OnProbe(const Status& stored) {
  std::vector<Waiting> waiting;
  {
    MutexLock lock(mutex_);
    probing_ = false;
    waiting.swap(waiting_);
  }
  for (const Waiting& one : waiting) Send(*one.responder, stored);
}

void Readiness::Tick() {
  std::vector<Waiting> late;
  {
    MutexLock lock(mutex_);
    const Monotonic limit = clock_.MonotonicNow() - kPatience;
    while (!waiting_.empty() && waiting_.front().since <= limit) {
      late.push_back(std::move(waiting_.front()));
      waiting_.erase(waiting_.begin());
    }
  }
  for (const Waiting& one : late) {
    Send(*one.responder,
         Error{ErrorCode::kUnavailable, "no answer within 3 s"});
  }
}

void Readiness::Send(http::Responder& responder, const Status& stored) const {
  Findings found = look_();
  if (!stored.ok()) found.faults.push_back("store: " + stored.error().message);
  const bool ready = found.faults.empty();
  boost::json::object body{{"ready", ready}};
  if (!ready) body["faults"] = ToArray(found.faults);
  if (!found.warnings.empty()) body["warnings"] = ToArray(found.warnings);
  responder.Send(JsonResponse(ready ? 200 : 503, boost::json::serialize(body)));
}

}  // namespace signet::service
