// The second half of a restore: `signet restore`, or somebody's `cp`, has put
// the files of a backup into the data directory; backup.json among them says
// so, and goes when the store has learnt of it.

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "revocation-service/backup.h"
#include "revocation-service/feed/checkpoint.h"
#include "revocation-service/feed/log_entry.h"
#include "revocation-service/feed/wire.h"
#include "revocation-service/session/store_core.h"
#include "revocation-service/storage/directory.h"

namespace signet::service {
namespace {

constexpr char kManifest[] = "/backup.json";
constexpr char kIncomplete[] = "/RESTORING";

// ReadKeepSessions reads the one thing that the restore was told.
Result<bool> ReadKeepSessions(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  boost::json::error_code failed;
  const boost::json::value parsed = boost::json::parse(text, failed);
  const boost::json::object* manifest = parsed.if_object();
  if (failed || manifest == nullptr || !manifest->contains("signet_backup")) {
    return Error{ErrorCode::kCorrupt,
                 "reading " + path + ": not the list of a backup"};
  }
  const boost::json::value* keep = manifest->if_contains("keep_sessions");
  return keep != nullptr && keep->is_bool() && keep->get_bool();
}

// NextEpoch is above any that verifiers may have seen: a backup that is
// restored twice must not begin the same epoch twice. It is the next second,
// which has begun before anybody is served (FinishRestore): so a later restore
// finds a later one. Seconds fit until 2106.
uint32_t NextEpoch(uint32_t stored, Time now) {
  const int64_t seconds = ToSeconds(now).time_since_epoch().count();
  return std::max(stored + 1, static_cast<uint32_t>(seconds + 1));
}

void AddEpoch(uint32_t stored, uint32_t next, Batch& batch) {
  const auto encode = [](uint32_t epoch) {
    feed::FieldWriter out;
    out.Integer(epoch);
    return out.Take();
  };
  const std::string key(feed::kEpochKey);
  batch.conditions.push_back({key, encode(stored)});
  batch.puts.push_back({key, encode(next)});
}

void AddVoid(EpochSeconds not_before, Time now, const SessionLimits& limits,
             Batch& batch) {
  batch.log.push_back(EncodeLogEntry(
      {.revocation = {.kind = RevocationKind::kAll,
                      .id = MakeRevocationId(RevocationKind::kAll, ""),
                      .at = ToSeconds(now),
                      .not_before = not_before,
                      .drop_after = DropAfter(
                          not_before + LongestAccess(limits), limits)},
       .value = "",
       .reason = "restored from a backup",
       .actor = "signetd"}));
}

// AddEnd ends every session that was opened before, as a revocation of all
// does.
Status AddEnd(Engine& engine, EpochSeconds not_before, Batch& batch) {
  StoredCutoff cutoff(CutoffKey(RevocationKind::kAll,
                                MakeRevocationId(RevocationKind::kAll, "")));
  if (Status read = cutoff.Read(engine); !read.ok()) return read;
  cutoff.Raise(not_before, batch);
  return {};
}

Result<uint32_t> Commit(Engine& engine, bool keep_sessions,
                        const SessionLimits& limits, Time now) {
  const Result<uint32_t> stored = feed::OpenEpoch(engine);
  if (!stored.ok()) return stored.error();
  const uint32_t epoch = NextEpoch(*stored, now);
  // As in a revocation: the next second, so that all issued so far is void.
  const EpochSeconds not_before = ToSeconds(now) + Seconds(1);
  Batch batch;
  AddEpoch(*stored, epoch, batch);
  AddVoid(not_before, now, limits, batch);
  if (!keep_sessions) {
    Status added = AddEnd(engine, not_before, batch);
    if (!added.ok()) return added.error();
  }
  const Result<Committed> done = engine.Commit({&batch, 1}).front();
  if (!done.ok()) return done.error();
  return epoch;
}

}  // namespace

Status CheckRestored(const std::string& data) {
  std::error_code ignored;
  if (!std::filesystem::exists(data + kIncomplete, ignored)) return {};
  return Error{ErrorCode::kConflict,
               "a restore into " + data + " was cut short",
               "run `signet restore` again"};
}

Result<bool> FinishRestore(Engine& engine, const std::string& data,
                           const SessionLimits& limits, Time now) {
  const std::string manifest = data + kManifest;
  std::error_code ignored;
  if (!std::filesystem::exists(manifest, ignored)) return false;
  const Result<bool> keep = ReadKeepSessions(manifest);
  if (!keep.ok()) return keep.error();
  const Result<uint32_t> epoch = Commit(engine, *keep, limits, now);
  if (!epoch.ok()) return epoch.error();
  // Only now: if the process dies before, the next start does it again.
  if (Status removed = RemoveDurably(manifest); !removed.ok()) {
    return removed.error();
  }
  spdlog::warn("the store was restored from a backup: epoch {}, {}", *epoch,
               *keep ? "sessions of the backup live on, and those that ended "
                       "since live again"
                     : "every session has ended");
  return true;
}

}  // namespace signet::service
