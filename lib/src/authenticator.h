#ifndef SIGNET_LIB_SRC_AUTHENTICATOR_H_
#define SIGNET_LIB_SRC_AUTHENTICATOR_H_

#include <optional>
#include <string_view>

#include "authentic_token.h"
#include "key_standing.h"
#include "signet/clock.h"
#include "signet/live_ring.h"
#include "signet/policy.h"
#include "signet/refusal.h"
#include "signet/revocation.h"

namespace signet {

struct TokenHeader;

// FoundKey is the key that a token names, for when the ring may have changed.
struct FoundKey {
  KnownKey key;  // of no identity: the ring did not hold it
  RevocationId revocation_id{};
};

// Candidate is a token on its way to a VerifiedToken, and what Explain wants to
// know of the way.
struct Candidate {
  Moment moment{};
  FoundKey key;
  TokenHandle token;           // null until the signature is found good
  bool authenticated = false;  // found good by this call
  bool remembered = false;     // found good by an earlier call
  Duration staleness = Duration::zero();
};

// An Authenticator proves a token: it checks all that time and revocations do
// not change, with the keys of a ring, in the format that the text has. It
// borrows what it is given.
class Authenticator {
 public:
  // Tokens that are to be remembered keep their texts, and their identity for
  // the list, which may be null.
  Authenticator(const Policy& policy, const LiveRing& ring,
                const RevocationList* revocations, bool remembers)
      : policy_(policy),
        ring_(ring),
        revocations_(revocations),
        remembers_(remembers) {}

  // DecryptWith names the ring whose keys open encrypted tokens.
  void DecryptWith(const LiveRing& ring) { decryption_ = &ring; }

  // Prove sets the candidate's key, and its token if that is authentic.
  // REQUIRES: the candidate's moment is set.
  std::optional<Refusal> Prove(std::string_view text,
                               std::string_view assertion,
                               Candidate& candidate) const;

 private:
  struct Input;

  // Authenticate is for a signed token, or one of PASETO.
  template <class Token>
  std::optional<Refusal> Authenticate(const Input& input,
                                      Candidate& candidate) const;

  // AuthenticateJwe opens an encrypted token, and a signed one inside of it.
  std::optional<Refusal> AuthenticateJwe(const Input& input,
                                         Candidate& candidate) const;

  // FinishToken does what follows on the header.
  template <class Token>
  std::optional<Refusal> FinishToken(Token& token, TokenHeader header,
                                     const Input& input,
                                     Candidate& candidate) const;

  // CheckKey selects the ring's key and checks the signature, or decrypts.
  template <class Token>
  std::optional<Refusal> CheckKey(const LiveRing& keys, KeyPurpose purpose,
                                  Token& token, const TokenHeader& header,
                                  std::string_view assertion, Time now,
                                  FoundKey& found) const;

  const Policy& policy_;
  const LiveRing& ring_;
  const LiveRing* decryption_ = nullptr;  // null: nothing is decrypted
  const RevocationList* const revocations_;
  const bool remembers_;
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_AUTHENTICATOR_H_
