#include "signet/key_ring.h"

#include <algorithm>
#include <cassert>
#include <unordered_set>

#include "ring_access.h"
#include "ring_rules.h"
#include "time_text.h"

namespace signet {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

struct PurposeName {
  KeyPurpose purpose;
  std::string_view name;
};

constexpr PurposeName kPurposeNames[] = {
    {KeyPurpose::kAccess, "access"},
    {KeyPurpose::kRefresh, "refresh"},
    {KeyPurpose::kFeed, "feed"},
    {KeyPurpose::kEncryption, "encryption"},
};

// AppendOutOfRange adds to `problems` if the value is out of its range.
void AppendOutOfRange(std::string& problems, const char* name, Duration value,
                      Duration low, Duration high) {
  if (low <= value && value <= high) return;
  if (!problems.empty()) problems += "; ";
  problems += std::string(name) + " is " + FormatDuration(value) +
              ", the range is " + FormatDuration(low) + " to " +
              FormatDuration(high);
}

KeyFacts FactsOf(const RingKey& key) {
  return {key.key.id(), key.key.format(), key.schedule};
}

KeyFacts FactsOf(const SigningRing::Key& key) {
  return {key.key.id(), key.key.format(), key.schedule};
}

template <typename Key>
std::vector<KeyFacts> AllFacts(const std::vector<Key>& keys) {
  std::vector<KeyFacts> facts;
  facts.reserve(keys.size());
  for (const Key& key : keys) facts.push_back(FactsOf(key));
  return facts;
}

template <typename Key>
void SortKeys(std::vector<Key>& keys) {
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
    return InRingOrder(FactsOf(a), FactsOf(b));
  });
}

// SortAndCheck puts keys in ring order and checks the ring's promises.
template <typename Key>
Status SortAndCheck(const RingInfo& info, std::vector<Key>& keys) {
  SortKeys(keys);
  return CheckRing(info, AllFacts(keys));
}

// TakeSchedules gives keys the schedules that were planned for them.
void TakeSchedules(const std::vector<KeyFacts>& facts,
                   std::vector<SigningRing::Key>& keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    keys[i].schedule = facts[i].schedule;
  }
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
}

KeyFacts* FindFirst(std::vector<KeyFacts>& keys, KeyState state, Time now) {
  for (KeyFacts& key : keys) {
    if (key.schedule.StateAt(now) == state) return &key;
  }
  return nullptr;
}

// Reduce gives the side of a ring that checks, by the half of each key.
KeyRing Reduce(const SigningRing& ring, VerifyKey (SecretKey::*half)() const) {
  std::vector<RingKey> keys;
  keys.reserve(ring.keys().size());
  for (const SigningRing::Key& key : ring.keys()) {
    keys.push_back({(key.key.*half)(), key.schedule});
  }
  // The same rules hold on both sides, and this side has passed them.
  Result<KeyRing> reduced = KeyRing::Create(ring.info(), std::move(keys));
  assert(reduced.ok());
  return std::move(reduced).value();
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
  }
}

}  // namespace

std::string_view KeyPurposeName(KeyPurpose purpose) {
  for (const PurposeName& known : kPurposeNames) {
    if (known.purpose == purpose) return known.name;
  }
  return {};
}

Result<KeyPurpose> ParseKeyPurpose(std::string_view name) {
  for (const PurposeName& known : kPurposeNames) {
    if (known.name == name) return known.purpose;
  }
  return Error{ErrorCode::kInvalid, "unknown key purpose",
               "known are access, refresh, feed, encryption"};
}

bool FitsPurpose(KeyPurpose purpose, KeyFormat format) {
  switch (purpose) {
    case KeyPurpose::kAccess:
      return IsPaseto(format) || IsJws(format) || format == KeyFormat::kJweDir;
    case KeyPurpose::kRefresh:
      return format == KeyFormat::kRefreshMac;
    case KeyPurpose::kFeed:
      return format == KeyFormat::kFeedEd25519;
    case KeyPurpose::kEncryption:
      return format == KeyFormat::kJweP256 || format == KeyFormat::kJweX25519;
  }
  return false;
}

std::string_view KeyStateName(KeyState state) {
  switch (state) {
    case KeyState::kPending:
      return "pending";
    case KeyState::kActive:
      return "active";
    case KeyState::kVerifyOnly:
      return "verify-only";
    case KeyState::kRetired:
      return "retired";
    case KeyState::kRevoked:
      return "revoked";
  }
  return {};
}

