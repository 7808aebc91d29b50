#include "feed_model_replica.h"

#include <filesystem>

namespace signet::service::model {
namespace {

Policy ModelPolicy() {
  Policy policy;
  policy.issuer = "model";
  policy.audience = "api";
  policy.max_staleness = kBound;
  return policy;
}

}  // namespace

ModelReplica::Parts::Parts(const FeedOptions& options, const Clock& clock,
                           const StateDirectory& directory)
    : board(*options.feed_ring),
      rounds(options, clock, board, list, &directory),
      rings(options, clock, board, live, &directory),
      verifier(Verifier::Create(ModelPolicy(), live, list, clock).value()) {}

ModelReplica::ModelReplica(const ManualClock& clock, FeedMode mode,
                           KeyRing feed_ring)
    : clock_(clock),
      state_(StateDirectory::Open(directory_ / "state").value()) {
  options_.services = {"http://127.0.0.1:1"};
  options_.client_id = "edge";
  options_.client_secret = "secret";
  options_.mode = mode;
  Begin(std::move(feed_ring));
}

void ModelReplica::Begin(KeyRing feed_ring) {
  options_.feed_ring = std::move(feed_ring);
  parts_ = std::make_unique<Parts>(options_, clock_, state_);
  parts_->live.OnUnknownKey([board = &parts_->board] { board->WantRings(); });
  parts_->rings.Restore();
  parts_->rounds.Restore();
  line_ = {};
  seen_revoked.clear();
  misled = false;
}

void ModelReplica::Restart(bool save, bool forget, KeyRing feed_ring) {
  if (save) parts_->rounds.Save();
  const FeedPosition held = position();
  const Time time_held = time();
  if (forget) {
    std::filesystem::remove(directory_ / "state/list.state");
    std::filesystem::remove(directory_ / "state/rings.frame");
  }
  Begin(std::move(feed_ring));
  // Without its last word on disk it may remember less.
  const bool remembers = save && !forget;
  furthest = remembers ? held : position();
  latest = remembers ? time_held : time();
}

void ModelReplica::Ask() {
  line_ = {.state = Line::State::kAsked, .question = parts_->rounds.Next()};
}

void ModelReplica::Finish(const Result<FeedHttp::Answer>& answer) {
  pause_ = parts_->rounds.Take(answer);
  line_ = {};
}

bool ModelReplica::Deliver() {
  const Time before = list().SignedTime();
  const bool misleading = line_.misleading;
  const bool delivered = DeliverNext();
  // Whatever it has believed, it knows the truth since this question.
  if (misleading) {
    misled = true;
  } else if (list().SignedTime() > before) {
    misled = false;
  }
  return delivered;
}

bool ModelReplica::DeliverNext() {
  if (line_.state == Line::State::kAnswered) {
    Finish(FeedHttp::Answer(std::move(line_.answer)));
    return true;
  }
  if (line_.state != Line::State::kStreaming || line_.events.empty()) {
    return false;
  }
  const std::string event = std::move(line_.events.front());
  line_.events.pop_front();
  // It comes in two pieces, as it may.
  const size_t cut = event.size() / 3;
  if (!parts_->rounds.Chunk(std::string_view(event).substr(0, cut)) ||
      !parts_->rounds.Chunk(std::string_view(event).substr(cut))) {
    Break();
  }
  return true;
}

void ModelReplica::Break() {
  if (line_.state == Line::State::kIdle) return;
  if (line_.state == Line::State::kStreaming) {
    return Finish(
        FeedHttp::Answer{.status = 200, .streamed = true, .body = {}});
  }
  Finish(Error{ErrorCode::kUnavailable, "the connection broke"});
}

}  // namespace signet::service::model
