#include "tools/feed_checker.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace signet::cli {
namespace {

std::string Text(const FeedPosition& position) {
  return std::to_string(position.epoch) + "." +
         std::to_string(position.sequence);
}

Error Wrong(std::string what) { return {ErrorCode::kCorrupt, std::move(what)}; }

// IsEmptyAt tells whether nothing can have been revoked yet. A later epoch
// begins with what was taken over from the one before.
bool IsEmptyAt(const FeedPosition& position) {
  return position.epoch == 1 && position.sequence == 0;
}

const FeedHead& HeadOf(const Frame& frame) {
  return std::visit([](const auto& f) -> const FeedHead& { return f.head; },
                    frame);
}

std::string Describe(const Frame& frame) {
  if (std::holds_alternative<SnapshotFrame>(frame)) {
    return "snapshot of " + Text(HeadOf(frame).position);
  }
  if (std::holds_alternative<RingsFrame>(frame)) return "rings";
  if (const auto* batch = std::get_if<BatchFrame>(&frame)) {
    const uint64_t first = batch->first_sequence;
    return "batch of " + Text({batch->head.position.epoch, first}) + " to " +
           std::to_string(first + batch->entries.size() - 1);
  }
  return "head of " + Text(HeadOf(frame).position);
}

}  // namespace

FeedChecker::FeedChecker(KeyRing feed_ring, Time now)
    : ring_(std::move(feed_ring)), now_(now) {}

Status FeedChecker::Take(Bytes bytes) {
  const std::string number = "frame " + std::to_string(summary_.frames + 1);
  const Result<Frame> frame = DecodeFrame(bytes, ring_, now_);
  if (!frame) {
    Error error = frame.error();
    error.message = number + ": " + error.message;
    return error;
  }
  if (Status good = Check(*frame); !good) {
    Error error = good.error();
    error.message = number + ", " + Describe(*frame) + ": " + error.message;
    return error;
  }
  ++summary_.frames;
  const Time time = HeadOf(*frame).time;
  if (summary_.frames == 1) summary_.first_time = time;
  summary_.first_time = std::min(summary_.first_time, time);
  return {};
}

Status FeedChecker::Check(const Frame& frame) {
  const FeedHead& head = HeadOf(frame);
  if (Begun() && head.position.epoch != position_.epoch) {
    return Wrong("it is of epoch " + std::to_string(head.position.epoch) +
                 ", those before it are of " + std::to_string(position_.epoch));
  }
  Time& latest = std::holds_alternative<SnapshotFrame>(frame)
                     ? snapshot_time_
                     : summary_.last_time;
  if (head.time < latest) {
    return Wrong("its time is before that of an earlier frame");
  }
  latest = head.time;
  return std::visit([this](const auto& f) { return Check(f); }, frame);
}

Status FeedChecker::Check(const HeadFrame& frame) {
  const FeedPosition& at = frame.head.position;
  if (!Begun()) Begin(at, frame.log_hash, IsEmptyAt(at), {});
  if (at.sequence < position_.sequence) {
    return Wrong("the log went back, " + Text(position_) + " was seen already");
  }
  if (at.sequence > position_.sequence) {
    return Wrong("a gap: " + std::to_string(position_.sequence + 1) + " to " +
                 std::to_string(at.sequence) + " are missing before it");
  }
  return CheckEnd(frame.head, frame.log_hash);
}

Status FeedChecker::Check(const BatchFrame& frame) {
  const uint64_t before = frame.first_sequence - 1;
  // A snapshot stands for all that is before it.
  if (pending_ && before == pending_->head.position.sequence &&
      before > position_.sequence) {
    const SnapshotFrame base = *std::exchange(pending_, std::nullopt);
    Begin(base.head.position, base.log_hash, true, base.entries);
  }
  if (!Begun()) {
    Begin({frame.head.position.epoch, before}, frame.previous_hash,
          IsEmptyAt({frame.head.position.epoch, before}), {});
  }
  if (before > position_.sequence) {
    return Wrong("a gap: " + std::to_string(position_.sequence + 1) + " to " +
                 std::to_string(before) + " are missing before it");
  }
  LogHash hash = frame.previous_hash;
  uint64_t sequence = before;
  for (size_t i = 0;; ++i) {
    if (const LogHash* known = HashAt(sequence);
        known != nullptr && *known != hash) {
      return Wrong("the hash chain breaks at " + std::to_string(sequence) +
                   ": another log than that of the frames before it");
    }
    if (i == frame.entries.size()) break;
    hash = ChainLogHash(hash, frame.entries[i]);
    if (++sequence <= position_.sequence) continue;
    log_.push_back(frame.entries[i]);
    list_->Apply({&log_.back(), 1});
    hashes_.push_back(hash);
    position_.sequence = sequence;
  }
  if (Status compared = ComparePending(); !compared) return compared;
  if (frame.head.position.sequence > position_.sequence) return {};
  return CheckEnd(frame.head, hashes_.back());
}

