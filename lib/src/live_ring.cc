#include "signet/live_ring.h"

#include <algorithm>

#include "live_ring_access.h"
#include "signet/mutex.h"

namespace signet {

struct LiveRing::Impl {
  Mutex publishing;  // one publisher at a time
  Published<IndexedRing> current;
  std::function<void()> on_unknown_key;
};

IndexedRing::IndexedRing(KeyRing ring) : ring_(std::move(ring)) {
  index_.reserve(ring_.keys().size());
  for (const RingKey& key : ring_.keys()) {
    index_.push_back(
        {&key, MakeRevocationId(RevocationKind::kKey, key.key.id())});
  }
  std::sort(index_.begin(), index_.end(),
            [](const LiveKey& a, const LiveKey& b) {
              return a.key->key.id() < b.key->key.id();
            });
}

const LiveKey* IndexedRing::Find(std::string_view id) const {
  auto found = std::lower_bound(index_.begin(), index_.end(), id,
                                [](const LiveKey& live, std::string_view key) {
                                  return live.key->key.id() < key;
                                });
  if (found == index_.end() || found->key->key.id() != id) return nullptr;
  return &*found;
}

LiveRingAccess::Guard LiveRingAccess::Read(const LiveRing& live) {
  return live.impl_->current.Read();
}

void LiveRingAccess::AnnounceUnknownKey(const LiveRing& live) {
  if (live.impl_->on_unknown_key) live.impl_->on_unknown_key();
}

LiveRing::LiveRing() : impl_(std::make_unique<Impl>()) {}

LiveRing::LiveRing(KeyRing ring) : LiveRing() {
  impl_->current.Publish(std::make_unique<IndexedRing>(std::move(ring)));
}

LiveRing::~LiveRing() = default;

Status LiveRing::Publish(KeyRing ring) {
  if (ring.info().purpose == KeyPurpose::kRefresh) {
    return Error{ErrorCode::kInvalid,
                 "publishing a ring: its purpose is refresh, no verifier "
                 "needs it"};
  }
  MutexLock lock(impl_->publishing);
  // Only publishers change `current`, and this one holds their lock.
  uint64_t present = 0;
  if (auto guard = impl_->current.Read(); guard.get() != nullptr) {
    present = guard->ring().info().generation;
  }
  if (ring.info().generation < present) {
    return Error{ErrorCode::kRollback,
                 "publishing a ring: its generation is " +
                     std::to_string(ring.info().generation) +
                     ", the one in force is " + std::to_string(present)};
  }
  impl_->current.Publish(std::make_unique<IndexedRing>(std::move(ring)));
  return {};
}

std::optional<KeyRing> LiveRing::Copy() const {
  auto guard = impl_->current.Read();
  if (guard.get() == nullptr) return std::nullopt;
  return guard->ring();
}

void LiveRing::OnUnknownKey(std::function<void()> hook) {
  impl_->on_unknown_key = std::move(hook);
}

}  // namespace signet
