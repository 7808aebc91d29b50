#ifndef SIGNET_SERVICE_STATUS_STATUS_LISTS_H_
#define SIGNET_SERVICE_STATUS_STATUS_LISTS_H_

#include <map>
#include <memory>
#include <string>

#include "revocation-service/feed/publisher.h"
#include "revocation-service/rings.h"
#include "revocation-service/session/clock_watch.h"
#include "revocation-service/session/expiry_mark.h"
#include "revocation-service/status/status_entry.h"
#include "revocation-service/storage/committer.h"
#include "signet/mutex.h"

namespace signet::service {

// StatusLists makes Status List Tokens (draft-ietf-oauth-status-list-17) from
// what the store knows of tokens and the list of revocations: a bit is what a
// verifier on the feed would say of that token. All parts are borrowed. Safe
// from any thread.
class StatusLists {
 public:
  struct Parts {
    Engine& engine;
    Committer& committer;
    Publisher& publisher;
    const Rings& rings;
    const Clock& clock;
    // A list that a relying party may still use tells everything that was
    // acknowledged this long ago.
    Duration staleness = std::chrono::seconds(60);
  };
  explicit StatusLists(Parts parts) : parts_(parts), watch_(parts.clock) {}

  // ttl is how long a list may be used; what is left of `staleness` is for
  // lists that many ask for while much is revoked.
  Seconds ttl() const;

  struct Answer {
    std::string token;
    std::string etag;
  };

  // Make returns the list in force, `uri` being its URL. As slow as reading
  // its records. kNotFound if there is no such list or it is over,
  // kUnavailable if nothing is known or no statements key is active.
  Result<std::shared_ptr<const Answer>> Make(const StatusListId& id,
                                             const std::string& uri)
      SIGNET_EXCLUDES(mutex_);

  // Sweep removes at most `limit` records of lists that are over, and returns
  // how many. It waits for the commit: never call it from a callback. When the
  // wall clock has jumped ahead it removes nothing for an hour.
  Result<size_t> Sweep(size_t limit);

 private:
  // Lists that are remembered, signed.
  static constexpr size_t kMaxMade = 256;

  struct Made {
    std::shared_ptr<const Answer> answer;
    FeedPosition position;
    Time time{};
    std::string key_id;
  };
  bool IsGood(const Made& made, const Publisher::Known& known,
              const std::string& key_id) const;
  Result<std::string> Bits(const StatusListId& id,
                           const Publisher::Known& known) const;
  Result<Made> Sign(const StatusListId& id, const std::string& uri,
                    const SigningRing& ring, const Publisher::Known& known);

  const Parts parts_;
  ClockWatch watch_;
  ExpiryMark swept_;
  Mutex mutex_;
  std::map<StatusListId, Made> made_ SIGNET_GUARDED_BY(mutex_);
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STATUS_STATUS_LISTS_H_