KeyState KeySchedule::StateAt(Time now) const {
  if (revoked_at && now >= *revoked_at) return KeyState::kRevoked;
  if (now < activates_at) return KeyState::kPending;
  if (retires_at && now >= *retires_at) return KeyState::kRetired;
  if (verify_only_at && now >= *verify_only_at) return KeyState::kVerifyOnly;
  return KeyState::kActive;
}

bool KeySchedule::MayVerify(Time now, Duration skew) const {
  // A slow clock must not prolong the life of a revoked key: here skew counts
  // against the token, everywhere else for it.
  if (revoked_at && now + skew >= *revoked_at) return false;
  return now + skew >= activates_at &&
         (!retires_at || now - skew < *retires_at);
}

Status RotationPolicy::Validate() const {
  std::string problems;
  AppendOutOfRange(problems, "verifier_refresh", verifier_refresh,
                   Duration(100), days(1));
  AppendOutOfRange(problems, "max_token_life", max_token_life, Seconds(1),
                   kMaxTokenLife);
  AppendOutOfRange(problems, "clock_skew", clock_skew, Duration(0), minutes(5));
  if (problems.empty()) return {};
  return Error{ErrorCode::kInvalid, "rotation policy: " + problems};
}

RotationPolicy DefaultPolicy(KeyPurpose purpose) {
  RotationPolicy policy{.verifier_refresh = minutes(1),
                        .max_token_life = minutes(15),
                        .clock_skew = Seconds(30)};
  // A frame is used at once, but a replica starts from a snapshot that it
  // wrote to disk; a refresh token is good for a session's absolute life.
  if (purpose == KeyPurpose::kFeed) policy.max_token_life = hours(1);
  if (purpose == KeyPurpose::kRefresh) policy.max_token_life = days(90);
  return policy;
}

Result<KeyRing> KeyRing::Create(RingInfo info, std::vector<RingKey> keys) {
  if (Status s = SortAndCheck(info, keys); !s.ok()) return s.error();
  KeyRing ring;
  ring.info_ = info;
  ring.keys_ = std::move(keys);
  return ring;
}

Result<KeyRing> RingAccess::FromSet(KeyFormat format, uint64_t generation,
                                    std::vector<RingKey> keys) {
  KeyRing ring;
  ring.info_.format = format;
  ring.info_.generation = generation;
  ring.keys_ = std::move(keys);
  if (ring.keys_.empty()) {
    return Error{ErrorCode::kNotFound, "key set: no key of format " +
                                           std::string(KeyFormatName(format))};
  }
  std::unordered_set<std::string_view> ids;
  for (const RingKey& key : ring.keys_) {
    if (ids.insert(key.key.id()).second) continue;
    return Error{ErrorCode::kInvalid, "key set: two keys of one id"};
  }
  return ring;
}

const RingKey* KeyRing::Active(Time now) const {
  for (const RingKey& key : keys_) {
    if (key.schedule.StateAt(now) == KeyState::kActive) return &key;
  }
  return nullptr;
}

const RingKey* KeyRing::Find(std::string_view id) const {
  for (const RingKey& key : keys_) {
    if (key.key.id() == id) return &key;
  }
  return nullptr;
}

Result<SigningRing> SigningRing::New(RingInfo info, Time now) {
  std::vector<Key> keys;
  keys.push_back({SecretKey::Generate(info.format),
                  {.created_at = now, .activates_at = now}});
  return Create(info, std::move(keys));
}

Result<SigningRing> SigningRing::Create(RingInfo info, std::vector<Key> keys) {
  if (Status s = SortAndCheck(info, keys); !s.ok()) return s.error();
  SigningRing ring;
  ring.info_ = info;
  ring.keys_ = std::move(keys);
  return ring;
}

const SigningRing::Key* SigningRing::Active(Time now) const {
  for (const Key& key : keys_) {
    if (key.schedule.StateAt(now) == KeyState::kActive) return &key;
  }
  return nullptr;
}

KeyRing SigningRing::Public() const {
  assert(!IsSymmetric(info_.format));
  return Reduce(*this, &SecretKey::Public);
}

KeyRing SigningRing::ForVerifier() const {
  return Reduce(*this, &SecretKey::ForVerifier);
}

