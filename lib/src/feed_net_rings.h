#ifndef SIGNET_SRC_FEED_NET_RINGS_H_
#define SIGNET_SRC_FEED_NET_RINGS_H_

#include "feed_net_board.h"
#include "feed_net_http.h"
#include "feed_state.h"
#include "signet/live_ring.h"

namespace signet {

// A RingKeeper fetches the public rings: at the start, when a head names a
// newer generation, and when a verifier met an unknown key. All wishes share
// one fetch, and a fetch is followed by a pause whatever came of it: junk key
// ids cannot make it ask faster. A fetch that fails leaves the rings in force.
//
// Run is the body of a thread; Cancel may be called from any other.
// Everything that it is given is borrowed.
class RingKeeper {
 public:
  // `directory` may be null.
  RingKeeper(const FeedOptions& options, const Clock& clock, FeedBoard& board,
             LiveRing& live, const StateDirectory* directory);

  // Restore takes up the frame on disk, which is verified like a fresh one.
  void Restore();

  void Run();
  void Cancel() { http_.Cancel(); }

  // TakeAnswer puts the answer of /feed/rings into force. `announced` is the
  // board's, read before the question was sent.
  Status TakeAnswer(const FeedHttp::Answer& answer, uint64_t announced);

 private:
  Status FetchFromAny();
  Status Fetch();
  Status Take(Bytes frame, uint64_t at_least);

  const size_t services_;
  const Clock& clock_;
  FeedBoard& board_;
  LiveRing& live_;
  const StateDirectory* directory_;
  FeedHttp http_;
  FeedBackoff backoff_;
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_NET_RINGS_H_
