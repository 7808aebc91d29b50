#ifndef SIGNET_LIB_SRC_EXPLAIN_H_
#define SIGNET_LIB_SRC_EXPLAIN_H_

#include <optional>
#include <string>
#include <vector>

#include "authentic_token.h"
#include "signet/explanation.h"
#include "signet/key_ring.h"
#include "signet/policy.h"
#include "signet/revocation.h"
#include "token_text.h"

namespace signet {

// Findings is what a call of Verify saw on its way, as far as it came.
struct Findings {
  size_t text_size = 0;
  TokenKind kind = TokenKind::kMalformed;
  Moment moment{};
  std::optional<RingInfo> ring;
  // The key that the token names, if the ring holds it: never the sender's
  // words.
  std::string key_id;
  std::optional<KeyState> key_state;
  TokenHandle token;        // null unless its signature is good
  bool remembered = false;  // the signature was found good by an earlier call
  const RevocationList* revocations = nullptr;
  std::optional<RevocationKind> voided_by;
  Duration staleness = Duration::zero();
};

// VoidedBy finds the kind of an entry that voids a token which is revoked, or
// nothing if the list has changed meanwhile.
std::optional<RevocationKind> VoidedBy(const RevocationList& list,
                                       const TokenIdentity& token);

// DescribeSteps puts the way to `refusal`, or to acceptance, into sentences.
std::vector<Explanation::Step> DescribeSteps(
    const Policy& policy, const Findings& findings,
    const std::optional<Refusal>& refusal);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_EXPLAIN_H_