Status SigningRing::Rotate(Time now) {
  std::vector<KeyFacts> plan = AllFacts(keys_);
  const KeyFacts* pending = FindFirst(plan, KeyState::kPending, now);
  if (pending != nullptr) {
    return Error{ErrorCode::kConflict,
                 "rotating: key " + std::string(pending->id) +
                     " is already pending, until " +
                     FormatMoment(pending->schedule.activates_at)};
  }
  Key added{SecretKey::Generate(info_.format),
            {.created_at = now, .activates_at = now}};
  if (KeyFacts* active = FindFirst(plan, KeyState::kActive, now)) {
    added.schedule.activates_at += info_.policy.verifier_refresh;
    EndAt(active->schedule, added.schedule.activates_at, info_.policy);
  }
  const size_t forget = CountForgettable(plan, info_.policy, now);
  const auto offset = static_cast<ptrdiff_t>(forget);
  RingInfo next = info_;
  ++next.generation;
  std::vector<KeyFacts> kept(plan.begin() + offset, plan.end());
  kept.push_back(FactsOf(added));
  std::sort(kept.begin(), kept.end(), InRingOrder);
  if (Status s = CheckRing(next, kept); !s.ok()) return s;

  info_ = next;
  TakeSchedules(plan, keys_);
  keys_.erase(keys_.begin(), keys_.begin() + offset);
  keys_.push_back(std::move(added));
  SortKeys(keys_);
  return {};
}

Status SigningRing::Revoke(std::string_view key_id, Time now) {
  std::vector<KeyFacts> plan = AllFacts(keys_);
  const auto found =
      std::find_if(plan.begin(), plan.end(),
                   [key_id](const KeyFacts& key) { return key.id == key_id; });
  if (found == plan.end()) {
    return Error{ErrorCode::kNotFound, "revoking: the ring holds no such key"};
  }
  KeySchedule& revoked = found->schedule;
  if (revoked.revoked_at) {
    return Error{ErrorCode::kConflict, "revoking: key " + std::string(key_id) +
                                           " is revoked already, at " +
                                           FormatMoment(*revoked.revoked_at)};
  }
  const bool was_active = revoked.StateAt(now) == KeyState::kActive;
  revoked.revoked_at = now;
  KeyFacts* heir = FindFirst(plan, KeyState::kPending, now);
  if (was_active && heir != nullptr) {
    heir->schedule.activates_at = std::max(now, heir->schedule.created_at);
  }
  if (NeverActive(revoked)) {
    Bypass(plan, static_cast<size_t>(found - plan.begin()), info_.policy);
  }
  RingInfo next = info_;
  ++next.generation;
  if (Status s = CheckRing(next, plan); !s.ok()) return s;

  info_ = next;
  TakeSchedules(plan, keys_);
  SortKeys(keys_);
  return {};
}

Status SigningRing::ForgetRetired(Time now) {
  std::vector<KeyFacts> facts = AllFacts(keys_);
  const size_t count = CountForgettable(facts, info_.policy, now);
  // A ring is never empty: its last key stays, revoked as it may be.
  const auto forget = static_cast<ptrdiff_t>(std::min(count, keys_.size() - 1));
  if (forget == 0) {
    return Error{ErrorCode::kConflict, "forgetting: no key has retired"};
  }
  RingInfo next = info_;
  ++next.generation;
  facts.erase(facts.begin(), facts.begin() + forget);
  if (Status s = CheckRing(next, facts); !s.ok()) return s;
  info_ = next;
  keys_.erase(keys_.begin(), keys_.begin() + forget);
  return {};
}

Status SigningRing::SetPolicy(const RotationPolicy& policy) {
  std::vector<KeyFacts> plan = AllFacts(keys_);
  const Duration old_life = info_.policy.max_token_life;
  for (KeyFacts& key : plan) {
    // A token signed a moment ago may outlive the new policy.
    if (key.schedule.retires_at || policy.max_token_life >= old_life) continue;
    key.schedule.longest_life = std::max(key.schedule.longest_life, old_life);
  }
  RingInfo next = info_;
  next.policy = policy;
  ++next.generation;
  if (Status s = CheckRing(next, plan); !s.ok()) return s;
  info_ = next;
  TakeSchedules(plan, keys_);
  return {};
}

}  // namespace signet
