#include "signet/key_ring.h"

#include <cassert>
#include <unordered_set>

#include "key_standing.h"
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
    {KeyPurpose::kStatements, "statements"},
    {KeyPurpose::kAccessAlt, "access-alt"},
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

// SortAndCheck puts keys in ring order and checks the ring's promises.
template <typename Key>
Status SortAndCheck(const RingInfo& info, std::vector<Key>& keys) {
  SortKeys(keys);
  return CheckRing(info, AllFacts(keys));
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
               "known are access, refresh, feed, encryption, statements, "
               "access-alt"};
}

bool FitsPurpose(KeyPurpose purpose, KeyFormat format) {
  switch (purpose) {
    case KeyPurpose::kAccess:
    case KeyPurpose::kAccessAlt:
      return IsPaseto(format) || IsJws(format) || format == KeyFormat::kJweDir;
    case KeyPurpose::kRefresh:
      return format == KeyFormat::kRefreshMac;
    case KeyPurpose::kFeed:
      return format == KeyFormat::kFeedEd25519;
    case KeyPurpose::kEncryption:
      return format == KeyFormat::kJweP256 || format == KeyFormat::kJweX25519;
    case KeyPurpose::kStatements:
      // A shared secret would let every reader make statements.
      return IsJws(format) && !IsSymmetric(format);
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
  return VerifyWindow::Of(*this).Contains(now, skew);
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
  // Partners fetch the keys as a JWK set, and not often.
  if (purpose == KeyPurpose::kStatements) {
    policy.verifier_refresh = hours(1);
    policy.max_token_life = days(1);
  }
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
    if (key.schedule.revoked_at) continue;
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

}  // namespace signet
