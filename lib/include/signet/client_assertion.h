#ifndef SIGNET_CLIENT_ASSERTION_H_
#define SIGNET_CLIENT_ASSERTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signet/clock.h"
#include "signet/jws_keys.h"
#include "signet/replay.h"
#include "signet/result.h"

namespace signet {

// Client authentication by private_key_jwt (RFC 7521 section 4.2, RFC 7523):
// the client signs a short JWT with a key whose public half the server knows,
// with one of kJwsAlgorithms.

// The longest assertion that is looked at, in bytes.
inline constexpr size_t kMaxAssertionLength = 8192;
// The longest `jti` of an assertion, in bytes.
inline constexpr size_t kMaxAssertionIdLength = 256;

// The value of client_assertion_type (RFC 7523 section 2.2).
inline constexpr std::string_view kClientAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// AssertionRefusalCode is the closed set of verdicts other than "proven".
enum class AssertionRefusalCode : uint8_t {
  kMalformed,      // not one compact JWS of JSON objects, too long, or not
                   // canonical
  kUnsupported,    // an alg or a header parameter that is refused by design
  kWrongType,      // typ is that of another kind of JWT
  kUnknownKey,     // the client has no key of that kid and alg
  kBadSignature,   // not signed by that key
  kMissingClaim,   // a claim or a header parameter is absent
  kBadClaim,       // it has the wrong JSON type or range
  kWrongClient,    // iss and sub are not both the client
  kWrongAudience,  // aud names somebody else
  kExpired,        // exp has passed
  kTooLongLived,   // exp lies too far ahead
  kTooNew,         // iat or nbf lies ahead
  kReplayed,       // this assertion was here before
  kUnknown,        // the replay memory can't tell, for it is full or younger
};

std::string_view AssertionRefusalCodeName(AssertionRefusalCode code);

// AssertionRefusal says why a client is not proven. It holds nothing that the
// sender chose.
struct AssertionRefusal {
  AssertionRefusalCode code;
  // The claim or header parameter at fault, a string literal; may be empty.
  std::string_view claim = {};

  std::string ToString() const;  // "wrong_audience (aud)"
  bool operator==(const AssertionRefusal&) const = default;
};

// AssertionPolicy is what a server demands of assertions.
struct AssertionPolicy {
  // Each `aud` must be one of these: the issuer, which is what RFC 7523 bis
  // asks for, and other names of this server that older clients use.
  std::vector<std::string> audiences;
  // 1 s to 1 hour: how far ahead exp may lie, and so for how long a jti must
  // be remembered.
  Duration max_lifetime = std::chrono::minutes(10);
  // 0 s to 5 min. Leeway for exp, nbf and iat.
  Duration clock_skew = std::chrono::seconds(30);
  // Since when the replay memory remembers, usually the start of the process:
  // whether an older assertion was here before is kUnknown. It goes by iat, or
  // nbf if there is none; without both nothing tells.
  EpochSeconds remembers_since = {};

  // Validate names every problem of the policy, separated by "; ".
  Status Validate() const;
};

// UnverifiedClientId is the client that an assertion claims to be from: by
// that name its keys are found. NOTHING is proven by it. Empty if the text is
// no assertion.
std::string UnverifiedClientId(std::string_view assertion);

// An AssertionVerifier checks that a request comes from the client that its
// client_assertion names (RFC 7523 section 3): signature, iss and sub, aud,
// exp, nbf and iat, and that its jti was not here before. The memory must have
// room for as many assertions as come in max_lifetime. Memory and clock are
// borrowed. Verify is safe from any thread.
class AssertionVerifier {
 public:
  // Create fails with kInvalid and names every problem of the policy.
  static Result<AssertionVerifier> Create(
      AssertionPolicy policy, ReplayMemory& memory,
      const Clock& clock = SystemClock::Shared());

  // Verify succeeds only if the assertion proves `client_id`, whose keys are
  // `keys`. An assertion that is refused is not remembered, but for kReplayed.
  Result<void, AssertionRefusal> Verify(std::string_view assertion,
                                        std::string_view client_id,
                                        const JwsKeys& keys) const;

 private:
  struct Assertion;
  AssertionVerifier(AssertionPolicy policy, ReplayMemory& memory,
                    const Clock& clock)
      : policy_(std::move(policy)), memory_(&memory), clock_(&clock) {}

  std::optional<AssertionRefusal> CheckSignature(std::string_view assertion,
                                                 const JwsKeys& keys,
                                                 std::string& claims) const;
  std::optional<AssertionRefusal> CheckTimes(const Assertion& assertion,
                                             Time now) const;

  AssertionPolicy policy_;
  ReplayMemory* memory_;
  const Clock* clock_;
};

}  // namespace signet

#endif  // SIGNET_CLIENT_ASSERTION_H_
