#include "revocation-service/feed/frame_signer.h"

#include <algorithm>

namespace signet::service::feed {

Result<FrameSigner> FrameSigner::Create(const Rings& rings, Time now) {
  FrameSigner signer;
  signer.ring_ = rings.feed();
  signer.ring_generation_ = rings.generation();
  const SigningRing::Key* active = signer.ring_->Active(now);
  if (active == nullptr) {
    return Error{ErrorCode::kUnavailable,
                 "signing the feed: no key of the feed ring is active",
                 "rotate the feed ring"};
  }
  signer.key_ = &active->key;
  return signer;
}

FeedHead FrameSigner::HeadOf(const FeedState& state) const {
  return {.position = state.position,
          .time = state.time,
          .digest = state.digest,
          .ring_generation = ring_generation_};
}

std::string FrameSigner::Head(const FeedState& state) const {
  return EncodeFrame(
      HeadFrame{.head = HeadOf(state), .log_hash = state.log_hash}, *key_);
}

std::vector<SignedFrame> FrameSigner::Log(const FeedState& state,
                                          const Stretch& stretch) const {
  std::vector<SignedFrame> frames;
  if (stretch.entries.empty()) {
    frames.push_back({state.position, Head(state)});
    return frames;
  }
  BatchFrame batch{.head = HeadOf(state),
                   .first_sequence = stretch.first_sequence,
                   .previous_hash = stretch.previous_hash,
                   .entries = {}};
  auto rest = std::span(stretch.entries);
  for (;;) {
    const auto part = rest.first(std::min(rest.size(), kMaxBatch));
    batch.entries.assign(part.begin(), part.end());
    const uint64_t last = batch.first_sequence + part.size() - 1;
    frames.push_back({{state.position.epoch, last}, EncodeFrame(batch, *key_)});
    rest = rest.subspan(part.size());
    if (rest.empty()) return frames;
    batch.first_sequence = last + 1;
    for (const Revocation& entry : part) {
      batch.previous_hash = ChainLogHash(batch.previous_hash, entry);
    }
  }
}

std::string FrameSigner::Snapshot(LogFollower::FullCapture capture) const {
  return EncodeFrame(SnapshotFrame{.head = HeadOf(capture.state),
                                   .log_hash = capture.state.log_hash,
                                   .entries = std::move(capture.entries)},
                     *key_);
}

std::string FrameSigner::PublicRings(const FeedState& state,
                                     const Rings& rings) const {
  RingsFrame frame{.head = HeadOf(state), .rings = rings.Published()};
  // The head must not promise more than these rings: one may have changed
  // since the generation was read.
  frame.head.ring_generation = 0;
  for (const KeyRing& ring : frame.rings) {
    frame.head.ring_generation += ring.info().generation;
  }
  return EncodeFrame(frame, *key_);
}

}  // namespace signet::service::feed
