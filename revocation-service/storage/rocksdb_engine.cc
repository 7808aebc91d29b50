// The default engine: an embedded RocksDB.
//
// Keys on disk, all in the default column family:
//   'k' key          a key of the engine
//   'l' sequence     a record of the log; 8 bytes BE
//   'm' "format"     one byte, kFormat
//   'm' "last"       the last sequence that was given out, 8 bytes BE
//   'm' "trimmed"    the log is forgotten through it, 8 bytes BE

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <unordered_map>

#include "revocation-service/storage/big_endian.h"
#include "revocation-service/storage/directory.h"
#include "revocation-service/storage/engine.h"
#include "revocation-service/storage/rocksdb_open.h"
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

rocksdb::Status Closed() {
  return rocksdb::Status::TryAgain("the store is being opened again");
}

// NewIterator ends before `end`, which must outlive it. An iterator over
// nothing, with an error, if there is no database.
std::unique_ptr<rocksdb::Iterator> NewIterator(rocksdb::DB* db,
                                               const rocksdb::Slice& end) {
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &end;
  return std::unique_ptr<rocksdb::Iterator>(
      db ? db->NewIterator(options) : rocksdb::NewErrorIterator(Closed()));
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

  explicit RocksDbEngine(std::string path) : path_(std::move(path)) {}

  std::shared_ptr<rocksdb::DB> Database() const;
  Status OpenDatabase();
  void CloseDatabase();
  Result<std::optional<std::string>> GetStored(const std::string& key);
  Result<uint64_t> GetNumber(std::string_view key);
  Status CheckFormat();
  Status LoadSequences();
  Status CheckLogEnd();
  Status RecoverFromFailure() SIGNET_REQUIRES(commit_mutex_);
  Result<std::vector<LogRecord>> BrokenLog(uint64_t after);

  const std::string path_;
  mutable Mutex mutex_;
  // Null while it is being opened again.
  std::shared_ptr<rocksdb::DB> db_ SIGNET_GUARDED_BY(mutex_);
  Mutex commit_mutex_ SIGNET_ACQUIRED_BEFORE(mutex_);
  // The first write that failed: since then it is not known what is stored.
  rocksdb::Status failure_ SIGNET_GUARDED_BY(commit_mutex_);
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
  const auto db = Database();
  const rocksdb::Status status =
      db ? db->Write(durable, &group.write()) : Closed();
  if (!status.ok()) {
    failure_ = status;
    // Conflicts too were judged by what did not become durable.
    return std::vector<Result<Committed>>(
        batches.size(), Error{ErrorCode::kUnavailable,
                              "writing to the store: " + status.ToString()});
  }
  last_ = group.last();
  trimmed_ = group.trimmed();
  return results;
}

// After a failed write RocksDB refuses all others. If the disk was full, the
// store is opened anew once there is space: what was acknowledged is in its
// files, and a torn tail is dropped. After a write error of another kind
// nothing that the kernel says of the file can be trusted, so the operator
// must look at it.
Status RocksDbEngine::RecoverFromFailure() {
  if (failure_.ok()) return {};
  if (!failure_.IsNoSpace() || !HasSpace(path_)) {
    return Error{
        ErrorCode::kUnavailable,
        "writing to the store after a failed write: " + failure_.ToString(),
        "Check the disk; unless it was full, start again."};
  }
  CloseDatabase();
  if (Status opened = OpenDatabase(); !opened.ok()) return opened;
  if (Status loaded = LoadSequences(); !loaded.ok()) return loaded;
  failure_ = rocksdb::Status::OK();
  return {};
}

std::shared_ptr<rocksdb::DB> RocksDbEngine::Database() const {
  MutexLock lock(mutex_);
  return db_;
}

// CloseDatabase waits for reads that are under way.
void RocksDbEngine::CloseDatabase() {
  std::shared_ptr<rocksdb::DB> db;
  {
    MutexLock lock(mutex_);
    db.swap(db_);
  }
  while (db.use_count() > 1) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Status RocksDbEngine::OpenDatabase() {
  auto db = OpenRocksDb(path_);
  if (!db.ok()) return db.error();
  MutexLock lock(mutex_);
  db_ = std::move(*db);
  return {};
}

Result<std::optional<std::string>> RocksDbEngine::GetStored(
    const std::string& key) {
  const auto db = Database();
  std::string value;
  const rocksdb::Status status =
      db ? db->Get(rocksdb::ReadOptions(), ToSlice(key), &value) : Closed();
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return ToError("reading from the store", status);
  return std::optional(std::move(value));
}

Result<std::vector<KeyValue>> RocksDbEngine::Scan(std::string_view prefix,
                                                  std::string_view after,
                                                  size_t limit) {
  const std::string end = Successor(UserKey(prefix));
  const rocksdb::Slice end_slice = ToSlice(end);
  const auto db = Database();
  const auto it = NewIterator(db.get(), end_slice);
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
  const auto db = Database();
  const auto it = NewIterator(db.get(), end);

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
  const auto db = Database();
  const auto it = NewIterator(db.get(), end);
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
  const auto status = Database()->Put(durable, ToSlice(kFormatKey), expected);
  if (!status.ok()) return ToError("writing to the store", status);
  return {};
}

Result<std::unique_ptr<Engine>> RocksDbEngine::Open(const std::string& path) {
  if (Status made = MakePrivateDirectory(path); !made.ok()) return made.error();
  std::unique_ptr<RocksDbEngine> engine(new RocksDbEngine(path));
  if (Status opened = engine->OpenDatabase(); !opened.ok()) {
    return opened.error();
  }
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
