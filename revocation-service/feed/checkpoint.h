#ifndef SIGNET_SERVICE_FEED_CHECKPOINT_H_
#define SIGNET_SERVICE_FEED_CHECKPOINT_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "revocation-service/storage/engine.h"
#include "signet/feed_frame.h"

namespace signet::service::feed {

inline constexpr std::string_view kEpochKey = "m/epoch";
inline constexpr std::string_view kCheckpointKey = "m/checkpoint";

// ReadRevocation gives a log record's entry as it goes over the wire: fields
// that its kind does not have are zero, and its times are in their ranges.
// Errors name the sequence.
Result<Revocation> ReadRevocation(const LogRecord& record);

// Checkpoint stands for the part of the log that was forgotten: whoever starts
// from it and applies the rest of the log holds the list, digest and hash that
// the whole log gives. It is a value.
struct Checkpoint {
  uint64_t sequence = 0;            // the last one forgotten
  LogHash log_hash{};               // at that sequence
  std::vector<Revocation> entries;  // still live, by kind and id

  bool operator==(const Checkpoint&) const = default;
};

std::string EncodeCheckpoint(const Checkpoint& checkpoint);
Result<Checkpoint> DecodeCheckpoint(std::string_view bytes);

// LoadCheckpoint reads m/checkpoint. A store that never forgot anything has
// the empty one; `stored` is what a condition on the key must name.
struct StoredCheckpoint {
  Checkpoint checkpoint;
  std::optional<std::string> stored;
};
Result<StoredCheckpoint> LoadCheckpoint(Engine& engine);

// Advance moves a checkpoint over the records that follow it, as far as they
// may be forgotten at `now`: a record is old, and it has expired or is so
// long-lived that the checkpoint carries it instead. `list` is the list that
// the whole log gives.
Result<Checkpoint> Advance(const Checkpoint& from,
                           std::span<const LogRecord> records, Time now,
                           const RevocationList& list);

// OpenEpoch reads m/epoch, and makes it 1 in a new store.
Result<uint32_t> OpenEpoch(Engine& engine);

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_CHECKPOINT_H_
