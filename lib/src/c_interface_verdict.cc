// signet.h: what a verifier says of a token.
#include <optional>
#include <string>

#include "c_interface.h"

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
