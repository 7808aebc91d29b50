// signet.h: rings, policies and verifiers.
#include "c_interface.h"

#include <optional>

#include "signet/ring_store.h"

// A number of the C++ enums that has no name in signet.h stops the build.
#pragma GCC diagnostic error "-Wswitch"

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
