#ifndef SIGNET_LIB_SRC_REVOCATION_LISTING_H_
#define SIGNET_LIB_SRC_REVOCATION_LISTING_H_

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "revocation_tables.h"
#include "signet/revocation.h"
#include "wide_id.h"

namespace signet {

// How the tables of a revocation list become entries again: all of them, or a
// page.

inline Revocation ToRevocation(RevocationKind kind, const RevocationId& id,
                               Mark mark) {
  return {kind, id, EpochSeconds{}, EpochSeconds(Seconds(mark.not_before)),
          EpochSeconds(Seconds(mark.drop_minute * 60))};
}

// AppendSorted lists a map by minute, then id: group by group, which takes
// far less than one sort of everything.
template <class Map>
void AppendSorted(RevocationKind kind, const Map& map, uint32_t first_minute,
                  std::vector<Revocation>& entries) {
  struct Item {
    WideId id;
    uint32_t not_before;
  };
  std::map<uint32_t, std::vector<Item>> minutes;
  map.ForEach([&](const RevocationId& id, auto word) {
    const Mark mark = MarkOf(word);
    if (mark.drop_minute < first_minute) return;
    minutes[mark.drop_minute].push_back({ToWide(id), mark.not_before});
  });
  for (auto& [minute, items] : minutes) {
    std::sort(items.begin(), items.end(),
              [](const Item& a, const Item& b) { return a.id < b.id; });
    for (const Item& item : items) {
      entries.push_back(
          ToRevocation(kind, FromWide(item.id), {item.not_before, minute}));
    }
  }
}

// FirstByName keeps the first `limit` entries behind a name, of all that it is
// shown in any order.
class FirstByName {
 public:
  FirstByName(const std::optional<RevocationName>& after, size_t limit)
      : after_(after), limit_(limit) {}

  void Add(RevocationKind kind, const RevocationId& id, Mark mark) {
    const RevocationName name{kind, id};
    if (after_ && name <= *after_) return;
    if (bound_ && name > *bound_) return;
    entries_.push_back(ToRevocation(kind, id, mark));
    if (entries_.size() >= 2 * limit_ + kSlack) Cut();
  }

  std::vector<Revocation> Take() && {
    Cut();
    std::sort(entries_.begin(), entries_.end(), IsBefore);
    return std::move(entries_);
  }

 private:
  static constexpr size_t kSlack = 16;

  static RevocationName NameOf(const Revocation& entry) {
    return {entry.kind, entry.id};
  }
  static bool IsBefore(const Revocation& a, const Revocation& b) {
    return NameOf(a) < NameOf(b);
  }
  // Cut drops what lies behind the first `limit`.
  void Cut() {
    if (entries_.size() <= limit_) return;
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(limit_);
    std::nth_element(entries_.begin(), end, entries_.end(), IsBefore);
    bound_ = NameOf(*end);
    entries_.erase(end, entries_.end());
  }

  const std::optional<RevocationName> after_;
  const size_t limit_;
  std::optional<RevocationName> bound_;  // nothing from here on is wanted
  std::vector<Revocation> entries_;
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_REVOCATION_LISTING_H_
