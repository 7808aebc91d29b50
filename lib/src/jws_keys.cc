#include "signet/jws_keys.h"

#include <algorithm>

#include "jws_signer.h"
#include "signet/jwk.h"

namespace signet {
namespace {

constexpr KeyFormat kFormats[] = {KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256,
                                  KeyFormat::kJwtRs256, KeyFormat::kJwtPs256};

}  // namespace

Result<JwsKeys> JwsKeys::Parse(std::string_view jwks) {
  JwsKeys keys;
  size_t most = 0;
  for (const KeyFormat format : kFormats) {
    Result<KeyRing> ring = ReadJwks(jwks, format, 1);
    if (!ring && ring.error().code == ErrorCode::kNotFound) continue;
    if (!ring) return std::move(ring).error();
    most = std::max(most, ring->keys().size());
    keys.rings_.push_back(std::move(ring).value());
  }
  if (keys.rings_.empty()) {
    return Error{ErrorCode::kInvalid,
                 "JWK set: it has no key that signs with EdDSA, ES256, RS256 "
                 "or PS256"};
  }
  if (most > kMaxJwsKeys) {
    return Error{ErrorCode::kInvalid,
                 "JWK set: more than 16 keys of one algorithm"};
  }
  return keys;
}

JwsSigner FindSigner(const Jws& jws, std::string_view algorithm,
                     std::string_view key_id, const JwsKeys& keys) {
  // RFC 9864 section 2.2.
  if (algorithm == "Ed25519") algorithm = JoseAlgorithm(KeyFormat::kJwtEdDsa);
  bool tried = false;
  for (const KeyRing& ring : keys.rings()) {
    if (JoseAlgorithm(ring.info().format) != algorithm) continue;
    for (const RingKey& entry : ring.keys()) {
      if (!key_id.empty() && entry.key.id() != key_id) continue;
      tried = true;
      if (jws.Verify(entry.key, {})) return JwsSigner::kFound;
    }
  }
  return tried ? JwsSigner::kNone : JwsSigner::kUnknownKey;
}

}  // namespace signet
