#include "ring_rules.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "time_text.h"

namespace signet {

namespace {

Error Broken(std::string message) {
  return {ErrorCode::kInvalid, std::move(message)};
}

Error BrokenKey(const KeyFacts& key, const std::string& what) {
  return Broken("key " + std::string(key.id) + ": " + what);
}

Status CheckInfo(const RingInfo& info) {
  if (!FitsPurpose(info.purpose, info.format)) {
    return Broken("a ring of purpose \"" +
                  std::string(KeyPurposeName(info.purpose)) +
                  "\" can't hold keys of format \"" +
                  std::string(KeyFormatName(info.format)) + "\"");
  }
  if (info.generation < 1 || info.generation > kMaxGeneration) {
    return Broken("generation is " + std::to_string(info.generation) +
                  ", the range is 1 to " + std::to_string(kMaxGeneration));
  }
  return info.policy.Validate();
}

Status CheckIdentities(const RingInfo& info,
                       const std::vector<KeyFacts>& keys) {
  if (keys.empty()) return Broken("a ring needs at least one key");
  if (keys.size() > kMaxRingKeys) {
    return Broken("ring of " + std::to_string(keys.size()) +
                  " keys, the limit is " + std::to_string(kMaxRingKeys));
  }
  std::unordered_set<std::string_view> ids;
  for (const KeyFacts& key : keys) {
    if (key.format != info.format) {
      return BrokenKey(key, "format is " +
                                std::string(KeyFormatName(key.format)) +
                                ", the ring's is " +
                                std::string(KeyFormatName(info.format)));
    }
    if (!ids.insert(key.id).second) {
      return BrokenKey(key, "stands in the ring twice");
    }
  }
  return {};
}

bool InRange(Time moment) {
  return kEarliestMoment <= moment && moment <= kLatestMoment;
}

bool InRange(const std::optional<Time>& moment) {
  return !moment || InRange(*moment);
}

// CheckOrder checks one schedule against itself.
Status CheckOrder(const KeyFacts& key) {
  const KeySchedule& s = key.schedule;
  if (!InRange(s.created_at) || !InRange(s.activates_at) ||
      !InRange(s.verify_only_at) || !InRange(s.retires_at) ||
      !InRange(s.revoked_at) || !InRange(s.ready_at)) {
    return BrokenKey(key, "a moment lies outside the years 1970 to 9999");
  }
  if (s.longest_life < Duration(0) || s.longest_life > kMaxTokenLife) {
    return BrokenKey(key, "longest_life is " + FormatDuration(s.longest_life) +
                              ", the range is 0s to " +
                              FormatDuration(kMaxTokenLife));
  }
  if (s.activates_at < s.created_at) {
    return BrokenKey(key, "activates_at " + FormatMoment(s.activates_at) +
                              " is before created_at " +
                              FormatMoment(s.created_at));
  }
  if (s.ready_at &&
      (*s.ready_at < s.created_at || *s.ready_at > s.activates_at)) {
    return BrokenKey(key, "ready_at " + FormatMoment(*s.ready_at) +
                              " is not between created_at and activates_at");
  }
  if (s.verify_only_at && *s.verify_only_at <= s.activates_at) {
    return BrokenKey(key, "verify_only_at " + FormatMoment(*s.verify_only_at) +
                              " is not after activates_at " +
                              FormatMoment(s.activates_at));
  }
  if (s.retires_at && !s.verify_only_at) {
    return BrokenKey(key, "has retires_at " + FormatMoment(*s.retires_at) +
                              " and no verify_only_at");
  }
  if (s.retires_at && *s.retires_at < *s.verify_only_at) {
    return BrokenKey(key, "retires_at " + FormatMoment(*s.retires_at) +
                              " is before verify_only_at " +
                              FormatMoment(*s.verify_only_at));
  }
  return {};
}

Status CheckVerifyOnly(const RotationPolicy& policy, const KeyFacts& key) {
  const KeySchedule& s = key.schedule;
  if (!s.retires_at || s.revoked_at || s.tail_waived) return {};
  const Duration planned = *s.retires_at - *s.verify_only_at;
  const Duration needed = VerifyOnlyNeeded(s, policy);
  if (planned >= needed) return {};
  return BrokenKey(key, "verify-only for " + FormatDuration(planned) +
                            ", the policy needs at least " +
                            FormatDuration(needed));
}

// EndOfSigning is when the key stops being active, if that is decided.
std::optional<Time> EndOfSigning(const KeySchedule& s) {
  return RevokedWhileActive(s) ? s.revoked_at : s.verify_only_at;
}

// CheckSuccession checks that `next` takes over where `key` ends.
Status CheckSuccession(const KeyFacts& key, const KeyFacts& next) {
  const Time start = next.schedule.activates_at;
  const std::optional<Time> end = EndOfSigning(key.schedule);
  if (!end || start < *end) {
    return BrokenKey(key, "active until " +
                              (end ? FormatMoment(*end) : "further notice") +
                              ", but key " + std::string(next.id) +
                              " is active from " + FormatMoment(start));
  }
  // After a revocation there may be no active key until an operator rotates.
  if (start > *end && !RevokedWhileActive(key.schedule)) {
    return BrokenKey(key, "active until " + FormatMoment(*end) +
                              ", but the next key, " + std::string(next.id) +
                              ", only from " + FormatMoment(start));
  }
  return {};
}

// CheckLead checks that verifiers hear of `next` before it signs, also those
// whose clock is behind. Nobody can wait for that when the key before it was
// revoked.
Status CheckLead(const RotationPolicy& policy, const KeyFacts& key,
                 const KeyFacts& next) {
  const KeySchedule& s = next.schedule;
  if (RevokedWhileActive(key.schedule) || s.revoked_at || s.lead_waived) {
    return {};
  }
  const Duration lead = s.AcceptedFrom() - s.created_at;
  if (lead >= policy.LeastLead()) return {};
  return BrokenKey(next, "pending for " + FormatDuration(lead) +
                             ", the policy needs at least " +
                             FormatDuration(policy.LeastLead()));
}

// CheckChain looks at the keys that sign at some time, in that order.
Status CheckChain(const RotationPolicy& policy,
                  const std::vector<KeyFacts>& keys) {
  const KeyFacts* last = nullptr;
  for (const KeyFacts& key : keys) {
    if (NeverActive(key.schedule)) continue;
    if (last != nullptr) {
      if (Status s = CheckSuccession(*last, key); !s.ok()) return s;
      if (Status s = CheckLead(policy, *last, key); !s.ok()) return s;
    }
    last = &key;
  }
  if (last != nullptr && last->schedule.verify_only_at &&
      !RevokedWhileActive(last->schedule)) {
    return BrokenKey(*last, "active until " +
                                FormatMoment(*last->schedule.verify_only_at) +
                                ", and no key follows");
  }
  return {};
}

}  // namespace

Duration VerifyOnlyNeeded(const KeySchedule& s, const RotationPolicy& policy) {
  // Its tokens must expire first. And a verifier may hold a copy of the ring
  // as old as verifier_refresh, by which the key ended though it goes on,
  // since the one after it was revoked.
  return std::max(
             {s.longest_life, policy.max_token_life, policy.verifier_refresh}) +
         policy.clock_skew;
}

bool NeverActive(const KeySchedule& s) {
  return s.revoked_at && *s.revoked_at <= s.activates_at;
}

bool RevokedWhileActive(const KeySchedule& s) {
  return s.revoked_at && *s.revoked_at > s.activates_at &&
         (!s.verify_only_at || *s.revoked_at < *s.verify_only_at);
}

bool InRingOrder(const KeyFacts& a, const KeyFacts& b) {
  // Two keys activate in the same moment only if one of them never signs.
  return std::tie(a.schedule.activates_at, a.schedule.created_at, a.id) <
         std::tie(b.schedule.activates_at, b.schedule.created_at, b.id);
}

Status CheckRing(const RingInfo& info, const std::vector<KeyFacts>& keys) {
  if (Status s = CheckInfo(info); !s.ok()) return s;
  if (Status s = CheckIdentities(info, keys); !s.ok()) return s;
  for (const KeyFacts& key : keys) {
    if (Status s = CheckOrder(key); !s.ok()) return s;
    if (Status s = CheckVerifyOnly(info.policy, key); !s.ok()) return s;
  }
  return CheckChain(info.policy, keys);
}

}  // namespace signet
