#include "revocation-service/feed/recent_log.h"

#include <algorithm>
#include <cassert>

namespace signet::service::feed {

void RecentLog::Reset(uint64_t sequence, const LogHash& hash) {
  entries_.clear();
  base_ = sequence;
  base_hash_ = hash;
}

void RecentLog::Append(const Revocation& entry) {
  entries_.push_back({entry, ChainLogHash(hash(), entry)});
  if (entries_.size() > max_entries_) Forget(base_ + 1);
}

void RecentLog::Forget(uint64_t sequence) {
  while (base_ < sequence && !entries_.empty()) {
    base_hash_ = entries_.front().hash;
    entries_.pop_front();
    ++base_;
  }
}

const LogHash& RecentLog::HashAt(uint64_t sequence) const {
  return sequence == base_ ? base_hash_ : entries_[sequence - base_ - 1].hash;
}

Stretch RecentLog::After(uint64_t sequence, size_t limit) const {
  assert(base_ <= sequence && sequence <= last());
  const auto from =
      entries_.begin() + static_cast<std::ptrdiff_t>(sequence - base_);
  const auto count =
      static_cast<std::ptrdiff_t>(std::min<uint64_t>(limit, last() - sequence));
  Stretch stretch{.first_sequence = sequence + 1,
                  .previous_hash = HashAt(sequence),
                  .entries = {}};
  stretch.entries.reserve(static_cast<size_t>(count));
  std::transform(from, from + count, std::back_inserter(stretch.entries),
                 [](const Item& item) { return item.entry; });
  return stretch;
}

}  // namespace signet::service::feed
