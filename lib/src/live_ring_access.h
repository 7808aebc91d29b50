#ifndef SIGNET_LIB_SRC_LIVE_RING_ACCESS_H_
#define SIGNET_LIB_SRC_LIVE_RING_ACCESS_H_

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "key_standing.h"
#include "published.h"
#include "signet/live_ring.h"
#include "signet/revocation.h"

namespace signet {

class IndexedRing;

// LiveKey is a key of the ring in force, and what would otherwise be worked
// out for every token.
struct LiveKey {
  const RingKey* key;
  RevocationId revocation_id;  // of kind kKey
  // A number that stands for this very key, id and public half, in this ring
  // and in those that follow it, as long as each holds the key. It is never
  // zero and never given to another key of the same LiveRing.
  uint64_t identity;
  KeyStanding* standing;  // of that identity, for as long as a ring holds it
};

// KeyIdentities gives out identities, each with a standing. One thread at a
// time uses it.
class KeyIdentities {
 public:
  struct Identity {
    uint64_t number;
    KeyStanding* standing;
  };
  Identity Next();

  // Update makes the standings say what `ring` says, and takes back those of
  // keys that it does not hold.
  void Update(const IndexedRing& ring);

 private:
  uint64_t last_ = 0;
  std::vector<std::unique_ptr<KeyStanding>> standings_;
  std::vector<KeyStanding*> free_;
};

// IndexedRing is a ring, or both access rings, with the keys sorted by id. It
// is immutable.
class IndexedRing {
 public:
  // Keys that `before`, which may be null, holds too keep their identity, if
  // its rings are for the same; `identities` has one for the others.
  // REQUIRES: no key id repeats.
  IndexedRing(std::vector<KeyRing> rings, const IndexedRing* before,
              KeyIdentities& identities);
  // The index points into rings_.
  IndexedRing(const IndexedRing&) = delete;
  IndexedRing& operator=(const IndexedRing&) = delete;

  // ring is the first ring, by purpose.
  const KeyRing& ring() const { return rings_.front(); }
  std::span<const KeyRing> rings() const { return rings_; }
  const std::vector<LiveKey>& keys() const { return index_; }

  // Serves tells whether the rings are for that: two access rings are for
  // kAccess.
  bool Serves(KeyPurpose purpose) const {
    const KeyPurpose own = ring().info().purpose;
    return own == purpose || (SignsAccess(own) && SignsAccess(purpose));
  }

  // Find returns the key with that id, or null.
  const LiveKey* Find(std::string_view id) const;

  // FindIdentity returns the key with that identity, or null.
  const LiveKey* FindIdentity(uint64_t identity) const;

 private:
  struct Identified {
    uint64_t identity;
    const LiveKey* key;
  };

  std::vector<KeyRing> rings_;          // by purpose
  std::vector<LiveKey> index_;          // by id
  std::vector<Identified> identities_;  // by identity
};

// LiveRingAccess is the verifier's view of a LiveRing.
class LiveRingAccess {
 public:
  using Guard = Published<IndexedRing>::Guard;

  // Read returns the ring in force, null if there is none. Publishers wait
  // for the guard.
  static Guard Read(const LiveRing& live);

  // AnnounceUnknownKey calls the hook, if there is one. REQUIRES: the calling
  // thread holds no Guard, for the hook may publish.
  static void AnnounceUnknownKey(const LiveRing& live);
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_LIVE_RING_ACCESS_H_
