// What changes a SigningRing. Each change is planned on the schedules, checked
// against the ring's rules as a whole, and only then made.
#include <algorithm>

#include "ring_rules.h"
#include "signet/key_ring.h"
#include "time_text.h"

namespace signet {

namespace {

Error Conflict(std::string message) {
  return {ErrorCode::kConflict, std::move(message)};
}

// HasEnded tells whether no token of the key can still be accepted.
bool HasEnded(const KeySchedule& s, const RotationPolicy& policy, Time now) {
  if (s.retires_at && *s.retires_at <= now) return true;
  return s.revoked_at && *s.revoked_at + VerifyOnlyNeeded(s, policy) <= now;
}

// CountForgettable counts the keys at the front that have ended. Only the
// front may go: a key in the middle joins its neighbours' schedules.
size_t CountForgettable(const std::vector<KeyFacts>& keys,
                        const RotationPolicy& policy, Time now) {
  size_t count = 0;
  while (count < keys.size() && HasEnded(keys[count].schedule, policy, now)) {
    ++count;
  }
  return count;
}

// EndAt plans the rest of a key's life: it signs until `end`.
void EndAt(KeySchedule& s, Time end, const RotationPolicy& policy) {
  s.verify_only_at = end;
  s.retires_at = end + VerifyOnlyNeeded(s, policy);
  s.tail_waived = false;
}

// EndNow is EndAt for an end that was not announced: who signs with an old
// copy of the ring goes on until it has the new one.
void EndNow(KeySchedule& s, Time now, const RotationPolicy& policy) {
  EndAt(s, now, policy);
  *s.retires_at += policy.verifier_refresh;
}

// FindFirst looks for a key that is active or pending. A key that has been
// revoked is neither, also if the clock has stepped back since.
KeyFacts* FindFirst(std::vector<KeyFacts>& keys, KeyState state, Time now) {
  for (KeyFacts& key : keys) {
    if (!key.schedule.revoked_at && key.schedule.StateAt(now) == state) {
      return &key;
    }
  }
  return nullptr;
}

// RingTime is the moment of a step: `now`, but not before a revocation that
// has ended a key's signing. That has happened, also if this clock is behind.
Time RingTime(const std::vector<KeyFacts>& keys, Time now) {
  for (const KeyFacts& key : keys) {
    if (RevokedWhileActive(key.schedule)) {
      now = std::max(now, *key.schedule.revoked_at);
    }
  }
  return now;
}

// Bypass lets the key before the one at `index`, which was revoked before it
// ever signed, sign on until the one after it takes over.
void Bypass(std::vector<KeyFacts>& keys, size_t index,
            const RotationPolicy& policy) {
  const auto signs = [](const KeyFacts& key) {
    return !NeverActive(key.schedule);
  };
  const auto at = keys.begin() + static_cast<ptrdiff_t>(index);
  const auto before =
      std::find_if(std::make_reverse_iterator(at), keys.rend(), signs);
  const auto after = std::find_if(at + 1, keys.end(), signs);
  if (before == keys.rend() || RevokedWhileActive(before->schedule)) return;
  if (after != keys.end()) {
    EndAt(before->schedule, after->schedule.activates_at, policy);
  } else {
    before->schedule.verify_only_at.reset();
    before->schedule.retires_at.reset();
    before->schedule.tail_waived = false;
  }
}

// Inherit makes the key that follows a revoked one active at once.
void Inherit(std::vector<KeyFacts>& keys, std::vector<KeyFacts>::iterator next,
             Time now) {
  while (next != keys.end() && NeverActive(next->schedule)) ++next;
  // With a clock that is far behind it may have come and gone already.
  if (next == keys.end() || next->schedule.revoked_at) return;
  if (next->schedule.StateAt(now) != KeyState::kPending) return;
  next->schedule.activates_at = std::max(now, next->schedule.created_at);
  next->schedule.ready_at.reset();
}

// CheckMayAdd is what every step that adds a key asks first.
Status CheckMayAdd(std::vector<KeyFacts>& keys, const RotationPolicy& policy,
                   Time now, std::optional<Duration> lead, const char* doing) {
  if (const KeyFacts* pending = FindFirst(keys, KeyState::kPending, now)) {
    return Conflict(std::string(doing) + ": key " + std::string(pending->id) +
                    " is already pending, until " +
                    FormatMoment(pending->schedule.activates_at));
  }
  if (lead && *lead < policy.LeastLead()) {
    return Error{ErrorCode::kInvalid, std::string(doing) + ": a lead of " +
                                          FormatDuration(*lead) +
                                          ", the policy needs at least " +
                                          FormatDuration(policy.LeastLead())};
  }
  return {};
}

Result<std::vector<KeyFacts>::iterator> FindKey(std::vector<KeyFacts>& keys,
                                                std::string_view id,
                                                const char* doing) {
  const auto found =
      std::find_if(keys.begin(), keys.end(),
                   [id](const KeyFacts& key) { return key.id == id; });
  if (found != keys.end()) return found;
  return Error{ErrorCode::kNotFound,
               std::string(doing) + ": the ring holds no such key"};
}

}  // namespace

// A Plan is a ring that is not in force yet.
struct SigningRing::Plan {
  std::vector<KeyFacts> keys;  // those of the ring, in its order
  RotationPolicy policy;
  size_t forget = 0;  // keys at the front that go
  std::optional<Key> added = {};
};

// A Start says when an added key begins to sign.
struct SigningRing::Start {
  std::optional<Duration> lead = {};
  bool forced = false;
};

SigningRing::Plan SigningRing::NewPlan() const {
  return {.keys = AllFacts(keys_), .policy = info_.policy};
}

Status SigningRing::Apply(Plan plan) {
  RingInfo next = info_;
  next.policy = plan.policy;
  ++next.generation;
  const auto forget = static_cast<ptrdiff_t>(plan.forget);
  std::vector<KeyFacts> kept(plan.keys.begin() + forget, plan.keys.end());
  if (plan.added) kept.push_back(FactsOf(*plan.added));
  std::sort(kept.begin(), kept.end(), InRingOrder);
  if (Status s = CheckRing(next, kept); !s.ok()) return s;

  info_ = next;
  for (size_t i = 0; i < keys_.size(); ++i) {
    keys_[i].schedule = plan.keys[i].schedule;
  }
  keys_.erase(keys_.begin(), keys_.begin() + forget);
  if (plan.added) keys_.push_back(*std::move(plan.added));
  SortKeys(keys_);
  return {};
}

Status SigningRing::Add(SecretKey key, Plan plan, Time now, Start start) {
  const RotationPolicy& policy = info_.policy;
  KeySchedule schedule{.created_at = now, .activates_at = now};
  KeyFacts* active = FindFirst(plan.keys, KeyState::kActive, now);
  if (start.forced && active != nullptr) {
    EndNow(active->schedule, now, policy);
    schedule.lead_waived = true;
  } else if (active != nullptr || start.lead) {
    const Duration least = policy.LeastLead();
    schedule.activates_at += start.lead.value_or(least);
    if (start.lead && *start.lead > least) schedule.ready_at = now + least;
  }
  if (active != nullptr && !start.forced) {
    EndAt(active->schedule, schedule.activates_at, policy);
  }
  plan.forget = CountForgettable(plan.keys, policy, now);
  plan.added = Key{std::move(key), schedule};
  return Apply(std::move(plan));
}

Status SigningRing::Rotate(Time now, std::optional<Duration> lead) {
  Plan plan = NewPlan();
  now = RingTime(plan.keys, now);
  Status may = CheckMayAdd(plan.keys, info_.policy, now, lead, "rotating");
  if (!may.ok()) return may;
  return Add(SecretKey::Generate(info_.format), std::move(plan), now,
             {.lead = lead});
}

Status SigningRing::ForceRotate(Time now) {
  Plan plan = NewPlan();
  now = RingTime(plan.keys, now);
  Status may = CheckMayAdd(plan.keys, info_.policy, now, {}, "rotating");
  if (!may.ok()) return may;
  return Add(SecretKey::Generate(info_.format), std::move(plan), now,
             {.forced = true});
}

Status SigningRing::Import(SecretKey key, Time now,
                           std::optional<Duration> lead) {
  Plan plan = NewPlan();
  if (key.format() != info_.format) {
    return Error{ErrorCode::kInvalid,
                 "importing: the key's format is " +
                     std::string(KeyFormatName(key.format())) +
                     ", the ring's is " +
                     std::string(KeyFormatName(info_.format))};
  }
  if (FindKey(plan.keys, key.id(), "importing").ok()) {
    return Conflict("importing: the ring holds key " + key.id() + " already");
  }
  now = RingTime(plan.keys, now);
  Status may = CheckMayAdd(plan.keys, info_.policy, now, lead, "importing");
  if (!may.ok()) return may;
  return Add(std::move(key), std::move(plan), now, {.lead = lead});
}

Status SigningRing::Promote(Time now) { return MakeActive(now, false); }
Status SigningRing::ForcePromote(Time now) { return MakeActive(now, true); }

Status SigningRing::MakeActive(Time now, bool forced) {
  Plan plan = NewPlan();
  now = RingTime(plan.keys, now);
  KeyFacts* pending = FindFirst(plan.keys, KeyState::kPending, now);
  if (pending == nullptr) return Conflict("promoting: no key is pending");
  KeySchedule& heir = pending->schedule;
  if (now < heir.AcceptedFrom()) {
    if (!forced) {
      return Conflict("promoting: key " + std::string(pending->id) +
                      ": verifiers may not know it before " +
                      FormatMoment(heir.AcceptedFrom()));
    }
    heir.lead_waived = true;
    heir.ready_at.reset();
  }
  heir.activates_at = std::max(now, heir.created_at);
  KeyFacts* active = FindFirst(plan.keys, KeyState::kActive, now);
  if (active != nullptr && active != pending) {
    EndNow(active->schedule, heir.activates_at, info_.policy);
  }
  return Apply(std::move(plan));
}

Status SigningRing::ForceRetire(std::string_view key_id, Time now) {
  Plan plan = NewPlan();
  now = RingTime(plan.keys, now);
  const auto found = FindKey(plan.keys, key_id, "retiring");
  if (!found.ok()) return found.error();
  KeySchedule& ended = (*found)->schedule;
  const KeyState state = ended.StateAt(now);
  if (state != KeyState::kVerifyOnly) {
    return Conflict("retiring: key " + std::string(key_id) + " is " +
                    std::string(KeyStateName(state)) + ", not verify-only");
  }
  ended.retires_at = now;
  ended.tail_waived = true;
  return Apply(std::move(plan));
}

Status SigningRing::Revoke(std::string_view key_id, Time now) {
  Plan plan = NewPlan();
  now = RingTime(plan.keys, now);
  const auto found = FindKey(plan.keys, key_id, "revoking");
  if (!found.ok()) return found.error();
  KeySchedule& revoked = (*found)->schedule;
  if (revoked.revoked_at) {
    return Conflict("revoking: key " + std::string(key_id) +
                    " is revoked already, at " +
                    FormatMoment(*revoked.revoked_at));
  }
  const bool was_active = revoked.StateAt(now) == KeyState::kActive;
  revoked.revoked_at = now;
  if (was_active) Inherit(plan.keys, *found + 1, now);
  if (NeverActive(revoked)) {
    Bypass(plan.keys, static_cast<size_t>(*found - plan.keys.begin()),
           info_.policy);
  }
  return Apply(std::move(plan));
}

Status SigningRing::ForgetRetired(Time now) {
  Plan plan = NewPlan();
  const size_t count = CountForgettable(plan.keys, info_.policy, now);
  // A ring is never empty: its last key stays, revoked as it may be.
  plan.forget = std::min(count, keys_.size() - 1);
  if (plan.forget == 0) return Conflict("forgetting: no key has retired");
  return Apply(std::move(plan));
}

Status SigningRing::SetPolicy(const RotationPolicy& policy) {
  Plan plan = NewPlan();
  plan.policy = policy;
  const Duration old_life = info_.policy.max_token_life;
  for (KeyFacts& key : plan.keys) {
    // A token signed a moment ago may outlive the new policy. This holds for a
    // key whose end is planned too, since the plan may change.
    if (policy.max_token_life >= old_life) break;
    key.schedule.longest_life = std::max(key.schedule.longest_life, old_life);
  }
  return Apply(std::move(plan));
}

}  // namespace signet
