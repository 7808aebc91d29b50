#ifndef SIGNET_SERVICE_STORAGE_ROCKSDB_OPEN_H_
#define SIGNET_SERVICE_STORAGE_ROCKSDB_OPEN_H_

#include <memory>
#include <string>

#include "signet/result.h"

namespace rocksdb {
class DB;
}

// Private to the RocksDB engine: how a database is opened, and with what
// options.
namespace signet::service {

// OpenRocksDb opens or creates a database in a directory that exists. The
// error names the path, and says if another process has it open.
Result<std::shared_ptr<rocksdb::DB>> OpenRocksDb(const std::string& path);

// HasSpace tells whether there is enough to open the database and to go on.
bool HasSpace(const std::string& path);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_ROCKSDB_OPEN_H_
