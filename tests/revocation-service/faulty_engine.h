#ifndef SIGNET_TESTS_REVOCATION_SERVICE_FAULTY_ENGINE_H_
#define SIGNET_TESTS_REVOCATION_SERVICE_FAULTY_ENGINE_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "revocation-service/storage/engine.h"
#include "signet/mutex.h"

namespace signet::service {

enum class EngineCall { kGet, kScan, kCommit, kTail, kLastSequence };

enum class Fault {
  kNone,
  kUnavailable,  // nothing happens
  kLostAnswer,   // it happens, and the answer is kUnavailable
  kConflict,     // a commit: nothing happens, and every batch is kConflict
  kDelay,        // it happens a little later
};

// A FaultyEngine is another engine that fails by a plan, which is asked before
// each call and must be safe from any thread. The engine is borrowed.
class FaultyEngine final : public Engine {
 public:
  using Plan = std::function<Fault(EngineCall)>;

  explicit FaultyEngine(
      Engine& engine, Plan plan = [](EngineCall) { return Fault::kNone; })
      : engine_(engine), plan_(std::move(plan)) {}

  Result<std::optional<std::string>> Get(std::string_view key) override {
    return Call(EngineCall::kGet, [&] { return engine_.Get(key); });
  }
  Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                     std::string_view after,
                                     size_t limit) override {
    return Call(EngineCall::kScan,
                [&] { return engine_.Scan(prefix, after, limit); });
  }
  std::vector<Result<Committed>> Commit(
      std::span<const Batch> batches) override;
  Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) override {
    return Call(EngineCall::kTail, [&] { return engine_.Tail(after, limit); });
  }
  Result<uint64_t> LastSequence() override {
    return Call(EngineCall::kLastSequence,
                [&] { return engine_.LastSequence(); });
  }

 private:
  static Error Unavailable() {
    return {ErrorCode::kUnavailable, "a planned fault"};
  }
  static void Delay() {
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }

  template <typename Function>
  auto Call(EngineCall call, Function function) -> decltype(function()) {
    const Fault fault = plan_(call);
    if (fault == Fault::kUnavailable) return Unavailable();
    if (fault == Fault::kDelay) Delay();
    auto result = function();
    if (fault == Fault::kLostAnswer) return Unavailable();
    return result;
  }

  Engine& engine_;
  const Plan plan_;
};

inline std::vector<Result<Committed>> FaultyEngine::Commit(
    std::span<const Batch> batches) {
  const Fault fault = plan_(EngineCall::kCommit);
  const auto all = [&](Error error) {
    return std::vector<Result<Committed>>(batches.size(), error);
  };
  if (fault == Fault::kUnavailable) return all(Unavailable());
  if (fault == Fault::kConflict) {
    return all({ErrorCode::kConflict, "a planned conflict"});
  }
  if (fault == Fault::kDelay) Delay();
  auto results = engine_.Commit(batches);
  if (fault == Fault::kLostAnswer) return all(Unavailable());
  return results;
}

// FaultScript answers the calls of one sort with what was queued; when
// nothing is, there is no fault. Safe from any thread.
class FaultScript {
 public:
  explicit FaultScript(EngineCall call = EngineCall::kCommit) : call_(call) {}

  void Push(Fault fault, size_t times = 1) {
    MutexLock lock(mutex_);
    faults_.insert(faults_.end(), times, fault);
  }
  size_t left() const {
    MutexLock lock(mutex_);
    return faults_.size();
  }
  Fault Next(EngineCall call) {
    MutexLock lock(mutex_);
    if (call != call_ || faults_.empty()) return Fault::kNone;
    const Fault fault = faults_.front();
    faults_.pop_front();
    return fault;
  }
  // plan is this script as a plan. The script must outlive the engine.
  FaultyEngine::Plan plan() {
    return [this](EngineCall call) { return Next(call); };
  }

 private:
  const EngineCall call_;
  mutable Mutex mutex_;
  std::deque<Fault> faults_ SIGNET_GUARDED_BY(mutex_);
};

// SeededFaults fails about one commit in `commits_in` and one read in
// `reads_in`, in ways that the seed decides; three in four of those reads are
// only late.
inline FaultyEngine::Plan SeededFaults(uint32_t seed, uint32_t commits_in,
                                       uint32_t reads_in) {
  struct State {
    explicit State(uint32_t seed_in) : random(seed_in) {}
    Mutex mutex;
    std::mt19937 random;
  };
  auto state = std::make_shared<State>(seed);
  return [state, commits_in, reads_in](EngineCall call) {
    constexpr Fault kFaults[] = {Fault::kUnavailable, Fault::kLostAnswer,
                                 Fault::kConflict, Fault::kDelay};
    MutexLock lock(state->mutex);
    if (call != EngineCall::kCommit) {
      if (state->random() % reads_in != 0) return Fault::kNone;
      return state->random() % 4 == 0 ? Fault::kUnavailable : Fault::kDelay;
    }
    if (state->random() % commits_in != 0) return Fault::kNone;
    return kFaults[state->random() % std::size(kFaults)];
  };
}

}  // namespace signet::service

#endif  // SIGNET_TESTS_REVOCATION_SERVICE_FAULTY_ENGINE_H_
