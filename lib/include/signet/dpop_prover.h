#ifndef SIGNET_DPOP_PROVER_H_
#define SIGNET_DPOP_PROVER_H_

#include <string>
#include <string_view>

#include "signet/clock.h"
#include "signet/dpop.h"
#include "signet/keys.h"
#include "signet/result.h"

namespace signet {

// A DpopProver makes the proofs of one client (RFC 9449 section 4.2). It owns
// the key and borrows the clock. Const use is safe from any thread.
class DpopProver {
 public:
  // Create succeeds only if the key is of jwt-eddsa, jwt-es256, jwt-rs256 or
  // jwt-ps256.
  static Result<DpopProver> Create(SecretKey key,
                                   const Clock& clock = SystemClock::Shared());

  // jkt is the thumbprint to which tokens of this client are bound.
  const std::string& jkt() const { return key_.id(); }

  // Prove gives the value of the DPoP field of one request; each request needs
  // a proof of its own, a repeated one too. `nonce` is the last one that the
  // server sent, or empty. kInvalid if the method is no token of RFC 9110, the
  // URI not absolute http or https, or the nonce not as in section 8.
  Result<std::string> Prove(const DpopRequest& request,
                            std::string_view nonce = {}) const;

 private:
  DpopProver(SecretKey key, const Clock& clock);

  SecretKey key_;
  std::string header_;
  const Clock* clock_;
};

}  // namespace signet

#endif  // SIGNET_DPOP_PROVER_H_
