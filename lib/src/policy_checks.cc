#include "policy_checks.h"

#include <algorithm>

namespace signet {
namespace {

Refusal Refuse(RefusalCode code, std::string_view claim) {
  return {code, Stage::kPolicy, claim};
}

}  // namespace

std::optional<Refusal> CheckParties(const Policy& policy,
                                    const Claims& claims) {
  if (!policy.any_issuer && claims.issuer != policy.issuer) {
    return Refuse(RefusalCode::kWrongIssuer, "iss");
  }
  if (!claims.cnf_jkt.empty() && !policy.caller_checks_binding) {
    return Refuse(RefusalCode::kUnsupported, "cnf");
  }
  if (policy.any_audience) return std::nullopt;
  if (claims.audience.empty()) {
    return Refuse(RefusalCode::kMissingClaim, "aud");
  }
  // RFC 7519 4.1.3: refuse unless one of the values names this verifier.
  if (std::find(claims.audience.begin(), claims.audience.end(),
                policy.audience) == claims.audience.end()) {
    return Refuse(RefusalCode::kWrongAudience, "aud");
  }
  return std::nullopt;
}

// The claims' times lie between 1970 and 9999 and the skew within minutes, so
// that nothing here can overflow.
std::optional<Refusal> CheckTimes(const Policy& policy, const TokenTimes& times,
                                  Time now) {
  if (times.expires_at - times.issued_at > policy.max_lifetime) {
    return Refuse(RefusalCode::kLifetimeTooLong, "exp");
  }
  // RFC 7519 4.1.4: "on or after" exp is too late. The PASETO specification
  // would accept exp itself; the stricter rule holds for both formats.
  if (now >= times.expires_at + policy.clock_skew) {
    return Refuse(RefusalCode::kExpired, "exp");
  }
  if (times.not_before > now + policy.clock_skew) {
    return Refuse(RefusalCode::kNotYetValid, "nbf");
  }
  if (times.issued_at > now + policy.clock_skew) {
    return Refuse(RefusalCode::kNotYetValid, "iat");
  }
  return std::nullopt;
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

}  // namespace signet
