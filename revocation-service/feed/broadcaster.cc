#include "revocation-service/feed/broadcaster.h"

#include <algorithm>

namespace signet::service::feed {

namespace {

// IsBehind tells whether somebody must be asked for that sequence.
bool IsBehind(const Broadcaster::Subscriber& subscriber, uint64_t sequence) {
  return subscriber.live && subscriber.mark != nullptr &&
         subscriber.mark->acknowledged < sequence &&
         subscriber.asked < sequence;
}

}  // namespace

uint64_t Broadcaster::Add(const FeedPosition& after, Publisher::Sink sink,
                          std::shared_ptr<AckMark> mark) {
  MutexLock lock(mutex_);
  const uint64_t id = ++last_id_;
  members_[id] =
      std::make_shared<Subscriber>(Subscriber{.id = id,
                                              .after = after,
                                              .sink = std::move(sink),
                                              .mark = std::move(mark)});
  return id;
}

void Broadcaster::Remove(uint64_t id) {
  std::shared_ptr<Subscriber> removed;  // dies outside the lock
  MutexLock lock(mutex_);
  const auto found = members_.find(id);
  if (found == members_.end()) return;
  removed = std::move(found->second);
  members_.erase(found);
  lock.Unlock();
}

void Broadcaster::RemoveAll() {
  std::map<uint64_t, std::shared_ptr<Subscriber>> removed;
  MutexLock lock(mutex_);
  removed.swap(members_);
  lock.Unlock();
}

size_t Broadcaster::size() const {
  MutexLock lock(mutex_);
  return members_.size();
}

Broadcaster::Members Broadcaster::All() const {
  MutexLock lock(mutex_);
  Members all;
  all.reserve(members_.size());
  for (const auto& [id, subscriber] : members_) all.push_back(subscriber);
  return all;
}

// An event's id is the cursor with which a client that lost the stream asks
// for it again (HTML Living Standard 9.2.4, Last-Event-ID). Its type, if the
// last one asks for an acknowledgement, goes only to those who gave an id: a
// client that listens for messages would not see it (9.2.6).
Broadcaster::Events Broadcaster::EventsOf(
    const std::vector<SignedFrame>& frames, bool ask) {
  Events events;
  events.reserve(frames.size());
  for (const SignedFrame& signed_frame : frames) {
    std::string event =
        ask && &signed_frame == &frames.back() ? "event: ack\nid: " : "id: ";
    event += std::to_string(signed_frame.through.epoch);
    event += '.';
    event += std::to_string(signed_frame.through.sequence);
    event += "\ndata: ";
    event += Base64UrlEncode(AsBytes(signed_frame.frame));
    event += "\n\n";
    events.push_back(std::make_shared<const std::string>(std::move(event)));
  }
  return events;
}

void Broadcaster::Deliver(Subscriber& subscriber, const Events& events) {
  for (const auto& event : events) {
    if (!subscriber.sink(event)) {
      Remove(subscriber.id);
      return;
    }
  }
}

void Broadcaster::SendLive(const Members& members, const Events& events) {
  for (const auto& member : members) {
    if (member->live) Deliver(*member, events);
  }
}

Broadcaster::Outcome Broadcaster::Send(Members members, LogFollower& follower,
                                       const FrameSigner& signer, Time time,
                                       bool head, bool ask) {
  LogFollower::Capture capture = follower.Take(time, sent_, kMaxStep);
  const FeedState& state = capture.state;
  if (capture.cursor != Publisher::Cursor::kOk) {
    // More came at once than is kept: all must resume from their cursors.
    for (const auto& member : members) {
      if (member->live) Remove(member->id);
    }
    std::erase_if(members, [](const auto& member) { return member->live; });
    sent_ = state.position;
    capture.entries = {};
  }
  const bool live = std::ranges::any_of(
      members, [](const auto& member) { return member->live; });
  const bool news = !capture.entries.entries.empty();
  if (news) sent_.sequence = capture.entries.last_sequence();
  const bool asks = ask && sent_ == state.position &&
                    std::ranges::any_of(members, [this](const auto& member) {
                      return IsBehind(*member, sent_.sequence);
                    });
  Outcome outcome{.more = sent_ != state.position,
                  .spoke = sent_ == state.position && (news || head)};
  if (live && (news || head || asks)) {
    const auto frames = signer.Log(state, capture.entries);
    if (asks) outcome.asks = Ask(members, frames, sent_.sequence);
    if (news || head) SendLive(members, EventsOf(frames));
  }
  std::erase_if(members, [](const auto& member) { return member->live; });
  const bool lag = Admit(std::move(members), follower, signer, state);
  outcome.asks = outcome.asks || (ask && lag);
  return outcome;
}

bool Broadcaster::Ask(Members& members, const std::vector<SignedFrame>& frames,
                      uint64_t sequence) {
  const Events events = EventsOf(frames, true);
  size_t asked = 0;
  bool more = false;
  std::erase_if(members, [&](const auto& member) {
    if (!IsBehind(*member, sequence)) return false;
    more = more || asked == kMaxAsked;
    if (more) return false;
    ++asked;
    member->asked = sequence;
    member->mark->asked = sequence;
    Deliver(*member, events);
    return true;
  });
  return more;
}

// Admit gives those who are joining what lies between their cursor and
// `sent_`. One who lies more than a step behind gets that step and is let go,
// so that the stream can drain: it resumes with its new cursor. True if one
// of them may have to be asked for an acknowledgement.
bool Broadcaster::Admit(Members joining, LogFollower& follower,
                        const FrameSigner& signer, const FeedState& state) {
  std::ranges::stable_sort(
      joining, {}, [](const auto& subscriber) { return subscriber->after; });
  std::optional<FeedPosition> encoded;  // the cursor that `events` are for
  Events events;
  bool behind_some = false;
  for (const auto& member : joining) {
    const FeedPosition& after = member->after;
    // It has polled what the others are still to be sent: next time.
    if (after > sent_) continue;
    if (encoded != after) {
      const uint64_t behind = sent_.sequence - after.sequence;
      LogFollower::Capture backlog = follower.Take(
          state.time, after, std::min<uint64_t>(behind, kMaxStep));
      if (backlog.cursor != Publisher::Cursor::kOk) {
        Remove(member->id);
        continue;
      }
      // A head alone says that the cursor is where the log ends.
      events = behind == 0 && sent_ != state.position
                   ? Events()
                   : EventsOf(signer.Log(state, backlog.entries));
      encoded = after;
    }
    member->live = true;
    behind_some = behind_some || IsBehind(*member, sent_.sequence);
    Deliver(*member, events);
    if (sent_.sequence - after.sequence > kMaxStep) Remove(member->id);
  }
  return behind_some;
}

}  // namespace signet::service::feed
