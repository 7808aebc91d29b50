#ifndef SIGNET_SRC_REVOCATION_TABLES_H_
#define SIGNET_SRC_REVOCATION_TABLES_H_

#include <atomic>
#include <cstdint>

#include "id_map.h"
#include "revocation_digest.h"
#include "signet/revocation.h"

namespace signet {

inline bool IsKind(RevocationKind kind) {
  return kind >= RevocationKind::kToken && kind <= RevocationKind::kAll;
}

constexpr uint32_t KindBit(RevocationKind kind) {
  return 1u << static_cast<int>(kind);
}

// Mark is what the list holds against one id, in one word that a reader loads
// at once: not_before in seconds, and the minute in which the entry leaves,
// which is never zero.
struct Mark {
  uint32_t not_before = 0;
  uint32_t drop_minute = 0;

  static Mark Unpack(uint64_t word) {
    return {static_cast<uint32_t>(word >> 32), static_cast<uint32_t>(word)};
  }
  uint64_t Pack() const { return uint64_t{not_before} << 32 | drop_minute; }

  bool Voids(EpochSeconds issued_at) const {
    // kForever voids even a time of issue that lies beyond it.
    return not_before == kForeverSeconds ||
           issued_at.time_since_epoch().count() < int64_t{not_before};
  }
  bool operator==(const Mark&) const = default;
};

// Things marked by kind and id void without regard to time, so their mark is
// the minute alone: three fit a cache line. Cut-offs need the whole word.
using SetMap = IdMap<uint32_t, 3>;
using CutoffMap = IdMap<uint64_t, 5>;

// Tables is all that readers search, published as a whole. Each map changes
// in place; one thread at a time does that.
struct Tables {
  Tables(ReaderGate& gate, const IdHash& hash)
      : tokens(gate, hash),
        sessions(gate, hash),
        subjects(gate, hash),
        clients(gate, hash),
        keys(gate, hash) {}

  // Visit calls f(kind, map) for each map.
  template <class Self, class F>
  static void Visit(Self& self, const F& f) {
    f(RevocationKind::kToken, self.tokens);
    f(RevocationKind::kSession, self.sessions);
    f(RevocationKind::kSubject, self.subjects);
    f(RevocationKind::kClient, self.clients);
    f(RevocationKind::kKey, self.keys);
  }

  Mark Find(RevocationKind kind, const RevocationId& id) const {
    switch (kind) {
      case RevocationKind::kToken:
        return {0, tokens.Find(id)};
      case RevocationKind::kSession:
        return {0, sessions.Find(id)};
      case RevocationKind::kSubject:
        return Mark::Unpack(subjects.Find(id));
      case RevocationKind::kClient:
        return Mark::Unpack(clients.Find(id));
      case RevocationKind::kKey:
        return Mark::Unpack(keys.Find(id));
      case RevocationKind::kAll:
        return Mark::Unpack(all.load(std::memory_order_acquire));
    }
    return {};
  }

  void Put(RevocationKind kind, const RevocationId& id, Mark mark) {
    switch (kind) {
      case RevocationKind::kToken:
        return tokens.Put(id, mark.drop_minute);
      case RevocationKind::kSession:
        return sessions.Put(id, mark.drop_minute);
      case RevocationKind::kSubject:
        return subjects.Put(id, mark.Pack());
      case RevocationKind::kClient:
        return clients.Put(id, mark.Pack());
      case RevocationKind::kKey:
        return keys.Put(id, mark.Pack());
      case RevocationKind::kAll:
        return all.store(mark.Pack(), std::memory_order_release);
    }
  }

  size_t size() const {
    size_t n = all.load(std::memory_order_relaxed) != 0;
    Visit(*this, [&](RevocationKind, const auto& map) { n += map.size(); });
    return n;
  }

  // Prefetch is a hint that `entry` is about to be put.
  void Prefetch(const Revocation& entry) const {
    Visit(*this, [&](RevocationKind kind, const auto& map) {
      if (kind == entry.kind) map.Prefetch(entry.id);
    });
  }

  // PrefetchSession is a hint that a session is about to be looked up, and
  // PrefetchOthers that the token is, in what lists no sessions.
  void PrefetchSession(IdPlace place) const {
    const uint32_t present = kinds.load(std::memory_order_acquire);
    if ((present & KindBit(RevocationKind::kSession)) != 0) {
      sessions.PrefetchToFind(place);
    }
  }
  void PrefetchOthers(const TokenIdentity& token) const {
    constexpr uint32_t kOthers = KindBit(RevocationKind::kToken) |
                                 KindBit(RevocationKind::kSubject) |
                                 KindBit(RevocationKind::kClient);
    const uint32_t present = kinds.load(std::memory_order_acquire);
    if ((present & kOthers) == 0) return;
    const auto fetch = [&](RevocationKind kind, const auto& map,
                           const RevocationId& id) {
      if ((present & KindBit(kind)) != 0) map.PrefetchToFind(map.PlaceOf(id));
    };
    if (token.has_token) fetch(RevocationKind::kToken, tokens, token.token);
    fetch(RevocationKind::kSubject, subjects, token.subject);
    if (token.has_client) {
      fetch(RevocationKind::kClient, clients, token.client);
    }
  }

  // UpdateKinds sets `kinds` to what is there, once the entries are.
  void UpdateKinds() {
    uint32_t present = 0;
    Visit(*this, [&](RevocationKind kind, const auto& map) {
      if (map.size() > 0) present |= KindBit(kind);
    });
    if (all.load(std::memory_order_relaxed) != 0) {
      present |= KindBit(RevocationKind::kAll);
    }
    kinds.store(present, std::memory_order_release);
  }

  SetMap tokens, sessions;
  CutoffMap subjects, clients, keys;
  std::atomic<uint64_t> all{0};
  // A bit for each kind that may have entries: a search skips the others.
  std::atomic<uint32_t> kinds{0};
};

inline uint32_t MinuteOf(uint32_t word) { return word; }
inline uint32_t MinuteOf(uint64_t word) {
  return Mark::Unpack(word).drop_minute;
}

inline Mark MarkOf(uint32_t word) { return {0, word}; }
inline Mark MarkOf(uint64_t word) { return Mark::Unpack(word); }

}  // namespace signet

#endif  // SIGNET_SRC_REVOCATION_TABLES_H_
