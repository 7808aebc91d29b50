#include "revocation-service/storage/rocksdb_group.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "revocation-service/storage/rocksdb_keys.h"

namespace signet::service {
namespace {

rocksdb::Slice ToSlice(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

RocksDbGroup::RocksDbGroup(Engine& engine, uint64_t last, uint64_t trimmed)
    : engine_(engine),
      write_(std::make_unique<rocksdb::WriteBatch>()),
      last_(last),
      trimmed_(trimmed) {}

RocksDbGroup::~RocksDbGroup() = default;

Status RocksDbGroup::Check(const std::vector<Condition>& conditions) {
  for (const Condition& condition : conditions) {
    auto it = seen_.find(condition.key);
    if (it == seen_.end()) {
      auto value = engine_.Get(condition.key);
      if (!value.ok()) return value.error();
      it = seen_.emplace(condition.key, std::move(*value)).first;
    }
    if (it->second != condition.value) {
      return Error{ErrorCode::kConflict, "committing: a condition failed"};
    }
  }
  return {};
}

Result<Committed> RocksDbGroup::Add(const Batch& batch) {
  if (Status status = Check(batch.conditions); !status.ok()) {
    return status.error();
  }
  for (const KeyValue& put : batch.puts) {
    write_->Put(UserKey(put.key), put.value);
    seen_[put.key] = put.value;
  }
  for (const std::string& key : batch.deletes) {
    write_->Delete(UserKey(key));
    seen_[key] = std::nullopt;
  }
  Append(batch.log);
  TrimThrough(batch.trim_log_through);
  return Committed{batch.log.empty() ? 0 : last_};
}

void RocksDbGroup::Append(const std::vector<std::string>& records) {
  if (records.empty()) return;
  for (const std::string& data : records) write_->Put(LogKey(++last_), data);
  write_->Put(ToSlice(kLastKey), BigEndian64(last_));
}

void RocksDbGroup::TrimThrough(uint64_t sequence) {
  sequence = std::min(sequence, last_);
  if (sequence <= trimmed_) return;
  while (trimmed_ < sequence) write_->Delete(LogKey(++trimmed_));
  write_->Put(ToSlice(kTrimmedKey), BigEndian64(trimmed_));
}

}  // namespace signet::service
