#ifndef SIGNET_VERIFIER_H_
#define SIGNET_VERIFIER_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signet/claims.h"
#include "signet/clock.h"
#include "signet/live_ring.h"
#include "signet/result.h"
#include "signet/revocation.h"

namespace signet {

// The longest token text that is looked at, in bytes.
inline constexpr size_t kMaxTokenLength = 8192;

// RefusalCode is the closed set of verdicts other than "accepted".
enum class RefusalCode : uint8_t {
  kTooLong,          // longer than kMaxTokenLength
  kMalformed,        // not a token of any format, or not canonical
  kUnsupported,      // a well-formed token of a kind refused by design
  kNoKeys,           // this verifier has no ring yet
  kUnknownKey,       // the ring holds no such key
  kKeyNotUsable,     // the key is pending, retired or revoked
  kWrongAlgorithm,   // format or alg disagree with the key's
  kBadSignature,     // not signed by that key
  kWrongType,        // JWT typ is not at+jwt
  kMissingClaim,     // a claim that the policy needs is absent
  kBadClaim,         // a claim has the wrong JSON type or range
  kWrongIssuer,      // iss is not the policy's
  kWrongAudience,    // aud does not name this verifier
  kExpired,          // now >= exp (+ skew)
  kNotYetValid,      // nbf or iat lies in the future (- skew)
  kLifetimeTooLong,  // exp - iat is longer than the policy allows
  kRevoked,          // an entry of the revocation list voids it
  kStale,            // the list is too old to tell
};

// Stage is the step of Verify that refused, in the order in which they run.
enum class Stage : uint8_t {
  kLength,
  kFormat,
  kHeader,
  kKey,
  kSignature,
  kClaims,
  kPolicy,
  kRevocation,
  kFreshness,
};

std::string_view RefusalCodeName(RefusalCode code);  // "too_long", …
std::string_view StageName(Stage stage);             // "length", …

// Refusal says why a token was not accepted. It holds nothing secret and
// nothing that the token's sender chose.
struct Refusal {
  RefusalCode code;
  Stage stage;
  // The claim or header parameter at fault, a string literal; may be empty.
  std::string_view claim = {};

  // RetryMayHelp tells whether the same token may be accepted soon: the
  // reason lies in this verifier's state (kNoKeys, kUnknownKey, kStale,
  // kNotYetValid), not in the token.
  bool RetryMayHelp() const;

  // ToString is one line for logs: "expired at policy (exp)".
  std::string ToString() const;

  bool operator==(const Refusal&) const = default;
};

// WhenStale says what to do with a good token while the list is older than
// the policy's max_staleness.
enum class WhenStale : uint8_t {
  kReject,          // refuse with kStale
  kAcceptAndAlarm,  // accept; VerifiedToken::stale() is true, and counted
  kAcceptUntil,     // accept so until hard_staleness, then refuse
};

// Policy is what a verifier demands. Silence is an error: issuer and audience
// are named, or waived by name.
struct Policy {
  std::string issuer;    // exact match, byte for byte
  std::string audience;  // must be one of the token's
  bool any_issuer = false;
  bool any_audience = false;
  // A token that is bound to a key (cnf.jkt, RFC 9449) is worth nothing without
  // that key's proof, which Verify does not see: it is refused, unless this
  // says that the caller checks the proof.
  bool caller_checks_binding = false;

  // 0 s to 5 min. Leeway for exp, nbf, iat and key schedules.
  Duration clock_skew = std::chrono::seconds(30);
  // 1 s to 1 day. A longer exp - iat is refused: this bound is what lets
  // revocations be forgotten.
  Duration max_lifetime = std::chrono::hours(1);

  // 100 ms to 1 day: how old the revocation list may be.
  Duration max_staleness = std::chrono::seconds(10);
  WhenStale when_stale = WhenStale::kReject;
  // Only with kAcceptUntil: longer than max_staleness, at most 1 day.
  Duration hard_staleness = Duration::zero();

  // Validate names every problem of the policy, separated by "; ".
  Status Validate() const;
};

// VerifiedToken is proof that a Verifier accepted a token: nothing else can
// make one. It is a cheap, copyable handle on immutable claims; const use is
// safe from any thread.
class VerifiedToken {
 public:
  const Claims& claims() const { return *claims_; }
  const std::string& key_id() const { return *key_id_; }
  // stale tells that the list was older than max_staleness and the policy
  // said to accept.
  bool stale() const { return stale_; }
  // HasScope tells whether `scope` is one of the token's.
  bool HasScope(std::string_view scope) const;

 private:
  friend class Verifier;
  VerifiedToken() = default;
  std::shared_ptr<const Claims> claims_;
  std::shared_ptr<const std::string> key_id_;
  bool stale_ = false;
};

// VerifierCounters counts every verdict since construction. accepted_stale is
// the part of accepted for which VerifiedToken::stale() is true.
struct VerifierCounters {
  uint64_t accepted = 0;
  uint64_t accepted_stale = 0;
  uint64_t refused[static_cast<size_t>(RefusalCode::kStale) + 1] = {};
};

// A Verifier checks access tokens in memory.
//
// 1. Hold a LiveRing and a RevocationList, from a RevocationFeed (feed.h) or
//    your own. 2. Choose a Policy. 3. Create once. 4. Verify per request.
// 5. Read VerifiedToken::claims().
//
// Ring, list and clock are borrowed and must outlive it. Verify is safe from
// any thread and takes no lock.
class Verifier {
 public:
  // Create fails with kInvalid and names every problem of the policy.
  static Result<Verifier> Create(Policy policy, const LiveRing& ring,
                                 const RevocationList& revocations,
                                 const Clock& clock = SystemClock::Shared());

  // CreateWithoutRevocation makes a verifier that cannot know of a logout:
  // a revoked token passes until it expires.
  static Result<Verifier> CreateWithoutRevocation(
      Policy policy, const LiveRing& ring,
      const Clock& clock = SystemClock::Shared());

  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;
  ~Verifier();

  // Verify checks one token text, in the order of Stage; the first check that
  // fails gives the refusal. `implicit_assertion` as in Issuer::Mint.
  Result<VerifiedToken, Refusal> Verify(
      std::string_view token, std::string_view implicit_assertion = {}) const;

  // counters is a snapshot, not atomic as a whole.
  VerifierCounters counters() const;

 private:
  struct Impl;
  explicit Verifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet

#endif  // SIGNET_VERIFIER_H_
