#include "feed_net_rounds.h"

#include <algorithm>

#include "feed_body.h"

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

FeedRounds::FeedRounds(const FeedOptions& options, const Clock& clock,
                       FeedBoard& board, RevocationList& list,
                       const StateDirectory* directory)
    : options_(options),
      clock_(clock),
      board_(board),
      replica_(list),
      directory_(directory),
      backoff_(options.max_backoff),
      save_after_(clock.MonotonicNow() + kSaveInterval) {}

void FeedRounds::Restore() {
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

FeedQuestion FeedRounds::Next() {
  ++rounds_in_vain_;
  refused_ = false;
  interval_ = {};
  sent_ = clock_.MonotonicNow();
  if (snapshot_wanted_) return AskSnapshot();
  if (log_wanted_) return AskLog(Seconds(0));
  if (options_.mode == FeedMode::kSubscribe && sent_ >= stream_after_) {
    return AskStream();
  }
  const Seconds wait = options_.mode == FeedMode::kPoll
                           ? Seconds(0)
                           : LongPollWait(options_.timeout);
  if (wait == Seconds(0)) interval_ = options_.poll_interval;
  return AskLog(wait);
}

FeedQuestion FeedRounds::AskSnapshot() {
  asked_ = Asked::kSnapshot;
  return {.path = "/feed/snapshot",
          .limit = kMaxSnapshotAnswer,
          .last_event_id = {}};
}

FeedQuestion FeedRounds::AskLog(Seconds wait) {
  asked_ = Asked::kLog;
  transport_ =
      wait > Seconds(0) ? FeedTransport::kLongPoll : FeedTransport::kPoll;
  std::string path = "/feed/log" + CursorQuery();
  if (wait > Seconds(0)) path += "&wait=" + std::to_string(wait.count());
  return {.path = std::move(path), .limit = kMaxLogAnswer, .last_event_id = {}};
}

FeedQuestion FeedRounds::AskStream() {
  asked_ = Asked::kStream;
  transport_ = FeedTransport::kStream;
  anchor_.emplace(sent_);
  events_.emplace([this](std::string_view data) { return TakeEvent(data); });
  stream_worked_ = false;
  last_confirmed_ = sent_;
  const FeedPosition& position = replica_.position();
  return {.path = "/feed/stream" + CursorQuery(),
          .stream = true,
          .last_event_id = std::to_string(position.epoch) + "." +
                           std::to_string(position.sequence)};
}

std::string FeedRounds::CursorQuery() const {
  const FeedPosition& position = replica_.position();
  return "?epoch=" + std::to_string(position.epoch) +
         "&after=" + std::to_string(position.sequence);
}

FeedPause FeedRounds::Take(const Result<FeedHttp::Answer>& answer) {
  const Round round = answer ? TakeAnswer(*answer) : Fail(answer.error());
  SaveIfDue(false);
  if (round == Round::kGo && rounds_in_vain_ <= kMaxRoundsInVain) {
    return {.interval = interval_};
  }
  return {.interval = round == Round::kGo ? interval_ : Duration{},
          .jitter = backoff_.NextCeiling(),
          .reconnect = true,
          .next_service = round == Round::kPause};
}

FeedRounds::Round FeedRounds::TakeAnswer(const FeedHttp::Answer& answer) {
  switch (asked_) {
    case Asked::kSnapshot:
      return TakeSnapshot(answer);
    case Asked::kLog:
      return TakeLog(answer);
    case Asked::kStream:
      break;
  }
  return TakeStreamEnd(answer);
}

FeedRounds::Round FeedRounds::TakeSnapshot(const FeedHttp::Answer& answer) {
  if (answer.status != 200) return Fail(ExplainStatus(answer.status));
  log_wanted_ = false;
  const Round round = TakeFrames(AsBytes(answer.body));
  return snapshot_wanted_ ? Round::kPause : round;
}

FeedRounds::Round FeedRounds::TakeLog(const FeedHttp::Answer& answer) {
  if (answer.status != 200) return Unwelcome(answer.status);
  // A gap in the answer to this very question is not closed by asking again.
  const bool second = log_wanted_;
  log_wanted_ = false;
  const Round round = TakeFrames(AsBytes(answer.body));
  if (log_wanted_ && second) {
    log_wanted_ = false;
    snapshot_wanted_ = true;
  }
  return round;
}

// Unwelcome is an answer to a cursor that is not a success.
FeedRounds::Round FeedRounds::Unwelcome(int status) {
  // 410: compacted; 409: of another epoch.
  if (status != 410 && status != 409) return Fail(ExplainStatus(status));
  snapshot_wanted_ = true;
  return Round::kGo;
}

FeedRounds::Round FeedRounds::TakeFrames(Bytes body) {
  const Result<std::vector<Bytes>> frames = SplitFrames(body);
  if (!frames) return Fail(frames.error());
  if (frames->empty()) {
    return Fail({ErrorCode::kInvalid, "the service sent an empty answer"});
  }
  for (const Bytes& frame : *frames) {
    if (!TakeFrame(frame, [this](Time) { return sent_; })) break;
  }
  // A refused answer is the service's fault: try another, after a pause.
  return refused_ && !snapshot_wanted_ ? Round::kPause : Round::kGo;
}

bool FeedRounds::TakeFrame(Bytes bytes,
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
void FeedRounds::Note(const FeedHead& head, const FeedOutcome& outcome) {
  if (outcome.error) {
    return Refuse(*outcome.error);
  }
  board_.FrameTaken(replica_.position(), outcome.confirmed, transport_);
  board_.Announce(head.ring_generation);
  if (!outcome.confirmed) return;
  backoff_.Reset();
  rounds_in_vain_ = 0;
  last_confirmed_ = clock_.MonotonicNow();
  stream_worked_ = true;
}

void FeedRounds::Refuse(const Error& error) {
  refused_ = true;
  board_.Refused(error);
}

FeedRounds::Round FeedRounds::Fail(const Error& error) {
  board_.Failed(error);
  return Round::kPause;
}

bool FeedRounds::TakeEvent(std::string_view data) {
  const Monotonic received = clock_.MonotonicNow();
  const Result<std::string> frame = Base64UrlDecode(data);
  if (!frame) {
    Refuse(frame.error());
    return false;
  }
  const bool in_order = TakeFrame(AsBytes(*frame), [&](Time signed_time) {
    return anchor_->MomentOf(signed_time, received);
  });
  // What is acknowledged is what the list holds, whatever the frame said.
  if (in_order && events_->type() == "ack") ack_wish_ = replica_.position();
  SaveIfDue(false);
  // A service that sends only what is refused is as good as silent.
  return in_order && !board_.stopping() &&
         clock_.MonotonicNow() - last_confirmed_ < options_.timeout;
}

FeedRounds::Round FeedRounds::TakeStreamEnd(const FeedHttp::Answer& answer) {
  if (snapshot_wanted_ || log_wanted_) return Round::kGo;
  if (!events_->error()) return Fail(events_->error().error());
  if (stream_worked_) {
    return Fail({ErrorCode::kUnavailable, "the feed's stream ended"});
  }
  const int status = answer.status;
  if (status == 410 || status == 409) return Unwelcome(status);
  if (status == 401 || status == 403 || status == 503) {
    return Fail(ExplainStatus(status));
  }
  // Something answers, and it is no stream: poll meanwhile.
  stream_after_ = clock_.MonotonicNow() + kStreamRetry;
  return Round::kGo;
}

void FeedRounds::SaveIfDue(bool at_the_end) {
  if (directory_ == nullptr || !replica_.has_cursor()) return;
  if (!at_the_end && clock_.MonotonicNow() < save_after_) return;
  save_after_ = clock_.MonotonicNow() + kSaveInterval;
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
