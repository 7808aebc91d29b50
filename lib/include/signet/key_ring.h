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
  kStatements = 5,  // signs what is no token: security events, status lists
  kAccessAlt = 6,   // access tokens of a second format, beside kAccess
};

std::string_view KeyPurposeName(KeyPurpose purpose);  // "access", …
Result<KeyPurpose> ParseKeyPurpose(std::string_view name);

// FitsPurpose tells whether a ring of the purpose may hold keys of the format.
// Purposes do not share formats: what was made for one of them can't be taken
// for another's. But kStatements has those of a signed JWT, as others demand
// it; there the token's `typ` tells the two apart (statement.h).
bool FitsPurpose(KeyPurpose purpose, KeyFormat format);

// SignsAccess tells whether rings of the purpose make access tokens.
constexpr bool SignsAccess(KeyPurpose purpose) {
  return purpose == KeyPurpose::kAccess || purpose == KeyPurpose::kAccessAlt;
}

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
  // From when every verifier knows the key and accepts it, so that Promote may
  // bring activates_at forward to it. Absent: from activates_at.
  std::optional<Time> ready_at = {};
  // An operator forced a step: the key signed before all verifiers knew it, or
  // stopped verifying before its last token had expired.
  bool lead_waived = false;
  bool tail_waived = false;

  KeyState StateAt(Time now) const;

  // AcceptedFrom is ready_at, or activates_at.
  Time AcceptedFrom() const { return ready_at.value_or(activates_at); }

  // MayVerify tells whether a token of this key may be accepted at `now` by a
  // machine whose clock is off by up to `skew` either way.
  bool MayVerify(Time now, Duration skew) const;

  bool operator==(const KeySchedule&) const = default;
};

// RotationPolicy is what a ring promises to verifiers. Ranges are checked by
// Validate, which names every value that is out of its range.
struct RotationPolicy {
  // How old the copy of the ring that a verifier or a signer holds may be:
  // 100 ms to 1 day. A new key stays pending at least this long plus
  // clock_skew.
  Duration verifier_refresh = std::chrono::minutes(1);
  // The longest life of a token signed by the ring: 1 s to 400 days. A key
  // that stopped signing verifies at least this long, or verifier_refresh if
  // that is longer, plus clock_skew.
  Duration max_token_life = std::chrono::minutes(15);
  // How far any two clocks may disagree: 0 to 5 min.
  Duration clock_skew = std::chrono::seconds(30);

  // LeastLead is the shortest time for which a key is pending.
  Duration LeastLead() const { return verifier_refresh + clock_skew; }

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
  // is pending for at least LeastLead and verify-only for at least
  // max(max_token_life, verifier_refresh) + clock_skew, unless an operator
  // waived that. A ring's first key, and one that replaces a revoked key, may
  // be active at once.
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

  // Active is the key that signs at `now`, or null if it was revoked: also
  // when a clock that is behind has not reached revoked_at yet.
  const Key* Active(Time now) const;

  // Public gives the public side. REQUIRES: !IsSymmetric(info().format).
  KeyRing Public() const;

  // ForVerifier gives what checks or opens this ring's tokens. For symmetric
  // formats and for encryption it holds the secrets.
  KeyRing ForVerifier() const;

  // Rotate adds a pending key that becomes active after `lead` (default: the
  // policy's LeastLead), plans the active key's remaining life, forgets
  // retired keys, and raises the generation. If no key is active, because it
  // was revoked, the new one is active at once unless `lead` says otherwise.
  // It succeeds only if no key is pending (kConflict) and `lead` is not
  // shorter than LeastLead (kInvalid).
  Status Rotate(Time now, std::optional<Duration> lead = {});

  // Import is Rotate with a key that was made elsewhere. It succeeds only if,
  // besides, the key has the ring's format (kInvalid) and is not in the ring
  // (kConflict).
  Status Import(SecretKey key, Time now, std::optional<Duration> lead = {});

  // Promote makes the pending key active now, before its time. It succeeds
  // only if there is one and all verifiers know it: `now` is not before its
  // AcceptedFrom (kConflict).
  Status Promote(Time now);

  // The Force… steps break a promise of the ring, and tokens are refused that
  // should not be: for emergencies.
  //
  // ForceRotate adds a key that is active now, ForcePromote makes the pending
  // key active now: a verifier refuses its tokens until it has fetched the
  // ring, which may take verifier_refresh. Conditions are those of Rotate and
  // Promote, but for the lead.
  Status ForceRotate(Time now);
  Status ForcePromote(Time now);
  // ForceRetire ends a verify-only key now: its tokens that still live are
  // refused. It succeeds only if the ring holds the key (kNotFound) and it is
  // verify-only (kConflict).
  Status ForceRetire(std::string_view key_id, Time now);

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
  struct Plan;
  struct Start;
  SigningRing() = default;
  Plan NewPlan() const;
  Status Add(SecretKey key, Plan plan, Time now, Start start);
  Status MakeActive(Time now, bool forced);
  // Apply checks the plan and makes it the ring, with the next generation.
  Status Apply(Plan plan);

  RingInfo info_;
  std::vector<Key> keys_;
};

}  // namespace signet

#endif  // SIGNET_KEY_RING_H_
