// Client assertions (RFC 7523), JWS in compact serialization:
//
//   assertion = base64url(header) "." base64url(claims) "."
//   base64url(signature)
//               ; 8192 bytes at most
//   header    = {"alg":"ES256"[,"kid":text][,"typ":type]}  ; 1024 at most
//   type      = "JWT" / "client-authentication+jwt"        ; without case
//   claims    = {"iss":text,"sub":text,"aud":text or [text…],"exp":time,
//               "jti":text[,"iat":time][,"nbf":time]}
//   text      = string, not empty, without control characters; jti 256 bytes
//               at most
//   time      = digits, as in an access token (claims_json.cc)
//
// Members stand in any order; unknown ones are ignored (RFC 7515 section 4,
// RFC 7519 section 4), but for the header parameters that jose_header.cc
// lists.

#include "signet/client_assertion.h"

#include <algorithm>

#include "claims_json.h"
#include "jose_header.h"
#include "jws_signer.h"
#include "strict_json.h"

namespace signet {
namespace {

using Code = AssertionRefusalCode;
using Verdict = std::optional<AssertionRefusal>;

constexpr size_t kMaxAudiences = 8;

AssertionRefusal Refuse(Code code, std::string_view claim = {}) {
  return {code, claim};
}

// A type that is not named is a JWT's. RFC 7515 4.1.9: media types compare
// without regard to case, and "application/" may stand before them. Another
// type was signed for another purpose (RFC 8725 3.11).
bool IsAssertionType(const JsonNode& node) {
  if (node.kind != JsonKind::kString) return false;
  constexpr std::string_view kTypes[] = {
      "jwt", "application/jwt", "client-authentication+jwt",
      "application/client-authentication+jwt"};
  return std::ranges::any_of(kTypes, [&](std::string_view type) {
    return EqualsIgnoringCase(node.text, type);
  });
}

struct Header {
  std::string_view algorithm;
  std::string_view key_id;  // may be empty
};

Verdict ReadHeader(const JsonNode& root, Header& header) {
  constexpr std::string_view kRefused[] = {"enc"};
  if (auto refusal = FindRefused(root, kRefused)) {
    return Refuse(Code::kUnsupported, refusal->claim);
  }
  const JsonNode* type = FindMember(root, "typ");
  if (type != nullptr && !IsAssertionType(*type)) {
    return Refuse(Code::kWrongType, "typ");
  }
  if (auto refusal = ReadHeaderText(root, "alg", header.algorithm)) {
    return Refuse(refusal->code == RefusalCode::kMissingClaim
                      ? Code::kMissingClaim
                      : Code::kBadClaim,
                  "alg");
  }
  // RFC 8725 3.1: neither none nor a MAC is among them.
  if (std::ranges::find(kJwsAlgorithms, header.algorithm) ==
      std::end(kJwsAlgorithms)) {
    return Refuse(Code::kUnsupported, "alg");
  }
  if (FindMember(root, "kid") == nullptr) return std::nullopt;
  if (ReadHeaderText(root, "kid", header.key_id)) {
    return Refuse(Code::kBadClaim, "kid");
  }
  return std::nullopt;
}

// ReadText reads a claim that must be there.
Verdict ReadText(const JsonNode& root, std::string_view name,
                 std::string_view& out) {
  const JsonNode* member = FindMember(root, name);
  if (member == nullptr) return Refuse(Code::kMissingClaim, name);
  if (member->kind != JsonKind::kString || member->text.empty() ||
      !IsPlainText(member->text)) {
    return Refuse(Code::kBadClaim, name);
  }
  out = member->text;
  return std::nullopt;
}

Verdict ReadTime(const JsonNode& root, std::string_view name,
                 std::optional<EpochSeconds>& out) {
  const JsonNode* member = FindMember(root, name);
  if (member == nullptr) return std::nullopt;
  out = ReadNumericDate(*member);
  if (out) return std::nullopt;
  return Refuse(Code::kBadClaim, name);
}

// RFC 7519 4.1.3: one audience may be a string.
Verdict ReadAudience(const JsonNode& root, std::vector<std::string_view>& out) {
  const JsonNode* member = FindMember(root, "aud");
  if (member == nullptr) return Refuse(Code::kMissingClaim, "aud");
  if (member->kind == JsonKind::kString) {
    out.push_back(member->text);
    return std::nullopt;
  }
  if (member->kind != JsonKind::kArray) return Refuse(Code::kBadClaim, "aud");
  for (const JsonNode& one : JsonChildren(*member)) {
    if (one.kind != JsonKind::kString || out.size() == kMaxAudiences) {
      return Refuse(Code::kBadClaim, "aud");
    }
    out.push_back(one.text);
  }
  if (out.empty()) return Refuse(Code::kBadClaim, "aud");
  return std::nullopt;
}

constexpr std::string_view kCodeNames[] = {
    "malformed",      "unsupported",   "wrong_type",     "unknown_key",
    "bad_signature",  "missing_claim", "bad_claim",      "wrong_client",
    "wrong_audience", "expired",       "too_long_lived", "too_new",
    "replayed",       "unknown",
};
static_assert(std::size(kCodeNames) ==
              static_cast<size_t>(AssertionRefusalCode::kUnknown) + 1);

}  // namespace

// Assertion is what the claims say; it borrows the document's text.
struct AssertionVerifier::Assertion {
  std::string_view issuer;
  std::string_view subject;
  std::vector<std::string_view> audience;
  std::string_view id;
  std::optional<EpochSeconds> expires_at;
  std::optional<EpochSeconds> issued_at;
  std::optional<EpochSeconds> not_before;

