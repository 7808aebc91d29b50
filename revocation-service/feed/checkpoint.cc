// Values in the store (fields: wire.h):
//
//   m/epoch      = epoch u32, at least 1
//   m/checkpoint = version u8 (1) ‖ sequence u64 ‖ log hash 16
//                  ‖ count u32 ‖ count × revocation
#include "revocation-service/feed/checkpoint.h"

#include <algorithm>
#include <map>

#include "revocation-service/feed/log_entry.h"
#include "revocation-service/feed/wire.h"

namespace signet::service::feed {
namespace {

constexpr uint8_t kVersion = 1;
// A wall clock that runs this far ahead forgets nothing that is needed.
constexpr Seconds kMargin = std::chrono::hours(1);
// An entry that lives longer than this would hold back the whole log.
constexpr Seconds kLongLived = std::chrono::hours(24);
// The checkpoint is written whole: beyond this the log is kept instead.
constexpr size_t kMaxCarried = 100'000;

Error Malformed(std::string_view key) {
  return Error{ErrorCode::kCorrupt,
               "reading " + std::string(key) + ": malformed"};
}

// Fold holds one entry for each kind and id, merged by the rule of Revocation.
class Fold {
 public:
  void Add(const Revocation& entry) {
    auto [at, added] = held_.try_emplace({entry.kind, entry.id}, entry);
    if (added) return;
    Revocation& held = at->second;
    if (held.drop_after < entry.at) {  // it was gone by then
      held = entry;
      return;
    }
    held.at = entry.at;
    held.not_before = std::max(held.not_before, entry.not_before);
    held.drop_after = std::max(held.drop_after, entry.drop_after);
  }

  // Needed lists the entries without which a replay would differ.
  std::vector<Revocation> Needed(EpochSeconds horizon,
                                 const RevocationList& list) const {
    std::vector<Revocation> needed;
    for (const auto& [key, entry] : held_) {
      if (entry.drop_after >= horizon || Stands(entry, list)) {
        needed.push_back(entry);
      }
    }
    return needed;
  }

 private:
  // Stands tells of an expired cutoff that a later, longer-lived one of the
  // same id took its not_before from.
  static bool Stands(const Revocation& entry, const RevocationList& list) {
    return IsCutoff(entry.kind) &&
           list.Cutoff(entry.kind, entry.id) == entry.not_before;
  }

  std::map<std::pair<RevocationKind, RevocationId>, Revocation> held_;
};

bool MayForget(const Revocation& entry, EpochSeconds horizon) {
  return entry.at < horizon && (entry.drop_after < horizon ||
                                entry.drop_after > entry.at + kLongLived);
}

EpochSeconds Clamp(EpochSeconds moment) {
  return std::clamp(moment, EpochSeconds{}, kForever);
}

}  // namespace

Result<Revocation> ReadRevocation(const LogRecord& record) {
  Result<LogEntry> entry = DecodeLogEntry(record.data);
  if (!entry.ok()) {
    Error error = std::move(entry).error();
    error.message += " (sequence " + std::to_string(record.sequence) + ")";
    return error;
  }
  Revocation revocation = entry->revocation;
  if (revocation.kind == RevocationKind::kAll) revocation.id = {};
  revocation.at = Clamp(revocation.at);
  revocation.not_before =
      IsCutoff(revocation.kind) ? Clamp(revocation.not_before) : EpochSeconds{};
  revocation.drop_after =
      std::chrono::ceil<std::chrono::minutes>(Clamp(revocation.drop_after));
  return revocation;
}

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  FieldWriter out;
  out.Integer(kVersion);
  out.Integer(checkpoint.sequence);
  out.Raw(checkpoint.log_hash);
  out.Integer(static_cast<uint32_t>(checkpoint.entries.size()));
  for (const Revocation& entry : checkpoint.entries) out.Entry(entry);
  return out.Take();
}

Result<Checkpoint> DecodeCheckpoint(std::string_view bytes) {
  FieldReader in(bytes);
  const auto version = in.Integer<uint8_t>();
  if (in.ok() && version != kVersion) {
    return Error{ErrorCode::kUnsupported,
                 "reading a checkpoint of version " + std::to_string(version),
                 "the store was written by a newer signetd"};
  }
  Checkpoint checkpoint;
  checkpoint.sequence = in.Integer<uint64_t>();
  checkpoint.log_hash = in.Raw<16>();
  const auto count = in.Integer<uint32_t>();
  if (!in.ok() || in.left() != size_t{count} * kRevocationSize) {
    return Malformed(kCheckpointKey);
  }
  checkpoint.entries.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    checkpoint.entries.push_back(in.Entry());
  }
  if (!in.done()) return Malformed(kCheckpointKey);
  return checkpoint;
}

Result<StoredCheckpoint> LoadCheckpoint(Engine& engine) {
  Result<std::optional<std::string>> stored = engine.Get(kCheckpointKey);
  if (!stored.ok()) return stored.error();
  StoredCheckpoint loaded{.checkpoint = {}, .stored = *stored};
  if (!loaded.stored.has_value()) return loaded;
  Result<Checkpoint> checkpoint = DecodeCheckpoint(*loaded.stored);
  if (!checkpoint.ok()) return checkpoint.error();
  loaded.checkpoint = std::move(*checkpoint);
  return loaded;
}

Result<Checkpoint> Advance(const Checkpoint& from,
                           std::span<const LogRecord> records, Time now,
                           const RevocationList& list) {
  const EpochSeconds horizon = ToSeconds(now) - kMargin;
  Checkpoint to{
      .sequence = from.sequence, .log_hash = from.log_hash, .entries = {}};
  Fold fold;
  for (const Revocation& entry : from.entries) fold.Add(entry);
  for (const LogRecord& record : records) {
    Result<Revocation> entry = ReadRevocation(record);
    if (!entry.ok()) return entry.error();
    if (!MayForget(*entry, horizon)) break;
    fold.Add(*entry);
    to.sequence = record.sequence;
    to.log_hash = ChainLogHash(to.log_hash, *entry);
  }
  to.entries = fold.Needed(horizon, list);
  if (to.entries.size() > kMaxCarried) return from;
  return to;
}

Result<uint32_t> OpenEpoch(Engine& engine) {
  constexpr uint32_t kFirst = 1;
  Result<std::optional<std::string>> stored = engine.Get(kEpochKey);
  if (!stored.ok()) return stored.error();
  if (!stored->has_value()) {
    FieldWriter first;
    first.Integer(kFirst);
    Batch batch{.conditions = {{std::string(kEpochKey), std::nullopt}},
                .puts = {{std::string(kEpochKey), first.Take()}},
                .deletes = {},
                .log = {}};
    const Result<Committed> done = engine.Commit({&batch, 1}).front();
    // kConflict: another process was faster, and its epoch holds.
    if (!done.ok() && done.error().code != ErrorCode::kConflict) {
      return done.error();
    }
    stored = engine.Get(kEpochKey);
    if (!stored.ok()) return stored.error();
    if (!stored->has_value()) return Malformed(kEpochKey);
  }
  FieldReader in(**stored);
  const auto epoch = in.Integer<uint32_t>();
  if (!in.done() || epoch == 0) return Malformed(kEpochKey);
  return epoch;
}

}  // namespace signet::service::feed
