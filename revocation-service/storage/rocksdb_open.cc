#include "revocation-service/storage/rocksdb_open.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace signet::service {
namespace {

// NoAutoRecovery keeps RocksDB from recovering by itself when a full disk has
// space again: it would write to the file that has seen the error, which trips
// an assertion that Debian's build of 7.8 keeps.
class NoAutoRecovery final : public rocksdb::EventListener {
 public:
  explicit NoAutoRecovery(std::shared_ptr<std::atomic<bool>> disk_full)
      : disk_full_(std::move(disk_full)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason,
                         rocksdb::Status* status) override {
    if (status->IsNoSpace()) *disk_full_ = true;
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* automatic) override {
    *automatic = false;
  }

 private:
  const std::shared_ptr<std::atomic<bool>> disk_full_;
};

// The service must be small when it is idle: the write buffers and the cache
// are nearly all that the store keeps in memory.
rocksdb::Options DatabaseOptions(std::shared_ptr<std::atomic<bool>> disk_full) {
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
  options.listeners.push_back(
      std::make_shared<NoAutoRecovery>(std::move(disk_full)));
  options.max_bgerror_resume_count = 0;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(8 << 20, /*num_shard_bits=*/2);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
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

}  // namespace

Result<std::shared_ptr<rocksdb::DB>> OpenRocksDb(
    const std::string& path, std::shared_ptr<std::atomic<bool>> disk_full) {
  rocksdb::DB* db = nullptr;
  const auto status =
      rocksdb::DB::Open(DatabaseOptions(std::move(disk_full)), path, &db);
  if (!status.ok()) return OpenError(path, status);
  return std::shared_ptr<rocksdb::DB>(db);
}

bool HasSpace(const std::string& path) {
  constexpr std::uintmax_t kEnough = 64 << 20;
  std::error_code failed;
  const auto space = std::filesystem::space(path, failed);
  return !failed && space.available >= kEnough;
}

}  // namespace signet::service
