#include "c_interface.h"

#include <optional>
#include <string>

#include "signet/ring_store.h"

// A number of the C++ enums that has no name in signet.h stops the build.
#pragma GCC diagnostic error "-Wswitch"

struct signet_verdict {
  enum class State : uint8_t { kNone, kAccepted, kRefused };
  State state = State::kNone;
  std::optional<signet::VerifiedToken> token;  // if kAccepted
  signet::Refusal refusal{};                   // if kRefused
  std::string fault;                           // refusal.claim
};

namespace signet::c_interface {

signet_code CodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return SIGNET_INVALID;
    case ErrorCode::kNotFound:
      return SIGNET_NOT_FOUND;
    case ErrorCode::kConflict:
      return SIGNET_CONFLICT;
    case ErrorCode::kDenied:
      return SIGNET_DENIED;
    case ErrorCode::kUnavailable:
      return SIGNET_UNAVAILABLE;
    case ErrorCode::kCorrupt:
      return SIGNET_CORRUPT;
    case ErrorCode::kRollback:
      return SIGNET_ROLLBACK;
    case ErrorCode::kUnsupported:
      return SIGNET_UNSUPPORTED;
    case ErrorCode::kInternal:
      return SIGNET_INTERNAL;
  }
  return SIGNET_INTERNAL;
}

