#ifndef SIGNET_SERVICE_SESSION_STORE_CORE_H_
#define SIGNET_SERVICE_SESSION_STORE_CORE_H_

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "revocation-service/session/issue_mark.h"
#include "revocation-service/session/session_store.h"
#include "signet/mutex.h"

// Private to SessionStore: the keys in the store, what is read from them, and
// the pieces that its batches are made of.
namespace signet::service {

std::string SessionKey(const SessionId& id);
std::string SubjectPrefix(const RevocationId& subject);
std::string SubjectKey(const RevocationId& subject, const SessionId& id);
std::string NewestKey(const RevocationId& subject);
std::string ExpiryKey(EpochSeconds expires_at, const SessionId& id);
std::string CutoffKey(RevocationKind kind, const RevocationId& id);

inline constexpr std::string_view kExpiryPrefix = "x/";
// No access token was dated later than the clock was at that moment, or than
// this (IssueMark).
inline constexpr std::string_view kAheadKey = "m/ahead";

// ParseExpiryKey undoes ExpiryKey. nullopt if it is not one.
struct ExpiryEntry {
  EpochSeconds expires_at{};
  SessionId id{};
};
std::optional<ExpiryEntry> ParseExpiryKey(std::string_view key);

// Cutoffs are the durable cutoffs that concern one session, as conditions
// that hold while nobody writes another.
struct Cutoffs {
  std::vector<Condition> as_read;  // subject, client, all
  EpochSeconds latest{};
};

// A CutoffReader reads each cutoff at most once. It is short-lived: what it
// remembers is only as good as the conditions that check it.
class CutoffReader {
 public:
  explicit CutoffReader(Engine& engine) : engine_(engine) {}
  Result<Cutoffs> Read(std::string_view subject, std::string_view client_id);

 private:
  Status Add(RevocationKind kind, std::string_view value, Cutoffs& cutoffs);

  Engine& engine_;
  std::map<std::string, std::optional<std::string>, std::less<>> seen_;
};

// EncodeCutoff and DecodeCutoff are the value of a cutoff key.
std::string EncodeCutoff(EpochSeconds not_before);
Result<EpochSeconds> DecodeCutoff(const std::optional<std::string>& value);

// StoredCutoff is a cutoff in the store, as it was read.
class StoredCutoff {
 public:
  explicit StoredCutoff(std::string key) : key_(std::move(key)) {}

  Status Read(Engine& engine);
  EpochSeconds at() const { return at_; }

  // Keep makes the batch depend on what was read; Raise sets it besides, and
  // never to an earlier moment.
  void Keep(Batch& batch) const;
  void Raise(EpochSeconds to, Batch& batch) const;

 private:
  std::string key_;
  std::optional<std::string> stored_;
  EpochSeconds at_{};
};

// Life says whether a session may be exchanged, and why not.
enum class Life { kLive, kExpired, kIdle, kRevoked };
Life LifeOf(const Session& session, const Cutoffs& cutoffs, Time now);

// StoredSession is a record as it was read: `bytes` is the condition on it.
struct StoredSession {
  Session session;
  std::string bytes;
  Life life = Life::kLive;  // set by ReadSubject alone
};

// IssueTimes are the iat and exp of an access token.
struct IssueTimes {
  EpochSeconds issued_at{};
  EpochSeconds expires_at{};
};
IssueTimes TimesOf(const Session& session, const Cutoffs& cutoffs, Time now,
                   const SessionLimits& limits);

// RecordIssue notes in the record that an access token is issued.
void RecordIssue(const IssueTimes& times, Session& session);

// DropAfter is the last moment of a token that lives until `until`, to a whole
// minute.
EpochSeconds DropAfter(EpochSeconds until, const SessionLimits& limits);

// LongestAccess is the longest life of an access token, whoever minted it.
Seconds LongestAccess(const SessionLimits& limits);

// Why is who asked for an end, and what for.
struct Why {
  std::string reason;
  Origin actor;
};

// SessionEntry is the log record that revokes a session's access tokens.
std::string SessionEntry(const Session& session, Time now,
                         const SessionLimits& limits, const Why& why);

// AddSession puts the record and its indexes into a batch; AddRemoval takes
// them out, on condition that the record is still as it was read.
void AddSession(const Session& session, Batch& batch);
void AddRemoval(const StoredSession& stored, Batch& batch);

// StoreCore is what the operations of a SessionStore share; each holds it
// until it is done.
class StoreCore {
 public:
  StoreCore(Engine& engine_in, Committer& committer_in,
            SessionStore::RingAccess ring_in, const SessionLimits& limits,
            const Clock& clock_in)
      : engine(engine_in),
        committer(committer_in),
        ring(std::move(ring_in)),
        clock(clock_in),
        issued(engine_in),
        limits_(limits) {}

  SessionLimits limits() const;
  void SetLimits(const SessionLimits& limits);

  // Read returns the record, whether it is live or not.
  Result<std::optional<StoredSession>> Read(const SessionId& id);

  // ReadSubject returns all records of the subject, oldest first.
  Result<std::vector<StoredSession>> ReadSubject(std::string_view subject,
                                                 Time now);

  // AddNewestCleanup forgets which session is the subject's newest, if it is
  // among those that the batch removes.
  Status AddNewestCleanup(std::string_view subject,
                          const std::vector<StoredSession>& removed,
                          Batch& batch);

  Engine& engine;
  Committer& committer;
  const SessionStore::RingAccess ring;
  const Clock& clock;
  std::atomic<AuditScope> audit{AuditScope()};
  IssueMark issued;
  // Set before the first operation.
  AdmitSubject admit;
  SessionStore::CheckGrant check_grant;  // empty: every token can be made
  SessionStore::AccessRing access_ring;  // empty: no token is registered
  std::function<uint32_t()> epoch;
  StatusPlaces places;

 private:
  Result<std::vector<SessionId>> SessionsOf(const RevocationId& subject);

  mutable Mutex mutex_;
  SessionLimits limits_ SIGNET_GUARDED_BY(mutex_);
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_STORE_CORE_H_
