#ifndef SIGNET_SERVICE_OAUTH_PROOFS_H_
#define SIGNET_SERVICE_OAUTH_PROOFS_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "revocation-service/http/server.h"
#include "revocation-service/oauth/clients.h"
#include "revocation-service/rings.h"
#include "signet/client_assertion.h"
#include "signet/dpop.h"

namespace signet::service {

// ProofOptions is [oauth] of the configuration.
struct ProofOptions {
  // A DPoP proof must carry a nonce of this service (RFC 9449 section 8).
  bool dpop_nonce = false;
  // How far back a proof's iat may lie.
  Duration dpop_max_age = std::chrono::seconds(60);
  // How many DPoP proofs, and as many client assertions, are remembered while
  // they are fresh. More of them are answered 503.
  size_t replay_memory = size_t{1} << 18;
  // Assertions may name the token endpoint as their audience, too.
  bool assertion_for_token_endpoint = false;

  bool operator==(const ProofOptions&) const = default;
};

// Proofs checks what a client proves itself or its key by, beyond a secret:
// assertions (RFC 7523) and DPoP proofs (RFC 9449). What must come only once
// is remembered in this process alone. Rings and clock are borrowed. Safe from
// any thread.
class Proofs {
 public:
  // Create fails with kInvalid if an option is out of its range.
  static Result<std::unique_ptr<Proofs>> Create(const ProofOptions& options,
                                                const std::string& issuer,
                                                const Rings& rings,
                                                const Clock& clock);

  // CheckAssertion tells whether the assertion proves the client.
  Result<void, AssertionRefusal> CheckAssertion(std::string_view assertion,
                                                std::string_view client_id,
                                                const JwsKeys& keys) const {
    return assertions_->Verify(assertion, client_id, keys);
  }

  // CheckDpop checks the proof of a POST to the token endpoint. nullopt: none
  // came along.
  Result<std::optional<DpopProof>, DpopRefusal> CheckDpop(
      const http::Request& request) const;

  // NewNonce is the value of a DPoP-Nonce header; empty if none is demanded.
  std::string NewNonce() const;

 private:
  Proofs(const ProofOptions& options, std::string token_endpoint,
         const Rings& rings, const Clock& clock);

  const std::string token_endpoint_;
  const Clock& clock_;
  const std::unique_ptr<const DpopNonces> nonces_;  // null: none is demanded
  mutable ReplayMemory dpop_memory_;
  mutable ReplayMemory assertion_memory_;
  std::optional<DpopVerifier> dpop_;
  std::optional<AssertionVerifier> assertions_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_OAUTH_PROOFS_H_
