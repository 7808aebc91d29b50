#ifndef SIGNET_POLICY_H_
#define SIGNET_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "signet/clock.h"
#include "signet/result.h"

namespace signet {

// WhenStale says what to do with a good token while the list is older than
// the policy's max_staleness.
enum class WhenStale : uint8_t {
  kReject,          // refuse with kStale
  kAcceptAndAlarm,  // accept; VerifiedToken::stale() is true, and counted
  kAcceptUntil,     // accept so until hard_staleness, then refuse
};

// TokenType is what a JWT's header must say that it is (RFC 8725 section
// 3.11). A PASETO has no type.
enum class TokenType : uint8_t {
  kAccessToken,  // typ at+jwt, and the claims that RFC 9068 requires
  kPlainJwt,     // typ JWT or none: for issuers that do not follow RFC 9068
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

  TokenType token_type = TokenType::kAccessToken;

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

  // Memory for tokens that have been found authentic, in bytes: a token seen
  // before costs no second check of its signature, and every other check is
  // made again. A typical token takes 1 KiB. 0 for none, else 64 KiB to
  // 64 GiB.
  size_t cache_bytes = size_t{16} << 20;

  // Rfc9068 is for access tokens by RFC 9068 from any authorization server. It
  // sets issuer and audience, which section 4 demands to be checked; a
  // clock_skew of 1 min, the "no more than a few minutes" of RFC 7519 section
  // 4.1.4; a max_lifetime of 1 h, which such servers commonly issue. That typ
  // is at+jwt, and that exp, iat, sub, client_id and jti are there, every
  // Verifier demands of a JWT.
  static Policy Rfc9068(std::string issuer, std::string audience);

  // Paseto is for services that share one ring of PASETO keys and keep their
  // clocks in step. It sets issuer and audience; a clock_skew of 5 s, for the
  // PASETO specification knows none; a max_lifetime of 15 min, that of a new
  // ring's tokens (DefaultPolicy in key_ring.h).
  static Policy Paseto(std::string issuer, std::string audience);

  // Validate names every problem of the policy, separated by "; ".
  Status Validate() const;
};

}  // namespace signet

#endif  // SIGNET_POLICY_H_
