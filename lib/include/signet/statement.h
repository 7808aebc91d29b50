#ifndef SIGNET_STATEMENT_H_
#define SIGNET_STATEMENT_H_

#include <string>
#include <string_view>

#include "signet/clock.h"
#include "signet/jws_keys.h"
#include "signet/key_ring.h"
#include "signet/refusal.h"
#include "signet/result.h"

namespace signet {

// A statement is a JWT by which a service tells others something, and which
// grants nothing: a security event (RFC 8417), a status list. Its `typ` says
// which, and keeps it from being taken for anything else (RFC 8725
// section 3.11). Statements have a ring of their own, of purpose kStatements.

// The longest statement that is read or made, in bytes of its text.
inline constexpr size_t kMaxStatementLength = 4u << 20;

// SignStatement signs a payload, one JSON object, with the ring's active key.
// `type` is the media type without "application/": "secevent+jwt". kInvalid if
// the ring has another purpose or it would be too long, kUnavailable if no key
// is active.
Result<std::string> SignStatement(const SigningRing& ring,
                                  std::string_view type,
                                  std::string_view payload, Time now);

// ReadStatement returns the payload of a statement of that type which one of
// the keys has signed. What the payload says is for the caller to check: that
// it is JSON, who says it, for whom, and when. A `kid` is not demanded. The
// type is compared without regard to case, with or without "application/"
// (RFC 7515 section 4.1.9).
//
// Refusals: kTooLong; kMalformed; kUnsupported for an alg or a header parameter
// that is refused by design; kMissingClaim and kBadClaim for a header
// parameter; kWrongType; kUnknownKey; kBadSignature.
Result<std::string, Refusal> ReadStatement(const JwsKeys& keys,
                                           std::string_view type,
                                           std::string_view text);

}  // namespace signet

#endif  // SIGNET_STATEMENT_H_
