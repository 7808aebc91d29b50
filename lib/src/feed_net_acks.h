#ifndef SIGNET_SRC_FEED_NET_ACKS_H_
#define SIGNET_SRC_FEED_NET_ACKS_H_

#include <string>

#include "feed_net_board.h"
#include "feed_net_http.h"

namespace signet {

// An AckSender tells the service what the list has in force, when the stream
// has asked for that. It has a thread and a connection of its own: nothing
// here may hold up the next revocation. Wishes that come meanwhile become one.
//
// Run is the body of a thread; Cancel may be called from any other.
// Everything that it is given is borrowed.
class AckSender {
 public:
  AckSender(const FeedOptions& options, FeedBoard& board,
            const std::string& verifier_id);

  void Run();
  void Cancel() { http_.Cancel(); }

 private:
  // Send is false if it may help to try again.
  bool Send(const FeedBoard::AckWish& wish);

  FeedBoard& board_;
  const std::string& verifier_id_;
  FeedHttp http_;
  FeedBackoff backoff_;
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_NET_ACKS_H_
