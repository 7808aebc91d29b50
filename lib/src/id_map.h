#ifndef SIGNET_SRC_ID_MAP_H_
#define SIGNET_SRC_ID_MAP_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "id_place.h"
#include "published.h"
#include "signet/revocation.h"

namespace signet {

// IdHash spreads ids over a table. It is keyed by a secret of the process:
// whoever chooses ids cannot choose where they land.
class IdHash {
 public:
  // Random draws a new secret.
  static IdHash Random() {
    IdHash hash;
    FillRandom(
        {reinterpret_cast<uint8_t*>(hash.keys_.data()), sizeof(hash.keys_)});
    return hash;
  }

  IdPlace operator()(uint64_t low, uint64_t high) const {
    const uint64_t mixed = Fold(low ^ keys_[0], high ^ keys_[1]);
    return static_cast<IdPlace>(Fold(mixed ^ keys_[2], 0x9e3779b97f4a7c15u));
  }
  IdPlace PlaceOf(const RevocationId& id) const {
    uint64_t words[2];
    std::memcpy(words, id.data(), sizeof(words));
    return (*this)(words[0], words[1]);
  }

 private:
  static uint64_t Fold(uint64_t a, uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<uint64_t>(product) ^
           static_cast<uint64_t>(product >> 64);
  }

  std::array<uint64_t, 3> keys_{};
};

// An IdMap maps 16-byte ids to a small integer, of which zero means "none".
// Any thread finds, inside `gate`; one thread at a time changes it.
//
// It is cut into shards, each an open-addressing table that is rebuilt by a
// factor near 5/4, so that memory follows the number of entries closely and no
// single step takes long. A slot is never emptied or given to another id in
// place, which is why readers need no lock: a bucket's slots fill in order,
// and a slot's value is stored last. What has gone leaves with a rebuild.
//
// A bucket is a whole number of cache lines. `spilled` says that an entry did
// not fit and stands further on; without it a search ends here.
template <class Value, size_t kSlots>
class IdMap {
 public:
  static constexpr size_t kShards = 64;

  // The gate is borrowed and must outlive the map.
  IdMap(ReaderGate& gate, const IdHash& hash) : gate_(gate), hash_(hash) {}
  ~IdMap() {
    for (auto& shard : shards_) delete shard.load(std::memory_order_relaxed);
  }
  IdMap(const IdMap&) = delete;
  IdMap& operator=(const IdMap&) = delete;

  // Find returns the value of `id`, or zero.
  Value Find(const RevocationId& id) const {
    const Key key(id, hash_);
    const Table* table =
        shards_[ShardOf(key.place)].load(std::memory_order_seq_cst);
    if (table == nullptr) return 0;
    const std::atomic<Value>* slot = table->Find(key);
    return slot == nullptr ? 0 : slot->load(std::memory_order_acquire);
  }

  // PlaceOf is the same in every map with the same hash.
  IdPlace PlaceOf(const RevocationId& id) const { return hash_.PlaceOf(id); }

  // PrefetchToFind is a hint that Find is near, for an id of that place.
  void PrefetchToFind(IdPlace place) const {
    const Table* table =
        shards_[ShardOf(place)].load(std::memory_order_seq_cst);
    if (table == nullptr) return;
    __builtin_prefetch(&table->buckets[table->Start(place)]);
  }

  // Prefetch is a hint that Find or Put with `id` is near. On the writer's
  // thread.
  void Prefetch(const RevocationId& id) const {
    const IdPlace place = PlaceOf(id);
    const Table* table =
        shards_[ShardOf(place)].load(std::memory_order_relaxed);
    if (table != nullptr) {
      __builtin_prefetch(&table->buckets[table->Start(place)], 1);
    }
  }

  // Put sets the value of `id`. REQUIRES: value != 0; not inside the gate.
  void Put(const RevocationId& id, Value value) {
    const Key key(id, hash_);
    auto& shard = shards_[ShardOf(key.place)];
    Table* table = shard.load(std::memory_order_relaxed);
    if (table != nullptr) {
      if (std::atomic<Value>* slot = table->Find(key)) {
        return slot->store(value, std::memory_order_release);
      }
    }
    if (table == nullptr || !table->HasRoom()) {
      const size_t used = table == nullptr ? 0 : table->used;
      table = Rebuild(shard, used + 1, [](Value) { return true; });
    }
    table->Insert(key, value);
    ++size_;
  }

  // Reserve makes room for about `entries` in an empty map.
  void Reserve(size_t entries) {
    if (entries < kShards) return;
    for (auto& shard : shards_) {
      Rebuild(shard, entries / kShards, [](Value) { return true; });
    }
  }

  // Sweep rebuilds one shard without the entries whose value is not `live`.
  // REQUIRES: not inside the gate.
  template <class Live>
  void Sweep(size_t shard_index, const Live& live) {
    auto& shard = shards_[shard_index];
    const Table* table = shard.load(std::memory_order_relaxed);
    if (table == nullptr) return;
    size_t kept = 0;
    table->ForEach([&](const Key&, Value value) { kept += live(value); });
    if (kept == table->used) return;
    size_ -= table->used - kept;
    Rebuild(shard, kept, live);
  }

  // ForEach calls f(id, value). On the writer's thread.
  template <class F>
  void ForEach(const F& f) const {
    for (size_t i = 0; i < kShards; ++i) ForEachIn(i, f);
  }

