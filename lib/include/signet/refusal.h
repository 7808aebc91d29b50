#ifndef SIGNET_REFUSAL_H_
#define SIGNET_REFUSAL_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace signet {

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

}  // namespace signet

#endif  // SIGNET_REFUSAL_H_
