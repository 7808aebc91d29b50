// DPoP proofs (RFC 9449 section 4.2), JWS in compact serialization:
//
//   proof  = base64url(header) "." base64url(claims) "." base64url(signature)
//            ; 8192 bytes at most
//   header = {"typ":"dpop+jwt","alg":"ES256","jwk":{…}}   ; 2048 at most
//   claims = {"jti":text,"htm":text,"htu":text,"iat":time
//             [,"ath":base64url(SHA-256(access token))][,"nonce":text]}
//   text   = string, not empty, without control characters; jti 256 bytes at
//            most
//   time   = digits, as in an access token (claims_json.cc)
//
// Members stand in any order; unknown ones are ignored (RFC 7515 section 4,
// RFC 7519 section 4), but for the header parameters that jose_header.cc
// lists. exp and nbf are no claims of a proof, but hold if they are there.

#include "signet/dpop.h"

#include "claims_json.h"
#include "dpop_text.h"
#include "hazmat.h"
#include "jose_header.h"
#include "jwt.h"
#include "request_uri.h"
#include "signet/jwk.h"
#include "strict_json.h"

namespace signet {
namespace {

using Verdict = std::optional<DpopRefusal>;

// Room for an RSA key of 4096 bits with all that may stand in a JWK beside it.
constexpr size_t kMaxHeaderLength = 2048;
// A JWE's parameter (RFC 7516 section 4.1.2).
constexpr std::string_view kRefused[] = {"enc"};

DpopRefusal Refuse(DpopRefusalCode code, std::string_view claim = {}) {
  return {code, claim};
}

// RFC 9449 4.2: typ is dpop+jwt. RFC 7515 4.1.9: media types compare without
// regard to case, and "application/" may stand before them.
Verdict CheckType(const JsonNode& header) {
  std::string_view type;
  if (ReadHeaderText(header, "typ", type)) {
    return Refuse(DpopRefusalCode::kWrongType, "typ");
  }
  if (!EqualsIgnoringCase(type, "dpop+jwt") &&
      !EqualsIgnoringCase(type, "application/dpop+jwt")) {
    return Refuse(DpopRefusalCode::kWrongType, "typ");
  }
  return std::nullopt;
}

std::optional<KeyFormat> FormatOf(std::string_view algorithm) {
  // RFC 9864 section 2.2.
  if (algorithm == "Ed25519") return KeyFormat::kJwtEdDsa;
  for (const KeyFormat format : kDpopFormats) {
    if (JoseAlgorithm(format) == algorithm) return format;
  }
  return std::nullopt;
}

// ReadKey reads the header, in the order of RFC 9449 4.3: typ, alg, jwk.
Result<VerifyKey, DpopRefusal> ReadKey(std::string_view text) {
  JsonDocument document;
  if (text.size() > kMaxHeaderLength || !document.Parse(text)) {
    return Refuse(DpopRefusalCode::kMalformed, "header");
  }
  const JsonNode& header = document.root();
  if (auto refusal = FindRefused(header, kRefused, "jwk")) {
    return Refuse(DpopRefusalCode::kUnsupported, refusal->claim);
  }
  if (Verdict refusal = CheckType(header)) return *refusal;
  std::string_view algorithm;
  if (auto refusal = ReadHeaderText(header, "alg", algorithm)) {
    return Refuse(refusal->code == RefusalCode::kMissingClaim
                      ? DpopRefusalCode::kMissingClaim
                      : DpopRefusalCode::kBadClaim,
                  "alg");
  }
  // RFC 9449 4.3, 5: neither none nor a MAC is among the formats.
  const std::optional<KeyFormat> format = FormatOf(algorithm);
  if (!format) return Refuse(DpopRefusalCode::kUnsupported, "alg");
  const JsonNode* jwk = FindMember(header, "jwk");
  if (jwk == nullptr) return Refuse(DpopRefusalCode::kMissingClaim, "jwk");
  if (jwk->kind != JsonKind::kObject) {
    return Refuse(DpopRefusalCode::kBadKey, "jwk");
  }
  std::string key_text;
  AppendJson(key_text, *jwk);
  // RFC 9449 4.3, 7: ReadJwk refuses private keys.
  Result<VerifyKey> key = ReadJwk(key_text, *format);
  if (!key) return Refuse(DpopRefusalCode::kBadKey, "jwk");
  return *std::move(key);
}

// ProofClaims are the claims of a proof; they borrow the document's text.
struct ProofClaims {
  std::string_view id;
  std::string_view method;
  std::string_view uri;
  std::string_view token_hash;  // empty: there is none
  std::string_view nonce;       // empty: there is none
  EpochSeconds issued_at{};
  std::optional<EpochSeconds> expires_at;
  std::optional<EpochSeconds> not_before;
};

// ClaimsReader reads claims one by one, and keeps the first refusal.
class ClaimsReader {
 public:
  explicit ClaimsReader(const JsonNode& claims) : claims_(&claims) {}

