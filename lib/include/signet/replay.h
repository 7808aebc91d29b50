#ifndef SIGNET_REPLAY_H_
#define SIGNET_REPLAY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "signet/clock.h"
#include "signet/mutex.h"
#include "signet/primitives.h"

namespace signet {

// ReplayAnswer says whether something was seen before.
enum class ReplayAnswer : uint8_t {
  kFirst,    // it was not; now it is remembered
  kSeen,     // it was
  kUnknown,  // nobody can tell: the memory is full, or was made to forget
};

// A ReplayMemory remembers what must be seen only once, like the `jti` of a
// DPoP proof (RFC 9449 section 11.1), until it is worthless anyway. It lives in
// one process: another instance, or the same one after a restart, has seen
// nothing. Safe from any thread.
//
// It never forgets early, may forget a little late, and never grows beyond its
// capacity: when full it says so. One call takes the lock for a time that does
// not depend on how much is remembered, but for a logarithm.
class ReplayMemory {
 public:
  // `capacity` is how many things are remembered at once: as many as come in
  // the time for which each is kept. A pointer for each is taken at once, some
  // 64 bytes in all when it is used. REQUIRES: 1 <= capacity <= 2^24.
  explicit ReplayMemory(size_t capacity);

  ReplayMemory(const ReplayMemory&) = delete;
  ReplayMemory& operator=(const ReplayMemory&) = delete;

  // Remember asks for `id` within `scope` and remembers it until `until`, of
  // which a replay must give the same. Both texts are kept as a digest, so
  // their length costs nothing. If the clock was set back, what was forgotten
  // before is kUnknown, until the clock is where it was.
  ReplayAnswer Remember(std::string_view scope, std::string_view id, Time until,
                        Time now) SIGNET_EXCLUDES(mutex_);

  // size counts what is remembered, with some that is worthless by now.
  size_t size() const SIGNET_EXCLUDES(mutex_);
  size_t capacity() const { return capacity_; }

 private:
  // A digest under a secret of this memory: who chooses ids can't choose where
  // they land.
  using Digest = std::array<uint8_t, 16>;
  struct DigestHash {
    size_t operator()(const Digest& digest) const noexcept {
      size_t hash = 0;
      std::memcpy(&hash, digest.data(), sizeof hash);
      return hash;
    }
  };
  struct Entry {
    Time until;
    Digest digest;
  };
  static bool IsLater(const Entry& a, const Entry& b) {
    return a.until > b.until;
  }

  Digest DigestOf(std::string_view scope, std::string_view id) const;
  void Shed(Time now) SIGNET_REQUIRES(mutex_);

  const size_t capacity_;
  SecretBytes<32> key_;
  mutable Mutex mutex_;
  std::unordered_set<Digest, DigestHash> seen_ SIGNET_GUARDED_BY(mutex_);
  // A heap of the same, the first to be worthless on top.
  std::vector<Entry> entries_ SIGNET_GUARDED_BY(mutex_);
  // The latest `until` of all that was forgotten.
  Time forgotten_ SIGNET_GUARDED_BY(mutex_){};
};

}  // namespace signet

#endif  // SIGNET_REPLAY_H_
