#include "feed_net_rings.h"

#include <algorithm>

namespace signet {
namespace {

constexpr size_t kMaxRingsAnswer = 1u << 20;
constexpr Duration kCooldown = std::chrono::seconds(1);

}  // namespace

RingKeeper::RingKeeper(const FeedOptions& options, const Clock& clock,
                       FeedBoard& board, LiveRing& live,
                       const StateDirectory* directory)
    : services_(options.services.size()),
      clock_(clock),
      board_(board),
      live_(live),
      directory_(directory),
      http_(options),
      backoff_(options.max_backoff) {}

void RingKeeper::Restore() {
  if (directory_ == nullptr) return;
  const Result<std::string> frame = directory_->LoadRings();
  // What is absent, damaged or signed by a retired key is simply fetched.
  if (frame) (void)Take(AsBytes(*frame), 0);
}

void RingKeeper::Run() {
  while (board_.AwaitWant()) {
    const Status fetched = FetchFromAny();
    Duration pause = kCooldown;
    if (fetched) {
      backoff_.Reset();
    } else {
      board_.RingsFailed(fetched.error());
      pause = std::max(pause, backoff_.Next());
    }
    if (!board_.Sleep(pause)) return;
  }
}

Status RingKeeper::FetchFromAny() {
  Status fetched;
  for (size_t i = 0; i < services_ && !board_.stopping(); ++i) {
    fetched = Fetch();
    if (fetched) break;
    http_.NextService();
  }
  return fetched;
}

Status RingKeeper::Fetch() {
  // Read first: what is named from now on is asked for next time.
  const uint64_t announced = board_.announced();
  const Result<FeedHttp::Answer> answer =
      http_.Get("/feed/rings", kMaxRingsAnswer);
  if (!answer) return answer.error();
  return TakeAnswer(*answer, announced);
}

Status RingKeeper::TakeAnswer(const FeedHttp::Answer& answer,
                              uint64_t announced) {
  if (answer.status != 200) return ExplainStatus(answer.status);
  const Result<std::vector<Bytes>> frames = SplitFrames(AsBytes(answer.body));
  if (!frames) return frames.error();
  if (frames->size() != 1) {
    return Error{ErrorCode::kInvalid, "the service sent no single rings frame"};
  }
  const Bytes frame = frames->front();
  if (Status taken = Take(frame, announced); !taken) return taken;
  return directory_ == nullptr ? Status()
                               : directory_->SaveRings(AsText(frame));
}

// Take puts rings into force that are at least of the announced generation:
// older ones are a replay.
Status RingKeeper::Take(Bytes bytes, uint64_t at_least) {
  const Result<Frame> frame =
      DecodeFrame(bytes, *board_.feed_ring(), clock_.Now());
  if (!frame) return frame.error();
  const auto* rings = std::get_if<RingsFrame>(&*frame);
  if (rings == nullptr) {
    return Error{ErrorCode::kInvalid, "the frame holds no rings"};
  }
  uint64_t generation = 0;
  for (const KeyRing& ring : rings->rings) generation += ring.info().generation;
  if (generation < at_least) {
    return Error{ErrorCode::kRollback,
                 "the service sent rings older than it announced"};
  }
  for (const KeyRing& ring : rings->rings) {
    if (ring.info().purpose == KeyPurpose::kFeed) board_.Learn(ring);
    if (!SignsAccess(ring.info().purpose)) continue;
    if (Status published = live_.Publish(ring); !published) return published;
  }
  board_.RingsTaken(generation);
  return {};
}

}  // namespace signet
