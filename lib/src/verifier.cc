#include "signet/verifier.h"

#include "authenticator.h"
#include "explain.h"
#include "live_ring_access.h"
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

}  // namespace

struct Verifier::Impl {
  Policy policy;
  const LiveRing& ring;
  const RevocationList* revocations;  // null: logouts are not known here
  const Clock& clock;
  std::unique_ptr<TokenCache> cache;  // null: nothing is remembered
  Authenticator authenticator;
  VerdictCounters counters;

  Impl(Policy p, const LiveRing& r, const RevocationList* list, const Clock& c)
      : policy(std::move(p)),
        ring(r),
        revocations(list),
        clock(c),
        cache(policy.cache_bytes == 0
                  ? nullptr
                  : std::make_unique<TokenCache>(policy.cache_bytes)),
        authenticator(policy, ring, revocations, cache != nullptr) {}

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
    if (auto wrong = authenticator.Prove(text, assertion, candidate)) {
      return *wrong;
    }
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

void Verifier::DecryptWith(const LiveRing& ring) {
  impl_->authenticator.DecryptWith(ring);
}

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
