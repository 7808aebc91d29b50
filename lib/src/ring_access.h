#ifndef SIGNET_LIB_SRC_RING_ACCESS_H_
#define SIGNET_LIB_SRC_RING_ACCESS_H_

#include <vector>

#include "signet/key_ring.h"

namespace signet {

// RingAccess makes rings that stand outside the rules of KeyRing::Create.
struct RingAccess {
  // FromSet makes a ring of another issuer's keys, none of which signs. It
  // succeeds only if there is a key and no id repeats.
  static Result<KeyRing> FromSet(KeyFormat format, uint64_t generation,
                                 std::vector<RingKey> keys);
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_RING_ACCESS_H_
