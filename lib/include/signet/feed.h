#ifndef SIGNET_FEED_H_
#define SIGNET_FEED_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "signet/feed_frame.h"
#include "signet/live_ring.h"
#include "signet/revocation.h"

namespace signet {

enum class FeedMode : uint8_t {
  kSubscribe,  // server-sent events; falls back to long poll and returns
  kPoll,       // asks every poll_interval
};

// What may happen to a feed. The numbers do not change.
enum class FeedEventKind : uint8_t {
  kConnected = 1,     // the list is being kept complete
  kDisconnected = 2,  // the message says why
  kFresh = 3,         // the list is younger than stale_after,
  kStale = 4,         // or older
  kResynced = 5,      // the log could not be followed: a snapshot was taken
  kNewRings = 6,      // other keys are in force
  kRolledBack = 7,    // refused: the service is behind what was seen already
  kForked = 8,        // refused: another log than the one that was followed
  kRefused = 9,       // refused for another reason, such as its signature
};

struct FeedEvent {
  FeedEventKind kind{};
  std::string message;  // for people; may be empty
};

// FeedOptions says where the feed is and whom to believe.
struct FeedOptions {
  // Base URLs of the service, tried in turn: "http://127.0.0.1:8420".
  std::vector<std::string> services;
  // Credentials of a client with the permission `feed`.
  std::string client_id;
  std::string client_secret;
  // The public ring of purpose kFeed: frames of other keys are refused. Later
  // feed rings are learnt through frames that this one verifies.
  std::optional<KeyRing> feed_ring;

  // This feed decides about no token, as a monitor's: the service does not
  // count it among those that enforce revocations.
  bool watch_only = false;

  FeedMode mode = FeedMode::kSubscribe;
  // kPoll: 50 ms to 1 h.
  Duration poll_interval = std::chrono::seconds(1);
  // Connect and answer: 100 ms to 60 s. A stream that is silent this long is
  // taken for dead and opened again; a heartbeat comes every 2 s.
  Duration timeout = std::chrono::seconds(6);
  // Reconnects wait a random time up to this, doubling from 50 ms.
  Duration max_backoff = std::chrono::seconds(5);

  // A directory for the last snapshot and the high-water mark, or empty for
  // none. A replica that restarts is protected before its first answer, and
  // refuses a feed that went back in time. Who can write to it can make the
  // replica forget. One process at a time: Start is kConflict for a second.
  std::string state_directory;

  // PEM file of the CA for https services; empty means the system's.
  std::string ca_file;

  // on_event, if it is set, is told what happens, in order, on a thread of its
  // own. It must not block, as the next event waits for it (revocations and
  // verifiers do not), and must not destroy the feed; it may call status().
  // Events of one kind that come faster than it takes them become one, with
  // the last message. What it throws is dropped.
  std::function<void(const FeedEvent&)> on_event = nullptr;
  // For events and status(): 100 ms to 24 h. Verifiers have their policy's.
  Duration stale_after = std::chrono::seconds(10);

  Status Validate() const;
};

// How answers come in at present.
enum class FeedTransport : uint8_t { kNone, kStream, kLongPoll, kPoll };

// FeedStatus is what the application may show and alarm on.
struct FeedStatus {
  bool connected = false;
  FeedTransport transport = FeedTransport::kNone;
  FeedPosition position;
  Duration staleness = Duration::max();
  bool stale = true;  // older than stale_after
  uint64_t ring_generation = 0;
  size_t entries = 0;
  uint64_t frames = 0;   // accepted since start
  uint64_t refused = 0;  // frames that were forged, replayed or in conflict
  uint64_t reconnects = 0;
  uint64_t acks = 0;        // acknowledgements that the service asked for
  std::string verifier_id;  // by which the service lists this feed, or none
  std::string last_error;   // empty while all is well
};

// A RevocationFeed keeps a live, signed replica of the revocation list and of
// the public access ring, in a thread of its own. Verifiers borrow keys() and
// revocations(): the feed must outlive them. All methods are safe from any
// thread. A feed that cannot reach the service keeps serving what it holds and
// says how old it is; it never guesses.
class RevocationFeed {
 public:
  // Start begins following the feed and returns at once; kInvalid names what
  // is wrong with the options. Use WaitUntilFresh before the first request.
  static Result<std::unique_ptr<RevocationFeed>> Start(
      FeedOptions options, const Clock& clock = SystemClock::Shared());

  // The destructor stops the feed, in under one second unless the system's
  // name resolution hangs.
  ~RevocationFeed();
  RevocationFeed(const RevocationFeed&) = delete;
  RevocationFeed& operator=(const RevocationFeed&) = delete;

  const LiveRing& keys() const;
  const RevocationList& revocations() const;

  // WaitUntilFresh waits until ring and list have both been received once, or
  // `limit` has passed: kUnavailable, with the last error.
  Status WaitUntilFresh(Duration limit) const;

  FeedStatus status() const;

 private:
  struct Impl;
  explicit RevocationFeed(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet

#endif  // SIGNET_FEED_H_
