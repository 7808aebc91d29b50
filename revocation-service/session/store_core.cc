#include "revocation-service/session/store_core.h"

#include <algorithm>

#include "revocation-service/feed/log_entry.h"
#include "revocation-service/storage/big_endian.h"

namespace signet::service {
namespace {

constexpr size_t kScanPage = 256;

std::string Key(std::string_view prefix, Bytes id) {
  std::string key(prefix);
  key += AsText(id);
  return key;
}

uint64_t Number(EpochSeconds time) {
  return static_cast<uint64_t>(time.time_since_epoch().count());
}

SessionId IdFrom(std::string_view bytes) {
  SessionId id{};
  std::ranges::copy(bytes, id.begin());
  return id;
}

// ByAge orders oldest first, and those of the same second in some fixed way.
bool ByAge(const StoredSession& a, const StoredSession& b) {
  return std::tie(a.session.created_at, a.session.id) <
         std::tie(b.session.created_at, b.session.id);
}

}  // namespace

std::string SessionKey(const SessionId& id) { return Key("s/", id); }

std::string SubjectPrefix(const RevocationId& subject) {
  return Key("u/", subject);
}

std::string SubjectKey(const RevocationId& subject, const SessionId& id) {
  return Key(SubjectPrefix(subject), id);
}

std::string NewestKey(const RevocationId& subject) {
  return Key("n/", subject);
}

std::string ExpiryKey(EpochSeconds expires_at, const SessionId& id) {
  return Key(std::string(kExpiryPrefix) + BigEndian64(Number(expires_at)), id);
}

std::string CutoffKey(RevocationKind kind, const RevocationId& id) {
  return Key(std::string("c/") + static_cast<char>(kind), id);
}

std::optional<ExpiryEntry> ParseExpiryKey(std::string_view key) {
  const size_t start = kExpiryPrefix.size();
  if (key.size() != start + 8 + 16) return std::nullopt;
  const uint64_t seconds = ReadBigEndian64(key.substr(start, 8));
  return ExpiryEntry{EpochSeconds(Seconds(static_cast<int64_t>(seconds))),
                     IdFrom(key.substr(start + 8))};
}

std::string EncodeCutoff(EpochSeconds not_before) {
  return BigEndian64(Number(not_before));
}

Result<EpochSeconds> DecodeCutoff(const std::optional<std::string>& value) {
  if (!value) return EpochSeconds{};
  const uint64_t seconds = value->size() == 8 ? ReadBigEndian64(*value) : 0;
  if (seconds == 0 || seconds > Number(kForever)) {
    return Error{ErrorCode::kCorrupt, "reading a cutoff: malformed"};
  }
  return EpochSeconds(Seconds(static_cast<int64_t>(seconds)));
}

Status StoredCutoff::Read(Engine& engine) {
  auto stored = engine.Get(key_);
  if (!stored.ok()) return stored.error();
  const auto at = DecodeCutoff(*stored);
  if (!at.ok()) return at.error();
  stored_ = std::move(*stored);
  at_ = *at;
  return {};
}

void StoredCutoff::Keep(Batch& batch) const {
  batch.conditions.push_back({key_, stored_});
}

void StoredCutoff::Raise(EpochSeconds to, Batch& batch) const {
  Keep(batch);
  batch.puts.push_back({key_, EncodeCutoff(std::max(at_, to))});
}

Status CutoffReader::Add(RevocationKind kind, std::string_view value,
                         Cutoffs& cutoffs) {
  const std::string key = CutoffKey(kind, MakeRevocationId(kind, value));
  auto it = seen_.find(key);
  if (it == seen_.end()) {
    auto read = engine_.Get(key);
    if (!read.ok()) return read.error();
    it = seen_.emplace(key, std::move(*read)).first;
  }
  const auto not_before = DecodeCutoff(it->second);
  if (!not_before.ok()) return not_before.error();
  cutoffs.latest = std::max(cutoffs.latest, *not_before);
  cutoffs.as_read.push_back({key, it->second});
  return {};
}

Result<Cutoffs> CutoffReader::Read(std::string_view subject,
                                   std::string_view client_id) {
  Cutoffs cutoffs;
  for (const auto& [kind, value] :
       {std::pair(RevocationKind::kSubject, subject),
        std::pair(RevocationKind::kClient, client_id),
        std::pair(RevocationKind::kAll, std::string_view())}) {
    Status added = Add(kind, value, cutoffs);
    if (!added.ok()) return added.error();
  }
  return cutoffs;
}

Life LifeOf(const Session& session, const Cutoffs& cutoffs, Time now) {
  if (now >= session.expires_at) return Life::kExpired;
  if (now >= session.last_seen + session.idle_timeout) return Life::kIdle;
  if (session.created_at < cutoffs.latest) return Life::kRevoked;
  return Life::kLive;
}

// A session that survived a cutoff was created at or after it, so a token that
// is not older than its session survives too.
IssueTimes TimesOf(const Session& session, const Cutoffs& cutoffs, Time now,
                   const SessionLimits& limits) {
  IssueTimes times;
  times.issued_at =
      std::max({ToSeconds(now), session.created_at, cutoffs.latest});
  times.expires_at =
      std::min(times.issued_at + limits.access_lifetime, session.expires_at);
  return times;
}

void RecordIssue(const IssueTimes& times, Session& session) {
  session.last_seen = std::max(session.last_seen, times.issued_at);
  session.access_until = std::max(session.access_until, times.expires_at);
}

EpochSeconds DropAfter(EpochSeconds until, const SessionLimits& limits) {
  return std::chrono::ceil<std::chrono::minutes>(Time(until) +
                                                 limits.clock_skew);
}

Seconds LongestAccess(const SessionLimits& limits) {
  return std::max(limits.access_lifetime, limits.max_access_lifetime);
}

std::string SessionEntry(const Session& session, Time now,
                         const SessionLimits& limits, const Why& why) {
  const EpochSeconds until = std::max(session.access_until, ToSeconds(now));
  return EncodeLogEntry({
      .revocation = {.kind = RevocationKind::kSession,
                     .id = session.id,
                     .at = ToSeconds(now),
                     .drop_after = DropAfter(until, limits)},
      .value = SessionIdText(session.id),
      .reason = why.reason,
      .actor = why.actor.client,
      .subject = session.subject,
  });
}

void AddSession(const Session& session, Batch& batch) {
  const RevocationId subject =
      MakeRevocationId(RevocationKind::kSubject, session.subject);
  batch.puts.push_back({SessionKey(session.id), EncodeSession(session)});
  batch.puts.push_back({SubjectKey(subject, session.id), ""});
  batch.puts.push_back({ExpiryKey(session.expires_at, session.id), ""});
}

void AddRemoval(const StoredSession& stored, Batch& batch) {
  const Session& session = stored.session;
  const RevocationId subject =
      MakeRevocationId(RevocationKind::kSubject, session.subject);
  const std::string key = SessionKey(session.id);
  batch.conditions.push_back({key, stored.bytes});
  batch.deletes.push_back(key);
  batch.deletes.push_back(SubjectKey(subject, session.id));
  batch.deletes.push_back(ExpiryKey(session.expires_at, session.id));
}

SessionLimits StoreCore::limits() const {
  MutexLock lock(mutex_);
  return limits_;
}

void StoreCore::SetLimits(const SessionLimits& limits) {
  MutexLock lock(mutex_);
  limits_ = limits;
}

Result<std::optional<StoredSession>> StoreCore::Read(const SessionId& id) {
  auto bytes = engine.Get(SessionKey(id));
  if (!bytes.ok()) return bytes.error();
  if (!bytes->has_value()) return std::optional<StoredSession>();
  auto session = DecodeSession(id, **bytes);
  if (!session.ok()) return session.error();
  return std::optional(StoredSession{std::move(*session), std::move(**bytes)});
}

Result<std::vector<SessionId>> StoreCore::SessionsOf(
    const RevocationId& subject) {
  const std::string prefix = SubjectPrefix(subject);
  std::vector<SessionId> ids;
  std::string after;
  while (true) {
    auto page = engine.Scan(prefix, after, kScanPage);
    if (!page.ok()) return page.error();
    for (const KeyValue& pair : *page) {
      if (pair.key.size() != prefix.size() + 16) {
        return Error{ErrorCode::kCorrupt, "reading a subject: malformed key"};
      }
      ids.push_back(IdFrom(std::string_view(pair.key).substr(prefix.size())));
    }
    if (page->size() < kScanPage) return ids;
    after = page->back().key;
  }
}

Result<std::vector<StoredSession>> StoreCore::ReadSubject(
    std::string_view subject, Time now) {
  auto ids = SessionsOf(MakeRevocationId(RevocationKind::kSubject, subject));
  if (!ids.ok()) return ids.error();
  CutoffReader cutoff_reader(engine);
  std::vector<StoredSession> sessions;
  for (const SessionId& id : *ids) {
    auto stored = Read(id);
    if (!stored.ok()) return stored.error();
    // It may have ended since its id was read.
    if (!stored->has_value()) continue;
    const Session& session = (*stored)->session;
    const auto cutoffs = cutoff_reader.Read(session.subject, session.client_id);
    if (!cutoffs.ok()) return cutoffs.error();
    (*stored)->life = LifeOf(session, *cutoffs, now);
    sessions.push_back(std::move(**stored));
  }
  std::ranges::sort(sessions, ByAge);
  return sessions;
}

// The key always names the session that was opened last, so once that one is
// gone it can go: no later Open can bring the same value back.
Status StoreCore::AddNewestCleanup(std::string_view subject,
                                   const std::vector<StoredSession>& removed,
                                   Batch& batch) {
  const std::string key =
      NewestKey(MakeRevocationId(RevocationKind::kSubject, subject));
  auto newest = engine.Get(key);
  if (!newest.ok()) return newest.error();
  if (!newest->has_value()) return {};
  for (const StoredSession& stored : removed) {
    if (AsText(stored.session.id) != **newest) continue;
    batch.conditions.push_back({key, **newest});
    batch.deletes.push_back(key);
    break;
  }
  return {};
}

}  // namespace signet::service
