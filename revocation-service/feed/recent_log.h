#ifndef SIGNET_SERVICE_FEED_RECENT_LOG_H_
#define SIGNET_SERVICE_FEED_RECENT_LOG_H_

#include <deque>
#include <vector>

#include "signet/feed_frame.h"

namespace signet::service::feed {

// Stretch is a run of consecutive log entries.
struct Stretch {
  uint64_t first_sequence = 1;  // of entries.front()
  LogHash previous_hash{};      // at first_sequence - 1
  std::vector<Revocation> entries;

  // last_sequence is that of the last entry, or of the one before the first.
  uint64_t last_sequence() const { return first_sequence + entries.size() - 1; }
};

// A RecentLog holds the end of the log and its hash chain, bounded in entries.
// Not safe for concurrent use.
class RecentLog {
 public:
  explicit RecentLog(size_t max_entries) : max_entries_(max_entries) {}

  // Reset makes it empty, at a point of the log.
  void Reset(uint64_t sequence, const LogHash& hash);

  // Append adds the next entry, and forgets the oldest if there are too many.
  void Append(const Revocation& entry);

  // Forget drops the entries up to and including `sequence`.
  void Forget(uint64_t sequence);

  // base is the sequence before the oldest entry, last that of the newest.
  uint64_t base() const { return base_; }
  uint64_t last() const { return base_ + entries_.size(); }
  const LogHash& hash() const { return HashAt(last()); }

  // After returns at most `limit` entries after a sequence.
  // REQUIRES: base() <= sequence <= last().
  Stretch After(uint64_t sequence, size_t limit) const;

 private:
  struct Item {
    Revocation entry;
    LogHash hash;  // with this entry
  };
  const LogHash& HashAt(uint64_t sequence) const;

  size_t max_entries_;
  uint64_t base_ = 0;
  LogHash base_hash_{};
  std::deque<Item> entries_;
};

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_RECENT_LOG_H_
