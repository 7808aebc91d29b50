#ifndef SIGNET_SRC_FEED_NET_WATCH_H_
#define SIGNET_SRC_FEED_NET_WATCH_H_

#include "feed_net_board.h"
#include "signet/clock.h"

namespace signet {

// A FeedWatch tells the application what becomes of its feed: what the other
// threads put on the board, and when the list grows stale or fresh. Run is the
// body of a thread, in which the application's callback is called. Everything
// that it is given is borrowed.
class FeedWatch {
 public:
  FeedWatch(const FeedOptions& options, const Clock& clock, FeedBoard& board,
            const RevocationList& list)
      : options_(options), clock_(clock), board_(board), list_(list) {}

  void Run();

 private:
  // LookAtAge returns how long it may be until the next look.
  Duration LookAtAge();
  void Tell(const FeedEvent& event) const;

  const FeedOptions& options_;
  const Clock& clock_;
  FeedBoard& board_;
  const RevocationList& list_;
  bool stale_ = true;
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_NET_WATCH_H_
