#ifndef SIGNET_SRC_FEED_NET_FOLLOWER_H_
#define SIGNET_SRC_FEED_NET_FOLLOWER_H_

#include <functional>
#include <optional>
#include <string>

#include "feed_anchor.h"
#include "feed_net_board.h"
#include "feed_net_http.h"
#include "feed_replica.h"
#include "feed_state.h"

namespace signet {

// A FeedFollower keeps a revocation list at the end of the service's log. Run
// is the body of a thread; Cancel may be called from any other. Everything
// that it is given is borrowed.
class FeedFollower {
 public:
  // `directory` may be null. The list already holds what `replica` knows.
  FeedFollower(const FeedOptions& options, const Clock& clock, FeedBoard& board,
               RevocationList& list, const StateDirectory* directory,
               const std::string& verifier_id);

  // Restore takes up the state on disk, if there is one. Before Run.
  void Restore();

  // Run follows until the board says stop.
  void Run();
  void Cancel() { http_.Cancel(); }

 private:
  using Steady = std::chrono::steady_clock;
  // What a round came to. kGo: go on at once; kPause: something failed.
  enum class Round { kGo, kPause };

  Round OneRound();
  Round TakeSnapshot();
  Round Poll(Seconds wait);
  Round FollowStream();
  Round AfterStream(const FeedHttp::Answer& answer, const Status& ended);
  Round Unwelcome(int status);

  // TakeFrames applies a body that is a sequence of frames.
  Round TakeFrames(Bytes body, Monotonic sent);
  // TakeFrame applies one frame; false if the cursor must be seen to first.
  bool TakeFrame(Bytes bytes, const std::function<Monotonic(Time)>& moment);
  bool TakeEvent(std::string_view data, bool ack_wanted, FeedAnchor& anchor);
  void Note(const FeedHead& head, const FeedOutcome& outcome);
  void Refuse(const Error& error);
  Round Fail(const Error& error);

  std::string CursorQuery() const;
  void SaveIfDue(bool at_the_end);

  const FeedOptions& options_;
  const Clock& clock_;
  FeedBoard& board_;
  FeedReplica replica_;
  const StateDirectory* directory_;
  FeedHttp http_;
  FeedBackoff backoff_;

  bool snapshot_wanted_ = true;
  bool log_wanted_ = false;  // a gap: ask once before taking a snapshot
  size_t rounds_in_vain_ = 0;
  bool refused_ = false;                            // a frame of this round
  FeedTransport transport_ = FeedTransport::kPoll;  // of this round
  // Not before this is a stream tried again after one that did not work.
  Steady::time_point stream_after_{};
  // Of the stream at hand.
  Steady::time_point last_confirmed_{};
  bool stream_worked_ = false;

  std::optional<FeedPosition> saved_;
  Time saved_time_{};
  Steady::time_point save_after_{};
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_NET_FOLLOWER_H_
