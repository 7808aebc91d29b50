#ifndef SIGNET_SERVICE_STORAGE_ROCKSDB_KEYS_H_
#define SIGNET_SERVICE_STORAGE_ROCKSDB_KEYS_H_

#include <string>
#include <string_view>

#include "revocation-service/storage/big_endian.h"

// Private to the RocksDB engine: the keys on disk, all in the default column
// family.
//   'k' key          a key of the engine
//   'l' sequence     a record of the log; 8 bytes BE
//   'm' "format"     one byte, kStoreFormat
//   'm' "last"       the last sequence that was given out, 8 bytes BE
//   'm' "trimmed"    the log is forgotten through it, 8 bytes BE
namespace signet::service {

inline constexpr char kStoreFormat = 1;
inline constexpr std::string_view kFormatKey = "mformat";
inline constexpr std::string_view kLastKey = "mlast";
inline constexpr std::string_view kTrimmedKey = "mtrimmed";

inline std::string UserKey(std::string_view key) {
  std::string stored;
  stored.reserve(key.size() + 1);
  stored += 'k';
  stored += key;
  return stored;
}

inline std::string LogKey(uint64_t sequence) {
  return 'l' + BigEndian64(sequence);
}

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_ROCKSDB_KEYS_H_
