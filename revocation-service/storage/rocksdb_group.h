#ifndef SIGNET_SERVICE_STORAGE_ROCKSDB_GROUP_H_
#define SIGNET_SERVICE_STORAGE_ROCKSDB_GROUP_H_

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "revocation-service/storage/engine.h"

namespace rocksdb {
class WriteBatch;
}

namespace signet::service {

// A RocksDbGroup is the store as it will be after the batches that were added,
// and the one write that makes it so. Private to the RocksDB engine, which is
// borrowed. Not safe for threads.
class RocksDbGroup {
 public:
  RocksDbGroup(Engine& engine, uint64_t last, uint64_t trimmed);
  ~RocksDbGroup();

  Result<Committed> Add(const Batch& batch);

  rocksdb::WriteBatch& write() { return *write_; }
  uint64_t last() const { return last_; }
  uint64_t trimmed() const { return trimmed_; }

 private:
  Status Check(const std::vector<Condition>& conditions);
  void Append(const std::vector<std::string>& records);
  void TrimThrough(uint64_t sequence);

  Engine& engine_;
  const std::unique_ptr<rocksdb::WriteBatch> write_;
  uint64_t last_;
  uint64_t trimmed_;
  // Keys that were read or changed, and their values now.
  std::unordered_map<std::string, std::optional<std::string>> seen_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_ROCKSDB_GROUP_H_
