// The default engine: an embedded RocksDB.
//
// Keys on disk, all in the default column family:
//   'k' key          a key of the engine
//   'l' sequence     a record of the log; 8 bytes BE
//   'm' "format"     one byte, kFormat
//   'm' "last"       the last sequence that was given out, 8 bytes BE
//   'm' "trimmed"    the log is forgotten through it, 8 bytes BE

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "revocation-service/storage/big_endian.h"
#include "revocation-service/storage/directory.h"
#include "revocation-service/storage/engine.h"
#include "signet/mutex.h"

namespace signet::service {
namespace {

constexpr char kFormat = 1;
constexpr std::string_view kFormatKey = "mformat";
constexpr std::string_view kLastKey = "mlast";
constexpr std::string_view kTrimmedKey = "mtrimmed";

rocksdb::Slice ToSlice(std::string_view text) {
  return {text.data(), text.size()};
}

std::string UserKey(std::string_view key) {
  std::string stored;
  stored.reserve(key.size() + 1);
  stored += 'k';
  stored += key;
  return stored;
}

std::string LogKey(uint64_t sequence) { return 'l' + BigEndian64(sequence); }

// Successor is the least key that is greater than all that start with prefix.
// REQUIRES: the first byte is a namespace, so it is not 0xff.
std::string Successor(std::string prefix) {
  while (prefix.back() == '\xff') prefix.pop_back();
  prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

Error ToError(const char* doing, const rocksdb::Status& status) {
  return {status.IsCorruption() ? ErrorCode::kCorrupt : ErrorCode::kUnavailable,
          std::string(doing) + ": " + status.ToString()};
}

// The service must be small when it is idle: the write buffers and the cache
// are nearly all that the store keeps in memory.
rocksdb::Options DatabaseOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  // A record that the end of the write-ahead log cuts off was never
  // acknowledged and is dropped. Damage anywhere else might hide acknowledged
  // records, so the store does not open: kPointInTimeRecovery would drop them
  // without a word.
  options.wal_recovery_mode =
      rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.write_buffer_size = 8 << 20;
  options.max_write_buffer_number = 3;
  options.memtable_prefix_bloom_size_ratio = 0.02;
  options.memtable_whole_key_filtering = true;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression = rocksdb::kLZ4Compression;
  options.max_open_files = 256;
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1 << 20;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.max_log_file_size = 1 << 20;
  options.keep_log_file_num = 4;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(8 << 20, /*num_shard_bits=*/2);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

class RocksDbEngine final : public Engine {
 public:
  static Result<std::unique_ptr<Engine>> Open(const std::string& path);

  Result<std::optional<std::string>> Get(std::string_view key) override {
    return GetStored(UserKey(key));
  }
  Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                     std::string_view after,
                                     size_t limit) override;
  std::vector<Result<Committed>> Commit(
      std::span<const Batch> batches) override;
  Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) override;
  Result<uint64_t> LastSequence() override { return last_.load(); }

 private:
  class Group;

  explicit RocksDbEngine(std::unique_ptr<rocksdb::DB> db)
      : db_(std::move(db)) {}

  Result<std::optional<std::string>> GetStored(const std::string& key);
  Result<uint64_t> GetNumber(std::string_view key);
  std::unique_ptr<rocksdb::Iterator> NewIterator(const rocksdb::Slice& end);
  Status CheckFormat();
  Status LoadSequences();
  Status CheckLogEnd();
  Status RecoverFromFailure() SIGNET_REQUIRES(commit_mutex_);
  Result<std::vector<LogRecord>> BrokenLog(uint64_t after);

  std::unique_ptr<rocksdb::DB> db_;
  Mutex commit_mutex_;
  // A write has failed, and what the store holds is not known.
  bool failed_ SIGNET_GUARDED_BY(commit_mutex_) = false;
  std::atomic<uint64_t> last_{0};     // stored under commit_mutex_
  std::atomic<uint64_t> trimmed_{0};  // stored under commit_mutex_
};

// A Group is the store as it will be after the batches that were added, and
// the one write that makes it so.
class RocksDbEngine::Group {
 public:
  explicit Group(RocksDbEngine& engine)
      : engine_(engine),
        last_(engine.last_.load()),
        trimmed_(engine.trimmed_.load()) {}

  Result<Committed> Add(const Batch& batch);

  rocksdb::WriteBatch& write() { return write_; }
  uint64_t last() const { return last_; }
  uint64_t trimmed() const { return trimmed_; }

