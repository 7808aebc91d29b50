#ifndef SIGNET_SERVICE_STORAGE_ENGINE_H_
#define SIGNET_SERVICE_STORAGE_ENGINE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signet/result.h"

namespace signet::service {

class DiskReserve;

struct KeyValue {
  std::string key;
  std::string value;
  bool operator==(const KeyValue&) const = default;
};

// Condition holds if the key's present value is `value`; nullopt means that
// the key is absent.
struct Condition {
  std::string key;
  std::optional<std::string> value;
};

// Batch is one atomic change. If any condition fails nothing of it happens. A
// key stands in puts or in deletes, not in both.
struct Batch {
  std::vector<Condition> conditions = {};
  std::vector<KeyValue> puts = {};
  std::vector<std::string> deletes = {};
  // Records to append to the log, in order.
  std::vector<std::string> log = {};
  // Forget the log through this sequence, or 0.
  uint64_t trim_log_through = 0;
};

// Committed tells the sequence of a batch's last log record, or 0 if the
// batch appended none.
struct Committed {
  uint64_t last_sequence = 0;
  bool operator==(const Committed&) const = default;
};

struct LogRecord {
  uint64_t sequence = 0;
  std::string data;
  bool operator==(const LogRecord&) const = default;
};

// An Engine is the narrow waist over a store: keys and values ordered by
// bytes, and one append-only log whose sequences start at 1 and have no gaps.
// It knows nothing of tokens or OAuth. Safe from any thread. Every failure of
// the store is kUnavailable (nothing is known) or kCorrupt; a failed
// condition is kConflict. tests/revocation-service/engine_test.cc is the
// conformance suite of every engine.
class Engine {
 public:
  virtual ~Engine() = default;

  // Get returns the latest committed value, or nullopt.
  virtual Result<std::optional<std::string>> Get(std::string_view key) = 0;

  // Scan returns up to `limit` pairs whose key starts with `prefix` and is
  // greater than `after` (empty: from the first), in order, as of one moment.
  virtual Result<std::vector<KeyValue>> Scan(std::string_view prefix,
                                             std::string_view after,
                                             size_t limit) = 0;

  // Commit applies each batch by itself, in order: a batch sees the effect of
  // those before it. Results correspond to batches. When it returns, every
  // batch that succeeded is durable; all of them share one sync. If the sync
  // fails, all are kUnavailable, and some may have happened.
  virtual std::vector<Result<Committed>> Commit(
      std::span<const Batch> batches) = 0;

  // Tail returns up to `limit` log records after sequence `after`. kNotFound
  // if the log was trimmed past it.
  virtual Result<std::vector<LogRecord>> Tail(uint64_t after, size_t limit) = 0;

  // LastSequence is the sequence of the last durable log record, or 0.
  virtual Result<uint64_t> LastSequence() = 0;

  // Backup makes `directory`, which must not exist, and writes into it a store
  // as of one moment that is not before the call: an engine opens it like its
  // own. Commits go on meanwhile. kUnsupported if the engine cannot.
  virtual Status Backup(const std::string& directory) {
    return Error{ErrorCode::kUnsupported,
                 "backing up to " + directory + ": this store keeps no files"};
  }
};

// NewMemoryEngine makes the reference engine. It forgets all when it dies.
std::unique_ptr<Engine> NewMemoryEngine();

// OpenRocksDbEngine opens or creates a database in a directory that no other
// process has open. When its disk is full it takes room from `reserve`, if
// there is one: that is borrowed.
Result<std::unique_ptr<Engine>> OpenRocksDbEngine(
    const std::string& path, DiskReserve* reserve = nullptr);

// StoreFacts is what a store says of itself.
struct StoreFacts {
  int format = 0;
  uint64_t last_sequence = 0;
  uint64_t trimmed_through = 0;
  std::optional<std::string> epoch;  // the value of `epoch_key`
};

// InspectRocksDb reads a store and writes nothing, whether a process has it
// open or not. kNotFound if there is none, kUnsupported if it has the format
// of another version.
Result<StoreFacts> InspectRocksDb(const std::string& path,
                                  const std::string& epoch_key);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_ENGINE_H_
