#include "signet/verifier.h"

#include <algorithm>

#include "claims_json.h"
#include "explain.h"
#include "jwe.h"
#include "jwt.h"
#include "live_ring_access.h"
#include "paseto.h"
#include "paseto_local.h"
#include "policy_checks.h"
#include "revocation_query.h"
#include "token_cache.h"
#include "token_text.h"
#include "verdict_counters.h"

namespace signet {
namespace {

// What must be more exact than this is not left to a coarse clock. It should be
// a tick behind, and is more while a virtual machine is not let run.
constexpr Duration kCoarseTrust = std::chrono::seconds(1);

Refusal Refuse(RefusalCode code, Stage stage, std::string_view claim = {}) {
  return {code, stage, claim};
}

// Input is a token text on its way through Authenticate.
struct Input {
  std::string_view text;
  std::string_view assertion;
  // The whole text, if `text` was encrypted in it, and the key that opened it.
  std::string_view whole;
  KnownKey opened_by = {};
};

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

}  // namespace

struct Verifier::Impl {
  Policy policy;
  const LiveRing& ring;
  const LiveRing* decryption = nullptr;  // null: nothing is decrypted
  const RevocationList* revocations;     // null: logouts are not known here
  const Clock& clock;
  std::unique_ptr<TokenCache> cache;  // null: nothing is remembered
  VerdictCounters counters;

  Impl(Policy p, const LiveRing& r, const RevocationList* list, const Clock& c)
      : policy(std::move(p)), ring(r), revocations(list), clock(c) {
    if (policy.cache_bytes != 0) {
      cache = std::make_unique<TokenCache>(policy.cache_bytes);
    }
  }

  Result<VerifiedToken, Refusal> Verify(std::string_view text,
                                        std::string_view assertion,
                                        Candidate& candidate) const;

  // ReadClocks is coarse where the policy allows for clocks that are off by
  // more than it should ever be.
  Moment ReadClocks() const {
    if (policy.clock_skew >= kCoarseTrust &&
        policy.max_staleness >= 2 * kCoarseTrust) {
      return clock.Coarse();
    }
    return ReadExactly();
  }
  Moment ReadExactly() const { return {clock.Now(), clock.MonotonicNow()}; }

  // StalenessAt reads the clocks again, exactly, where the list's age comes
  // near the bound, which it does while no heartbeat arrives.
  Duration StalenessAt(Moment& moment) const;

  // Recall returns the token if it was found authentic before and its key still
  // stands, or null. It prepares the query for it.
  TokenHandle Recall(TokenCache::Place place, std::string_view text,
                     std::string_view assertion, Time now,
                     RevocationQuery* query) const;

  // AuthenticateAny does it in the format that the text has.
  std::optional<Refusal> AuthenticateAny(std::string_view text,
                                         std::string_view assertion,
                                         Candidate& candidate) const;

  // Authenticate checks all that time and revocation do not change.
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

  std::optional<Refusal> CheckRevocation(const RevocationQuery* query,
                                         Candidate& candidate,
                                         bool& stale) const;