  const Verdict& refusal() const { return refusal_; }

  void Require(std::string_view name) {
    if (FindMember(*claims_, name) == nullptr) {
      Fail(DpopRefusalCode::kMissingClaim, name);
    }
  }

  void Read(std::string_view name, std::string_view& out) {
    const JsonNode* member = FindMember(*claims_, name);
    if (member == nullptr) return;
    if (member->kind != JsonKind::kString || member->text.empty() ||
        !IsPlainText(member->text)) {
      return Fail(DpopRefusalCode::kBadClaim, name);
    }
    out = member->text;
  }

  void Read(std::string_view name, std::optional<EpochSeconds>& out) {
    const JsonNode* member = FindMember(*claims_, name);
    if (member == nullptr) return;
    out = ReadNumericDate(*member);
    if (!out) Fail(DpopRefusalCode::kBadClaim, name);
  }

  void Fail(DpopRefusalCode code, std::string_view name) {
    if (!refusal_) refusal_ = Refuse(code, name);
  }

 private:
  const JsonNode* claims_;
  Verdict refusal_;
};

// ReadProofClaims takes the names of literals, so that refusals may keep them.
Verdict ReadProofClaims(const JsonNode& root, ProofClaims& claims) {
  ClaimsReader reader(root);
  for (const std::string_view name : {"jti", "htm", "htu", "iat"}) {
    reader.Require(name);
  }
  reader.Read("jti", claims.id);
  // RFC 9449 11.1: "reject DPoP proofs with unnecessarily large jti".
  if (claims.id.size() > kMaxDpopIdLength) {
    reader.Fail(DpopRefusalCode::kBadClaim, "jti");
  }
  reader.Read("htm", claims.method);
  reader.Read("htu", claims.uri);
  reader.Read("ath", claims.token_hash);
  reader.Read("nonce", claims.nonce);
  std::optional<EpochSeconds> issued_at;
  reader.Read("iat", issued_at);
  claims.issued_at = issued_at.value_or(EpochSeconds{});
  reader.Read("exp", claims.expires_at);
  reader.Read("nbf", claims.not_before);
  return reader.refusal();
}

// RFC 9449 4.3, 8 and 9. Methods have a case (RFC 9110 9.1).
Verdict CheckTarget(const ProofClaims& claims, const DpopRequest& request) {
  if (claims.method != request.method) {
    return Refuse(DpopRefusalCode::kWrongMethod, "htm");
  }
  const std::optional<std::string> claimed = NormalizeRequestUri(claims.uri);
  if (!claimed || claimed != NormalizeRequestUri(request.uri)) {
    return Refuse(DpopRefusalCode::kWrongUri, "htu");
  }
  return std::nullopt;
}

// RFC 9449 4.3, 11: iat <= now + max_ahead, and now < iat + max_age. What RFC
// 7519 4.1.4 and 4.1.5 say of exp and nbf holds beside it.
Verdict CheckTime(const ProofClaims& claims, const DpopPolicy& policy,
                  Time now) {
  if (claims.issued_at > now + policy.max_ahead) {
    return Refuse(DpopRefusalCode::kTooNew, "iat");
  }
  if (now >= claims.issued_at + policy.max_age) {
    return Refuse(DpopRefusalCode::kTooOld, "iat");
  }
  if (claims.expires_at && now >= *claims.expires_at) {
    return Refuse(DpopRefusalCode::kTooOld, "exp");
  }
  if (claims.not_before && *claims.not_before > now + policy.max_ahead) {
    return Refuse(DpopRefusalCode::kTooNew, "nbf");
  }
  return std::nullopt;
}

// RFC 9449 4.3, 12.
Verdict CheckAccessToken(const ProofClaims& claims,
                         std::optional<std::string_view> access_token) {
  if (!access_token) return std::nullopt;
  if (claims.token_hash.empty()) {
    return Refuse(DpopRefusalCode::kMissingClaim, "ath");
  }
  if (!ConstantTimeEqual(AsBytes(claims.token_hash),
                         AsBytes(AccessTokenHash(*access_token)))) {
    return Refuse(DpopRefusalCode::kWrongToken, "ath");
  }
  return std::nullopt;
}

// RFC 9449 4.3, 10.
Verdict CheckNonce(const ProofClaims& claims, const DpopNonces* nonces,
                   Time now, bool& wants_new) {
  if (nonces == nullptr) return std::nullopt;
  if (claims.nonce.empty()) {
    return Refuse(DpopRefusalCode::kWantsNonce, "nonce");
  }
  const DpopNonceState state = nonces->Check(claims.nonce, now);
  wants_new = state == DpopNonceState::kAging;
  if (state != DpopNonceState::kUnknown) return std::nullopt;
  return Refuse(DpopRefusalCode::kWrongNonce, "nonce");
}

// RFC 9449 11.1. The jti counts for its key alone: nobody can use up those of
// another client.
Verdict CheckReplay(const DpopProof& proof, const DpopPolicy& policy,
                    ReplayMemory* memory, Time now) {
  if (memory == nullptr) return std::nullopt;
  const Time until = proof.issued_at() + policy.max_age;
  switch (memory->Remember(proof.jkt(), proof.jti(), until, now)) {
    case ReplayAnswer::kFirst:
      return std::nullopt;
    case ReplayAnswer::kSeen:
      return Refuse(DpopRefusalCode::kReplayed, "jti");
    case ReplayAnswer::kUnknown:
      break;
  }
  return Refuse(DpopRefusalCode::kUnknown, "jti");
}

constexpr std::string_view kCodeNames[] = {
    "absent",        "several",     "too_long",     "malformed",
    "unsupported",   "wrong_type",  "bad_key",      "bad_signature",
    "missing_claim", "bad_claim",   "wrong_method", "wrong_uri",
    "too_old",       "too_new",     "wrong_token",  "wrong_key",
    "wants_nonce",   "wrong_nonce", "replayed",     "unknown",
};
static_assert(std::size(kCodeNames) ==
              static_cast<size_t>(DpopRefusalCode::kUnknown) + 1);

}  // namespace

std::string_view DpopRefusalCodeName(DpopRefusalCode code) {
  return kCodeNames[static_cast<size_t>(code)];
}

std::string_view DpopRefusal::OAuthError() const {
  switch (code) {
    case DpopRefusalCode::kWantsNonce:
    case DpopRefusalCode::kWrongNonce:
      return "use_dpop_nonce";
    case DpopRefusalCode::kWrongKey:
      return "invalid_token";
    case DpopRefusalCode::kUnknown:
      return {};
    default:
      return "invalid_dpop_proof";
  }
}

std::string DpopRefusal::ToString() const {
  std::string out(DpopRefusalCodeName(code));
  if (claim.empty()) return out;
  out += " (";
  out += claim;
  return out += ')';
}

Status DpopPolicy::Validate() const {
  std::string problems;
  const auto add = [&](std::string_view problem) {
    if (!problems.empty()) problems += "; ";
    problems += problem;
  };
  if (max_age < std::chrono::seconds(1) || max_age > std::chrono::minutes(10)) {
    add("max_age is " + std::to_string(max_age.count()) +
        " ms, the range is 1 s to 10 min");
  }
  if (max_ahead < Duration::zero() || max_ahead > std::chrono::minutes(5)) {
    add("max_ahead is " + std::to_string(max_ahead.count()) +
        " ms, the range is 0 s to 5 min");
  }
  if (problems.empty()) return {};
  return Error{ErrorCode::kInvalid, "DPoP policy: " + problems};
}

std::string AccessTokenHash(std::string_view access_token) {
  std::array<uint8_t, 32> digest;
  hazmat::Sha256(digest, AsBytes(access_token));
  return Base64UrlEncode(digest);
}

Result<void, DpopRefusal> CheckBinding(std::string_view cnf_jkt,
                                       const DpopProof& proof) {
  if (cnf_jkt.empty() ||
      !ConstantTimeEqual(AsBytes(cnf_jkt), AsBytes(proof.jkt()))) {
    return Refuse(DpopRefusalCode::kWrongKey, "jwk");
  }
  return {};
}

Result<void, DpopRefusal> CheckBinding(const VerifiedToken& token,
                                       const DpopProof& proof) {
  return CheckBinding(token.claims().cnf_jkt, proof);
}

Result<DpopVerifier> DpopVerifier::Create(DpopPolicy policy,
                                          ReplayMemory& memory,
                                          const Clock& clock) {
  if (Status valid = policy.Validate(); !valid) return valid.error();
  return DpopVerifier(policy, &memory, clock);
}

Result<DpopVerifier> DpopVerifier::CreateWithoutReplayMemory(
    DpopPolicy policy, const Clock& clock) {
  if (Status valid = policy.Validate(); !valid) return valid.error();
  return DpopVerifier(policy, nullptr, clock);
}

Result<DpopProof, DpopRefusal> DpopVerifier::Verify(
    std::span<const std::string_view> fields, const DpopRequest& request,
    std::optional<std::string_view> bound_to) const {
  if (fields.empty()) return Refuse(DpopRefusalCode::kAbsent);
  if (fields.size() > 1) return Refuse(DpopRefusalCode::kSeveral);
  return Verify(fields.front(), request, bound_to);
}

Result<DpopProof, DpopRefusal> DpopVerifier::Verify(
    std::string_view field, const DpopRequest& request,
    std::optional<std::string_view> bound_to) const {
  if (field.size() > kMaxDpopProofLength) {
    return Refuse(DpopRefusalCode::kTooLong);
  }
  const std::optional<Jws> jws = Jws::Split(field);
  if (!jws) return Refuse(DpopRefusalCode::kMalformed);
  const Result<VerifyKey, DpopRefusal> key = ReadKey(jws->header());
  if (!key) return key.error();
  if (!jws->Verify(*key, {})) return Refuse(DpopRefusalCode::kBadSignature);

  JsonDocument document;
  if (!document.Parse(jws->message())) {
    return Refuse(DpopRefusalCode::kMalformed, "claims");
  }
  const Time now = clock_->Now();
  ProofClaims claims;
  if (Verdict bad = ReadProofClaims(document.root(), claims)) return *bad;
  if (Verdict bad = CheckTarget(claims, request)) return *bad;
  if (Verdict bad = CheckTime(claims, policy_, now)) return *bad;
  if (Verdict bad = CheckAccessToken(claims, request.access_token)) return *bad;

  DpopProof proof;
  proof.jkt_ = key->id();
  proof.jti_ = claims.id;
  proof.issued_at_ = claims.issued_at;
  if (bound_to) {
    if (auto bound = CheckBinding(*bound_to, proof); !bound) {
      return bound.error();
    }
  }
  if (Verdict bad =
          CheckNonce(claims, policy_.nonces, now, proof.wants_new_nonce_)) {
    return *bad;
  }
  // Last: what is refused for another reason is not remembered.
  if (Verdict bad = CheckReplay(proof, policy_, memory_, now)) return *bad;
  return proof;
}

}  // namespace signet