  // ForEachIn does it for one shard: any thread may call it, inside the gate.
  // What is put meanwhile may be missed. An id stays in its shard.
  template <class F>
  void ForEachIn(size_t shard, const F& f) const {
    const Table* table = shards_[shard].load(std::memory_order_seq_cst);
    if (table == nullptr) return;
    table->ForEach([&](const Key& key, Value value) { f(key.id(), value); });
  }

  // size and bytes are for the writer's thread.
  size_t size() const { return size_; }
  size_t bytes() const { return sizeof(*this) + table_bytes_; }

 private:
  struct Key {
    Key(const RevocationId& id, const IdHash& hasher) {
      std::memcpy(&low, id.data(), 8);
      std::memcpy(&high, id.data() + 8, 8);
      place = hasher(low, high);
    }
    Key(uint64_t l, uint64_t h, const IdHash& hasher)
        : low(l), high(h), place(hasher(l, h)) {}
    RevocationId id() const {
      RevocationId out;
      std::memcpy(out.data(), &low, 8);
      std::memcpy(out.data() + 8, &high, 8);
      return out;
    }

    uint64_t low, high;
    IdPlace place;
  };

  // The first bits of a place choose a shard, the others where a search starts
  // in it.
  static constexpr int kShardBits = 6;
  static_assert(kShards == size_t{1} << kShardBits);
  static size_t ShardOf(IdPlace place) { return place >> (32 - kShardBits); }

  struct alignas(64) Bucket {
    struct Id {
      std::atomic<uint64_t> low, high;
    };
    std::array<Id, kSlots> ids;
    std::array<std::atomic<Value>, kSlots> values;
    std::atomic<uint32_t> spilled;
  };

  struct Table {
    Table(size_t bucket_count, const IdHash& h)
        : hash(h),
          count(bucket_count),
          buckets(std::make_unique<Bucket[]>(bucket_count)) {}

    size_t bytes() const { return sizeof(*this) + count * sizeof(Bucket); }

    // A table is at most 86 % full: searches stay short, and end.
    bool HasRoom() const { return (used + 1) * 100 <= count * kSlots * 86; }

    size_t Start(IdPlace place) const {
      return (uint64_t{place << kShardBits} * count) >> 32;
    }
    size_t Next(size_t i) const { return i + 1 == count ? 0 : i + 1; }

    std::atomic<Value>* Find(const Key& key) const {
      for (size_t i = Start(key.place);; i = Next(i)) {
        Bucket& bucket = buckets[i];
        for (size_t s = 0; s < kSlots; ++s) {
          if (bucket.values[s].load(std::memory_order_acquire) == 0) {
            return nullptr;
          }
          const auto& id = bucket.ids[s];
          if (id.low.load(std::memory_order_relaxed) == key.low &&
              id.high.load(std::memory_order_relaxed) == key.high) {
            return &bucket.values[s];
          }
        }
        if (bucket.spilled.load(std::memory_order_acquire) == 0) {
          return nullptr;
        }
      }
    }

    // REQUIRES: the key is not in the table, which has room.
    void Insert(const Key& key, Value value) {
      size_t i = Start(key.place);
      while (!InsertInto(buckets[i], key, value)) i = Next(i);
      // Only now may readers be sent on: the entry is there.
      for (size_t j = Start(key.place); j != i; j = Next(j)) {
        buckets[j].spilled.store(1, std::memory_order_release);
      }
      ++used;
    }

    static bool InsertInto(Bucket& bucket, const Key& key, Value value) {
      for (size_t s = 0; s < kSlots; ++s) {
        if (bucket.values[s].load(std::memory_order_relaxed) != 0) continue;
        bucket.ids[s].low.store(key.low, std::memory_order_relaxed);
        bucket.ids[s].high.store(key.high, std::memory_order_relaxed);
        bucket.values[s].store(value, std::memory_order_release);
        return true;
      }
      return false;
    }

    template <class F>
    void ForEach(const F& f) const {
      for (size_t i = 0; i < count; ++i) {
        const Bucket& bucket = buckets[i];
        for (size_t s = 0; s < kSlots; ++s) {
          const Value value = bucket.values[s].load(std::memory_order_acquire);
          if (value == 0) break;
          f(Key(bucket.ids[s].low.load(std::memory_order_relaxed),
                bucket.ids[s].high.load(std::memory_order_relaxed), hash),
            value);
        }
      }
    }

    const IdHash hash;
    const size_t count;
    size_t used = 0;
    std::unique_ptr<Bucket[]> buckets;
  };

  // Rebuild publishes a table of the live entries with room for `entries`, at
  // 68 % full, and frees the old one once no reader is in it.
  template <class Live>
  Table* Rebuild(std::atomic<Table*>& shard, size_t entries, const Live& live) {
    std::unique_ptr<Table> next;
    if (entries > 0) {
      next = std::make_unique<Table>(entries * 100 / (68 * kSlots) + 1, hash_);
      table_bytes_ += next->bytes();
    }
    std::unique_ptr<Table> old(shard.load(std::memory_order_relaxed));
    if (old != nullptr) {
      old->ForEach([&](const Key& key, Value value) {
        if (live(value)) next->Insert(key, value);
      });
      table_bytes_ -= old->bytes();
    }
    Table* const published = next.release();
    shard.store(published, std::memory_order_seq_cst);
    if (old != nullptr) gate_.Synchronize();
    return published;
  }

  ReaderGate& gate_;
  const IdHash hash_;
  std::array<std::atomic<Table*>, kShards> shards_{};
  size_t size_ = 0;
  size_t table_bytes_ = 0;
};

}  // namespace signet

#endif  // SIGNET_SRC_ID_MAP_H_