Status FeedChecker::Check(const SnapshotFrame& frame) {
  RevocationList alone;
  alone.Replace(frame.entries);
  if (alone.DigestAt(frame.head.time) != frame.head.digest) {
    return Wrong("its digest is not that of its own entries");
  }
  ++summary_.snapshots;
  if (!Begun()) {
    Begin(frame.head.position, frame.log_hash, true, frame.entries);
    return {};
  }
  if (frame.head.position.sequence > position_.sequence) {
    pending_ = frame;
    return {};
  }
  return Compare(frame);
}

Status FeedChecker::Check(const RingsFrame& frame) {
  for (const KeyRing& ring : frame.rings) {
    if (ring.info().purpose == KeyPurpose::kFeed &&
        ring.info().generation > ring_.info().generation) {
      ring_ = ring;
    }
  }
  return {};
}

// CheckEnd is for a head that stands where the log that was seen ends.
Status FeedChecker::CheckEnd(const FeedHead& head, const LogHash& hash) {
  if (hash != hashes_.back()) {
    return Wrong("its log hash is not that of the entries before it");
  }
  if (!complete_) return {};
  if (DigestAt(position_.sequence, head.time) != head.digest) {
    return Wrong("its digest is not that of the revocations before it");
  }
  ++summary_.digests;
  return {};
}

Status FeedChecker::Compare(const SnapshotFrame& snapshot) {
  const uint64_t sequence = snapshot.head.position.sequence;
  const LogHash* hash = HashAt(sequence);
  if (hash == nullptr) return {};  // from before what was seen
  if (*hash != snapshot.log_hash) {
    return Wrong("the snapshot of " + Text(snapshot.head.position) +
                 " is of another log: its hash is not the log's");
  }
  if (!complete_) return {};
  if (DigestAt(sequence, snapshot.head.time) != snapshot.head.digest) {
    return Wrong("the snapshot of " + Text(snapshot.head.position) +
                 " does not hold what the log says: the digests differ");
  }
  ++summary_.compared;
  return {};
}

Status FeedChecker::ComparePending() {
  if (!pending_ || pending_->head.position.sequence > position_.sequence) {
    return {};
  }
  const SnapshotFrame snapshot = *std::exchange(pending_, std::nullopt);
  return Compare(snapshot);
}

void FeedChecker::Begin(const FeedPosition& position, const LogHash& hash,
                        bool complete, std::vector<Revocation> entries) {
  position_ = position;
  base_ = position.sequence;
  complete_ = complete;
  held_ = std::move(entries);
  list_ = std::make_unique<RevocationList>();
  list_->Replace(held_);
  log_.clear();
  hashes_ = {hash};
}

const LogHash* FeedChecker::HashAt(uint64_t sequence) const {
  if (sequence < base_ || sequence - base_ >= hashes_.size()) return nullptr;
  return &hashes_[sequence - base_];
}

StateDigest FeedChecker::DigestAt(uint64_t sequence, Time time) const {
  if (sequence == position_.sequence) return list_->DigestAt(time);
  RevocationList list;
  list.Replace(held_);
  list.Apply(std::span(log_).first(sequence - base_));
  return list.DigestAt(time);
}

FeedChecker::Summary FeedChecker::summary() const {
  Summary summary = summary_;
  summary.entries = log_.size();
  summary.from_beginning = Begun() && base_ == 0;
  summary.first = base_ + 1;
  summary.position = position_;
  summary.last_time = std::max(summary.last_time, snapshot_time_);
  summary.ring_generation = ring_.info().generation;
  return summary;
}

}  // namespace signet::cli
