#ifndef SIGNET_LIVE_RING_H_
#define SIGNET_LIVE_RING_H_

#include <functional>
#include <memory>
#include <optional>

#include "signet/key_ring.h"

namespace signet {

// A LiveRing holds the public ring that is in force now. Any thread reads it
// without a lock; Publish swaps in a new immutable ring and waits until no
// reader holds the old one. Verifiers borrow it: it must outlive them.
//
// A ring of kAccess and one of kAccessAlt are in force beside each other: a
// verifier takes the tokens of both, and a token's format and algorithm are
// those of the key that it names.
class LiveRing {
 public:
  // An empty LiveRing has no ring yet: verifiers answer kNoKeys.
  LiveRing();
  explicit LiveRing(KeyRing ring);
  ~LiveRing();
  LiveRing(const LiveRing&) = delete;
  LiveRing& operator=(const LiveRing&) = delete;

  // Publish replaces the ring of that purpose. It succeeds only if the ring's
  // generation is not lower than the present one's (kRollback), its purpose is
  // not kRefresh, and no key stands in the other access ring too (kConflict).
  Status Publish(KeyRing ring);

  // Copy returns the ring in force: for tools and tests, not for hot paths. Of
  // two access rings it is that of kAccess, unless the other is asked for.
  std::optional<KeyRing> Copy() const;
  std::optional<KeyRing> Copy(KeyPurpose purpose) const;

  // OnUnknownKey sets what a verifier calls, on its own thread, when a token
  // names a key that the ring does not hold. It must not block: a feed uses
  // it to wake its thread for one shared, rate-limited fetch. Set it before
  // the first Verify.
  void OnUnknownKey(std::function<void()> hook);

 private:
  friend class Verifier;
  friend class LiveRingAccess;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet

#endif  // SIGNET_LIVE_RING_H_
