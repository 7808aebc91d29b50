#ifndef SIGNET_TESTS_FUZZ_PLAIN_VERIFY_H_
#define SIGNET_TESTS_FUZZ_PLAIN_VERIFY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signet/key_ring.h"
#include "signet/revocation.h"
#include "signet/verifier.h"

namespace signet::fuzz {

// The rule of acceptance a second time, written from docs/formats.md,
// verifier.h and the standards with no regard to speed. It shares with the
// library the primitives, the ring and the ids of revocations; texts, JSON,
// times, claims, policy and revocation it reads by itself.

enum class PlainForm { kPaseto, kJwt, kPlainJwt };

// PlainClaims reads a claims set, or nothing if it must be refused.
std::optional<Claims> PlainClaims(std::string_view json, PlainForm form);

// PlainBase64Url decodes the one spelling of some bytes.
std::optional<std::string> PlainBase64Url(std::string_view text);

// PlainTimestamp is the second of an RFC 3339 text, rounded down.
std::optional<int64_t> PlainTimestamp(std::string_view text);

// PlainWorld is all that a verdict depends on beside the token. It borrows.
struct PlainWorld {
  const Policy& policy;
  const KeyRing& ring;
  const KeyRing* opener;  // for tokens that are encrypted; may be null
  const std::vector<Revocation>& revocations;  // all live
  Duration staleness;
  Time now;
};

// PlainVerify gives the claims of a token that must be accepted.
std::optional<Claims> PlainVerify(const PlainWorld& world,
                                  std::string_view token,
                                  std::string_view assertion);

}  // namespace signet::fuzz

#endif  // SIGNET_TESTS_FUZZ_PLAIN_VERIFY_H_
