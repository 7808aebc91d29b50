#ifndef SIGNET_LIB_SRC_KEY_STANDING_H_
#define SIGNET_LIB_SRC_KEY_STANDING_H_

#include <atomic>
#include <cstdint>

#include "signet/key_ring.h"

namespace signet {

// VerifyWindow is when tokens of a key may be accepted. Time::max() stands for
// a moment that has not been decided yet.
struct VerifyWindow {
  Time from{};
  Time retires = Time::max();
  Time revoked = Time::max();

  static VerifyWindow Of(const KeySchedule& schedule) {
    return {schedule.AcceptedFrom(), schedule.retires_at.value_or(Time::max()),
            schedule.revoked_at.value_or(Time::max())};
  }

  bool Contains(Time now, Duration skew) const {
    // A slow clock must not prolong the life of a revoked key: here skew
    // counts against the token, everywhere else for it.
    return now + skew < revoked && now + skew >= from && now - skew < retires;
  }
  bool operator==(const VerifyWindow&) const = default;
};

// A KeyStanding tells of one key of a LiveRing whether it may verify now, in a
// few plain loads: a token that was found authentic by that key asks it on each
// call. The LiveRing owns it, keeps it for life and gives it to another key
// when its own has left the ring; by the identity a token learns of that.
//
// Any thread asks, one at a time writes, and nobody waits: the version is odd
// while the rest changes, and who meets that is told "no", which costs the
// caller one more signature check.
class alignas(64) KeyStanding {
 public:
  // Holds tells whether it stands for that key, and the key may verify.
  bool Holds(uint64_t identity, Time now, Duration skew) const {
    const uint32_t version = version_.load(std::memory_order_acquire);
    const uint64_t whose = identity_.load(std::memory_order_acquire);
    const VerifyWindow window = Window(std::memory_order_acquire);
    return version % 2 == 0 &&
           version_.load(std::memory_order_relaxed) == version &&
           whose == identity && window.Contains(now, skew);
  }

  void Set(uint64_t identity, const VerifyWindow& window) {
    if (this->identity() == identity &&
        Window(std::memory_order_relaxed) == window) {
      return;
    }
    const uint32_t version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);
    // Whoever sees one of these sees the odd version, too.
    identity_.store(identity, std::memory_order_release);
    from_.store(window.from, std::memory_order_release);
    retires_.store(window.retires, std::memory_order_release);
    revoked_.store(window.revoked, std::memory_order_release);
    version_.store(version + 2, std::memory_order_release);
  }

  // Clear makes it stand for no key: none has the identity zero.
  void Clear() { Set(0, {}); }

  // identity is for the writer.
  uint64_t identity() const {
    return identity_.load(std::memory_order_relaxed);
  }

 private:
  VerifyWindow Window(std::memory_order order) const {
    return {from_.load(order), retires_.load(order), revoked_.load(order)};
  }

  std::atomic<uint32_t> version_{0};
  std::atomic<uint64_t> identity_{0};
  std::atomic<Time> from_{};
  std::atomic<Time> retires_{};
  std::atomic<Time> revoked_{};
};

// KnownKey names a key of a LiveRing that must still be there when it is asked
// about, as the LiveRings of a verifier are.
struct KnownKey {
  uint64_t identity = 0;  // LiveKey::identity; 0: no key
  const KeyStanding* standing = nullptr;

  bool Stands(Time now, Duration skew) const {
    return standing->Holds(identity, now, skew);
  }
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_KEY_STANDING_H_
