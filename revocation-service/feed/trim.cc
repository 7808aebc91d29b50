#include "revocation-service/feed/trim.h"

#include <string>
#include <utility>
#include <vector>

#include "revocation-service/feed/checkpoint.h"

namespace signet::service::feed {
namespace {

// Keep takes what is held out of the records that may be forgotten.
Status Keep(const Publisher::Hold& hold, uint64_t last, Time now,
            std::vector<LogRecord>& records) {
  for (size_t i = 0; i < records.size(); ++i) {
    const uint64_t sequence = records[i].sequence;
    if (sequence <= hold.after || sequence + hold.keep_entries <= last) {
      continue;
    }
    Result<Revocation> entry = ReadRevocation(records[i]);
    if (!entry.ok()) return entry.error();
    if (Time(entry->at) + hold.keep_for < now) continue;
    records.resize(i);
    break;
  }
  return {};
}

// Advanced is the checkpoint that follows `from`, through at most `limit`
// records.
Result<Checkpoint> Advanced(const Trimming& parts, const Checkpoint& from,
                            const Publisher::Hold& hold, Time now,
                            size_t limit) {
  auto records = parts.engine.Tail(from.sequence, limit);
  if (!records.ok()) return std::move(records).error();
  Status kept = Keep(hold, parts.follower.position().sequence, now, *records);
  if (!kept.ok()) return kept.error();
  return Advance(from, *records, now, parts.follower.list());
}

}  // namespace

void TrimLog(Trimming parts, const Publisher::Hold& hold, Time now,
             size_t limit, std::function<void(Result<size_t>)> done) {
  const Result<StoredCheckpoint> from = LoadCheckpoint(parts.engine);
  if (!from.ok()) return done(from.error());
  const Result<Checkpoint> to =
      Advanced(parts, from->checkpoint, hold, now, limit);
  if (!to.ok()) return done(to.error());
  const uint64_t start = from->checkpoint.sequence;
  const uint64_t through = to->sequence;
  if (through == start) return done(size_t{0});
  const std::string key(kCheckpointKey);
  Batch batch{.conditions = {{key, from->stored}},
              .puts = {{key, EncodeCheckpoint(*to)}},
              .deletes = {},
              .log = {},
              .trim_log_through = through};
  parts.committer.Submit(std::move(batch),
                         [&follower = parts.follower, start, through,
                          done = std::move(done)](Result<Committed> committed) {
                           if (!committed.ok())
                             return done(std::move(committed).error());
                           follower.Forget(through);
                           done(size_t{through - start});
                         });
}

}  // namespace signet::service::feed
