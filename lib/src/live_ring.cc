#include "signet/live_ring.h"

#include <algorithm>

#include "live_ring_access.h"
#include "signet/mutex.h"

namespace signet {

struct LiveRing::Impl {
  Mutex publishing;  // one publisher at a time
  KeyIdentities identities SIGNET_GUARDED_BY(publishing);
  Published<IndexedRing> current;
  std::function<void()> on_unknown_key;
};

namespace {

// Join puts the ring in the place of the one of its purpose. Another stays only
// if both make access tokens.
std::vector<KeyRing> Join(const IndexedRing* present, KeyRing ring) {
  std::vector<KeyRing> joined;
  const KeyPurpose purpose = ring.info().purpose;
  joined.push_back(std::move(ring));
  if (present == nullptr || !SignsAccess(purpose)) return joined;
  for (const KeyRing& other : present->rings()) {
    const KeyPurpose own = other.info().purpose;
    if (own == purpose || !SignsAccess(own)) continue;
    joined.insert(own < purpose ? joined.begin() : joined.end(), other);
  }
  return joined;
}

// Replaced is the ring whose place a ring of that purpose takes, or null.
const KeyRing* Replaced(const IndexedRing* present, KeyPurpose purpose) {
  if (present == nullptr) return nullptr;
  for (const KeyRing& ring : present->rings()) {
    if (ring.info().purpose == purpose) return &ring;
  }
  return SignsAccess(purpose) && present->Serves(purpose) ? nullptr
                                                          : &present->ring();
}

// CheckApart: a key id leads to one key. RSA keys of two algorithms may share
// an id, if the same key was imported into both rings.
Status CheckApart(const std::vector<KeyRing>& rings) {
  if (rings.size() < 2) return {};
  for (const RingKey& key : rings.front().keys()) {
    if (rings.back().Find(key.key.id()) == nullptr) continue;
    return Error{ErrorCode::kConflict,
                 "publishing a ring: both access rings hold the key " +
                     std::string(key.key.id())};
  }
  return {};
}

}  // namespace

KeyIdentities::Identity KeyIdentities::Next() {
  if (free_.empty()) {
    standings_.push_back(std::make_unique<KeyStanding>());
    free_.push_back(standings_.back().get());
  }
  KeyStanding* const standing = free_.back();
  free_.pop_back();
  return {++last_, standing};
}

void KeyIdentities::Update(const IndexedRing& ring) {
  for (const LiveKey& live : ring.keys()) {
    live.standing->Set(live.identity, VerifyWindow::Of(live.key->schedule));
  }
  free_.clear();
  for (const auto& standing : standings_) {
    const uint64_t identity = standing->identity();
    if (ring.FindIdentity(identity) != nullptr) continue;
    if (identity != 0) standing->Clear();
    free_.push_back(standing.get());
  }
}

IndexedRing::IndexedRing(std::vector<KeyRing> rings, const IndexedRing* before,
                         KeyIdentities& identities)
    : rings_(std::move(rings)) {
  if (before != nullptr && !before->Serves(ring().info().purpose)) {
    before = nullptr;
  }
  for (const KeyRing& ring : rings_) {
    for (const RingKey& key : ring.keys()) {
      const LiveKey* known =
          before == nullptr ? nullptr : before->Find(key.key.id());
      const bool same = known != nullptr && known->key->key == key.key;
      const KeyIdentities::Identity identity =
          same ? KeyIdentities::Identity{known->identity, known->standing}
               : identities.Next();
      index_.push_back({&key,
                        MakeRevocationId(RevocationKind::kKey, key.key.id()),
                        identity.number, identity.standing});
    }
  }
  std::sort(index_.begin(), index_.end(),
            [](const LiveKey& a, const LiveKey& b) {
              return a.key->key.id() < b.key->key.id();
            });
  identities_.reserve(index_.size());
  for (const LiveKey& live : index_) {
    identities_.push_back({live.identity, &live});
  }
  std::sort(identities_.begin(), identities_.end(),
            [](const Identified& a, const Identified& b) {
              return a.identity < b.identity;
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

const LiveKey* IndexedRing::FindIdentity(uint64_t identity) const {
  auto found =
      std::lower_bound(identities_.begin(), identities_.end(), identity,
                       [](const Identified& known, uint64_t wanted) {
                         return known.identity < wanted;
                       });
  if (found == identities_.end() || found->identity != identity) return nullptr;
  return found->key;
}

LiveRingAccess::Guard LiveRingAccess::Read(const LiveRing& live) {
  return live.impl_->current.Read();
}

void LiveRingAccess::AnnounceUnknownKey(const LiveRing& live) {
  if (live.impl_->on_unknown_key) live.impl_->on_unknown_key();
}

LiveRing::LiveRing() : impl_(std::make_unique<Impl>()) {}

LiveRing::LiveRing(KeyRing ring) : LiveRing() {
  MutexLock lock(impl_->publishing);
  auto first = std::make_unique<IndexedRing>(Join(nullptr, std::move(ring)),
                                             nullptr, impl_->identities);
  impl_->identities.Update(*first);
  impl_->current.Publish(std::move(first));
}

LiveRing::~LiveRing() = default;

Status LiveRing::Publish(KeyRing ring) {
  if (ring.info().purpose == KeyPurpose::kRefresh) {
    return Error{ErrorCode::kInvalid,
                 "publishing a ring: its purpose is refresh, no verifier "
                 "needs it"};
  }
  MutexLock lock(impl_->publishing);
  std::unique_ptr<IndexedRing> next;
  {
    const auto present = impl_->current.Read();
    const KeyRing* old = Replaced(present.get(), ring.info().purpose);
    const uint64_t generation = old == nullptr ? 0 : old->info().generation;
    if (ring.info().generation < generation) {
      return Error{ErrorCode::kRollback,
                   "publishing a ring: its generation is " +
                       std::to_string(ring.info().generation) +
                       ", the one in force is " + std::to_string(generation)};
    }
    std::vector<KeyRing> joined = Join(present.get(), std::move(ring));
    if (Status apart = CheckApart(joined); !apart.ok()) return apart;
    next = std::make_unique<IndexedRing>(std::move(joined), present.get(),
                                         impl_->identities);
  }
  // First the standings: a token that was proven by a new key finds its own.
  impl_->identities.Update(*next);
  impl_->current.Publish(std::move(next));
  return {};
}

std::optional<KeyRing> LiveRing::Copy() const {
  auto guard = impl_->current.Read();
  if (guard.get() == nullptr) return std::nullopt;
  return guard->ring();
}

std::optional<KeyRing> LiveRing::Copy(KeyPurpose purpose) const {
  auto guard = impl_->current.Read();
  if (guard.get() == nullptr) return std::nullopt;
  for (const KeyRing& ring : guard->rings()) {
    if (ring.info().purpose == purpose) return ring;
  }
  return std::nullopt;
}

void LiveRing::OnUnknownKey(std::function<void()> hook) {
  impl_->on_unknown_key = std::move(hook);
}

}  // namespace signet