namespace {

signet_refusal NumberOf(RefusalCode code) {
  switch (code) {
    case RefusalCode::kTooLong:
      return SIGNET_REFUSAL_TOO_LONG;
    case RefusalCode::kMalformed:
      return SIGNET_REFUSAL_MALFORMED;
    case RefusalCode::kUnsupported:
      return SIGNET_REFUSAL_UNSUPPORTED;
    case RefusalCode::kNoKeys:
      return SIGNET_REFUSAL_NO_KEYS;
    case RefusalCode::kUnknownKey:
      return SIGNET_REFUSAL_UNKNOWN_KEY;
    case RefusalCode::kKeyNotUsable:
      return SIGNET_REFUSAL_KEY_NOT_USABLE;
    case RefusalCode::kWrongAlgorithm:
      return SIGNET_REFUSAL_WRONG_ALGORITHM;
    case RefusalCode::kBadSignature:
      return SIGNET_REFUSAL_BAD_SIGNATURE;
    case RefusalCode::kWrongType:
      return SIGNET_REFUSAL_WRONG_TYPE;
    case RefusalCode::kMissingClaim:
      return SIGNET_REFUSAL_MISSING_CLAIM;
    case RefusalCode::kBadClaim:
      return SIGNET_REFUSAL_BAD_CLAIM;
    case RefusalCode::kWrongIssuer:
      return SIGNET_REFUSAL_WRONG_ISSUER;
    case RefusalCode::kWrongAudience:
      return SIGNET_REFUSAL_WRONG_AUDIENCE;
    case RefusalCode::kExpired:
      return SIGNET_REFUSAL_EXPIRED;
    case RefusalCode::kNotYetValid:
      return SIGNET_REFUSAL_NOT_YET_VALID;
    case RefusalCode::kLifetimeTooLong:
      return SIGNET_REFUSAL_LIFETIME_TOO_LONG;
    case RefusalCode::kRevoked:
      return SIGNET_REFUSAL_REVOKED;
    case RefusalCode::kStale:
      return SIGNET_REFUSAL_STALE;
  }
  return SIGNET_REFUSAL_NO_VERDICT;
}

signet_stage NumberOf(Stage stage) {
  switch (stage) {
    case Stage::kLength:
      return SIGNET_STAGE_LENGTH;
    case Stage::kFormat:
      return SIGNET_STAGE_FORMAT;
    case Stage::kHeader:
      return SIGNET_STAGE_HEADER;
    case Stage::kKey:
      return SIGNET_STAGE_KEY;
    case Stage::kSignature:
      return SIGNET_STAGE_SIGNATURE;
    case Stage::kClaims:
      return SIGNET_STAGE_CLAIMS;
    case Stage::kPolicy:
      return SIGNET_STAGE_POLICY;
    case Stage::kRevocation:
      return SIGNET_STAGE_REVOCATION;
    case Stage::kFreshness:
      return SIGNET_STAGE_FRESHNESS;
  }
  return SIGNET_STAGE_NONE;
}

std::optional<WhenStale> WhenStaleOf(signet_when_stale number) {
  switch (number) {
    case SIGNET_STALE_REJECT:
      return WhenStale::kReject;
    case SIGNET_STALE_ACCEPT_AND_ALARM:
      return WhenStale::kAcceptAndAlarm;
    case SIGNET_STALE_ACCEPT_UNTIL:
      return WhenStale::kAcceptUntil;
    default:
      return std::nullopt;
  }
}

// TextOf tells whether pointer and length are a text, and gives it.
bool TextOf(const char* text, size_t length, std::string_view& out) {
  if (text == nullptr && length > 0) return false;
  out = text == nullptr ? std::string_view() : std::string_view(text, length);
  return true;
}

signet_code GiveRing(Result<KeyRing> ring, signet_ring** out,
                     const ErrorText& error) {
  if (!ring) return error.Fail(ring.error());
  *out = new signet_ring{std::make_shared<LiveRing>(*std::move(ring))};
  return kOk;
}

signet_code PublishRing(signet_ring& ring, Result<KeyRing> next,
                        const ErrorText& error) {
  if (!next) return error.Fail(next.error());
  const KeyPurpose purpose = ring.live->Copy()->info().purpose;
  const bool beside = SignsAccess(next->info().purpose) && SignsAccess(purpose);
  if (next->info().purpose != purpose && !beside) {
    return error.Fail(SIGNET_INVALID, "the new ring is of another purpose");
  }
  const Status published = ring.live->Publish(*std::move(next));
  return published ? kOk : error.Fail(published.error());
}

// Set changes a policy, unless an argument is missing.
template <class Change>
signet_code Set(signet_policy* policy, Change change) {
  const ErrorText silent(nullptr, 0);
  if (policy == nullptr) return SIGNET_INVALID;
  return Guarded(silent, [&] { return change(policy->policy), kOk; });
}

const Claims* ClaimsOf(const signet_verdict* verdict) {
  if (verdict == nullptr || !verdict->token) return nullptr;
  return &verdict->token->claims();
}

// Give returns a text that a handle owns; an empty one is an absent claim.
const char* Give(const std::string& text, size_t* length) {
  if (text.empty()) return nullptr;
  if (length != nullptr) *length = text.size();
  return text.c_str();
}

void Clear(signet_verdict& verdict) {
  verdict.state = signet_verdict::State::kNone;
  verdict.token.reset();
  verdict.fault.clear();
}

signet_code Check(const signet_verifier& verifier, std::string_view token,
                  std::string_view assertion, signet_verdict& verdict) {
  auto verified = verifier.verifier.Verify(token, assertion);
  if (verified) {
    verdict.token = *std::move(verified);
    verdict.state = signet_verdict::State::kAccepted;
    return kOk;
  }
  verdict.fault = verified.error().claim;
  verdict.refusal = verified.error();
  verdict.state = signet_verdict::State::kRefused;
  return SIGNET_REFUSED;
}

bool Refused(const signet_verdict* verdict) {
  return verdict != nullptr &&
         verdict->state == signet_verdict::State::kRefused;
}

// The names of the enums are literals: they end with NUL.
const char* NameOf(std::string_view literal) { return literal.data(); }

}  // namespace
}  // namespace signet::c_interface

using signet::c_interface::ErrorText;
using signet::c_interface::Guarded;
namespace c = signet::c_interface;

const char* signet_version(void) { return SIGNET_VERSION; }

