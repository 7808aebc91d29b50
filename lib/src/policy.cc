#include <algorithm>

#include "signet/verifier.h"
#include "time_text.h"

namespace signet {
namespace {

constexpr std::string_view kCodeNames[] = {
    "too_long",       "malformed",      "unsupported",     "no_keys",
    "unknown_key",    "key_not_usable", "wrong_algorithm", "bad_signature",
    "wrong_type",     "missing_claim",  "bad_claim",       "wrong_issuer",
    "wrong_audience", "expired",        "not_yet_valid",   "lifetime_too_long",
    "revoked",        "stale",
};
static_assert(std::size(kCodeNames) ==
              static_cast<size_t>(RefusalCode::kStale) + 1);

constexpr std::string_view kStageNames[] = {
    "length", "format", "header",     "key",       "signature",
    "claims", "policy", "revocation", "freshness",
};
static_assert(std::size(kStageNames) ==
              static_cast<size_t>(Stage::kFreshness) + 1);

// Problems collects what is wrong with a policy.
class Problems {
 public:
  void Add(std::string_view problem) {
    if (!text_.empty()) text_ += "; ";
    text_ += problem;
  }

  void CheckRange(std::string_view name, Duration value, Duration low,
                  Duration high) {
    if (value >= low && value <= high) return;
    std::string problem(name);
    problem += " is " + FormatDuration(value) + ", the limit is ";
    problem += FormatDuration(value < low ? low : high);
    Add(problem);
  }

  void CheckNamedOrWaived(std::string_view name, const std::string& value,
                          bool any) {
    std::string problem(name);
    if (value.empty() && !any) {
      Add(problem + " is not set: name it, or set any_" + problem);
    }
    if (!value.empty() && any) {
      Add(problem + " is set, and any_" + problem + " too");
    }
  }

  Status Take() && {
    if (text_.empty()) return {};
    return Error{ErrorCode::kInvalid, "verifier policy: " + text_};
  }

 private:
  std::string text_;
};

constexpr size_t kLeastCache = size_t{64} << 10;
constexpr size_t kMostCache = size_t{64} << 30;

constexpr Duration kOneDay = std::chrono::hours(24);

void CheckStaleness(const Policy& policy, Problems& problems) {
  problems.CheckRange("max_staleness", policy.max_staleness, Duration(100),
                      kOneDay);
  if (policy.when_stale != WhenStale::kAcceptUntil) {
    if (policy.hard_staleness != Duration::zero()) {
      problems.Add("hard_staleness is set, but when_stale is not accept_until");
    }
    return;
  }
  if (policy.hard_staleness <= policy.max_staleness) {
    problems.Add("hard_staleness is " + FormatDuration(policy.hard_staleness) +
                 ", not longer than max_staleness, " +
                 FormatDuration(policy.max_staleness));
  }
  problems.CheckRange("hard_staleness", policy.hard_staleness, Duration::min(),
                      kOneDay);
}

}  // namespace

std::string_view RefusalCodeName(RefusalCode code) {
  auto index = static_cast<size_t>(code);
  return index < std::size(kCodeNames) ? kCodeNames[index] : "unknown";
}

std::string_view StageName(Stage stage) {
  auto index = static_cast<size_t>(stage);
  return index < std::size(kStageNames) ? kStageNames[index] : "unknown";
}

bool Refusal::RetryMayHelp() const {
  return code == RefusalCode::kNoKeys || code == RefusalCode::kUnknownKey ||
         code == RefusalCode::kStale || code == RefusalCode::kNotYetValid;
}

std::string Refusal::ToString() const {
  std::string text(RefusalCodeName(code));
  text += " at ";
  text += StageName(stage);
  if (claim.empty()) return text;
  text += " (";
  text += claim;
  return text += ')';
}

Policy Policy::Rfc9068(std::string issuer, std::string audience) {
  return {.issuer = std::move(issuer),
          .audience = std::move(audience),
          .clock_skew = std::chrono::minutes(1),
          .max_lifetime = std::chrono::hours(1)};
}

Policy Policy::Paseto(std::string issuer, std::string audience) {
  return {.issuer = std::move(issuer),
          .audience = std::move(audience),
          .clock_skew = std::chrono::seconds(5),
          .max_lifetime = std::chrono::minutes(15)};
}

Status Policy::Validate() const {
  Problems problems;
  problems.CheckNamedOrWaived("issuer", issuer, any_issuer);
  problems.CheckNamedOrWaived("audience", audience, any_audience);
  problems.CheckRange("clock_skew", clock_skew, Duration::zero(),
                      std::chrono::minutes(5));
  problems.CheckRange("max_lifetime", max_lifetime, std::chrono::seconds(1),
                      kOneDay);
  CheckStaleness(*this, problems);
  if (cache_bytes != 0 &&
      (cache_bytes < kLeastCache || cache_bytes > kMostCache)) {
    problems.Add("cache_bytes is " + std::to_string(cache_bytes) +
                 ", which is neither 0 nor 64 KiB to 64 GiB");
  }
  return std::move(problems).Take();
}

}  // namespace signet
