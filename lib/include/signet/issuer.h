#ifndef SIGNET_ISSUER_H_
#define SIGNET_ISSUER_H_

#include <string>
#include <string_view>

#include "signet/claims.h"
#include "signet/clock.h"
#include "signet/key_ring.h"
#include "signet/result.h"

namespace signet {

// An Issuer mints access tokens with the active key of a signing ring. The
// ring's format is the token's format. The ring must be of purpose kAccess
// and is borrowed: it must outlive the Issuer. Safe from any thread.
//
// 1. Load a ring (ring_store.h). 2. Construct. 3. Mint.
class Issuer {
 public:
  explicit Issuer(const SigningRing& ring,
                  const Clock& clock = SystemClock::Shared())
      : ring_(ring), clock_(clock) {}

  // EncryptTo makes Mint encrypt every signed JWT to the active key of a ring
  // of purpose kEncryption (RFC 7519 section 11.2): only verifiers that hold
  // its secret half can read it. The ring is borrowed. Set it before the
  // first Mint.
  void EncryptTo(const KeyRing& recipients) { recipients_ = &recipients; }

  // Mint signs the claims as they are; nothing is added. It succeeds only if
  // issuer, subject, expires_at and issued_at are set, the lifetime is
  // positive and at most the ring's max_token_life, every text is UTF-8
  // without control characters, `custom` is empty or one JSON object of at
  // most 4096 bytes and 244 members that names none of the claims above, and
  // the token is at most kMaxTokenLength long. A JWT (RFC 9068 section 2.2)
  // needs audience, client_id and jti too.
  // kUnavailable if no key of the ring is active now.
  //
  // `implicit_assertion` is bound to a PASETO without being sent; it must be
  // empty for a JWT.
  //
  // A ring of format v4.local or jwe-dir makes encrypted tokens.
  Result<std::string> Mint(const Claims& claims,
                           std::string_view implicit_assertion = {}) const;

  // Check tells whether Mint would succeed now, at a small part of its cost:
  // only claims that might be too long are signed to see.
  Status Check(const Claims& claims,
               std::string_view implicit_assertion = {}) const;

 private:
  struct Prepared;
  Result<Prepared> Prepare(const Claims& claims,
                           std::string_view implicit_assertion) const;

  const SigningRing& ring_;
  const Clock& clock_;
  const KeyRing* recipients_ = nullptr;
};

// NewId returns base64url of 16 random bytes: a jti or a session id.
std::string NewId();

}  // namespace signet

#endif  // SIGNET_ISSUER_H_
