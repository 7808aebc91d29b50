#ifndef SIGNET_TOOLS_FEED_CLIENT_H_
#define SIGNET_TOOLS_FEED_CLIENT_H_

#include <memory>
#include <string>

#include "signet/feed.h"
#include "tools/service_client.h"

namespace signet::cli {

// FeedFlags are those of commands that look at the feed as a verifier does.
struct FeedFlags {
  ServiceFlags service;
  std::string keys = "keys";  // --keys, SIGNET_KEYS
  std::string feed_ring;      // --feed-ring; empty: <keys>/feed.pub.json
};

void AddFeedFlags(CLI::App* command, FeedFlags& flags);

// LoadFeedRing reads the public ring whose frames are believed.
Try<KeyRing> LoadFeedRing(const FeedFlags& flags);

// StartFeed follows the feed, as one who only watches, and returns when ring
// and list are there.
Try<std::unique_ptr<RevocationFeed>> StartFeed(const FeedFlags& flags);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_FEED_CLIENT_H_