 private:
  Status Check(const std::vector<Condition>& conditions);
  void Append(const std::vector<std::string>& records);
  void TrimThrough(uint64_t sequence);

  RocksDbEngine& engine_;
  rocksdb::WriteBatch write_;
  uint64_t last_;
  uint64_t trimmed_;
  // Keys that were read or changed, and their values now.
  std::unordered_map<std::string, std::optional<std::string>> seen_;
};

Status RocksDbEngine::Group::Check(const std::vector<Condition>& conditions) {
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

Result<Committed> RocksDbEngine::Group::Add(const Batch& batch) {
  if (Status status = Check(batch.conditions); !status.ok()) {
    return status.error();
  }
  for (const KeyValue& put : batch.puts) {
    write_.Put(UserKey(put.key), put.value);
    seen_[put.key] = put.value;
  }
  for (const std::string& key : batch.deletes) {
    write_.Delete(UserKey(key));
    seen_[key] = std::nullopt;
  }
  Append(batch.log);
  TrimThrough(batch.trim_log_through);
  return Committed{batch.log.empty() ? 0 : last_};
}

void RocksDbEngine::Group::Append(const std::vector<std::string>& records) {
  if (records.empty()) return;
  for (const std::string& data : records) write_.Put(LogKey(++last_), data);
  write_.Put(ToSlice(kLastKey), BigEndian64(last_));
}

void RocksDbEngine::Group::TrimThrough(uint64_t sequence) {
  sequence = std::min(sequence, last_);
  if (sequence <= trimmed_) return;
  while (trimmed_ < sequence) write_.Delete(LogKey(++trimmed_));
  write_.Put(ToSlice(kTrimmedKey), BigEndian64(trimmed_));
}

std::vector<Result<Committed>> RocksDbEngine::Commit(
    std::span<const Batch> batches) {
  MutexLock lock(commit_mutex_);
  if (Status status = RecoverFromFailure(); !status.ok()) {
    return std::vector<Result<Committed>>(batches.size(), status.error());
  }
  Group group(*this);
  std::vector<Result<Committed>> results;
  results.reserve(batches.size());
  for (const Batch& batch : batches) results.push_back(group.Add(batch));
  if (group.write().Count() == 0) return results;

  rocksdb::WriteOptions durable;
  durable.sync = true;
  const rocksdb::Status status = db_->Write(durable, &group.write());
  if (!status.ok()) {
    failed_ = true;
    // Conflicts too were judged by what did not become durable.
    return std::vector<Result<Committed>>(
        batches.size(), Error{ErrorCode::kUnavailable,
                              "writing to the store: " + status.ToString()});
  }
  last_ = group.last();
  trimmed_ = group.trimmed();
  return results;
}

// After a failed write RocksDB refuses all others until Resume has moved what
// was acknowledged to new files, which leaves the doubtful write-ahead log
// behind. A full disk can be resumed from; a write error of another kind
// cannot, because what the kernel then says of the file cannot be trusted.
Status RocksDbEngine::RecoverFromFailure() {
  if (!failed_) return {};
  const rocksdb::Status status = db_->Resume();
  if (!status.ok()) {
    return Error{
        ErrorCode::kUnavailable,
        "writing to the store after a failed write: " + status.ToString(),
        "Check the disk and its free space; then start again."};
  }
  if (Status loaded = LoadSequences(); !loaded.ok()) return loaded;
  failed_ = false;
  return {};
}

Result<std::optional<std::string>> RocksDbEngine::GetStored(
    const std::string& key) {
  std::string value;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return ToError("reading from the store", status);
  return std::optional(std::move(value));
}

std::unique_ptr<rocksdb::Iterator> RocksDbEngine::NewIterator(
    const rocksdb::Slice& end) {
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &end;
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options));
}

Result<std::vector<KeyValue>> RocksDbEngine::Scan(std::string_view prefix,
                                                  std::string_view after,
                                                  size_t limit) {
  const std::string end = Successor(UserKey(prefix));
  const rocksdb::Slice end_slice = ToSlice(end);
  const auto it = NewIterator(end_slice);
  std::string first = UserKey(prefix);
  if (!after.empty()) first = std::max(first, UserKey(after) + '\0');

  std::vector<KeyValue> found;
  it->Seek(first);
  for (; found.size() < limit && it->Valid(); it->Next()) {
    found.push_back({it->key().ToString().substr(1), it->value().ToString()});
  }
  if (!it->status().ok()) return ToError("scanning the store", it->status());
  return found;
}

