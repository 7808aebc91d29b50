#include "signet/revocation.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "revocation_digest.h"
#include "revocation_listing.h"
#include "revocation_query.h"
#include "revocation_tables.h"

namespace signet {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

// How far a wall clock may be set back, and still ask for nothing that was
// dropped by it.
constexpr Duration kDropLag = std::chrono::minutes(1);

}  // namespace

struct RevocationList::Impl {
  Impl() : tables(new Tables(gate, hash)) {}
  ~Impl() { delete tables.load(); }

  bool IsLive(uint32_t drop_minute) const {
    return drop_minute >= floor.load(std::memory_order_relaxed);
  }
  // IsRevoked answers for readers. REQUIRES: inside the gate.
  bool IsRevoked(const TokenIdentity& token) const;
  // Look and VisitShard are for readers, too, and go inside it themselves.
  Mark Look(RevocationKind kind, const RevocationId& id) const;
  template <class F>
  void VisitShard(size_t shard, const F& f) const;
  void Merge(Tables& into, MinuteSums& into_sums, const Revocation& entry);
  void RaiseFloor(Time signed_time);
  void SweepSome();
  void Account();

  const IdHash hash = IdHash::Random();
  ReaderGate gate;
  std::atomic<Tables*> tables;

  // False only while the tables are empty.
  std::atomic<bool> any{false};
  // Entries of an earlier drop minute are gone, though they may still stand
  // in a table until their shard's turn to be swept comes.
  std::atomic<uint32_t> floor{0};
  std::atomic<int64_t> signed_ms{kNever};
  std::atomic<int64_t> monotonic_ms{0};
  // Until when entries were dropped by this machine's own clock.
  std::atomic<int64_t> dropped_ms{kNever};
  std::atomic<bool> authoritative{false};
  std::atomic<size_t> live{0};
  std::atomic<size_t> bytes{0};

  // The writer's.
  MinuteSums sums;
  size_t sweep_next = 0;
};

Mark RevocationList::Impl::Look(RevocationKind kind,
                                const RevocationId& id) const {
  const ReadSection section(gate);
  return tables.load(std::memory_order_seq_cst)->Find(kind, id);
}

// VisitShard calls f(kind, id, mark) for one shard of each map. An id stays in
// its shard whatever the writer does, in other tables too: who visits all
// shards misses nothing that was there when it began.
template <class F>
void RevocationList::Impl::VisitShard(size_t shard, const F& f) const {
  const ReadSection section(gate);
  Tables::Visit(*tables.load(std::memory_order_seq_cst),
                [&](RevocationKind kind, const auto& map) {
                  map.ForEachIn(shard, [&](const RevocationId& id, auto word) {
                    f(kind, id, MarkOf(word));
                  });
                });
}

// Account publishes what readers may see of the tables' size.
void RevocationList::Impl::Account() {
  Tables& t = *tables.load(std::memory_order_relaxed);
  size_t total = sizeof(Impl) + sizeof(Tables) + sums.bytes();
  Tables::Visit(t,
                [&](RevocationKind, const auto& map) { total += map.bytes(); });
  bytes.store(total, std::memory_order_relaxed);
  live.store(sums.count(), std::memory_order_relaxed);
  t.UpdateKinds();
  any.store(t.kinds.load(std::memory_order_relaxed) != 0,
            std::memory_order_release);
}

// Merge takes one entry into tables that may be in readers' hands.
void RevocationList::Impl::Merge(Tables& into, MinuteSums& into_sums,
                                 const Revocation& entry) {
  if (!IsKind(entry.kind)) return;
  const RevocationKind kind = entry.kind;
  const RevocationId id =
      kind == RevocationKind::kAll ? RevocationId{} : entry.id;
  Mark old = into.Find(kind, id);
  Mark next{IsCutoff(kind) ? ClampSeconds(entry.not_before) : 0,
            DropMinute(entry.drop_after)};
  const bool was_counted = old.drop_minute != 0 && IsLive(old.drop_minute);
  // An entry that had left by the time of the newer one is not merged with:
  // whoever took a snapshot in between does not know it.
  const bool merges =
      was_counted && old.drop_minute * 60 >= ClampSeconds(entry.at);
  if (merges) {
    next.not_before = std::max(next.not_before, old.not_before);
    next.drop_minute = std::max(next.drop_minute, old.drop_minute);
  }
  if (next == old || next.drop_minute == 0 || !IsLive(next.drop_minute)) {
    return;
  }
  into.Put(kind, id, next);
  if (was_counted) {
    into_sums.Subtract(kind, id, old.not_before, old.drop_minute);
  }
  into_sums.Add(kind, id, next.not_before, next.drop_minute);
}