  // Look collects what Explain tells about.
  Findings Look(std::string_view text, const Candidate& candidate) const;
};

TokenHandle Verifier::Impl::Recall(TokenCache::Place place,
                                   std::string_view text,
                                   std::string_view assertion, Time now,
                                   RevocationQuery* query) const {
  auto [known, listed_at] = cache->Find(place);
  if (!known) return {};
  if (query != nullptr) query->Prepare(listed_at, *known->identity);
  // The text comes last: its memory has had the time to arrive.
  const bool stands = known->KeysStand(now, policy.clock_skew);
  if (query != nullptr) query->PrepareOthers(*known->identity);
  if (stands && known->IsOf(text, assertion)) {
    known->SetUsed(true);
    return std::move(known);
  }
  // No section is held while a signature is checked or the hook runs.
  if (query != nullptr) query->Abandon();
  return {};
}

template <class Token>
std::optional<Refusal> Verifier::Impl::CheckKey(
    const LiveRing& keys, KeyPurpose purpose, Token& token,
    const TokenHeader& header, std::string_view assertion, Time now,
    FoundKey& found) const {
  auto current = LiveRingAccess::Read(keys);
  if (!current || !current->Serves(purpose)) {
    return Refuse(RefusalCode::kNoKeys, Stage::kKey);
  }
  // The format is the ring's, and so is every key's of it.
  const auto rings = current->rings();
  if (std::none_of(rings.begin(), rings.end(), [](const KeyRing& one) {
        return Token::MadeBy(one.info().format);
      })) {
    return Refuse(RefusalCode::kWrongAlgorithm, Stage::kKey);
  }
  const LiveKey* live = current->Find(header.key_id);
  if (live == nullptr) {
    return Refuse(RefusalCode::kUnknownKey, Stage::kKey, "kid");
  }
  found = {{live->identity, live->standing}, live->revocation_id};
  // RFC 8725 3.1: the algorithm is the key's; the header must agree. With two
  // rings the key may also be one that makes other tokens.
  const KeyFormat format = live->key->key.format();
  if (!Token::MadeBy(format) || !Token::AgreesWith(header, format)) {
    return Refuse(RefusalCode::kWrongAlgorithm, Stage::kKey, "alg");
  }
  if (!live->key->schedule.MayVerify(now, policy.clock_skew)) {
    return Refuse(RefusalCode::kKeyNotUsable, Stage::kKey, "kid");
  }
  if (!token.Verify(live->key->key, assertion)) {
    return Refuse(RefusalCode::kBadSignature, Stage::kSignature);
  }
  return std::nullopt;
}

template <class Token>
std::optional<Refusal> Verifier::Impl::Authenticate(
    const Input& input, Candidate& candidate) const {
  std::optional<Token> token = Token::Split(input.text);
  if (!token) return Refuse(RefusalCode::kMalformed, Stage::kFormat);
  TokenHeader header;
  if (auto refusal = token->ReadHeader(header, policy.token_type)) {
    return refusal;
  }
  return FinishToken(*token, std::move(header), input, candidate);
}

std::optional<Refusal> Verifier::Impl::AuthenticateJwe(
    const Input& input, Candidate& candidate) const {
  std::optional<Jwe> jwe = Jwe::Split(input.text);
  if (!jwe) return Refuse(RefusalCode::kMalformed, Stage::kFormat);
  TokenHeader header;
  if (auto refusal = jwe->ReadHeader(header, policy.token_type)) return refusal;
  if (!jwe->nested()) {
    return FinishToken(*jwe, std::move(header), input, candidate);
  }
  if (decryption == nullptr) return Refuse(RefusalCode::kNoKeys, Stage::kKey);
  FoundKey opener;
  if (auto refusal =
          CheckKey(*decryption, KeyPurpose::kEncryption, *jwe, header,
                   input.assertion, candidate.moment.now, opener)) {
    if (refusal->code == RefusalCode::kUnknownKey) {
      LiveRingAccess::AnnounceUnknownKey(*decryption);
    }
    return refusal;
  }
  // One signed token, and no further wrapping.
  if (ClassifyToken(jwe->message()) != TokenKind::kJwt) {
    return Refuse(RefusalCode::kUnsupported, Stage::kFormat);
  }
  return Authenticate<Jws>({.text = jwe->message(),
                            .assertion = input.assertion,
                            .whole = input.text,
                            .opened_by = opener.key},
                           candidate);
}

template <class Token>
std::optional<Refusal> Verifier::Impl::FinishToken(Token& token,
                                                   TokenHeader header,
                                                   const Input& input,
                                                   Candidate& candidate) const {
  FoundKey& key = candidate.key;
  if (auto refusal = CheckKey(ring, KeyPurpose::kAccess, token, header,
                              input.assertion, candidate.moment.now, key)) {
    // Outside of CheckKey no guard is held, and the hook may publish.
    if (refusal->code == RefusalCode::kUnknownKey) {
      LiveRingAccess::AnnounceUnknownKey(ring);
    }
    return refusal;
  }
  auto draft = cache != nullptr
                   ? AuthenticToken::Make(input.whole, input.assertion)
                   : AuthenticToken::Make({}, {});
  draft->key_id = std::move(header.key_id);
  draft->proven_by = key.key;
  draft->opened_by = input.opened_by;
  draft->key_revocation_id = key.revocation_id;
  if (auto refusal = ReadClaims(token.message(), Token::Form(policy.token_type),
                                draft->claims)) {
    return refusal;
  }
  draft->suits_policy = !CheckParties(policy, draft->claims);
  if (cache != nullptr && revocations != nullptr) {
    draft->identity = draft->Identify();
    draft->listed_at = RevocationQuery::PlaceOf(*revocations, *draft->identity);
  }
  candidate.token = AuthenticToken::Share(std::move(draft));
  return std::nullopt;
}

std::optional<Refusal> Verifier::Impl::AuthenticateAny(
    std::string_view text, std::string_view assertion,
    Candidate& candidate) const {
  const Input input{.text = text, .assertion = assertion, .whole = text};
  switch (ClassifyToken(text)) {
    case TokenKind::kPasetoV4Public:
      return Authenticate<Paseto>(input, candidate);
    case TokenKind::kPasetoV4Local:
      return Authenticate<PasetoLocal>(input, candidate);
    case TokenKind::kJwt:
      return Authenticate<Jws>(input, candidate);
    case TokenKind::kJwe:
      return AuthenticateJwe(input, candidate);
    case TokenKind::kUnsupported:
      return Refuse(RefusalCode::kUnsupported, Stage::kFormat);
    case TokenKind::kMalformed:
      break;
  }
  return Refuse(RefusalCode::kMalformed, Stage::kFormat);
}

Duration Verifier::Impl::StalenessAt(Moment& moment) const {
  const Duration staleness =
      revocations->Staleness(moment.now, moment.monotonic);
  if (staleness <= policy.max_staleness / 2) return staleness;
  moment = ReadExactly();
  return revocations->Staleness(moment.now, moment.monotonic);
}

// CheckRevocation takes the list's age before it looks into the list: an
// update that comes between the two can only make the answer stricter.
std::optional<Refusal> Verifier::Impl::CheckRevocation(
    const RevocationQuery* query, Candidate& candidate, bool& stale) const {
  if (query == nullptr) return std::nullopt;
  const Duration staleness = StalenessAt(candidate.moment);
  candidate.staleness = staleness;
  const AuthenticToken& token = *candidate.token;
  // The identity takes hashing: not for a list that holds nothing.
  const bool revoked = !revocations->IsEmpty() &&
                       (token.identity ? query->IsRevoked(*token.identity)
                                       : query->IsRevoked(token.Identify()));
  if (revoked) return Refuse(RefusalCode::kRevoked, Stage::kRevocation);
  stale = staleness > policy.max_staleness;
  if (stale && RefusesStale(policy, staleness)) {
    return Refuse(RefusalCode::kStale, Stage::kFreshness);
  }
  return std::nullopt;
}

// Verify takes the signature from the cache if it can, and nothing else: what
// comes from the cache goes through every later check like a new token.
Result<VerifiedToken, Refusal> Verifier::Impl::Verify(
    std::string_view text, std::string_view assertion,
    Candidate& candidate) const {
  if (text.size() > kMaxTokenLength) {
    return Refuse(RefusalCode::kTooLong, Stage::kLength);
  }
  TokenCache::Place place{};
  if (cache != nullptr) {
    place = cache->PlaceOf(text, assertion);
    cache->Prefetch(place);
  }
  const Moment moment = candidate.moment = ReadClocks();
  std::optional<RevocationQuery> query;
  if (revocations != nullptr) query.emplace(*revocations);
  RevocationQuery* const asked = query ? &*query : nullptr;
  if (cache != nullptr) {
    candidate.token = Recall(place, text, assertion, moment.now, asked);
    candidate.remembered = static_cast<bool>(candidate.token);
  }
  if (!candidate.remembered) {
    if (auto wrong = AuthenticateAny(text, assertion, candidate)) return *wrong;
    candidate.authenticated = true;
    if (cache != nullptr) cache->Insert(place, candidate.token);
  }

  const AuthenticToken& token = *candidate.token;
  if (!token.suits_policy) return *CheckParties(policy, token.claims);
  if (auto wrong = CheckTimes(policy, token.times(), moment.now)) return *wrong;
  bool stale = false;
  if (auto wrong = CheckRevocation(asked, candidate, stale)) return *wrong;
  return VerifiedToken(std::move(candidate.token), stale);
}

Findings Verifier::Impl::Look(std::string_view text,
                              const Candidate& candidate) const {
  Findings found;
  found.text_size = text.size();
  if (text.size() <= kMaxTokenLength) found.kind = ClassifyToken(text);
  found.moment = candidate.moment;
  found.token = candidate.token;
  found.remembered = candidate.remembered;
  found.revocations = revocations;
  found.staleness = candidate.staleness;
  if (auto current = LiveRingAccess::Read(ring)) {
    found.ring = current->ring().info();
    const LiveKey* key =
        current->FindIdentity(found.token ? found.token->proven_by.identity
                                          : candidate.key.key.identity);
    if (key != nullptr) {
      for (const KeyRing& one : current->rings()) {
        if (one.Find(key->key->key.id()) != nullptr) found.ring = one.info();
      }
      found.key_id = key->key->key.id();
      found.key_state = key->key->schedule.StateAt(found.moment.now);
    }
  }
  return found;
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

void Verifier::DecryptWith(const LiveRing& ring) { impl_->decryption = &ring; }

Result<VerifiedToken, Refusal> Verifier::Verify(
    std::string_view token, std::string_view implicit_assertion) const {
  Candidate candidate;
  auto verdict = impl_->Verify(token, implicit_assertion, candidate);
  if (candidate.authenticated) impl_->counters.CountAuthenticated();
  if (verdict) {
    impl_->counters.CountAccepted(verdict->stale());
  } else {
    impl_->counters.CountRefused(verdict.error().code);
  }
  return verdict;
}

Explanation Verifier::Explain(std::string_view token,
                              std::string_view implicit_assertion) const {
  Candidate candidate;
  auto verdict = impl_->Verify(token, implicit_assertion, candidate);
  if (verdict) candidate.token = verdict->token_;
  Findings found = impl_->Look(token, candidate);
  std::optional<Refusal> refusal;
  if (!verdict) refusal = verdict.error();
  if (refusal && refusal->code == RefusalCode::kRevoked) {
    found.voided_by = VoidedBy(*found.revocations, found.token->Identify());
  }
  return {DescribeSteps(impl_->policy, found, refusal), std::move(verdict)};
}

VerifierCounters Verifier::counters() const { return impl_->counters.Sum(); }

size_t Verifier::cache_bytes() const {
  return impl_->cache == nullptr ? 0 : impl_->cache->bytes();
}

}  // namespace signet
