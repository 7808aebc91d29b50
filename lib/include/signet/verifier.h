#ifndef SIGNET_VERIFIER_H_
#define SIGNET_VERIFIER_H_

#include <memory>
#include <string>
#include <string_view>

#include "signet/clock.h"
#include "signet/explanation.h"
#include "signet/live_ring.h"
#include "signet/policy.h"
#include "signet/refusal.h"
#include "signet/result.h"
#include "signet/revocation.h"
#include "signet/verified_token.h"

namespace signet {

// The longest token text that is looked at, in bytes.
inline constexpr size_t kMaxTokenLength = 8192;

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

  // Explain does what Verify does and says what came of each step: for people
  // and logs, after a refusal that needs a reason. It is not counted.
  Explanation Explain(std::string_view token,
                      std::string_view implicit_assertion = {}) const;

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