void RevocationList::Impl::RaiseFloor(Time signed_time) {
  const uint32_t minute = FirstLiveMinute(signed_time);
  if (minute <= floor.load(std::memory_order_relaxed)) return;
  floor.store(minute, std::memory_order_release);
  sums.DropBefore(minute);
}

// SweepSome frees what has left, a few shards at a time, so that no call
// takes long. Readers are never held up.
void RevocationList::Impl::SweepSome() {
  constexpr size_t kShardsPerCall = 8;
  Tables& t = *tables.load(std::memory_order_relaxed);
  if (t.size() == sums.count()) return;
  const uint64_t all = t.all.load(std::memory_order_relaxed);
  if (all != 0 && !IsLive(MinuteOf(all))) t.all.store(0);
  for (size_t i = 0; i < kShardsPerCall; ++i) {
    Tables::Visit(t, [&](RevocationKind, auto& map) {
      map.Sweep(sweep_next, [&](auto word) { return IsLive(MinuteOf(word)); });
    });
    sweep_next = (sweep_next + 1) % SetMap::kShards;
  }
}

RevocationList::RevocationList() : impl_(std::make_unique<Impl>()) {
  impl_->Account();
}
RevocationList::~RevocationList() = default;

bool RevocationList::IsEmpty() const {
  return !impl_->any.load(std::memory_order_acquire);
}

bool RevocationList::IsRevoked(const TokenIdentity& token) const {
  if (IsEmpty()) return false;
  const ReadSection section(impl_->gate);
  return impl_->IsRevoked(token);
}

bool RevocationList::Impl::IsRevoked(const TokenIdentity& token) const {
  const uint32_t first_live = floor.load(std::memory_order_acquire);
  const Tables& table = *tables.load(std::memory_order_seq_cst);
  const uint32_t kinds = table.kinds.load(std::memory_order_acquire);

  const auto voided = [&](RevocationKind kind, const RevocationId& id) {
    if ((kinds & KindBit(kind)) == 0) return false;
    const Mark mark = table.Find(kind, id);
    if (mark.drop_minute == 0 || mark.drop_minute < first_live) return false;
    return !IsCutoff(kind) || mark.Voids(token.issued_at);
  };
  return voided(RevocationKind::kAll, {}) ||
         (token.has_session &&
          voided(RevocationKind::kSession, token.session)) ||
         (token.has_token && voided(RevocationKind::kToken, token.token)) ||
         voided(RevocationKind::kSubject, token.subject) ||
         (token.has_client && voided(RevocationKind::kClient, token.client)) ||
         voided(RevocationKind::kKey, token.key);
}

IdPlace RevocationQuery::PlaceOf(const RevocationList& list,
                                 const TokenIdentity& token) {
  return list.impl_->hash.PlaceOf(token.session);
}

void RevocationQuery::Prepare(IdPlace place, const TokenIdentity& token) {
  if (list_.IsEmpty()) return;
  __builtin_prefetch(&token.session);
  __builtin_prefetch(&token.issued_at);
  section_.emplace(list_.impl_->gate);
  list_.impl_->tables.load(std::memory_order_seq_cst)->PrefetchSession(place);
}

void RevocationQuery::PrepareOthers(const TokenIdentity& token) const {
  if (!section_) return;
  list_.impl_->tables.load(std::memory_order_seq_cst)->PrefetchOthers(token);
}

bool RevocationQuery::IsRevoked(const TokenIdentity& token) const {
  return section_ ? list_.impl_->IsRevoked(token) : list_.IsRevoked(token);
}

Duration RevocationList::Staleness(Time now, Monotonic monotonic_now) const {
  if (impl_->authoritative.load(std::memory_order_acquire)) {
    return Duration::zero();
  }
  const int64_t signed_ms = impl_->signed_ms.load(std::memory_order_acquire);
  if (signed_ms == kNever) return Duration::max();
  // What was dropped since that moment may void a token that lives then.
  if (now.time_since_epoch().count() <
      impl_->dropped_ms.load(std::memory_order_acquire)) {
    return Duration::max();
  }
  const Duration wall = now.time_since_epoch() - Duration(signed_ms);
  const Duration monotonic =
      monotonic_now.time_since_epoch() -
      Duration(impl_->monotonic_ms.load(std::memory_order_acquire));
  return std::max({wall, monotonic, Duration::zero()});
}

Time RevocationList::SignedTime() const {
  const int64_t ms = impl_->signed_ms.load(std::memory_order_acquire);
  return ms == kNever ? Time{} : Time(Duration(ms));
}

EpochSeconds RevocationList::Cutoff(RevocationKind kind,
                                    const RevocationId& id) const {
  if (!IsKind(kind)) return {};
  const uint32_t floor = impl_->floor.load(std::memory_order_acquire);
  const Mark mark = impl_->Look(kind, id);
  return mark.drop_minute < floor ? EpochSeconds{}
                                  : EpochSeconds(Seconds(mark.not_before));
}

