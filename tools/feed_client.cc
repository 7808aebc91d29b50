#include "tools/feed_client.h"

#include <utility>

#include "tools/key_files.h"

namespace signet::cli {

namespace {

// WaitForFeed waits until ring and list are there. The feed itself goes on
// trying; a person is told after two seconds of nothing but errors.
Status WaitForFeed(const RevocationFeed& feed) {
  const Status early = feed.WaitUntilFresh(Seconds(2));
  if (early || !feed.status().last_error.empty()) return early;
  return feed.WaitUntilFresh(Seconds(8));
}

}  // namespace

void AddFeedFlags(CLI::App* command, FeedFlags& flags) {
  AddServiceFlags(command, flags.service);
  AddKeysDirectory(command, flags.keys);
  AddText(command, "--feed-ring", flags.feed_ring);
}

Try<KeyRing> LoadFeedRing(const FeedFlags& flags) {
  return LoadPublicRing(flags.feed_ring.empty()
                            ? PublicRingPath(flags.keys, KeyPurpose::kFeed)
                            : flags.feed_ring);
}

Try<std::unique_ptr<RevocationFeed>> StartFeed(const FeedFlags& flags) {
  Try<KeyRing> ring = LoadFeedRing(flags);
  if (!ring) return ring.error();
  // Ask once before following: a feed goes on trying whatever it is told, and
  // a wrong secret or address should be said at once.
  Try<ServiceClient> service = ServiceClient::Create(flags.service);
  if (!service) return service.error();
  const Try<std::string> head = service->Send("GET", "/feed/head");
  if (!head) return head.error();
  const Try<Credentials> credentials = ReadCredentials(flags.service);
  if (!credentials) return credentials.error();
  Result<std::unique_ptr<RevocationFeed>> feed = RevocationFeed::Start({
      .services = {ServiceUrl(flags.service)},
      .client_id = credentials->client_id,
      .client_secret = credentials->secret,
      .feed_ring = *std::move(ring),
      .watch_only = true,
      .state_directory = {},
      .ca_file = flags.service.ca,
  });
  if (!feed) return FromError(feed.error());
  if (const Status fresh = WaitForFeed(**feed); !fresh) {
    Failure failure = FromError(fresh.error());
    if (failure.hint.empty()) {
      failure.hint = "is the feed ring (--feed-ring, --keys) the service's?";
    }
    return failure;
  }
  return *std::move(feed);
}

}  // namespace signet::cli
