#ifndef SIGNET_SERVICE_SESSION_SESSION_STORE_H_
#define SIGNET_SERVICE_SESSION_SESSION_STORE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "revocation-service/audit/line.h"
#include "revocation-service/session/session.h"
#include "revocation-service/status/status_places.h"
#include "revocation-service/storage/committer.h"
#include "signet/clock.h"
#include "signet/key_ring.h"
#include "signet/revocation.h"

namespace signet::service {

struct SessionLimits {
  Seconds access_lifetime = std::chrono::minutes(10);
  Seconds idle_timeout = std::chrono::hours(24 * 30);
  Seconds absolute_lifetime = std::chrono::hours(24 * 90);
  // How long a superseded refresh token gets its successor again.
  Duration grace = std::chrono::seconds(30);
  // The same, for a retry that proves that it comes from who sent the first:
  // by client authentication, the session's DPoP key, or the Idempotency-Key.
  Duration proven_grace = std::chrono::hours(1);
  // Generations in a row that may be asked for twice; one more is reuse.
  uint32_t max_graces = 10;
  size_t max_per_subject = 100;
  bool evict_oldest = true;  // or refuse
  Duration clock_skew = std::chrono::seconds(30);
  // The longest life of any access token of the ring, whoever minted it: how
  // long a revocation must be remembered. access_lifetime, if that is longer.
  Seconds max_access_lifetime = std::chrono::minutes(15);

  bool operator==(const SessionLimits&) const = default;
};

// ClientLimits are what one client's sessions have in place of the service's
// limits; what is not set is the service's.
struct ClientLimits {
  std::optional<Seconds> access_lifetime = {};
  std::optional<Seconds> idle_timeout = {};
  std::optional<Seconds> absolute_lifetime = {};
  std::optional<Duration> grace = {};
  std::optional<Duration> proven_grace = {};
  // Access tokens have a place in a status list.
  bool status_list = false;
  // Of access tokens; absent: that of the ring of purpose kAccess.
  std::optional<KeyFormat> access_format = {};

