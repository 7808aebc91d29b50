#ifndef SIGNET_LIB_SRC_LIVE_RING_ACCESS_H_
#define SIGNET_LIB_SRC_LIVE_RING_ACCESS_H_

#include <string_view>
#include <vector>

#include "published.h"
#include "signet/live_ring.h"
#include "signet/revocation.h"

namespace signet {

// LiveKey is a key of the ring in force, and what would otherwise be worked
// out for every token.
struct LiveKey {
  const RingKey* key;
  RevocationId revocation_id;  // of kind kKey
};

// IndexedRing is a ring with its keys sorted by id. It is immutable.
class IndexedRing {
 public:
  explicit IndexedRing(KeyRing ring);
  // The index points into ring_.
  IndexedRing(const IndexedRing&) = delete;
  IndexedRing& operator=(const IndexedRing&) = delete;

  const KeyRing& ring() const { return ring_; }

  // Find returns the key with that id, or null.
  const LiveKey* Find(std::string_view id) const;

 private:
  KeyRing ring_;
  std::vector<LiveKey> index_;
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
