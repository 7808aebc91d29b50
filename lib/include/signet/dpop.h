#ifndef SIGNET_DPOP_H_
#define SIGNET_DPOP_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "signet/clock.h"
#include "signet/dpop_nonce.h"
#include "signet/replay.h"
#include "signet/result.h"
#include "signet/verifier.h"

namespace signet {

// The longest proof that is looked at, in bytes.
inline constexpr size_t kMaxDpopProofLength = 8192;
// The longest `jti` of a proof, in bytes (RFC 9449 section 11.1).
inline constexpr size_t kMaxDpopIdLength = 256;

// The algorithms of proofs, for dpop_signing_alg_values_supported (RFC 9449
// section 5.1) and the `algs` of a challenge (section 7.1). "Ed25519" is what
// RFC 9864 calls EdDSA with that curve.
inline constexpr std::string_view kDpopAlgorithms[] = {
    "EdDSA", "ES256", "RS256", "PS256", "Ed25519"};

// DpopRefusalCode is the closed set of verdicts other than "proven".
enum class DpopRefusalCode : uint8_t {
  kAbsent,        // there is no DPoP field
  kSeveral,       // there is more than one
  kTooLong,       // longer than kMaxDpopProofLength
  kMalformed,     // not one compact JWS of JSON objects, or not canonical
  kUnsupported,   // an alg or a header parameter that is refused by design
  kWrongType,     // typ is not dpop+jwt
  kBadKey,        // jwk is not a sound public key for alg
  kBadSignature,  // not signed by that key
  kMissingClaim,  // a claim or a header parameter is absent
  kBadClaim,      // it has the wrong JSON type or range
  kWrongMethod,   // htm is not the request's method
  kWrongUri,      // htu is not the request's URI
  kTooOld,        // iat lies too far back, or exp has passed
  kTooNew,        // iat lies too far ahead, or nbf does
  kWrongToken,    // ath is not that of the access token
  kWrongKey,      // the access token is bound to another key, or to none
  kWantsNonce,    // there is no nonce, and the server asks for one
  kWrongNonce,    // the nonce is not one that the server made lately
  kReplayed,      // this proof was here before
  kUnknown,       // the replay memory can't tell: nothing is known
};

std::string_view DpopRefusalCodeName(DpopRefusalCode code);  // "absent", …

// DpopRefusal says why a request is not proven. It holds nothing that the
// sender chose.
struct DpopRefusal {
  DpopRefusalCode code;
  // The claim or header parameter at fault, a string literal; may be empty.
  std::string_view claim = {};

  // OAuthError is the `error` to answer: "use_dpop_nonce" (RFC 9449 sections
  // 8 and 9), with a new DPoP-Nonce; "invalid_token" (section 7.1) if the
  // access token is bound to another key; else "invalid_dpop_proof" (section
  // 5). Empty for kUnknown: that is 503, and no fault of the client.
  std::string_view OAuthError() const;

  // ToString is one line for logs: "wrong_uri (htu)".
  std::string ToString() const;

  bool operator==(const DpopRefusal&) const = default;
};

// DpopRequest is the HTTP request that a proof is for. It borrows its texts.
struct DpopRequest {
  std::string_view method;  // as sent: methods have a case
  // Absolute, as the client sees it: behind a proxy the outer scheme and host.
  // Query and fragment are ignored.
  std::string_view uri;
  // The access token that comes with the request, as sent: then the proof must
  // name it in `ath`. None at a token endpoint.
  std::optional<std::string_view> access_token = std::nullopt;
};

// DpopPolicy is what a verifier demands.
struct DpopPolicy {
  // 1 s to 10 min: how far back iat may lie.
  Duration max_age = std::chrono::seconds(60);
  // 0 s to 5 min: how far ahead iat may lie, for the client's clock.
  Duration max_ahead = std::chrono::seconds(30);
  // If set, every proof must carry a nonce of these. Borrowed.
  const DpopNonces* nonces = nullptr;

  // Validate names every problem of the policy, separated by "; ".
  Status Validate() const;
};

// DpopProof is proof that a DpopVerifier accepted one: nothing else makes it.
class DpopProof {
 public:
  // jkt is the thumbprint (RFC 7638) of the client's key: what `cnf.jkt` of a
  // token that is bound to it says.
  const std::string& jkt() const { return jkt_; }
  // jti is text of the client's choice, without control characters.
  const std::string& jti() const { return jti_; }
  EpochSeconds issued_at() const { return issued_at_; }
  // wants_new_nonce tells that the answer should carry a new DPoP-Nonce.
  bool wants_new_nonce() const { return wants_new_nonce_; }

 private:
  friend class DpopVerifier;
  DpopProof() = default;
  std::string jkt_;
  std::string jti_;
  EpochSeconds issued_at_{};
  bool wants_new_nonce_ = false;
};

// CheckBinding is kWrongKey unless the token is bound to the key of the proof
// (RFC 9449 section 7.1), compared in constant time. An empty `cnf_jkt`, of a
// token that is not bound, fits no proof.
Result<void, DpopRefusal> CheckBinding(std::string_view cnf_jkt,
                                       const DpopProof& proof);
Result<void, DpopRefusal> CheckBinding(const VerifiedToken& token,
                                       const DpopProof& proof);

// A DpopVerifier checks that the sender of a request holds a key (RFC 9449
// section 4.3).
//
// 1. Choose a policy and a ReplayMemory for as many proofs as come in max_age +
//    max_ahead; verifiers that share one have one max_age. 2. Create once. 3.
//    At a token endpoint, Verify a request and put jkt() into
//    Claims::cnf_jkt. 4. At a resource, set Policy::caller_checks_binding,
//    verify the token, and then:
//
//      const std::string& jkt = token->claims().cnf_jkt;
//      if (scheme is "DPoP")        dpop.Verify(fields, request, jkt);
//      else if (!jkt.empty())       // refuse: a bound token sent as Bearer
//
// Section 7.2 asks for the refusal in the last line: without it the binding is
// worth nothing. Memory, nonces and clock are borrowed and must outlive the
// verifier. Verify is safe from any thread.
class DpopVerifier {
 public:
  // Create fails with kInvalid and names every problem of the policy.
  static Result<DpopVerifier> Create(
      DpopPolicy policy, ReplayMemory& memory,
      const Clock& clock = SystemClock::Shared());

  // CreateWithoutReplayMemory makes a verifier that takes a proof as often as
  // it comes, while it is fresh.
  static Result<DpopVerifier> CreateWithoutReplayMemory(
      DpopPolicy policy, const Clock& clock = SystemClock::Shared());

  // Verify checks the values of all DPoP fields of a request, which must be
  // one (section 4.3, 1). If `bound_to` is given, CheckBinding is part of the
  // check, so that a stranger's proof takes no room in the memory. A proof that
  // is refused is not remembered, but for kReplayed.
  Result<DpopProof, DpopRefusal> Verify(
      std::span<const std::string_view> fields, const DpopRequest& request,
      std::optional<std::string_view> bound_to = std::nullopt) const;

  // The same for the one value that the caller has found.
  Result<DpopProof, DpopRefusal> Verify(
      std::string_view field, const DpopRequest& request,
      std::optional<std::string_view> bound_to = std::nullopt) const;

 private:
  DpopVerifier(DpopPolicy policy, ReplayMemory* memory, const Clock& clock)
      : policy_(policy), memory_(memory), clock_(&clock) {}

  DpopPolicy policy_;
  ReplayMemory* memory_;  // or null
  const Clock* clock_;
};

}  // namespace signet

#endif  // SIGNET_DPOP_H_
