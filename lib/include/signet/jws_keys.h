#ifndef SIGNET_JWS_KEYS_H_
#define SIGNET_JWS_KEYS_H_

#include <string_view>
#include <vector>

#include "signet/key_ring.h"
#include "signet/result.h"

namespace signet {

// The most keys of one algorithm that JwsKeys hold.
inline constexpr size_t kMaxJwsKeys = 16;

// The algorithms of JwsKeys. "Ed25519" is what RFC 9864 calls EdDSA with that
// curve.
inline constexpr std::string_view kJwsAlgorithms[] = {"EdDSA", "ES256", "RS256",
                                                      "PS256", "Ed25519"};

// JwsKeys are the public keys of somebody who signs JWTs that are not access
// tokens, with any of kJwsAlgorithms: a client that authenticates, a service
// that makes statements. They have no schedule. It is a value.
class JwsKeys {
 public:
  // Parse reads a JWK set (RFC 7517) of at least one key that signs; an RSA
  // key without `alg` may sign with RS256 and PS256. kInvalid if there is none,
  // one is broken, two share a `kid`, there are more than kMaxJwsKeys of one
  // algorithm, or one is private or symmetric: then it has leaked.
  static Result<JwsKeys> Parse(std::string_view jwks);

  // rings holds one ring for each algorithm that has a key.
  const std::vector<KeyRing>& rings() const { return rings_; }

  bool operator==(const JwsKeys&) const = default;

 private:
  std::vector<KeyRing> rings_;
};

}  // namespace signet

#endif  // SIGNET_JWS_KEYS_H_
