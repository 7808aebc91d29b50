#include "signet/verifier.h"

#include <algorithm>

#include "claims_json.h"
#include "jwe.h"
#include "jwt.h"
#include "live_ring_access.h"
#include "paseto.h"
#include "paseto_local.h"
#include "token_text.h"
#include "verdict_counters.h"

namespace signet {
namespace {

// Moment is what the clocks said when a call began: one call, one time.
struct Moment {
  Time now;
  Monotonic monotonic;
};

Refusal Refuse(RefusalCode code, Stage stage, std::string_view claim = {}) {
  return {code, stage, claim};
}

// Authentic is what a good signature stands for. VerifiedToken points into it.
struct Authentic {
  Claims claims;
  std::string key_id;
};

// Candidate is a token on its way to a VerifiedToken. `token` is null until
// the signature is found good.
struct Candidate {
  std::shared_ptr<Authentic> token;
  RevocationId key_revocation_id{};
};

std::optional<Refusal> CheckParties(const Policy& policy,
                                    const Claims& claims) {
  if (!policy.any_issuer && claims.issuer != policy.issuer) {
    return Refuse(RefusalCode::kWrongIssuer, Stage::kPolicy, "iss");
  }
  if (!claims.cnf_jkt.empty() && !policy.caller_checks_binding) {
    return Refuse(RefusalCode::kUnsupported, Stage::kPolicy, "cnf");
  }
  if (policy.any_audience) return std::nullopt;
  if (claims.audience.empty()) {
    return Refuse(RefusalCode::kMissingClaim, Stage::kPolicy, "aud");
  }
  // RFC 7519 4.1.3: refuse unless one of the values names this verifier.
  if (std::find(claims.audience.begin(), claims.audience.end(),
                policy.audience) == claims.audience.end()) {
    return Refuse(RefusalCode::kWrongAudience, Stage::kPolicy, "aud");
  }
  return std::nullopt;
}

// The claims' times lie between 1970 and 9999 and the skew within minutes, so
// that nothing here can overflow.
std::optional<Refusal> CheckTimes(const Policy& policy, const Claims& claims,
                                  Time now) {
  if (claims.expires_at - claims.issued_at > policy.max_lifetime) {
    return Refuse(RefusalCode::kLifetimeTooLong, Stage::kPolicy, "exp");
  }
  // RFC 7519 4.1.4: "on or after" exp is too late. The PASETO specification
  // would accept exp itself; the stricter rule holds for both formats.
  if (now >= claims.expires_at + policy.clock_skew) {
    return Refuse(RefusalCode::kExpired, Stage::kPolicy, "exp");
  }
  if (claims.not_before && *claims.not_before > now + policy.clock_skew) {
    return Refuse(RefusalCode::kNotYetValid, Stage::kPolicy, "nbf");
  }
  if (claims.issued_at > now + policy.clock_skew) {
    return Refuse(RefusalCode::kNotYetValid, Stage::kPolicy, "iat");
  }
  return std::nullopt;
}

TokenIdentity IdentityOf(const Claims& claims,
                         const RevocationId& key_revocation_id) {
  TokenIdentity identity;
  identity.subject = MakeRevocationId(RevocationKind::kSubject, claims.subject);
  identity.key = key_revocation_id;
  identity.issued_at = claims.issued_at;
  identity.has_token = !claims.token_id.empty();
  if (identity.has_token) {
    identity.token = MakeRevocationId(RevocationKind::kToken, claims.token_id);
  }
  identity.has_session = !claims.session_id.empty();
  if (identity.has_session) {
    identity.session =
        MakeRevocationId(RevocationKind::kSession, claims.session_id);
  }
  identity.has_client = !claims.client_id.empty();
  if (identity.has_client) {
    identity.client =
        MakeRevocationId(RevocationKind::kClient, claims.client_id);
  }
  return identity;
}

bool RefusesStale(const Policy& policy, Duration staleness) {
  switch (policy.when_stale) {
    case WhenStale::kAcceptAndAlarm:
      return false;
    case WhenStale::kAcceptUntil:
      return staleness > policy.hard_staleness;
    case WhenStale::kReject:
      break;
  }
  return true;
}

}  // namespace

struct Verifier::Impl {
  Policy policy;
  const LiveRing& ring;
  const RevocationList* revocations;  // null: logouts are not known here
  const Clock& clock;
  VerdictCounters counters;

