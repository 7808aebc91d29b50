#ifndef SIGNET_SERVICE_SSF_STREAMS_H_
#define SIGNET_SERVICE_SSF_STREAMS_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "revocation-service/audit/line.h"
#include "revocation-service/feed/publisher.h"
#include "revocation-service/feed/snapshot_worker.h"
#include "revocation-service/metrics.h"
#include "revocation-service/oauth/clients.h"
#include "revocation-service/rings.h"
#include "revocation-service/ssf/stream_state.h"
#include "revocation-service/storage/committer.h"
#include "signet/mutex.h"

namespace signet::service::ssf {

// Receipt is what a partner says of events that it has had.
struct Receipt {
  std::vector<std::string> acknowledged;  // jti
  // What it would not take, and its error code (RFC 8936 section 2.6).
  std::vector<std::pair<std::string, std::string>> rejected;
};

// Delivery is what a partner gets: SETs by their jti, notices first, events in
// the order of the log.
struct Delivery {
  std::vector<std::pair<std::string, std::string>> sets;
  bool more = false;
};

// Streams are the partners' streams of events. The events are the revocation
// log; a stream is a position in it (StreamState), so that there is no second
// queue. A stream begins with its partner's first request, at the log's end.
// All parts are borrowed until Close. Safe from any thread.
class Streams {
 public:
  struct Parts {
    Engine& engine;
    Committer& committer;
    Publisher& publisher;
    const Rings& rings;
    Metrics& metrics;
    const Clock& clock;
    std::string issuer;
    std::function<std::shared_ptr<const Clients>()> clients;
  };

  explicit Streams(Parts parts) : parts_(std::move(parts)) {}

  const std::string& issuer() const { return parts_.issuer; }

  // HasKey tells whether there is a key that signs.
  bool HasKey() const;

  using Done = std::function<void(Status)>;

  // Take opens the client's stream if need be, and notes what was received,
  // durably, before it calls `done`. What it does not know it ignores.
  void Take(const Origin& origin, Receipt receipt, Done done);

  // AskVerification makes a verification event the next in the stream.
  void AskVerification(const Origin& origin, std::string state, Done done);

  // Read signs what the client has not acknowledged, at most `limit` events.
  // kUnavailable if the store or a key is not there.
  Result<Delivery> Read(const std::string& client_id, size_t limit);

  // Later runs a job on a thread of its own, where it may read and sign.
  // False if too many wait, or after Close.
  bool Later(std::function<void()> job) SIGNET_EXCLUDES(mutex_);

  // EndWaits makes long polls answer; Close ends all use of the parts.
  void EndWaits();
  bool ending() const { return ending_; }
  void Close() SIGNET_EXCLUDES(mutex_);

  // FirstNeeded is the sequence through which no stream of a client that still
  // has the permission needs the log.
  Result<uint64_t> FirstNeeded();

 private:
  struct Update;
  struct Window;
  using Change = std::function<void(const Window&, StreamState&,
                                    std::vector<LedgerLine>&)>;

  Result<Window> Look(StreamState state);
  Status SkipLost(Window& window);
  Result<StreamState> Fresh();
  void Start(const Origin& origin, Change change, Done done);
  void Attempt(const std::shared_ptr<Update>& update);
  void Count(const Window& before, const StreamState& after);
  void Note(const Receipt& receipt, const Origin& origin, const Window& window,
            StreamState& state, std::vector<LedgerLine>& lines);

  const Parts parts_;
  std::atomic<bool> ending_{false};
  Mutex mutex_;
  bool closed_ SIGNET_GUARDED_BY(mutex_) = false;
  std::unique_ptr<feed::SnapshotWorker> worker_ SIGNET_GUARDED_BY(mutex_);
};

}  // namespace signet::service::ssf

#endif  // SIGNET_SERVICE_SSF_STREAMS_H_
