// What is done to a database from outside its engine: a copy of it while it
// runs, and a look at one without opening it for writing.

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/checkpoint.h>

#include <filesystem>
#include <memory>

#include "revocation-service/storage/big_endian.h"
#include "revocation-service/storage/engine.h"
#include "revocation-service/storage/rocksdb_keys.h"
#include "revocation-service/storage/rocksdb_open.h"

namespace signet::service {
namespace {

rocksdb::Slice ToSlice(std::string_view text) {
  return {text.data(), text.size()};
}

// NoLog: the log file of the process that serves is not ours to move.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

Error InspectError(const std::string& path, const rocksdb::Status& status) {
  return {status.IsCorruption() ? ErrorCode::kCorrupt : ErrorCode::kUnavailable,
          "reading the store " + path + ": " + status.ToString()};
}

// OpenToRead tries again, since the process that has the database open may
// remove a file between the listing and the reading.
Result<std::unique_ptr<rocksdb::DB>> OpenToRead(const std::string& path) {
  constexpr int kTries = 5;
  rocksdb::Options options;
  options.info_log = std::make_shared<NoLog>();
  rocksdb::Status status;
  for (int i = 0; i < kTries; ++i) {
    rocksdb::DB* db = nullptr;
    status = rocksdb::DB::OpenForReadOnly(options, path, &db);
    if (status.ok()) return std::unique_ptr<rocksdb::DB>(db);
  }
  return InspectError(path, status);
}

Result<std::optional<std::string>> Read(rocksdb::DB& db,
                                        const std::string& path,
                                        std::string_view key) {
  std::string value;
  const auto status = db.Get(rocksdb::ReadOptions(), ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return InspectError(path, status);
  return std::optional(std::move(value));
}

uint64_t NumberOf(const std::optional<std::string>& value) {
  return value && value->size() == 8 ? ReadBigEndian64(*value) : 0;
}

}  // namespace

// The files of a checkpoint are links to those of the database, which are
// never changed once written. The log is flushed first, so that none of it
// has to be copied while commits go on.
Status CheckpointRocksDb(rocksdb::DB& db, const std::string& directory) {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(&db, &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(directory);
  if (status.ok()) return {};
  return Error{ErrorCode::kUnavailable,
               "backing up to " + directory + ": " + status.ToString()};
}

Result<StoreFacts> InspectRocksDb(const std::string& path,
                                  const std::string& epoch_key) {
  std::error_code ignored;
  if (!std::filesystem::exists(path + "/CURRENT", ignored)) {
    return Error{ErrorCode::kNotFound, "there is no store in " + path};
  }
  auto db = OpenToRead(path);
  if (!db.ok()) return db.error();
  const std::string stored_epoch_key = UserKey(epoch_key);
  std::optional<std::string> values[4];
  const std::string_view keys[] = {kFormatKey, kLastKey, kTrimmedKey,
                                   stored_epoch_key};
  for (size_t i = 0; i < std::size(keys); ++i) {
    auto value = Read(**db, path, keys[i]);
    if (!value.ok()) return value.error();
    values[i] = std::move(*value);
  }
  if (values[0] != std::string(1, kStoreFormat)) {
    return Error{ErrorCode::kUnsupported,
                 "the store " + path + " has the format of another version"};
  }
  return StoreFacts{kStoreFormat, NumberOf(values[1]), NumberOf(values[2]),
                    std::move(values[3])};
}

}  // namespace signet::service