  Impl(Policy p, const LiveRing& r, const RevocationList* list, const Clock& c)
      : policy(std::move(p)), ring(r), revocations(list), clock(c) {}

  Result<VerifiedToken, Refusal> Verify(std::string_view text,
                                        std::string_view assertion) const;

  // Authenticate takes the token apart and checks key, signature and the
  // form of the claims: all that does not depend on this verifier's policy.
  template <class Token>
  std::optional<Refusal> Authenticate(std::string_view text,
                                      std::string_view assertion, Time now,
                                      Candidate& candidate) const;

  // CheckKey selects the key and checks the signature with it.
  template <class Token>
  std::optional<Refusal> CheckKey(Token& token, const TokenHeader& header,
                                  std::string_view assertion, Time now,
                                  Candidate& candidate) const;

  std::optional<Refusal> CheckRevocation(const Candidate& candidate,
                                         Moment moment, bool& stale) const;
};

template <class Token>
std::optional<Refusal> Verifier::Impl::CheckKey(Token& token,
                                                const TokenHeader& header,
                                                std::string_view assertion,
                                                Time now,
                                                Candidate& candidate) const {
  auto current = LiveRingAccess::Read(ring);
  if (current.get() == nullptr ||
      current->ring().info().purpose != KeyPurpose::kAccess) {
    return Refuse(RefusalCode::kNoKeys, Stage::kKey);
  }
  // The format is the ring's, and so is every key's of it.
  if (!Token::MadeBy(current->ring().info().format)) {
    return Refuse(RefusalCode::kWrongAlgorithm, Stage::kKey);
  }
  const LiveKey* live = current->Find(header.key_id);
  if (live == nullptr) {
    return Refuse(RefusalCode::kUnknownKey, Stage::kKey, "kid");
  }
  // RFC 8725 3.1: the algorithm is the key's; the header must agree.
  if (!Token::AgreesWith(header, live->key->key.format())) {
    return Refuse(RefusalCode::kWrongAlgorithm, Stage::kKey, "alg");
  }
  if (!live->key->schedule.MayVerify(now, policy.clock_skew)) {
    return Refuse(RefusalCode::kKeyNotUsable, Stage::kKey, "kid");
  }
  if (!token.Verify(live->key->key, assertion)) {
    return Refuse(RefusalCode::kBadSignature, Stage::kSignature);
  }
  candidate.key_revocation_id = live->revocation_id;
  return std::nullopt;
}

template <class Token>
std::optional<Refusal> Verifier::Impl::Authenticate(
    std::string_view text, std::string_view assertion, Time now,
    Candidate& candidate) const {
  std::optional<Token> token = Token::Split(text);
  if (!token) return Refuse(RefusalCode::kMalformed, Stage::kFormat);
  TokenHeader header;
  if (auto refusal = token->ReadHeader(header)) return refusal;
  if (auto refusal = CheckKey(*token, header, assertion, now, candidate)) {
    // Outside of CheckKey no guard is held, and the hook may publish.
    if (refusal->code == RefusalCode::kUnknownKey) {
      LiveRingAccess::AnnounceUnknownKey(ring);
    }
    return refusal;
  }
  candidate.token = std::make_shared<Authentic>();
  candidate.token->key_id = std::move(header.key_id);
  return ReadClaims(token->message(), Token::kForm, candidate.token->claims);
}

// CheckRevocation takes the list's age before it looks into the list: an
// update that comes between the two can only make the answer stricter.
std::optional<Refusal> Verifier::Impl::CheckRevocation(
    const Candidate& candidate, Moment moment, bool& stale) const {
  if (revocations == nullptr) return std::nullopt;
  Duration staleness = revocations->Staleness(moment.now, moment.monotonic);
  if (revocations->IsRevoked(
          IdentityOf(candidate.token->claims, candidate.key_revocation_id))) {
    return Refuse(RefusalCode::kRevoked, Stage::kRevocation);
  }
  stale = staleness > policy.max_staleness;
  if (stale && RefusesStale(policy, staleness)) {
    return Refuse(RefusalCode::kStale, Stage::kFreshness);
  }
  return std::nullopt;
}

Result<VerifiedToken, Refusal> Verifier::Impl::Verify(
    std::string_view text, std::string_view assertion) const {
  if (text.size() > kMaxTokenLength) {
    return Refuse(RefusalCode::kTooLong, Stage::kLength);
  }
  TokenKind kind = ClassifyToken(text);
  if (kind == TokenKind::kMalformed) {
    return Refuse(RefusalCode::kMalformed, Stage::kFormat);
  }
  if (kind == TokenKind::kUnsupported) {
    return Refuse(RefusalCode::kUnsupported, Stage::kFormat);
  }
  const Moment moment{clock.Now(), clock.MonotonicNow()};
  Candidate candidate;
  const auto authenticate = [&]<class Token>(std::type_identity<Token>) {
    return Authenticate<Token>(text, assertion, moment.now, candidate);
  };
  std::optional<Refusal> refusal =
      kind == TokenKind::kJwt   ? authenticate(std::type_identity<Jws>())
      : kind == TokenKind::kJwe ? authenticate(std::type_identity<Jwe>())
      : kind == TokenKind::kPasetoV4Local
          ? authenticate(std::type_identity<PasetoLocal>())
          : authenticate(std::type_identity<Paseto>());
  if (refusal) return *refusal;

  const Claims& claims = candidate.token->claims;
  if (auto wrong = CheckParties(policy, claims)) return *wrong;
  if (auto wrong = CheckTimes(policy, claims, moment.now)) return *wrong;
  bool stale = false;
  if (auto wrong = CheckRevocation(candidate, moment, stale)) return *wrong;

  // Both share the count of one allocation, which no other thread touches.
  VerifiedToken token;
  token.claims_ = {candidate.token, &candidate.token->claims};
  token.key_id_ = {candidate.token, &candidate.token->key_id};
  token.stale_ = stale;
  return token;
}

bool VerifiedToken::HasScope(std::string_view scope) const {
  if (scope.empty() || scope.find(' ') != std::string_view::npos) return false;
  // RFC 6749 3.3: space-separated, case-sensitive.
  std::string_view rest = claims_->scope;
  while (!rest.empty()) {
    size_t end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == scope) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

Verifier::Verifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;
Verifier::~Verifier() = default;

Result<Verifier> Verifier::Create(Policy policy, const LiveRing& ring,
                                  const RevocationList& revocations,
                                  const Clock& clock) {
  if (auto ok = policy.Validate(); !ok) return ok.error();
  return Verifier(
      std::make_unique<Impl>(std::move(policy), ring, &revocations, clock));
}

Result<Verifier> Verifier::CreateWithoutRevocation(Policy policy,
                                                   const LiveRing& ring,
                                                   const Clock& clock) {
  if (auto ok = policy.Validate(); !ok) return ok.error();
  return Verifier(
      std::make_unique<Impl>(std::move(policy), ring, nullptr, clock));
}

Result<VerifiedToken, Refusal> Verifier::Verify(
    std::string_view token, std::string_view implicit_assertion) const {
  auto verdict = impl_->Verify(token, implicit_assertion);
  if (verdict) {
    impl_->counters.CountAccepted(verdict->stale());
  } else {
    impl_->counters.CountRefused(verdict.error().code);
  }
  return verdict;
}

VerifierCounters Verifier::counters() const { return impl_->counters.Sum(); }

}  // namespace signet
