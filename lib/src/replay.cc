#include "signet/replay.h"

#include <algorithm>
#include <cassert>

#include "hazmat.h"

namespace signet {
namespace {

constexpr size_t kMaxCapacity = 1u << 24;
// More than one, so that worthless entries become fewer while new ones come.
constexpr int kShedAtOnce = 4;

}  // namespace

ReplayMemory::ReplayMemory(size_t capacity) : capacity_(capacity) {
  assert(capacity >= 1 && capacity <= kMaxCapacity);
  FillRandom(key_.span());
  // No call has to wait for a table that grows.
  seen_.reserve(capacity);
  entries_.reserve(capacity);
}

ReplayMemory::Digest ReplayMemory::DigestOf(std::string_view scope,
                                            std::string_view id) const {
  const uint64_t scope_size = scope.size();
  Digest digest;
  hazmat::Blake2bStream(digest.size(), key_.span())
      .Update(
          {reinterpret_cast<const uint8_t*>(&scope_size), sizeof scope_size})
      .Update(AsBytes(scope))
      .Update(AsBytes(id))
      .Finish(digest);
  return digest;
}

ReplayAnswer ReplayMemory::Remember(std::string_view scope, std::string_view id,
                                    Time until, Time now) {
  const Digest digest = DigestOf(scope, id);
  const MutexLock lock(mutex_);
  Shed(now);
  if (seen_.contains(digest)) return ReplayAnswer::kSeen;
  // It may be among what was forgotten. That takes a clock that was set back,
  // or a caller who asks for what is worthless already.
  if (until <= forgotten_ || until <= now) return ReplayAnswer::kUnknown;
  if (seen_.size() >= capacity_) return ReplayAnswer::kUnknown;
  seen_.insert(digest);
  entries_.push_back({until, digest});
  std::push_heap(entries_.begin(), entries_.end(), IsLater);
  return ReplayAnswer::kFirst;
}

size_t ReplayMemory::size() const {
  const MutexLock lock(mutex_);
  return seen_.size();
}

void ReplayMemory::Shed(Time now) {
  for (int i = 0; i < kShedAtOnce; ++i) {
    if (entries_.empty() || entries_.front().until > now) return;
    std::pop_heap(entries_.begin(), entries_.end(), IsLater);
    forgotten_ = std::max(forgotten_, entries_.back().until);
    seen_.erase(entries_.back().digest);
    entries_.pop_back();
  }
}

}  // namespace signet