  Verdict Read(const JsonNode& root);
};

Verdict AssertionVerifier::Assertion::Read(const JsonNode& root) {
  if (Verdict bad = ReadText(root, "iss", issuer)) return bad;
  if (Verdict bad = ReadText(root, "sub", subject)) return bad;
  if (Verdict bad = ReadAudience(root, audience)) return bad;
  if (Verdict bad = ReadTime(root, "exp", expires_at)) return bad;
  // RFC 7523 3, 4.
  if (!expires_at) return Refuse(Code::kMissingClaim, "exp");
  if (Verdict bad = ReadTime(root, "iat", issued_at)) return bad;
  if (Verdict bad = ReadTime(root, "nbf", not_before)) return bad;
  // RFC 7523 3, 7 makes it optional; OpenID Connect Core 9 does not, and
  // without it nothing tells a replay.
  if (Verdict bad = ReadText(root, "jti", id)) return bad;
  if (id.size() > kMaxAssertionIdLength) return Refuse(Code::kBadClaim, "jti");
  return std::nullopt;
}

std::string_view AssertionRefusalCodeName(AssertionRefusalCode code) {
  return kCodeNames[static_cast<size_t>(code)];
}

std::string AssertionRefusal::ToString() const {
  std::string out(AssertionRefusalCodeName(code));
  if (claim.empty()) return out;
  return out.append(" (").append(claim).append(")");
}

Status AssertionPolicy::Validate() const {
  std::string problems;
  const auto add = [&](std::string_view problem) {
    if (!problems.empty()) problems += "; ";
    problems += problem;
  };
  const auto is_empty = [](const std::string& one) { return one.empty(); };
  if (audiences.empty() || std::ranges::any_of(audiences, is_empty)) {
    add("no audience is named, or one is empty");
  }
  if (max_lifetime < std::chrono::seconds(1) ||
      max_lifetime > std::chrono::hours(1)) {
    add("max_lifetime is " + std::to_string(max_lifetime.count()) +
        " ms, the range is 1 s to 1 h");
  }
  if (clock_skew < Duration::zero() || clock_skew > std::chrono::minutes(5)) {
    add("clock_skew is " + std::to_string(clock_skew.count()) +
        " ms, the range is 0 s to 5 min");
  }
  if (problems.empty()) return {};
  return Error{ErrorCode::kInvalid, "client assertion policy: " + problems};
}

std::string UnverifiedClientId(std::string_view assertion) {
  if (assertion.size() > kMaxAssertionLength) return {};
  const std::optional<Jws> jws = Jws::Split(assertion);
  JsonDocument document;
  if (!jws || !document.Parse(jws->message())) return {};
  std::string_view subject;
  if (ReadText(document.root(), "sub", subject)) return {};
  return std::string(subject);
}

Result<AssertionVerifier> AssertionVerifier::Create(AssertionPolicy policy,
                                                    ReplayMemory& memory,
                                                    const Clock& clock) {
  if (Status valid = policy.Validate(); !valid) return valid.error();
  return AssertionVerifier(std::move(policy), memory, clock);
}

Verdict AssertionVerifier::CheckSignature(std::string_view assertion,
                                          const JwsKeys& keys,
                                          std::string& claims) const {
  if (assertion.size() > kMaxAssertionLength) return Refuse(Code::kMalformed);
  const std::optional<Jws> jws = Jws::Split(assertion);
  if (!jws) return Refuse(Code::kMalformed);
  JsonDocument document;
  if (jws->header().size() > kMaxJoseHeaderLength ||
      !document.Parse(jws->header())) {
    return Refuse(Code::kMalformed, "header");
  }
  Header header;
  if (Verdict bad = ReadHeader(document.root(), header)) return bad;
  switch (FindSigner(*jws, header.algorithm, header.key_id, keys)) {
    case JwsSigner::kFound:
      claims = jws->message();
      return std::nullopt;
    case JwsSigner::kNone:
      return Refuse(Code::kBadSignature);
    case JwsSigner::kUnknownKey:
      break;
  }
  return Refuse(Code::kUnknownKey);
}

// RFC 7523 3, 4 to 6.
Verdict AssertionVerifier::CheckTimes(const Assertion& assertion,
                                      Time now) const {
  const Duration skew = policy_.clock_skew;
  if (now >= *assertion.expires_at + skew) {
    return Refuse(Code::kExpired, "exp");
  }
  if (*assertion.expires_at > now + policy_.max_lifetime + skew) {
    return Refuse(Code::kTooLongLived, "exp");
  }
  if (assertion.not_before && *assertion.not_before > now + skew) {
    return Refuse(Code::kTooNew, "nbf");
  }
  if (assertion.issued_at && *assertion.issued_at > now + skew) {
    return Refuse(Code::kTooNew, "iat");
  }
  return std::nullopt;
}

Result<void, AssertionRefusal> AssertionVerifier::Verify(
    std::string_view assertion, std::string_view client_id,
    const JwsKeys& keys) const {
  std::string text;
  if (Verdict bad = CheckSignature(assertion, keys, text)) return *bad;
  JsonDocument document;
  if (!document.Parse(text)) return Refuse(Code::kMalformed, "claims");
  Assertion claims;
  if (Verdict bad = claims.Read(document.root())) return *bad;
  // RFC 7523 3, 1 and 2.
  if (claims.issuer != client_id) return Refuse(Code::kWrongClient, "iss");
  if (claims.subject != client_id) return Refuse(Code::kWrongClient, "sub");
  // RFC 7523 3, 3. An assertion that is good at another server too could be
  // played here by that one.
  for (const std::string_view audience : claims.audience) {
    if (std::ranges::find(policy_.audiences, audience) ==
        policy_.audiences.end()) {
      return Refuse(Code::kWrongAudience, "aud");
    }
  }
  const Time now = clock_->Now();
  if (Verdict bad = CheckTimes(claims, now)) return *bad;
  const auto made = claims.issued_at ? claims.issued_at : claims.not_before;
  if (made && *made < policy_.remembers_since) {
    return Refuse(Code::kUnknown, claims.issued_at ? "iat" : "nbf");
  }
  // RFC 7523 3, 7. Last: what is refused for another reason is not remembered.
  const Time until = *claims.expires_at + policy_.clock_skew;
  switch (memory_->Remember(client_id, claims.id, until, now)) {
    case ReplayAnswer::kFirst:
      return {};
    case ReplayAnswer::kSeen:
      return Refuse(Code::kReplayed, "jti");
    case ReplayAnswer::kUnknown:
      break;
  }
  return Refuse(Code::kUnknown, "jti");
}

}  // namespace signet
