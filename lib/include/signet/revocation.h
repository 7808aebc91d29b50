#ifndef SIGNET_REVOCATION_H_
#define SIGNET_REVOCATION_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "signet/clock.h"
#include "signet/primitives.h"
#include "signet/result.h"

namespace signet {

// RevocationKind says what a revocation names. Numbers are on disk and on the
// wire and never change.
enum class RevocationKind : uint8_t {
  kToken = 1,    // one token, by jti
  kSession = 2,  // one session, by sid
  kSubject = 3,  // tokens of a subject issued before not_before
  kClient = 4,   // tokens of a client issued before not_before
  kKey = 5,      // tokens of a signing key issued before not_before
  kAll = 6,      // every token issued before not_before; the value is empty
};

std::string_view RevocationKindName(RevocationKind kind);  // "token", …
Result<RevocationKind> ParseRevocationKind(std::string_view name);

// IsCutoff tells the kinds that void by time of issue from the two that name
// a single thing.
inline bool IsCutoff(RevocationKind kind) {
  return kind >= RevocationKind::kSubject;
}

// RevocationId identifies what is revoked, within its kind, in 16 bytes.
using RevocationId = std::array<uint8_t, 16>;

// MakeRevocationId maps a claim's value to its id. For kToken and kSession a
// value that is canonical base64url of 16 bytes, as Signet's own ids are, maps
// to those bytes; every other value maps to BLAKE2b-128 of kind ‖ value. The
// id of kAll is all zero.
RevocationId MakeRevocationId(RevocationKind kind, std::string_view value);

// kForever is the not_before that voids every token of a stolen key, whatever
// time of issue its holder writes, and the drop_after of that entry.
inline constexpr EpochSeconds kForever{std::chrono::minutes(71'582'788)};

// Revocation is one entry of the list. It is never taken back: two entries of
// one kind and id merge to the later not_before and the later drop_after, so
// duplicates, retries and merges are always safe. (An entry whose drop_after
// is before the newer one's `at` is gone already, and is replaced.)
struct Revocation {
  RevocationKind kind = RevocationKind::kToken;
  RevocationId id{};
  // When the service accepted it. Not part of the state: zero in snapshots.
  EpochSeconds at{};
  // Tokens issued before this moment (iat < not_before) are void. Zero for
  // kToken and kSession, which void without regard to time.
  EpochSeconds not_before{};
  // The last moment at which a token that it voids could still live, rounded
  // up to a whole minute. The entry is live at t while t <= drop_after, and
  // leaves the list on both sides by signed feed time, without a message.
  EpochSeconds drop_after{};

  bool operator==(const Revocation&) const = default;
};

// RevocationName is what an entry is found by. Names are ordered by kind, then
// by the bytes of the id.
struct RevocationName {
  RevocationKind kind = RevocationKind::kToken;
  RevocationId id{};
  auto operator<=>(const RevocationName&) const = default;
};

// TokenIdentity is what the list must know of a token, worked out once.
struct TokenIdentity {
  RevocationId token{};
  RevocationId session{};
  RevocationId subject{};
  RevocationId client{};
  RevocationId key{};
  bool has_token = false;
  bool has_session = false;
  bool has_client = false;
  EpochSeconds issued_at{};
};

// StateDigest lets two replicas of the list compare what they hold.
using StateDigest = std::array<uint8_t, 16>;

// FeedPosition names a point in the log: epochs only grow, and sequences are
// gap-free within an epoch, the first revocation being 1.
struct FeedPosition {
  uint32_t epoch = 0;
  uint64_t sequence = 0;
  auto operator<=>(const FeedPosition&) const = default;
};

// A RevocationList answers "is this token revoked?" and how old that answer
// is. Any thread may read, without a lock, an allocation or a reference count;
// one thread at a time applies updates. Verifiers borrow it: it must outlive
// them.
class RevocationList {
 public:
  RevocationList();
  ~RevocationList();
  RevocationList(const RevocationList&) = delete;
  RevocationList& operator=(const RevocationList&) = delete;

  // IsRevoked tells whether any entry voids the token. Who needs to know how
  // old the answer is reads Staleness first: the list may become complete in
  // between, and that must not make an older answer look fresh.
  bool IsRevoked(const TokenIdentity& token) const;

  // IsEmpty tells that the list holds nothing: IsRevoked would be false for
  // any token.
  bool IsEmpty() const;

  // Staleness is how long ago the list was last known to be complete: the
  // larger of the monotonic and the wall-clock estimate, never negative.
  // Duration::max() until the first Confirm, and while the wall clock is set
  // back to before what was dropped. Zero if Authoritative.
  Duration Staleness(Time now, Monotonic monotonic_now) const;

  // SignedTime is the latest confirmed feed time, zero before the first.
  Time SignedTime() const;

  // Cutoff is the latest not_before that stands against this id, or zero.
  EpochSeconds Cutoff(RevocationKind kind, const RevocationId& id) const;

  // size counts the live entries, memory_bytes what they occupy.
  size_t size() const;
  size_t memory_bytes() const;

  // ---- The writer's side: one thread at a time. ----

  // Apply merges entries, in order. Readers see each one as soon as it is in.
  void Apply(std::span<const Revocation> entries);

  // Replace makes the list hold `entries` and nothing else; readers see the
  // old list or the new one.
  void Replace(std::span<const Revocation> entries);

  // Confirm says that the list was complete at `signed_time` by the service's
  // clock, which was no earlier than `monotonic` here. Entries whose time has
  // passed are dropped. Times before an earlier Confirm's change nothing.
  //
  // `now` is the wall clock, if it may disagree with the service's: entries
  // stay for as long as it thinks that their tokens live, and a minute more.
  void Confirm(Time signed_time, Monotonic monotonic, Time now = Time::max());

  // SetAuthoritative marks the list as the original, which is never stale.
  void SetAuthoritative();

  // DropExpired drops what Confirm would drop.
  void DropExpired(Time signed_time, Time now = Time::max());

  // DigestAt is the digest of the entries that are live at `signed_time`:
  // equal for equal sets, whatever the order in which they came.
  StateDigest DigestAt(Time signed_time) const;

  // Entries lists what is live at `signed_time`, sorted by kind, drop_after
  // and id; `at` is zero.
  std::vector<Revocation> Entries(Time signed_time) const;

  // EntriesAfter lists the first `limit` of them by name, behind `after` if it
  // is there. Any thread may call it and holds nobody up; what is applied
  // meanwhile may be missing. It walks them all, in memory for `limit` entries.
  std::vector<Revocation> EntriesAfter(
      Time signed_time, const std::optional<RevocationName>& after,
      size_t limit) const;

 private:
  friend class RevocationQuery;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet

#endif  // SIGNET_REVOCATION_H_