const char* signet_code_name(signet_code code) {
  constexpr const char* kNames[] = {
      "ok",          "invalid", "not_found", "conflict",    "denied",
      "unavailable", "corrupt", "rollback",  "unsupported", "internal"};
  if (code == SIGNET_REFUSED) return "refused";
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

const char* signet_refusal_name(signet_refusal refusal) {
  if (refusal == SIGNET_REFUSAL_NO_VERDICT) return "no_verdict";
  if (refusal == SIGNET_REFUSAL_NONE) return "none";
  constexpr size_t kCodes = std::size(signet::VerifierCounters{}.refused);
  for (size_t i = 0; i < kCodes; ++i) {
    const auto code = static_cast<signet::RefusalCode>(i);
    if (c::NumberOf(code) != refusal) continue;
    return c::NameOf(signet::RefusalCodeName(code));
  }
  return "unknown";
}

const char* signet_stage_name(signet_stage stage) {
  if (stage == SIGNET_STAGE_NONE) return "none";
  for (int32_t i = 0; i < SIGNET_STAGE_FRESHNESS; ++i) {
    const auto one = static_cast<signet::Stage>(i);
    if (c::NumberOf(one) == stage) return c::NameOf(signet::StageName(one));
  }
  return "unknown";
}

signet_code signet_ring_load(const char* path, signet_ring** ring, char* error,
                             size_t error_size) {
  const ErrorText text(error, error_size);
  if (path == nullptr || ring == nullptr) return text.FailNull();
  return Guarded(text, [&] {
    return c::GiveRing(signet::ReadPublicRing(path), ring, text);
  });
}

signet_code signet_ring_parse(const char* json, size_t length,
                              signet_ring** ring, char* error,
                              size_t error_size) {
  const ErrorText text(error, error_size);
  std::string_view view;
  if (!c::TextOf(json, length, view) || ring == nullptr) {
    return text.FailNull();
  }
  return Guarded(text, [&] {
    return c::GiveRing(signet::KeyRing::Parse(view), ring, text);
  });
}

signet_code signet_ring_reload(signet_ring* ring, const char* path, char* error,
                               size_t error_size) {
  const ErrorText text(error, error_size);
  if (ring == nullptr || path == nullptr) return text.FailNull();
  return Guarded(text, [&] {
    return c::PublishRing(*ring, signet::ReadPublicRing(path), text);
  });
}

signet_code signet_ring_replace(signet_ring* ring, const char* json,
                                size_t length, char* error, size_t error_size) {
  const ErrorText text(error, error_size);
  std::string_view view;
  if (ring == nullptr || !c::TextOf(json, length, view)) {
    return text.FailNull();
  }
  return Guarded(text, [&] {
    return c::PublishRing(*ring, signet::KeyRing::Parse(view), text);
  });
}

uint64_t signet_ring_generation(const signet_ring* ring) {
  uint64_t generation = 0;
  if (ring == nullptr) return generation;
  Guarded(ErrorText(nullptr, 0), [&] {
    generation = ring->live->Copy()->info().generation;
    return c::kOk;
  });
  return generation;
}

void signet_ring_free(signet_ring* ring) { delete ring; }

signet_policy* signet_policy_new(void) { return c::New<signet_policy>(); }

void signet_policy_free(signet_policy* policy) { delete policy; }

signet_code signet_policy_set_issuer(signet_policy* policy,
                                     const char* issuer) {
  if (issuer == nullptr) return SIGNET_INVALID;
  return c::Set(policy, [&](signet::Policy& p) { p.issuer = issuer; });
}

signet_code signet_policy_set_audience(signet_policy* policy,
                                       const char* audience) {
  if (audience == nullptr) return SIGNET_INVALID;
  return c::Set(policy, [&](signet::Policy& p) { p.audience = audience; });
}

signet_code signet_policy_any_issuer(signet_policy* policy) {
  return c::Set(policy, [](signet::Policy& p) { p.any_issuer = true; });
}

signet_code signet_policy_any_audience(signet_policy* policy) {
  return c::Set(policy, [](signet::Policy& p) { p.any_audience = true; });
}

signet_code signet_policy_caller_checks_binding(signet_policy* policy) {
  return c::Set(policy,
                [](signet::Policy& p) { p.caller_checks_binding = true; });
}

signet_code signet_policy_set_clock_skew(signet_policy* policy, int64_t ms) {
  return c::Set(
      policy, [ms](signet::Policy& p) { p.clock_skew = signet::Duration(ms); });
}

signet_code signet_policy_set_max_lifetime(signet_policy* policy, int64_t ms) {
  return c::Set(policy, [ms](signet::Policy& p) {
    p.max_lifetime = signet::Duration(ms);
  });
}

signet_code signet_policy_set_staleness(signet_policy* policy,
                                        signet_when_stale when, int64_t max_ms,
                                        int64_t hard_ms) {
  const auto action = c::WhenStaleOf(when);
  if (!action) return SIGNET_INVALID;
  return c::Set(policy, [&](signet::Policy& p) {
    p.when_stale = *action;
    p.max_staleness = signet::Duration(max_ms);
    p.hard_staleness = signet::Duration(hard_ms);
  });
}

signet_code signet_verifier_new_without_revocation(const signet_policy* policy,
                                                   signet_ring* ring,
                                                   signet_verifier** verifier,
                                                   char* error,
                                                   size_t error_size) {
  const ErrorText text(error, error_size);
  if (policy == nullptr || ring == nullptr || verifier == nullptr) {
    return text.FailNull();
  }
  return Guarded(text, [&] {
    const auto purpose = ring->live->Copy()->info().purpose;
    if (!signet::SignsAccess(purpose)) {
      return text.Fail(SIGNET_INVALID, "the ring's purpose is not access");
    }
    return c::GiveVerifier(
        signet::Verifier::CreateWithoutRevocation(policy->policy, *ring->live),
        ring->live, verifier, text);
  });
}

void signet_verifier_free(signet_verifier* verifier) { delete verifier; }

signet_code signet_verify(const signet_verifier* verifier, const char* token,
                          size_t length, signet_verdict* verdict) {
  return signet_verify_bound(verifier, token, length, nullptr, 0, verdict);
}

signet_code signet_verify_bound(const signet_verifier* verifier,
                                const char* token, size_t length,
                                const char* assertion, size_t assertion_length,
                                signet_verdict* verdict) {
  if (verdict == nullptr) return SIGNET_INVALID;
  c::Clear(*verdict);
  std::string_view token_text;
  std::string_view assertion_text;
  if (verifier == nullptr || !c::TextOf(token, length, token_text) ||
      !c::TextOf(assertion, assertion_length, assertion_text)) {
    return SIGNET_INVALID;
  }
  return Guarded(ErrorText(nullptr, 0), [&] {
    return c::Check(*verifier, token_text, assertion_text, *verdict);
  });
}

size_t signet_verifier_counters(const signet_verifier* verifier,
                                uint64_t* accepted, uint64_t* accepted_stale,
                                uint64_t* refused, size_t refused_size) {
  if (refused == nullptr) refused_size = 0;
  std::fill_n(refused, refused_size, uint64_t{0});
  if (verifier == nullptr) return 0;
  const signet::VerifierCounters counters = verifier->verifier.counters();
  if (accepted != nullptr) *accepted = counters.accepted;
  if (accepted_stale != nullptr) *accepted_stale = counters.accepted_stale;
  size_t known = 0;
  for (size_t i = 0; i < std::size(counters.refused); ++i) {
    const auto number =
        static_cast<size_t>(c::NumberOf(static_cast<signet::RefusalCode>(i)));
    if (number < refused_size) refused[number] = counters.refused[i];
    known = std::max(known, number + 1);
  }
  return known;
}

signet_verdict* signet_verdict_new(void) { return c::New<signet_verdict>(); }

void signet_verdict_free(signet_verdict* verdict) { delete verdict; }

int signet_verdict_accepted(const signet_verdict* verdict) {
  return c::ClaimsOf(verdict) != nullptr ? 1 : 0;
}

int signet_verdict_stale(const signet_verdict* verdict) {
  return c::ClaimsOf(verdict) != nullptr && verdict->token->stale() ? 1 : 0;
}

signet_refusal signet_verdict_refusal(const signet_verdict* verdict) {
  if (c::Refused(verdict)) return c::NumberOf(verdict->refusal.code);
  return signet_verdict_accepted(verdict) != 0 ? SIGNET_REFUSAL_NONE
                                               : SIGNET_REFUSAL_NO_VERDICT;
}

signet_stage signet_verdict_stage(const signet_verdict* verdict) {
  return c::Refused(verdict) ? c::NumberOf(verdict->refusal.stage)
                             : SIGNET_STAGE_NONE;
}

const char* signet_verdict_fault(const signet_verdict* verdict) {
  return c::Refused(verdict) ? verdict->fault.c_str() : "";
}

int signet_verdict_retry_may_help(const signet_verdict* verdict) {
  return c::Refused(verdict) && verdict->refusal.RetryMayHelp() ? 1 : 0;
}

size_t signet_verdict_describe(const signet_verdict* verdict, char* buffer,
                               size_t size) {
  size_t length = 0;
  const ErrorText error(buffer, size);
  Guarded(error, [&] {
    std::string text =
        signet_verdict_accepted(verdict) != 0 ? "accepted" : "no verdict";
    if (c::Refused(verdict)) text = verdict->refusal.ToString();
    length = c::CopyText(text, buffer, size);
    return c::kOk;
  });
  return length;
}

const char* signet_verdict_claim(const signet_verdict* verdict,
                                 signet_claim claim, size_t* length) {
  if (length != nullptr) *length = 0;
  const signet::Claims* claims = c::ClaimsOf(verdict);
  if (claims == nullptr) return nullptr;
  switch (claim) {
    case SIGNET_CLAIM_ISS:
      return c::Give(claims->issuer, length);
    case SIGNET_CLAIM_SUB:
      return c::Give(claims->subject, length);
    case SIGNET_CLAIM_JTI:
      return c::Give(claims->token_id, length);
    case SIGNET_CLAIM_CLIENT_ID:
      return c::Give(claims->client_id, length);
    case SIGNET_CLAIM_SCOPE:
      return c::Give(claims->scope, length);
    case SIGNET_CLAIM_SID:
      return c::Give(claims->session_id, length);
    case SIGNET_CLAIM_CNF_JKT:
      return c::Give(claims->cnf_jkt, length);
    case SIGNET_CLAIM_CUSTOM:
      return c::Give(claims->custom, length);
    case SIGNET_CLAIM_KEY_ID:
      return c::Give(verdict->token->key_id(), length);
    default:
      return nullptr;
  }
}

int64_t signet_verdict_time(const signet_verdict* verdict,
                            signet_time_claim claim) {
  const signet::Claims* claims = c::ClaimsOf(verdict);
  if (claims == nullptr) return 0;
  signet::EpochSeconds time{};
  if (claim == SIGNET_TIME_EXP) time = claims->expires_at;
  if (claim == SIGNET_TIME_IAT) time = claims->issued_at;
  if (claim == SIGNET_TIME_NBF) time = claims->not_before.value_or(time);
  return time.time_since_epoch().count();
}

size_t signet_verdict_audience_count(const signet_verdict* verdict) {
  const signet::Claims* claims = c::ClaimsOf(verdict);
  return claims == nullptr ? 0 : claims->audience.size();
}

const char* signet_verdict_audience(const signet_verdict* verdict, size_t index,
                                    size_t* length) {
  if (length != nullptr) *length = 0;
  if (index >= signet_verdict_audience_count(verdict)) return nullptr;
  return c::Give(c::ClaimsOf(verdict)->audience[index], length);
}

int signet_verdict_has_scope(const signet_verdict* verdict, const char* scope,
                             size_t length) {
  std::string_view text;
  if (c::ClaimsOf(verdict) == nullptr || !c::TextOf(scope, length, text)) {
    return 0;
  }
  return verdict->token->HasScope(text) ? 1 : 0;
}
