#ifndef SIGNET_SERVICE_STORAGE_ROCKSDB_OPEN_H_
#define SIGNET_SERVICE_STORAGE_ROCKSDB_OPEN_H_

#include <atomic>
#include <memory>
#include <string>

#include "signet/result.h"

namespace rocksdb {
class DB;
}

// Private to the RocksDB engine: how a database is opened and with what
// options.
namespace signet::service {

// OpenRocksDb opens or creates a database in a directory that exists. The
// error names the path, and says if another process has it open. `disk_full`
// is set when the database's own threads find no space.
Result<std::shared_ptr<rocksdb::DB>> OpenRocksDb(
    const std::string& path, std::shared_ptr<std::atomic<bool>> disk_full);

// CheckpointRocksDb is Engine::Backup.
Status CheckpointRocksDb(rocksdb::DB& db, const std::string& directory);

// HasSpace tells whether there is enough to open the database and to go on.
bool HasSpace(const std::string& path);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_ROCKSDB_OPEN_H_