  // Over returns the limits of that client.
  SessionLimits Over(SessionLimits limits) const;
  bool operator==(const ClientLimits&) const = default;
};

// ExchangeOutcome is the closed taxonomy of what an exchange came to; names
// are the label values of the metric.
enum class ExchangeOutcome : uint8_t {
  kRotated,         // 0: a new generation
  kReplayed,        // -1 in grace: the same successor again
  kReuseRecent,     // -1 after grace: the session was revoked
  kReuseStale,      // older: the session was revoked
  kFromTheFuture,   // greater than stored: the store went back in time
  kExpired,         // absolute lifetime over
  kIdle,            // idle too long
  kRevoked,         // ended, or unknown though once issued
  kClientMismatch,  // another client's token, or another DPoP key's
  kMalformed,       // junk: no I/O was done
  kBadScope,        // asks for more scope than the session has
  kBadTarget,       // asks for an audience that the session has not
  kRateLimited,     // the subject asks too often
  kUnavailable,     // nothing is known
};

// ExchangeOutcomeName is the label value. kFromTheFuture is "unavailable", as
// its answer is. kBadScope and kBadTarget have none: the request was refused,
// and nothing came of the token.
std::string_view ExchangeOutcomeName(ExchangeOutcome outcome);

struct ExchangeRequest {
  std::string refresh_token = {};
  std::string client_id = {};  // authenticated, or claimed by a public client
  bool proven = false;         // a confidential client has proved who it is
  std::string scope = {};      // empty: the session's
  std::string resource = {};   // one of the session's audiences; empty: all
  // The thumbprint of the key whose DPoP proof came along, or empty. The
  // refresh tokens of a public client are bound to it (RFC 9449 section 5).
  std::string dpop_jkt = {};
  std::string idempotency_key = {};  // of a public client's request, or empty
  ClientLimits limits = {};
  Origin origin = {};  // for the audit
};

// Grant is what a token response is made of.
struct Grant {
  Session session;  // as committed
  std::string refresh_token;
  std::string scope;                  // of this access token
  std::vector<std::string> audience;  // of this access token
  std::string dpop_jkt;               // the key it is bound to, or empty
  // Of this access token; absent: that of the ring of purpose kAccess.
  std::optional<KeyFormat> format = {};
  EpochSeconds issued_at{};   // iat: never before a cutoff it survived
  EpochSeconds expires_at{};  // exp
  // With a place in a status list the token is known before it is made: its
  // jti, its place, and the ring and moment that choose its key.
  struct Registered {
    std::string token_id;
    StatusSlot slot;
    std::shared_ptr<const SigningRing> ring;
    Time at{};
  };
  std::optional<Registered> registered = {};
};

struct ExchangeResult {
  ExchangeOutcome outcome = ExchangeOutcome::kUnavailable;
  std::optional<Grant> grant;  // with kRotated and kReplayed
  std::string reason;          // for logs; of kReplayed, only an alarm
  // Whose token it was, if that is certain.
  std::string subject = {};
  std::optional<SessionId> session = {};
  bool audited = false;      // its audit line is durable
  Seconds retry_after = {};  // with kRateLimited
};

struct OpenRequest {
  std::string subject = {};
  std::string client_id = {};
  std::vector<std::string> audience = {};
  std::string scope = {};
  std::string device = {};
  std::string custom = {};
  // The thumbprint of the client's DPoP key, or empty: the first access token
  // is bound to it, and the refresh tokens too if the client is public.
  std::string dpop_jkt = {};
  bool is_public = false;
  ClientLimits limits = {};
  Origin origin = {};  // for the audit
};

// SessionChange is what can change without a new session; what is not set
// stays as it is.
struct SessionChange {
  std::optional<std::string> device = {};
  std::optional<std::string> custom = {};
  Origin origin = {};  // for the audit
};

// StepUpRequest is a change of privileges; what is not set stays.
struct StepUpRequest {
  SessionId id{};
  SessionChange change = {};
  std::optional<std::vector<std::string>> audience = {};
  std::optional<std::string> scope = {};
  // As in OpenRequest. Empty: the key that the session is bound to.
  std::string dpop_jkt = {};
  bool is_public = false;
  ClientLimits limits = {};
};

// NewRevocation is what a caller asks for: POST /v1/revocations.
struct NewRevocation {
  RevocationKind kind = RevocationKind::kToken;
  std::string value = {};
  // Cutoffs only; default: the next second, so all issued so far are void.
  // For kKey the default is kForever.
  std::optional<EpochSeconds> not_before = {};
  std::string reason = {};  // for people and the audit
  Origin actor = {};        // the client that asked
};

// AuditScope says which changes leave a line in the audit. Aligned, it is read
// and written as one word.
struct alignas(2) AuditScope {
  bool changes = false;    // sessions and revocations
  bool exchanges = false;  // each exchange that was answered, too
};

// AdmitSubject takes a place for one more exchange of a subject; nullopt if
// there was one, otherwise how long until the next.
using AdmitSubject =
    std::function<std::optional<Seconds>(std::string_view subject)>;

struct Revoked {
  uint64_t sequence = 0;  // of the log entry; 0 if there was nothing to do
  size_t sessions_ended = 0;
};

// The pace at which expired sessions are removed, 2,000 a second: so many in a
// commit that requests wait for, and such a pause.
inline constexpr size_t kSweepBatch = 40;
inline constexpr std::chrono::milliseconds kSweepPause{20};

// A SessionStore keeps sessions and writes revocations: every rule of the
// exchange table stands here, once, above any engine. Session state and log
// entries go in one batch. Conflicts between concurrent requests are resolved
// inside by trying again. Calls are asynchronous: `done` is called once, on
// the committer's thread or the caller's, and must not block. Engine,
// committer, ring and clock are borrowed. Safe from any thread.
//
// Keys in the store:
//   s/<sid>                          session record
//   u/<subject id><sid>              a session of the subject; value empty
//   n/<subject id>                   sid of the session that was opened last,
//                                    while it lives: two opens exclude each
//                                    other by it
//   x/<expires_at, 8 bytes BE><sid>  expiry index
//   l/<list><index>                  a token that is in a status list
//                                    (status_entry.h)
//   c/<kind><id>                     not_before, 8 bytes BE: sessions created
//                                    before it may not be exchanged
class SessionStore {
 public:
  // RingAccess gives the refresh ring in force; the ring may be replaced while
  // the service runs, so it is shared.
  using RingAccess = std::function<std::shared_ptr<const SigningRing>()>;

