#include "revocation-service/status/status_places.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "signet/primitives.h"

namespace signet::service {
namespace {

// RandomWords gives random numbers, many to a call of the system.
class RandomWords {
 public:
  using result_type = uint32_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return UINT32_MAX; }

  result_type operator()() {
    if (next_ == words_.size()) {
      FillRandom({reinterpret_cast<uint8_t*>(words_.data()), sizeof words_});
      next_ = 0;
    }
    return words_[next_++];
  }

 private:
  std::array<uint32_t, 1024> words_{};
  size_t next_ = words_.size();
};

}  // namespace

StatusSlot StatusPlaces::Take(EpochSeconds now, EpochSeconds dead_at,
                              Seconds longest_life, EpochSeconds epoch) {
  MutexLock lock(mutex_);
  // A list of a clock that was set back ends too: its age means nothing.
  const bool fits = list_ && !left_.empty() && now >= list_->opened_at &&
                    now < list_->opened_at + kOpenFor &&
                    dead_at <= list_->retires_at;
  if (!fits) {
    const EpochSeconds opened_at = std::max(now, epoch);
    StatusListId id{.retires_at = std::max(opened_at + kOpenFor + longest_life,
                                           dead_at + kOpenFor),
                    .opened_at = opened_at,
                    .random = {}};
    FillRandom(id.random);
    Open(id);
  }
  const uint32_t index = left_.back();
  left_.pop_back();
  return {*list_, index};
}

void StatusPlaces::Open(const StatusListId& id) {
  list_ = id;
  left_.resize(kStatusListSize);
  std::iota(left_.begin(), left_.end(), 0u);
  RandomWords random;
  std::shuffle(left_.begin(), left_.end(), random);
}

}  // namespace signet::service
