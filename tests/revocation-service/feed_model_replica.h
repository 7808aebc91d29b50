#ifndef SIGNET_TESTS_FEED_MODEL_REPLICA_H_
#define SIGNET_TESTS_FEED_MODEL_REPLICA_H_

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "feed_net_rings.h"
#include "feed_net_rounds.h"
#include "signet/verifier.h"
#include "tests/temp_dir.h"

namespace signet::service::model {

// The policy's bound.
inline constexpr Duration kBound = std::chrono::seconds(10);

// A ModelReplica is a RevocationFeed and a Verifier without threads and
// network: what they decide is the real code. A Line is its one connection to
// the service; the model moves what is on it.
class ModelReplica {
 public:
  struct Line {
    enum class State { kIdle, kAsked, kAnswered, kStreaming };
    State state = State::kIdle;
    FeedQuestion question = {};
    FeedHttp::Answer answer = {};
    std::deque<std::string> events = {};
    std::optional<uint64_t> subscription = {};
    // What comes was made before the question, or the service's clock has
    // leapt ahead since the stream began.
    bool misleading = false;
  };

  ModelReplica(const ManualClock& clock, FeedMode mode, KeyRing feed_ring);

  // Restart is the death of the process and another one. `save` lets it write
  // its state first, `forget` takes the state's files away.
  void Restart(bool save, bool forget, KeyRing feed_ring);

  // Ask puts the next question on the idle line.
  void Ask();
  // Deliver brings what has come: the answer, or the next event. False: there
  // is nothing.
  bool Deliver();
  // Break ends what is on the line, as a lost connection does.
  void Break();
  // KeepRings fetches the rings if they are wanted.
  template <class Get>
  void KeepRings(Get get) {
    if (!parts_->board.TakeWant()) return;
    const uint64_t announced = parts_->board.announced();
    const Status taken = parts_->rings.TakeAnswer(get(), announced);
    if (!taken.ok()) parts_->board.RingsFailed(taken.error());
  }

  Line& line() { return line_; }
  const Line& line() const { return line_; }
  const FeedPause& pause() const { return pause_; }
  const Verifier& verifier() const { return parts_->verifier; }
  const RevocationList& list() const { return parts_->list; }
  KeyRing feed_ring() const { return *parts_->board.feed_ring(); }
  FeedStatus status() const { return parts_->board.status(); }
  FeedPosition position() const { return parts_->rounds.replica().position(); }
  Time time() const { return parts_->rounds.replica().time(); }
  Duration Staleness() const {
    return list().Staleness(clock_.Now(), clock_.MonotonicNow());
  }

  // For the oracle: tokens that this process has called revoked, and whether
  // it has had misleading frames since it last confirmed an honest one.
  std::set<size_t> seen_revoked;
  bool misled = false;
  // The furthest that it was, as far as it must remember.
  FeedPosition furthest;
  Time latest{};

 private:
  struct Parts {
    Parts(const FeedOptions& options, const Clock& clock,
          const StateDirectory& directory);
    RevocationList list;
    LiveRing live;
    FeedBoard board;
    FeedRounds rounds;
    RingKeeper rings;
    Verifier verifier;
  };
  void Begin(KeyRing feed_ring);
  bool DeliverNext();
  void Finish(const Result<FeedHttp::Answer>& answer);

  const ManualClock& clock_;
  signet::testing::TempDir directory_;
  StateDirectory state_;
  FeedOptions options_;
  std::unique_ptr<Parts> parts_;
  Line line_;
  FeedPause pause_;
};

}  // namespace signet::service::model

#endif  // SIGNET_TESTS_FEED_MODEL_REPLICA_H_