size_t RevocationList::size() const { return impl_->live.load(); }
size_t RevocationList::memory_bytes() const { return impl_->bytes.load(); }

void RevocationList::Apply(std::span<const Revocation> entries) {
  Tables& tables = *impl_->tables.load(std::memory_order_relaxed);
  for (const Revocation& entry : entries) {
    impl_->Merge(tables, impl_->sums, entry);
    // The bit follows the entry, and readers see both before the next one.
    if (IsKind(entry.kind)) {
      tables.kinds.fetch_or(KindBit(entry.kind), std::memory_order_release);
      impl_->any.store(true, std::memory_order_release);
    }
  }
  impl_->Account();
}

void RevocationList::Replace(std::span<const Revocation> entries) {
  auto next = std::make_unique<Tables>(impl_->gate, impl_->hash);
  Tables::Visit(*next, [&](RevocationKind kind, auto& map) {
    map.Reserve(std::count_if(entries.begin(), entries.end(),
                              [&](const auto& e) { return e.kind == kind; }));
  });
  MinuteSums sums;
  // What was dropped may be among them.
  impl_->floor.store(0, std::memory_order_release);
  for (size_t i = 0; i < entries.size(); ++i) {
    // The slots of random ids lie anywhere: have them fetched meanwhile.
    constexpr size_t kAhead = 8;
    if (i + kAhead < entries.size()) next->Prefetch(entries[i + kAhead]);
    impl_->Merge(*next, sums, entries[i]);
  }
  next->UpdateKinds();

  // Readers may skip the tables only where both lists are empty.
  impl_->any.store(true, std::memory_order_release);
  std::unique_ptr<Tables> old(impl_->tables.exchange(next.release()));
  impl_->gate.Synchronize();
  impl_->sums = std::move(sums);
  impl_->Account();
}

void RevocationList::Confirm(Time signed_time, Monotonic monotonic, Time now) {
  const int64_t ms = signed_time.time_since_epoch().count();
  const int64_t before = impl_->signed_ms.load(std::memory_order_relaxed);
  if (before != kNever && ms < before) return;
  int64_t moment = monotonic.time_since_epoch().count();
  // Complete at this time implies complete at every earlier one.
  if (before != kNever) {
    moment = std::max(moment, impl_->monotonic_ms.load());
  }
  impl_->monotonic_ms.store(moment, std::memory_order_release);
  impl_->signed_ms.store(ms, std::memory_order_release);
  DropExpired(signed_time, now);
}

void RevocationList::SetAuthoritative() { impl_->authoritative = true; }

void RevocationList::DropExpired(Time signed_time, Time now) {
  Time until = signed_time;
  if (now != Time::max()) {
    until = std::min(until, now - kDropLag);
    const int64_t ms = until.time_since_epoch().count();
    if (ms > impl_->dropped_ms.load(std::memory_order_relaxed)) {
      impl_->dropped_ms.store(ms, std::memory_order_release);
    }
  }
  impl_->RaiseFloor(until);
  impl_->SweepSome();
  impl_->Account();
}

StateDigest RevocationList::DigestAt(Time signed_time) const {
  return impl_->sums.DigestFrom(FirstLiveMinute(signed_time));
}

std::vector<Revocation> RevocationList::Entries(Time signed_time) const {
  const Tables& tables = *impl_->tables.load(std::memory_order_relaxed);
  const uint32_t first =
      std::max(FirstLiveMinute(signed_time), impl_->floor.load());
  std::vector<Revocation> entries;
  entries.reserve(impl_->sums.count());
  Tables::Visit(tables, [&](RevocationKind kind, const auto& map) {
    AppendSorted(kind, map, first, entries);
  });
  const uint64_t all = tables.all.load(std::memory_order_relaxed);
  if (all != 0 && MinuteOf(all) >= first) {
    entries.push_back(
        ToRevocation(RevocationKind::kAll, {}, Mark::Unpack(all)));
  }
  return entries;
}

std::vector<Revocation> RevocationList::EntriesAfter(
    Time signed_time, const std::optional<RevocationName>& after,
    size_t limit) const {
  const uint32_t first =
      std::max(FirstLiveMinute(signed_time), impl_->floor.load());
  FirstByName page(after, limit);
  const auto add = [&](RevocationKind kind, const RevocationId& id, Mark mark) {
    if (mark.drop_minute >= first) page.Add(kind, id, mark);
  };
  // Inside the gate for one shard at a time: a writer waits for who is in it.
  for (size_t shard = 0; shard < SetMap::kShards; ++shard) {
    impl_->VisitShard(shard, add);
  }
  const Mark all = impl_->Look(RevocationKind::kAll, {});
  if (all.drop_minute != 0) add(RevocationKind::kAll, {}, all);
  return std::move(page).Take();
}

}  // namespace signet
