#include "feed_replica.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <tuple>
#include <vector>

#include "feed_body.h"

namespace signet {
namespace {

std::string Text(const FeedPosition& position) {
  return std::to_string(position.epoch) + "." +
         std::to_string(position.sequence);
}

FeedOutcome Refused(Error error) {
  return {FeedStep::kContinue, false, std::move(error)};
}

// ExtrasUntil is when the last of the entries has left that are held and that
// the snapshot does not have, or not so late.
EpochSeconds ExtrasUntil(std::vector<Revocation> held,
                         std::vector<Revocation> snapshot) {
  const auto state = [](const Revocation& entry) {
    return std::tie(entry.kind, entry.id, entry.not_before, entry.drop_after);
  };
  std::ranges::sort(held, {}, state);
  std::ranges::sort(snapshot, {}, state);
  std::vector<Revocation> extras;
  std::ranges::set_difference(held, snapshot, std::back_inserter(extras), {},
                              state, state);
  EpochSeconds until{};
  for (const Revocation& entry : extras) {
    until = std::max(until, entry.drop_after);
  }
  return until;
}

bool MatchesItsDigest(const SnapshotFrame& frame) {
  RevocationList alone;
  alone.Replace(frame.entries);
  return alone.DigestAt(frame.head.time) == frame.head.digest;
}

}  // namespace

FeedOutcome FeedReplica::Accept(const Frame& frame, Time now,
                                Monotonic moment) {
  now_ = now;
  moment_ = moment;
  if (auto error = CheckPlace(HeadOf(frame))) return Refused(*std::move(error));
  return std::visit([this](const auto& f) { return Take(f); }, frame);
}

// CheckPlace refuses what stands before what is known: a replay, or a service
// that lost part of its log.
std::optional<Error> FeedReplica::CheckPlace(const FeedHead& head) const {
  if (!has_cursor_) return std::nullopt;
  if (head.position.epoch < position_.epoch ||
      (head.position.epoch == position_.epoch &&
       head.position.sequence < position_.sequence)) {
    return Error{
        ErrorCode::kRollback,
        "the feed went back to " + Text(head.position) + ", " +
            Text(position_) + " was seen already",
        "if the service was restored from a backup, begin a new epoch"};
  }
  return std::nullopt;
}

// What is signed earlier than what was seen tells nothing new about time. From
// a cache such an answer is nothing strange: it keeps those to two cursors of
// different ages.
std::optional<Error> FeedReplica::CheckAge(const FeedHead& head) const {
  if (time_ - head.time <= kMaxReordered) return std::nullopt;
  return Error{ErrorCode::kRollback,
               "the feed sent a time before one that was seen already"};
}

FeedOutcome FeedReplica::Take(const HeadFrame& frame) {
  const FeedPosition& position = frame.head.position;
  if (!has_cursor_ || position.epoch != position_.epoch) {
    return {.next = FeedStep::kFetchSnapshot};
  }
  if (position.sequence != position_.sequence) {
    return {.next = FeedStep::kFetchLog};
  }
  if (frame.log_hash != log_hash_) return Fork();
  return Complete(frame.head);
}

FeedOutcome FeedReplica::Take(const BatchFrame& frame) {
  if (!has_cursor_ || frame.head.position.epoch != position_.epoch) {
    return {.next = FeedStep::kFetchSnapshot};
  }
  if (frame.first_sequence > position_.sequence + 1) {
    return {.next = FeedStep::kFetchLog};
  }
  // A batch may begin before the cursor. Its chain must run through our hash.
  LogHash hash = frame.previous_hash;
  uint64_t sequence = frame.first_sequence - 1;
  if (sequence == position_.sequence && hash != log_hash_) return Fork();
  size_t known = 0;
  for (const Revocation& entry : frame.entries) {
    hash = ChainLogHash(hash, entry);
    ++sequence;
    if (sequence <= position_.sequence) ++known;
    if (sequence == position_.sequence && hash != log_hash_) return Fork();
  }
  if (sequence > position_.sequence) {
    list_.Apply(std::span(frame.entries).subspan(known));
    position_.sequence = sequence;
    log_hash_ = hash;
  }
  // The rest of a long answer is still to come.
  if (frame.head.position.sequence > position_.sequence) return {};
  return Complete(frame.head);
}

// A snapshot gives a cursor; it does not confirm: it may have been signed for
// somebody else a while ago. The log that is asked for next does.
FeedOutcome FeedReplica::Take(const SnapshotFrame& frame) {
  if (has_cursor_ && frame.head.time < time_) {
    return Refused({ErrorCode::kRollback,
                    "the feed's snapshot is older than what was seen already"});
  }
  const bool was_empty = list_.size() == 0;
  if (was_empty) {
    list_.Replace(frame.entries);
  } else {
    list_.Apply(frame.entries);
  }
  if (auto error = CheckAhead(frame.head)) return Refused(*std::move(error));
  const bool agrees = list_.DigestAt(frame.head.time) == frame.head.digest;
  if (!agrees && (was_empty || !MatchesItsDigest(frame))) {
    return Refused({ErrorCode::kCorrupt,
                    "the feed's snapshot does not match its own digest"});
  }
  // Where only we differ, we hold what the feed has lost, and keep it.
  extras_until_ =
      agrees ? EpochSeconds{}
             : ExtrasUntil(list_.Entries(frame.head.time), frame.entries);
  has_cursor_ = true;
  position_ = frame.head.position;
  log_hash_ = frame.log_hash;
  time_ = frame.head.time;
  return {};
}

FeedOutcome FeedReplica::Take(const RingsFrame&) {
  return Refused({ErrorCode::kInvalid, "the feed sent rings among its log"});
}

std::optional<Error> FeedReplica::CheckAhead(const FeedHead& head) const {
  if (head.time <= now_ + kMaxAhead) return std::nullopt;
  return Error{ErrorCode::kInvalid,
               "the service's clock is more than 5 min ahead of this machine's",
               "set the clocks of both machines"};
}

// Complete is for a head at our own position.
FeedOutcome FeedReplica::Complete(const FeedHead& head) {
  if (auto error = CheckAhead(head)) return Refused(*std::move(error));
  if (head.time < time_) return {.error = CheckAge(head)};
  if (ToSeconds(head.time) > extras_until_ &&
      list_.DigestAt(head.time) != head.digest) {
    return {FeedStep::kFetchSnapshot, false,
            Error{ErrorCode::kCorrupt,
                  "the list does not match the feed's digest at " +
                      Text(head.position)}};
  }
  // The first of equal times is the evidence; the others may be replays.
  if (head.time > list_.SignedTime()) {
    list_.Confirm(head.time, moment_, now_);
  }
  time_ = head.time;
  return {.confirmed = true};
}

FeedOutcome FeedReplica::Fork() {
  return {
      FeedStep::kFetchSnapshot, false,
      Error{ErrorCode::kConflict,
            "the feed's log is not the one that was followed up to " +
                Text(position_),
            "if the service was restored from a backup, begin a new epoch"}};
}

void FeedReplica::Restore(const FeedState& state) {
  list_.Replace(state.snapshot.entries);
  // The clock of this machine may be another since.
  list_.DropExpired(state.snapshot.head.time, state.snapshot.head.time);
  has_cursor_ = true;
  position_ = state.snapshot.head.position;
  log_hash_ = state.snapshot.log_hash;
  time_ = state.snapshot.head.time;
  extras_until_ = state.extras_until;
}

FeedState FeedReplica::State() const {
  FeedHead head{position_, time_, list_.DigestAt(time_), 0};
  return {{head, log_hash_, list_.Entries(Time{})}, extras_until_};
}

}  // namespace signet
