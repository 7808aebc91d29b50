#include "feed_net_follower.h"

#include <algorithm>

#include "feed_body.h"
#include "feed_events.h"

namespace signet {
namespace {

constexpr size_t kMaxLogAnswer = 64u << 20;
constexpr size_t kMaxSnapshotAnswer = kMaxSnapshotBytes + 4;
constexpr auto kSaveInterval = std::chrono::seconds(30);
// After a stream that did not work: a proxy may be in the way.
constexpr auto kStreamRetry = std::chrono::seconds(30);
// Snapshots and gaps that may follow each other without a pause, as long as
// nothing is confirmed in between.
constexpr size_t kMaxRoundsInVain = 4;

// LongPollWait is how long the service may hold an answer back: well below
// the timeout, and short, for staleness grows meanwhile.
Seconds LongPollWait(Duration timeout) {
  return timeout >= Seconds(4) ? Seconds(2) : Seconds(0);
}

}  // namespace

FeedFollower::FeedFollower(const FeedOptions& options, const Clock& clock,
                           FeedBoard& board, RevocationList& list,
                           const StateDirectory* directory,
                           const std::string& verifier_id)
    : options_(options),
      clock_(clock),
      board_(board),
      replica_(list),
      directory_(directory),
      http_(options, verifier_id),
      backoff_(options.max_backoff),
      save_after_(Steady::now() + kSaveInterval) {}

void FeedFollower::Restore() {
  if (directory_ == nullptr) return;
  const Result<FeedState> state = directory_->Load();
  if (!state) {
    // Damaged is as good as absent, but worth a word.
    if (state.error().code != ErrorCode::kNotFound) {
      board_.Warn(state.error());
    }
    return;
  }
  replica_.Restore(*state);
  snapshot_wanted_ = false;
  saved_ = replica_.position();
  saved_time_ = replica_.time();
  board_.SetPosition(replica_.position());
}

void FeedFollower::Run() {
  while (!board_.stopping()) {
    ++rounds_in_vain_;
    refused_ = false;
    const Round round = OneRound();
    SaveIfDue(false);
    if (round == Round::kGo && rounds_in_vain_ <= kMaxRoundsInVain) continue;
    if (board_.stopping()) break;
    if (round == Round::kPause) http_.NextService();
    board_.Reconnecting();
    board_.Sleep(backoff_.Next());
  }
  SaveIfDue(true);
}

FeedFollower::Round FeedFollower::OneRound() {
  if (snapshot_wanted_) return TakeSnapshot();
  if (log_wanted_) return Poll(Seconds(0));
  if (options_.mode == FeedMode::kPoll) {
    const Round round = Poll(Seconds(0));
    if (round == Round::kGo) board_.Sleep(options_.poll_interval);
    return round;
  }
  if (Steady::now() >= stream_after_) return FollowStream();
  const Seconds wait = LongPollWait(options_.timeout);
  const Round round = Poll(wait);
  if (round == Round::kGo && wait == Seconds(0)) {
    board_.Sleep(options_.poll_interval);
  }
  return round;
}

FeedFollower::Round FeedFollower::TakeSnapshot() {
  const Monotonic sent = clock_.MonotonicNow();
  const Result<FeedHttp::Answer> answer =
      http_.Get("/feed/snapshot", kMaxSnapshotAnswer);
  if (!answer) return Fail(answer.error());
  if (answer->status != 200) return Fail(ExplainStatus(answer->status));
  log_wanted_ = false;
  const Round round = TakeFrames(AsBytes(answer->body), sent);
  return snapshot_wanted_ ? Round::kPause : round;
}

std::string FeedFollower::CursorQuery() const {
  const FeedPosition& position = replica_.position();
  return "?epoch=" + std::to_string(position.epoch) +
         "&after=" + std::to_string(position.sequence);
}

FeedFollower::Round FeedFollower::Poll(Seconds wait) {
  std::string path = "/feed/log" + CursorQuery();
  if (wait > Seconds(0)) path += "&wait=" + std::to_string(wait.count());
  transport_ =
      wait > Seconds(0) ? FeedTransport::kLongPoll : FeedTransport::kPoll;
  const Monotonic sent = clock_.MonotonicNow();
  const Result<FeedHttp::Answer> answer = http_.Get(path, kMaxLogAnswer);
  if (!answer) return Fail(answer.error());
  if (answer->status != 200) return Unwelcome(answer->status);
  // A gap in the answer to this very question is not closed by asking again.
  const bool second = log_wanted_;
  log_wanted_ = false;
  const Round round = TakeFrames(AsBytes(answer->body), sent);
  if (log_wanted_ && second) {
    log_wanted_ = false;
    snapshot_wanted_ = true;
  }
  return round;
}

// Unwelcome is an answer to a cursor that is not a success.
FeedFollower::Round FeedFollower::Unwelcome(int status) {
  // 410: compacted; 409: of another epoch.
  if (status != 410 && status != 409) return Fail(ExplainStatus(status));
  snapshot_wanted_ = true;
  return Round::kGo;
}

FeedFollower::Round FeedFollower::TakeFrames(Bytes body, Monotonic sent) {
  const Result<std::vector<Bytes>> frames = SplitFrames(body);
  if (!frames) return Fail(frames.error());
  if (frames->empty()) {
    return Fail({ErrorCode::kInvalid, "the service sent an empty answer"});
  }
  for (const Bytes& frame : *frames) {
    if (!TakeFrame(frame, [sent](Time) { return sent; })) break;
  }
  // A refused answer is the service's fault: try another, after a pause.
  return refused_ && !snapshot_wanted_ ? Round::kPause : Round::kGo;
}

bool FeedFollower::TakeFrame(Bytes bytes,
                             const std::function<Monotonic(Time)>& moment) {
  const Time now = clock_.Now();
  const Result<Frame> frame = DecodeFrame(bytes, *board_.feed_ring(), now);
  if (!frame) {
    // The feed ring may have moved on.
    if (frame.error().code == ErrorCode::kNotFound) board_.WantRings();
    Refuse(frame.error());
    return true;
  }
  const FeedHead& head = HeadOf(*frame);
  // A time that will be refused must not spoil the anchor of a stream.
  const bool ahead = head.time > now + FeedReplica::kMaxAhead;
  const bool resync = replica_.has_cursor();
  const FeedOutcome outcome =
      replica_.Accept(*frame, now, ahead ? Monotonic{} : moment(head.time));
  Note(head, outcome);
  if (outcome.next == FeedStep::kContinue) {
    if (std::holds_alternative<SnapshotFrame>(*frame) && !outcome.error) {
      snapshot_wanted_ = false;
      if (resync) board_.Resynced(replica_.position());
    }
    return true;
  }
  (outcome.next == FeedStep::kFetchLog ? log_wanted_ : snapshot_wanted_) = true;
  return false;
}

// Note tells the others what came of a frame: after the list has it.
void FeedFollower::Note(const FeedHead& head, const FeedOutcome& outcome) {
  if (outcome.error) {
    return Refuse(*outcome.error);
  }
  board_.FrameTaken(replica_.position(), outcome.confirmed, transport_);
  board_.Announce(head.ring_generation);
  if (!outcome.confirmed) return;
  backoff_.Reset();
  rounds_in_vain_ = 0;
  last_confirmed_ = Steady::now();
  stream_worked_ = true;
}

void FeedFollower::Refuse(const Error& error) {
  refused_ = true;
  board_.Refused(error);
}

FeedFollower::Round FeedFollower::Fail(const Error& error) {
  board_.Failed(error);
  return Round::kPause;
}

FeedFollower::Round FeedFollower::FollowStream() {
  FeedAnchor anchor(clock_.MonotonicNow());
  transport_ = FeedTransport::kStream;
  stream_worked_ = false;
  last_confirmed_ = Steady::now();
  EventReader events([&](std::string_view data) {
    return TakeEvent(data, events.type() == "ack", anchor);
  });
  const FeedPosition& position = replica_.position();
  const Result<FeedHttp::Answer> answer = http_.Stream(
      "/feed/stream" + CursorQuery(),
      std::to_string(position.epoch) + "." + std::to_string(position.sequence),
      [&](std::string_view chunk) { return events.Read(chunk); });
  if (!answer) return Fail(answer.error());
  return AfterStream(*answer, events.error());
}

bool FeedFollower::TakeEvent(std::string_view data, bool ack_wanted,
                             FeedAnchor& anchor) {
  const Monotonic received = clock_.MonotonicNow();
  const Result<std::string> frame = Base64UrlDecode(data);
  if (!frame) {
    Refuse(frame.error());
    return false;
  }
  const bool in_order = TakeFrame(AsBytes(*frame), [&](Time signed_time) {
    return anchor.MomentOf(signed_time, received);
  });
  // What is acknowledged is what the list holds, whatever the frame said.
  if (in_order && ack_wanted) {
    board_.WantAck({replica_.position(), http_.service()});
  }
  SaveIfDue(false);
  // A service that sends only what is refused is as good as silent.
  return in_order && !board_.stopping() &&
         Steady::now() - last_confirmed_ < options_.timeout;
}

FeedFollower::Round FeedFollower::AfterStream(const FeedHttp::Answer& answer,
                                              const Status& ended) {
  if (snapshot_wanted_ || log_wanted_) return Round::kGo;
  if (!ended) return Fail(ended.error());
  if (stream_worked_) {
    return Fail({ErrorCode::kUnavailable, "the feed's stream ended"});
  }
  const int status = answer.status;
  if (status == 410 || status == 409) return Unwelcome(status);
  if (status == 401 || status == 403 || status == 503) {
    return Fail(ExplainStatus(status));
  }
  // Something answers, and it is no stream: poll meanwhile.
  stream_after_ = Steady::now() + kStreamRetry;
  return Round::kGo;
}

void FeedFollower::SaveIfDue(bool at_the_end) {
  if (directory_ == nullptr || !replica_.has_cursor()) return;
  if (!at_the_end && Steady::now() < save_after_) return;
  save_after_ = Steady::now() + kSaveInterval;
  // While nothing happens, the time alone is worth no writing.
  const bool moved = saved_ != replica_.position();
  if (!moved && !(at_the_end && saved_time_ != replica_.time())) return;
  if (const Status saved = directory_->Save(replica_.State()); !saved) {
    return board_.Warn(saved.error());
  }
  saved_ = replica_.position();
  saved_time_ = replica_.time();
}

}  // namespace signet
