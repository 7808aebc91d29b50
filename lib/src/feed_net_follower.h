#ifndef SIGNET_SRC_FEED_NET_FOLLOWER_H_
#define SIGNET_SRC_FEED_NET_FOLLOWER_H_

#include "feed_net_board.h"
#include "feed_net_http.h"
#include "feed_net_rounds.h"

namespace signet {

// A FeedFollower keeps a revocation list at the end of the service's log: it
// asks over HTTP what FeedRounds decides. Run is the body of a thread; Cancel
// may be called from any other. Everything that it is given is borrowed.
class FeedFollower {
 public:
  // `directory` may be null.
  FeedFollower(const FeedOptions& options, const Clock& clock, FeedBoard& board,
               RevocationList& list, const StateDirectory* directory,
               const std::string& verifier_id)
      : board_(board),
        rounds_(options, clock, board, list, directory),
        http_(options, verifier_id) {}

  // Restore takes up the state on disk, if there is one. Before Run.
  void Restore() { rounds_.Restore(); }

  // Run follows until the board says stop.
  void Run();
  void Cancel() { http_.Cancel(); }

 private:
  Result<FeedHttp::Answer> Ask(const FeedQuestion& question);

  FeedBoard& board_;
  FeedRounds rounds_;
  FeedHttp http_;
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_NET_FOLLOWER_H_
