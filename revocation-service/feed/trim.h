#ifndef SIGNET_SERVICE_FEED_TRIM_H_
#define SIGNET_SERVICE_FEED_TRIM_H_

#include <functional>

#include "revocation-service/feed/log_follower.h"
#include "revocation-service/feed/publisher.h"
#include "revocation-service/storage/committer.h"

namespace signet::service::feed {

// Trimming is what TrimLog works on. All are borrowed until it is done.
struct Trimming {
  Engine& engine;
  LogFollower& follower;
  Committer& committer;
};

// TrimLog is Publisher::Trim: it moves the checkpoint over what no live token
// needs and nobody holds, and forgets that part of the log in the same commit.
void TrimLog(Trimming parts, const Publisher::Hold& hold, Time now,
             size_t limit, std::function<void(Result<size_t>)> done);

}  // namespace signet::service::feed

#endif  // SIGNET_SERVICE_FEED_TRIM_H_
