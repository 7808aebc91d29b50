#ifndef SIGNET_SERVICE_STATUS_STATUS_PLACES_H_
#define SIGNET_SERVICE_STATUS_STATUS_PLACES_H_

#include <optional>
#include <vector>

#include "revocation-service/status/status_entry.h"
#include "signet/mutex.h"

namespace signet::service {

// StatusPlaces gives each token a place in a list, no place twice: its lists
// are this process's own, named at random, so processes need not agree and
// nothing is reserved in the store. Places of a list come in random order, so
// that neighbours are strangers. What is lost with the process is the rest of
// a list that was begun. Safe from any thread.
class StatusPlaces {
 public:
  // A list takes tokens for so long, or until it is full.
  static constexpr Seconds kOpenFor = std::chrono::minutes(15);

  // Take returns a place in a list that lives at `dead_at` still, when nobody
  // accepts the token any more. `longest_life` is how long tokens live
  // commonly. No list is opened before `epoch`: see StatusLists::Make.
  StatusSlot Take(EpochSeconds now, EpochSeconds dead_at, Seconds longest_life,
                  EpochSeconds epoch);

 private:
  void Open(const StatusListId& id) SIGNET_REQUIRES(mutex_);

  Mutex mutex_;
  std::optional<StatusListId> list_ SIGNET_GUARDED_BY(mutex_);
  std::vector<uint32_t> left_ SIGNET_GUARDED_BY(mutex_);  // shuffled
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STATUS_STATUS_PLACES_H_
