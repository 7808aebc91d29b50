#ifndef SIGNET_SRC_FEED_NET_ROUNDS_H_
#define SIGNET_SRC_FEED_NET_ROUNDS_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "feed_anchor.h"
#include "feed_events.h"
#include "feed_net_board.h"
#include "feed_net_http.h"
#include "feed_replica.h"
#include "feed_state.h"

namespace signet {

// FeedQuestion is what to ask the service.
struct FeedQuestion {
  std::string path;
  size_t limit = 0;           // of the answer, in bytes
  bool stream = false;        // without end
  std::string last_event_id;  // of a stream
};

// FeedPause is what to do before the next question.
struct FeedPause {
  Duration interval{};        // wait this long,
  Duration jitter{};          // and a random time up to this
  bool reconnect = false;     // something failed, or leads nowhere
  bool next_service = false;  // ask another one
};

// FeedRounds decides what a follower asks, and what it makes of the answer.
// It knows no network, no thread and no sleep: whoever has them asks Next,
// hands over what came, and pauses as Take says. Timers go by the clock. One
// thread; everything that it is given is borrowed.
class FeedRounds {
 public:
  // `directory` may be null.
  FeedRounds(const FeedOptions& options, const Clock& clock, FeedBoard& board,
             RevocationList& list, const StateDirectory* directory);

  // Restore takes up the state on disk, if there is one. Call it first.
  void Restore();

  // Next is the question of this round. It is being sent when it returns.
  FeedQuestion Next();

  // Chunk takes a piece of the stream that Next asked for, as it comes; false
  // ends the stream.
  bool Chunk(std::string_view chunk) { return events_->Read(chunk); }

  // TakeAckWish gives, once, what to acknowledge to the service that sent the
  // last chunks: it asked for that, and the list holds it.
  std::optional<FeedPosition> TakeAckWish() {
    return std::exchange(ack_wish_, std::nullopt);
  }

  // Take ends the round with the answer, or with why there is none.
  FeedPause Take(const Result<FeedHttp::Answer>& answer);

  // Save writes the state to disk, if that is worth it, at the end.
  void Save() { SaveIfDue(true); }

  const FeedReplica& replica() const { return replica_; }

 private:
  // What a round came to. kGo: go on at once; kPause: something failed.
  enum class Round { kGo, kPause };
  enum class Asked { kSnapshot, kLog, kStream };

  FeedQuestion AskSnapshot();
  FeedQuestion AskLog(Seconds wait);
  FeedQuestion AskStream();

  Round TakeAnswer(const FeedHttp::Answer& answer);
  Round TakeSnapshot(const FeedHttp::Answer& answer);
  Round TakeLog(const FeedHttp::Answer& answer);
  Round TakeStreamEnd(const FeedHttp::Answer& answer);
  Round Unwelcome(int status);

  // TakeFrames applies a body that is a sequence of frames.
  Round TakeFrames(Bytes body);
  // TakeFrame applies one frame; false if the cursor must be seen to first.
  bool TakeFrame(Bytes bytes, const std::function<Monotonic(Time)>& moment);
  bool TakeEvent(std::string_view data);
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
  FeedBackoff backoff_;

  bool snapshot_wanted_ = true;
  bool log_wanted_ = false;  // a gap: ask once before taking a snapshot
  size_t rounds_in_vain_ = 0;

  // Of the round at hand.
  Asked asked_ = Asked::kSnapshot;
  Monotonic sent_{};
  Duration interval_{};
  bool refused_ = false;  // a frame
  FeedTransport transport_ = FeedTransport::kPoll;
  // And of its stream.
  std::optional<FeedAnchor> anchor_;
  std::optional<EventReader> events_;
  Monotonic last_confirmed_{};
  bool stream_worked_ = false;
  std::optional<FeedPosition> ack_wish_;

  // Not before this is a stream tried again after one that did not work.
  Monotonic stream_after_{};

  std::optional<FeedPosition> saved_;
  Time saved_time_{};
  Monotonic save_after_;
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_NET_ROUNDS_H_
