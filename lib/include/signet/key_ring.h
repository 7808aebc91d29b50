#ifndef SIGNET_KEY_RING_H_
#define SIGNET_KEY_RING_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signet/clock.h"
#include "signet/keys.h"
#include "signet/result.h"

namespace signet {

enum class KeyPurpose : uint8_t {
  kAccess = 1,
  kRefresh = 2,
  kFeed = 3,
  kEncryption = 4,  // wraps signed tokens, so that only verifiers read them
};

std::string_view KeyPurposeName(KeyPurpose purpose);  // "access", …
Result<KeyPurpose> ParseKeyPurpose(std::string_view name);

// FitsPurpose tells whether a ring of the purpose may hold keys of the format.
// Purposes do not share formats: what was made for one of them can't be taken
// for another's.
bool FitsPurpose(KeyPurpose purpose, KeyFormat format);

// KeyState follows from a key's schedule and the clock, so every replica
// turns at the same moment without a message.
enum class KeyState { kPending, kActive, kVerifyOnly, kRetired, kRevoked };

std::string_view KeyStateName(KeyState state);  // "pending", "verify-only", …

// KeySchedule holds the moments at which a key changes state. A key is
// pending until activates_at, active until verify_only_at, verify-only until
// retires_at, then retired; revoked from revoked_at on, whatever the others
// say. An absent moment has not been decided yet.
struct KeySchedule {
  Time created_at{};
  Time activates_at{};
  std::optional<Time> verify_only_at = {};
  std::optional<Time> retires_at = {};
  std::optional<Time> revoked_at = {};
  // The longest max_token_life under which the key may have signed, if the
  // policy's has been shortened since: its tokens keep their promise.
  Duration longest_life = Duration::zero();

  KeyState StateAt(Time now) const;

  // MayVerify tells whether a token of this key may be accepted at `now` by a
  // machine whose clock is off by up to `skew` either way.
  bool MayVerify(Time now, Duration skew) const;

  bool operator==(const KeySchedule&) const = default;
};

// RotationPolicy is what a ring promises to verifiers. Ranges are checked by
// Validate, which names every value that is out of its range.
struct RotationPolicy {
  // How old a verifier's copy of the public ring may be: 100 ms to 1 day. A
  // new key stays pending at least this long.
  Duration verifier_refresh = std::chrono::minutes(1);
  // The longest life of a token signed by the ring: 1 s to 400 days. A key
  // that stopped signing verifies at least this long plus clock_skew.
  Duration max_token_life = std::chrono::minutes(15);
  // How far clocks may disagree: 0 to 5 min.
  Duration clock_skew = std::chrono::seconds(30);

  Status Validate() const;
  bool operator==(const RotationPolicy&) const = default;
};

// DefaultPolicy is the policy of a new ring of that purpose (keys/README.md).
RotationPolicy DefaultPolicy(KeyPurpose purpose);

// RingInfo is what a ring says of itself. The generation grows with every
// change and never repeats.
struct RingInfo {
  KeyPurpose purpose = KeyPurpose::kAccess;
  KeyFormat format = KeyFormat::kPasetoV4Public;
  uint64_t generation = 1;
  RotationPolicy policy = {};

  bool operator==(const RingInfo&) const = default;
};

struct RingKey {
  VerifyKey key;
  KeySchedule schedule;

  bool operator==(const RingKey&) const = default;
};

// KeyRing is what a verifier needs of a ring: its public side, or, for formats
// whose verifiers share a secret, keys that hold it. It is an immutable value.
class KeyRing {
 public:
  // Create succeeds only if all keys have the ring's format, ids differ, and
  // the schedules keep the ring's promises: at every moment from the first
  // activation on exactly one key is active (unless it was revoked), a key
  // is pending for at least verifier_refresh and verify-only for at least
  // max_token_life + clock_skew. A ring's first key, and one that replaces a
  // revoked key, may be active at once.
  static Result<KeyRing> Create(RingInfo info, std::vector<RingKey> keys);

  // Parse and Serialize are the public ring file: JSON, docs/formats.md. No
  // secret is written. REQUIRES for Serialize: !IsSymmetric(info().format).
  static Result<KeyRing> Parse(std::string_view json);
  std::string Serialize() const;

  // Jwks is the JWK set (RFC 7517) of the keys that are pending, active or
  // verify-only at `now`. Empty unless the format is a JWT's.
  std::string Jwks(Time now) const;

  const RingInfo& info() const { return info_; }
  std::span<const RingKey> keys() const { return keys_; }

  // Active is the key that is in use at `now`, or null. An issuer encrypts to
  // it.
  const RingKey* Active(Time now) const;

  // Find returns the key with that id, or null. Time does not matter to it.
  const RingKey* Find(std::string_view id) const;

  bool operator==(const KeyRing&) const = default;

 private:
  friend struct RingAccess;
  KeyRing() = default;
  RingInfo info_;
  std::vector<RingKey> keys_;  // by activates_at
};

// SigningRing is the secret side: it signs, and it rotates. It moves and does
// not copy. Not safe for concurrent change; const use is safe.
class SigningRing {
 public:
  struct Key {
    SecretKey key;
    KeySchedule schedule;
  };

  // New makes a ring of one active key.
  static Result<SigningRing> New(RingInfo info, Time now);

  // Create succeeds under the rules of KeyRing::Create.
  static Result<SigningRing> Create(RingInfo info, std::vector<Key> keys);

  SigningRing(SigningRing&&) noexcept = default;
  SigningRing& operator=(SigningRing&&) noexcept = default;

  const RingInfo& info() const { return info_; }
  std::span<const Key> keys() const { return keys_; }

  // Active is the key that signs at `now`, or null if it was revoked.
  const Key* Active(Time now) const;

  // Public gives the public side. REQUIRES: !IsSymmetric(info().format).
  KeyRing Public() const;

  // ForVerifier gives what checks or opens this ring's tokens. For symmetric
  // formats and for encryption it holds the secrets.
  KeyRing ForVerifier() const;

  // Rotate adds a pending key that becomes active after the policy's
  // verifier_refresh, plans the active key's remaining life, forgets retired
  // keys, and raises the generation. It succeeds only if no key is pending.
  Status Rotate(Time now);

  // Revoke voids a key at once and raises the generation. If the active key
  // is revoked, a pending one becomes active at `now`; if there is none, no
  // key signs until Rotate. If a pending key is revoked, the active one goes
  // on. It succeeds only if the ring holds the key (kNotFound) and it is not
  // revoked yet (kConflict).
  Status Revoke(std::string_view key_id, Time now);

  // ForgetRetired drops the keys whose last token has expired and raises the
  // generation. It succeeds only if there is one (kConflict).
  Status ForgetRetired(Time now);

  // SetPolicy replaces the policy and raises the generation. It succeeds only
  // if the new policy is valid and the schedules keep its promises.
  Status SetPolicy(const RotationPolicy& policy);

 private:
  SigningRing() = default;
  RingInfo info_;
  std::vector<Key> keys_;
};

}  // namespace signet

#endif  // SIGNET_KEY_RING_H_