Result<std::vector<LogRecord>> RocksDbEngine::Tail(uint64_t after,
                                                   size_t limit) {
  const uint64_t last = last_.load();
  if (after < trimmed_.load()) return BrokenLog(after);
  if (after >= last || limit == 0) return std::vector<LogRecord>();
  const rocksdb::Slice end("m");
  const auto it = NewIterator(end);

  std::vector<LogRecord> records;
  uint64_t sequence = after;
  it->Seek(LogKey(after + 1));
  while (sequence < last && records.size() < limit) {
    if (!it->Valid() || it->key() != LogKey(sequence + 1)) break;
    records.push_back({++sequence, it->value().ToString()});
    it->Next();
  }
  if (!it->status().ok()) return ToError("reading the log", it->status());
  if (sequence < last && records.size() < limit) return BrokenLog(after);
  return records;
}

// BrokenLog says why records after `after` are not there: they were trimmed,
// perhaps a moment ago, or else they are lost.
Result<std::vector<LogRecord>> RocksDbEngine::BrokenLog(uint64_t after) {
  if (after < trimmed_.load()) {
    return Error{ErrorCode::kNotFound, "reading the log: it was trimmed"};
  }
  return Error{ErrorCode::kCorrupt, "reading the log: a record is missing"};
}

Result<uint64_t> RocksDbEngine::GetNumber(std::string_view key) {
  auto value = GetStored(std::string(key));
  if (!value.ok()) return value.error();
  if (!value->has_value()) return uint64_t{0};
  if ((*value)->size() != 8) {
    return Error{ErrorCode::kCorrupt, "opening the store: a bad sequence"};
  }
  return ReadBigEndian64(**value);
}

Status RocksDbEngine::LoadSequences() {
  auto last = GetNumber(kLastKey);
  if (!last.ok()) return last.error();
  auto trimmed = GetNumber(kTrimmedKey);
  if (!trimmed.ok()) return trimmed.error();
  last_ = *last;
  trimmed_ = *trimmed;
  return CheckLogEnd();
}

// CheckLogEnd compares the counter, which outlives a trimmed log, with the
// log itself.
Status RocksDbEngine::CheckLogEnd() {
  const rocksdb::Slice end("m");
  const auto it = NewIterator(end);
  it->SeekToLast();
  const bool has_log = it->Valid() && it->key().starts_with("l");
  if (!it->status().ok()) return ToError("opening the store", it->status());
  const bool right =
      last_ == trimmed_ ? !has_log : has_log && it->key() == LogKey(last_);
  if (right) return {};
  return Error{ErrorCode::kCorrupt,
               "opening the store: the log does not end where it should"};
}

Status RocksDbEngine::CheckFormat() {
  auto format = GetStored(std::string(kFormatKey));
  if (!format.ok()) return format.error();
  const std::string expected(1, kFormat);
  if (format->has_value()) {
    if (**format == expected) return {};
    return Error{ErrorCode::kUnsupported,
                 "opening the store: it has the format of another version"};
  }
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const auto status = db_->Put(durable, ToSlice(kFormatKey), expected);
  if (!status.ok()) return ToError("writing to the store", status);
  return {};
}

// OpenError tells apart what an operator can act on.
Error OpenError(const std::string& path, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  const std::string opening = "opening the store " + path + ": ";
  if (status.IsIOError() && text.find("lock") != std::string::npos) {
    return {ErrorCode::kUnavailable, opening + "another process has it open",
            "Stop the other signetd, or give this one a data directory of its "
            "own."};
  }
  if (status.IsCorruption()) {
    return {ErrorCode::kCorrupt, opening + text,
            "Acknowledged changes may be damaged; restore a backup."};
  }
  return {ErrorCode::kUnavailable, opening + text};
}

Result<std::unique_ptr<Engine>> RocksDbEngine::Open(const std::string& path) {
  if (Status made = MakePrivateDirectory(path); !made.ok()) return made.error();
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(DatabaseOptions(), path, &db);
  if (!status.ok()) return OpenError(path, status);
  std::unique_ptr<RocksDbEngine> engine(
      new RocksDbEngine(std::unique_ptr<rocksdb::DB>(db)));
  for (auto step :
       {&RocksDbEngine::CheckFormat, &RocksDbEngine::LoadSequences}) {
    if (Status done = (engine.get()->*step)(); !done.ok()) {
      Error error = done.error();
      error.message += " (" + path + ")";
      return error;
    }
  }
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace

Result<std::unique_ptr<Engine>> OpenRocksDbEngine(const std::string& path) {
  return RocksDbEngine::Open(path);
}

}  // namespace signet::service
