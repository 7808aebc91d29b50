#include <algorithm>
#include <deque>
#include <map>

#include "revocation-service/storage/engine.h"
#include "signet/mutex.h"

namespace signet::service {
namespace {

// MemoryEngine is the reference: what it does is what the others must do.
class MemoryEngine final : public Engine {
 public:
  Result<std::optional<std::string>> Get(std::string_view key) override {
    MutexLock lock(mutex_);
    return Find(key);
  }

  Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                     std::string_view after,
                                     size_t limit) override {
    MutexLock lock(mutex_);
    std::vector<KeyValue> found;
    auto it = after.empty() || after < prefix ? values_.lower_bound(prefix)
                                              : values_.upper_bound(after);
    for (; it != values_.end() && found.size() < limit; ++it) {
      if (!it->first.starts_with(prefix)) break;
      found.push_back({it->first, it->second});
    }
    return found;
  }

  std::vector<Result<Committed>> Commit(
      std::span<const Batch> batches) override {
    MutexLock lock(mutex_);
    std::vector<Result<Committed>> results;
    results.reserve(batches.size());
    for (const Batch& batch : batches) results.push_back(CommitOne(batch));
    return results;
  }

  Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) override {
    MutexLock lock(mutex_);
    if (after < trimmed_) {
      return Error{ErrorCode::kNotFound, "reading the log: it was trimmed"};
    }
    const size_t from =
        static_cast<size_t>(std::min<uint64_t>(after - trimmed_, log_.size()));
    const size_t count = std::min(limit, log_.size() - from);
    const auto first = log_.begin() + static_cast<std::ptrdiff_t>(from);
    return std::vector<LogRecord>(first,
                                  first + static_cast<std::ptrdiff_t>(count));
  }

  Result<uint64_t> LastSequence() override {
    MutexLock lock(mutex_);
    return trimmed_ + log_.size();
  }

 private:
  std::optional<std::string> Find(std::string_view key) const
      SIGNET_REQUIRES(mutex_) {
    const auto it = values_.find(key);
    if (it == values_.end()) return std::nullopt;
    return it->second;
  }

  Result<Committed> CommitOne(const Batch& batch) SIGNET_REQUIRES(mutex_) {
    for (const Condition& condition : batch.conditions) {
      if (Find(condition.key) != condition.value) {
        return Error{ErrorCode::kConflict, "committing: a condition failed"};
      }
    }
    for (const KeyValue& put : batch.puts) values_[put.key] = put.value;
    for (const std::string& key : batch.deletes) values_.erase(key);
    for (const std::string& data : batch.log) {
      log_.push_back({trimmed_ + log_.size() + 1, data});
    }
    const Committed committed{batch.log.empty() ? 0 : trimmed_ + log_.size()};
    TrimThrough(batch.trim_log_through);
    return committed;
  }

  void TrimThrough(uint64_t sequence) SIGNET_REQUIRES(mutex_) {
    while (trimmed_ < sequence && !log_.empty()) {
      log_.pop_front();
      ++trimmed_;
    }
  }

  Mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_
      SIGNET_GUARDED_BY(mutex_);
  std::deque<LogRecord> log_ SIGNET_GUARDED_BY(mutex_);
  // The sequence of the last record that was forgotten.
  uint64_t trimmed_ SIGNET_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<Engine> NewMemoryEngine() {
  return std::make_unique<MemoryEngine>();
}

}  // namespace signet::service