  SessionStore(Engine& engine, Committer& committer, RingAccess refresh_ring,
               SessionLimits limits, const Clock& clock);
  ~SessionStore();

  void SetLimits(const SessionLimits& limits);

  // SetAudit makes changes leave audit lines, in the same commit. By default
  // there are none.
  //
  // LimitSubjects sets what exchanges must pass; one that ends a session for
  // reuse never does. Call it before the first request.
  void SetAudit(AuditScope scope);
  void LimitSubjects(AdmitSubject admit);

  // AccessRing gives the ring that signs access tokens of a format, or null.
  using AccessRing = std::function<std::shared_ptr<const SigningRing>(
      std::optional<KeyFormat>)>;

  // RegisterTokens lets clients have status lists: `access_ring` gives the ring
  // of their tokens, `epoch` that of the feed; both are safe from any thread.
  // Call it before the first request.
  void RegisterTokens(AccessRing access_ring, std::function<uint32_t()> epoch);

  // CheckGrants sets what tells whether the access token of a grant could be
  // made: what cannot be answered is not committed, and kUnavailable. Call it
  // before the first request.
  using CheckGrant = std::function<Status(const Grant& grant)>;
  void CheckGrants(CheckGrant check);

  // Open starts a session. kDenied if the subject has max_per_subject already
  // and the oldest may not be evicted.
  void Open(OpenRequest request, std::function<void(Result<Grant>)> done);

  // Exchange decides by generation distance (ExchangeOutcome).
  void Exchange(ExchangeRequest request,
                std::function<void(ExchangeResult)> done);

  // Change changes a live session: its next access tokens show it. kNotFound
  // if there is no such live session.
  void Change(const SessionId& id, SessionChange change,
              std::function<void(Result<Session>)> done);

  // StepUp puts a new session in the place of a live one, which ends as by
  // End, in the same commit: what somebody has seen of the old one is worth
  // nothing under the new privileges. kNotFound as in Change.
  void StepUp(StepUpRequest request, std::function<void(Result<Grant>)> done);

  // Find returns the live session, nullopt if it ended or expired.
  Result<std::optional<Session>> Find(const SessionId& id);

  // FindByRefreshToken returns the live session whose token it is, or was: for
  // introspection and revocation. nullopt if the token is junk or its session
  // is over.
  struct Found {
    Session session;
    uint32_t distance = 0;  // in generations; 0: it is the live one
  };
  Result<std::optional<Found>> FindByRefreshToken(std::string_view token);

  // List returns the subject's live sessions, oldest first.
  Result<std::vector<Session>> List(std::string_view subject);

  // End ends one session and revokes its access tokens. kNotFound if there is
  // no such live session.
  void End(const SessionId& id, std::string reason, Origin actor,
           std::function<void(Result<Revoked>)> done);

  // EndOthers ends all sessions of the subject but one.
  void EndOthers(std::string subject, const SessionId& except, Origin actor,
                 std::function<void(Result<Revoked>)> done);

  // Revoke writes a revocation of any kind. kSession ends that session,
  // kSubject all of the subject's; kClient and kAll stop the refresh tokens of
  // every session created before the cutoff. kInvalid names what is wrong.
  void Revoke(NewRevocation request, std::function<void(Result<Revoked>)> done);

  // SweepExpired removes at most `limit` expired sessions; returns how many.
  // It waits for the commits: never call it from a callback. When the wall
  // clock has jumped ahead it removes nothing for an hour.
  Result<size_t> SweepExpired(size_t limit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_SESSION_STORE_H_
