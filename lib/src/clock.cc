#include "signet/clock.h"

namespace signet {

const SystemClock& SystemClock::Shared() {
  static const SystemClock clock;
  return clock;
}

}  // namespace signet
