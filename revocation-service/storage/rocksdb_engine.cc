// The default engine: an embedded RocksDB. rocksdb_keys.h says what it keeps
// where.

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "revocation-service/storage/big_endian.h"
#include "revocation-service/storage/directory.h"
#include "revocation-service/storage/disk_reserve.h"
#include "revocation-service/storage/engine.h"
#include "revocation-service/storage/rocksdb_group.h"
#include "revocation-service/storage/rocksdb_keys.h"
#include "revocation-service/storage/rocksdb_open.h"
#include "signet/mutex.h"

namespace signet::service {
namespace {

rocksdb::Slice ToSlice(std::string_view text) {
  return {text.data(), text.size()};
}

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
  static Result<std::unique_ptr<Engine>> Open(const std::string& path,
                                              DiskReserve* reserve);

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
  Status Backup(const std::string& directory) override;

 private:
  RocksDbEngine(std::string path, DiskReserve* reserve)
      : path_(std::move(path)), reserve_(reserve) {}

  std::shared_ptr<rocksdb::DB> Database() const;
  Status OpenDatabase();
  void CloseDatabase();
  Result<std::optional<std::string>> GetStored(const std::string& key);
  Result<uint64_t> GetNumber(std::string_view key);
  Status CheckFormat();
  Status LoadSequences();
  Status CheckLogEnd();
  std::vector<Result<Committed>> CommitOnce(std::span<const Batch> batches)
      SIGNET_REQUIRES(commit_mutex_);
  bool HasRoom();
  bool MakeRoom() { return reserve_ != nullptr && reserve_->Release(); }
  Status RecoverFromFailure() SIGNET_REQUIRES(commit_mutex_);
  Result<std::vector<LogRecord>> BrokenLog(uint64_t after);

  const std::string path_;
  DiskReserve* const reserve_;
  // The database's own threads have found no space.
  const std::shared_ptr<std::atomic<bool>> disk_full_ =
      std::make_shared<std::atomic<bool>>(false);
  mutable Mutex mutex_;
  // Null while it is being opened again.
  std::shared_ptr<rocksdb::DB> db_ SIGNET_GUARDED_BY(mutex_);
  Mutex commit_mutex_ SIGNET_ACQUIRED_BEFORE(mutex_);
  // The first write that failed: since then it is not known what is stored.
  rocksdb::Status failure_ SIGNET_GUARDED_BY(commit_mutex_);
  std::atomic<uint64_t> last_{0};     // stored under commit_mutex_
  std::atomic<uint64_t> trimmed_{0};  // stored under commit_mutex_
};

// A full disk is no answer while the reserve has room to give. Batches are
// judged anew: what a failed write left behind counts as committed.
std::vector<Result<Committed>> RocksDbEngine::Commit(
    std::span<const Batch> batches) {
  MutexLock lock(commit_mutex_);
  auto results = CommitOnce(batches);
  while (failure_.IsNoSpace() && MakeRoom()) results = CommitOnce(batches);
  return results;
}

std::vector<Result<Committed>> RocksDbEngine::CommitOnce(
    std::span<const Batch> batches) {
  if (Status status = RecoverFromFailure(); !status.ok()) {
    return std::vector<Result<Committed>>(batches.size(), status.error());
  }
  RocksDbGroup group(*this, last_, trimmed_);
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

bool RocksDbEngine::HasRoom() {
  return reserve_ != nullptr ? reserve_->HasRoom() : HasSpace(path_);
}

// After a failed write RocksDB refuses all others. If the disk was full, the
// store is opened anew once there is space: what was acknowledged is in its
// files, and a torn tail is dropped. The same if only RocksDB's own threads
// have failed, which then no longer tidy up. After a write error of another
// kind nothing that the kernel says of the file can be trusted, so the
// operator must look at it.
Status RocksDbEngine::RecoverFromFailure() {
  if (failure_.ok() && *disk_full_ && HasRoom()) {
    failure_ = rocksdb::Status::NoSpace();
  }
  if (failure_.ok()) return {};
  if (!failure_.IsNoSpace() || !HasRoom()) {
    return Error{
        ErrorCode::kUnavailable,
        "writing to the store after a failed write: " + failure_.ToString(),
        "Check the disk; unless it was full, start again."};
  }
  CloseDatabase();
  *disk_full_ = false;
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
  auto db = OpenRocksDb(path_, disk_full_);
  if (!db.ok()) return db.error();
  MutexLock lock(mutex_);
  db_ = std::move(*db);
  return {};
}

Status RocksDbEngine::Backup(const std::string& directory) {
  const auto db = Database();
  if (!db) return ToError("backing up", Closed());
  return CheckpointRocksDb(*db, directory);
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
  const std::string expected(1, kStoreFormat);
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

Result<std::unique_ptr<Engine>> RocksDbEngine::Open(const std::string& path,
                                                    DiskReserve* reserve) {
  if (Status made = MakePrivateDirectory(path); !made.ok()) return made.error();
  std::unique_ptr<RocksDbEngine> engine(new RocksDbEngine(path, reserve));
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

Result<std::unique_ptr<Engine>> OpenRocksDbEngine(const std::string& path,
                                                  DiskReserve* reserve) {
  return RocksDbEngine::Open(path, reserve);
}

}  // namespace signet::service
