#ifndef SIGNET_VERIFIER_H_
#define SIGNET_VERIFIER_H_

#include <memory>
#include <string>
#include <string_view>

#include "signet/clock.h"
#include "signet/live_ring.h"
#include "signet/policy.h"
#include "signet/result.h"
#include "signet/revocation.h"
#include "signet/verified_token.h"

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

// VerifierCounters counts every verdict since construction. accepted_stale is
// the part of accepted for which VerifiedToken::stale() is true. authenticated
// counts the signatures that were checked and found good: what was accepted
// beyond that came from the cache.
struct VerifierCounters {
  uint64_t accepted = 0;
  uint64_t accepted_stale = 0;
  uint64_t authenticated = 0;
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

  // DecryptWith sets the ring of purpose kEncryption, borrowed, whose secret
  // halves open encrypted tokens that hold a signed one (KeyRing of
  // SigningRing::ForVerifier). Without it they are refused with kNoKeys. Set
  // it before the first Verify.
  void DecryptWith(const LiveRing& ring);

  // Verify checks one token text, in the order of Stage; the first check that
  // fails gives the refusal. `implicit_assertion` as in Issuer::Mint.
  Result<VerifiedToken, Refusal> Verify(
      std::string_view token, std::string_view implicit_assertion = {}) const;

  // counters is a snapshot, not atomic as a whole.
  VerifierCounters counters() const;

  // cache_bytes is what the tokens that it remembers occupy now, at most the
  // policy's cache_bytes.
  size_t cache_bytes() const;

 private:
  struct Impl;
  explicit Verifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet

#endif  // SIGNET_VERIFIER_H_
