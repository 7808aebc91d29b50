#include "revocation-service/feed/verifiers.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "revocation-service/feed/ack_wait.h"

namespace signet::service::feed {
namespace {

// A poller counts until it has missed two questions, and for this long in any
// case: by default a verifier calls itself stale after that time.
constexpr auto kGrace = std::chrono::seconds(10);
constexpr auto kLongestPause = std::chrono::hours(1);
constexpr size_t kMaxUnnamed = 1024;

}  // namespace

std::string_view TransportName(Transport transport) {
  switch (transport) {
    case Transport::kStream:
      return "stream";
    case Transport::kLongPoll:
      return "long_poll";
    case Transport::kPoll:
      break;
  }
  return "poll";
}

// The ids are random; one client's junk costs that client's rows alone.
size_t Verifiers::HashId::operator()(const VerifierId& id) const {
  size_t hash = 0;
  std::memcpy(&hash, id.data(), sizeof(hash));
  return hash;
}

bool Verifiers::IsConnected(const Known& known, Steady::time_point now) {
  return known.streams > 0 || known.poll_until > now;
}

Verifiers::Steady::duration Verifiers::GraceOf(const Known& known) {
  return std::max<Steady::duration>(kGrace, 3 * known.last_pause);
}

// A stream is asked only when somebody waits, so what it has not been asked
// for says nothing.
uint64_t Verifiers::Behind(const Known& known, uint64_t log_end) {
  const uint64_t has = known.mark->acknowledged;
  const uint64_t due = known.streams > 0 ? known.mark->asked.load() : log_end;
  return due > has ? due - has : 0;
}

// MakeRoom forgets those who are gone. Some of them may only be pollers that
// ask less often than was known.
void Verifiers::MakeRoom(Steady::time_point now) {
  if (known_.size() < kMaxKnown) return;
  std::erase_if(known_, [now](const auto& entry) {
    return !IsConnected(entry.second, now);
  });
}

// Find is null for callers that cannot be told from others: they gave no id,
// or another client's, or there is no room.
Verifiers::Known* Verifiers::Find(const Caller& caller,
                                  Steady::time_point now) {
  if (!caller.id) return nullptr;
  auto found = known_.find(*caller.id);
  if (found == known_.end()) {
    MakeRoom(now);
    if (known_.size() >= kMaxKnown) return nullptr;
    found = known_.try_emplace(*caller.id).first;
    Known& fresh = found->second;
    fresh.number = ++last_number_;
    fresh.client = caller.client;
    fresh.seen = now;
    fresh.mark = std::make_shared<AckMark>();
  }
  Known& known = found->second;
  if (known.client != caller.client) return nullptr;
  if (known.address != caller.address) known.address = caller.address;
  return &known;
}

void Verifiers::Polled(const Caller& caller, uint64_t sequence, Seconds wait) {
  if (caller.watches) return;
  const Steady::time_point now = now_();
  Ready ready;
  MutexLock lock(mutex_);
  if (Known* known = Find(caller, now)) {
    Steady::duration pause{};
    if (known->transport != Transport::kStream) {
      pause = std::clamp<Steady::duration>(now - known->seen - known->last_wait,
                                           pause, kLongestPause);
    }
    known->transport =
        wait > Seconds(0) ? Transport::kLongPoll : Transport::kPoll;
    known->seen = now;
    known->last_wait = wait;
    known->last_pause = pause;
    known->poll_until = now + wait + GraceOf(*known);
    Advance(*known, sequence, now, ready);
  } else {
    if (unnamed_pollers_.size() >= kMaxUnnamed) {
      std::erase_if(unnamed_pollers_,
                    [now](const auto& poller) { return poller.second <= now; });
    }
    const std::string name = caller.client + '@' + caller.address;
    if (unnamed_pollers_.size() < kMaxUnnamed ||
        unnamed_pollers_.contains(name)) {
      unnamed_pollers_[name] = now + wait + kGrace;
    }
  }
  lock.Unlock();
  Answer(ready);
}

void Verifiers::Answered(const Caller& caller) {
  if (caller.watches || !caller.id) return;
  const Steady::time_point now = now_();
  MutexLock lock(mutex_);
  const auto found = known_.find(*caller.id);
  if (found == known_.end() || found->second.client != caller.client) return;
  Known& known = found->second;
  known.last_wait = std::min(known.last_wait, now - known.seen);
  known.poll_until = std::min(known.poll_until, now + GraceOf(known));
}

std::shared_ptr<AckMark> Verifiers::Joined(const Caller& caller,
                                           uint64_t sequence) {
  if (caller.watches) return nullptr;
  const Steady::time_point now = now_();
  Ready ready;
  std::shared_ptr<AckMark> mark;
  MutexLock lock(mutex_);
  if (Known* known = Find(caller, now)) {
    mark = known->mark;
    ++known->streams;
    known->transport = Transport::kStream;
    known->seen = now;
    known->poll_until = {};
    Advance(*known, sequence, now, ready);
  } else {
    ++unnamed_streams_;
  }
  lock.Unlock();
  Answer(ready);
  return mark;
}

void Verifiers::Left(const Caller& caller,
                     const std::shared_ptr<AckMark>& mark) {
  if (caller.watches) return;
  MutexLock lock(mutex_);
  if (mark == nullptr) {
    --unnamed_streams_;
    return;
  }
  // Whoever has a stream is not forgotten.
  Known& known = known_.find(*caller.id)->second;
  --known.streams;
  known.seen = now_();
}

Status Verifiers::Acknowledge(const VerifierId& id, std::string_view client,
                              uint64_t sequence) {
  const Steady::time_point now = now_();
  Ready ready;
  MutexLock lock(mutex_);
  const auto found = known_.find(id);
  if (found == known_.end()) {
    return Error{ErrorCode::kNotFound, "no such verifier follows the feed"};
  }
  if (found->second.client != client) {
    return Error{ErrorCode::kDenied, "the verifier is of another client"};
  }
  found->second.seen = now;
  Advance(found->second, sequence, now, ready);
  lock.Unlock();
  ++acknowledgements_;
  Answer(ready);
  return {};
}

void Verifiers::Advance(Known& known, uint64_t sequence, Steady::time_point now,
                        Ready& ready) {
  const uint64_t before = known.mark->acknowledged;
  if (sequence <= before) return;
  known.mark->acknowledged = sequence;
  known.acknowledged_at = now;
  bool ended = false;
  for (const auto& wait : waits_) {
    if (!wait->Crossed(before, sequence) || !wait->Has(known.number)) continue;
    wait->Note(now);
    ended = ended || wait->complete();
  }
  if (ended) TakeReady(now, ready);
}

std::shared_ptr<Verifiers::Wait> Verifiers::Begin() {
  const Steady::time_point now = now_();
  const bool crowded = *open_ >= kMaxWaits;
  MutexLock lock(mutex_);
  std::vector<uint64_t> members;
  size_t connected = Unnamed(now);
  for (const auto& [id, known] : known_) {
    if (!IsConnected(known, now)) continue;
    ++connected;
    if (!crowded) members.push_back(known.number);
  }
  return std::make_shared<Wait>(open_, std::move(members), connected);
}

void Verifiers::Await(const std::shared_ptr<Wait>& wait, uint64_t sequence,
                      Duration limit, Done done) {
  wait->sequence = sequence;
  wait->deadline = now_() + limit;
  wait->done = std::move(done);
  bool closed = false;
  {
    MutexLock lock(mutex_);
    closed = closed_;
    if (!closed) waits_.push_back(wait);
  }
  // Unless it is closed the wait is no longer this thread's to look at.
  if (closed) return wait->done(wait->report());
  wake_();
}

// CountLate finds those who had acknowledged before the wait was known here.
void Verifiers::CountLate(Wait& wait) {
  if (wait.counted) return;
  wait.counted = true;
  for (const auto& [id, known] : known_) {
    if (known.mark->acknowledged >= wait.sequence && wait.Has(known.number)) {
      wait.Note(known.acknowledged_at);
    }
  }
}

void Verifiers::TakeReady(Steady::time_point now, Ready& ready) {
  const bool closed = closed_;
  std::erase_if(waits_, [&](const std::shared_ptr<Wait>& wait) {
    if (!wait->complete() && wait->deadline > now && !closed) return false;
    ready.emplace_back(std::move(wait->done), wait->report());
    return true;
  });
}

void Verifiers::Answer(const Ready& ready) {
  for (const auto& [done, report] : ready) done(report);
}

void Verifiers::EndWaits() {
  MutexLock lock(mutex_);
  closed_ = true;
}

void Verifiers::Tend(Steady::time_point now) {
  Ready ready;
  {
    MutexLock lock(mutex_);
    for (const auto& wait : waits_) CountLate(*wait);
    TakeReady(now, ready);
  }
  Answer(ready);
}

Verifiers::Steady::time_point Verifiers::NextDeadline(
    Steady::time_point otherwise) const {
  MutexLock lock(mutex_);
  for (const auto& wait : waits_) {
    otherwise = std::min(otherwise, wait->deadline);
  }
  return otherwise;
}

size_t Verifiers::Unnamed(Steady::time_point now) const {
  return unnamed_streams_ + static_cast<size_t>(std::ranges::count_if(
                                unnamed_pollers_, [now](const auto& poller) {
                                  return poller.second > now;
                                }));
}

Verifiers::Census Verifiers::Count(uint64_t log_end, size_t limit) const {
  const Steady::time_point now = now_();
  Census census;
  MutexLock lock(mutex_);
  census.without_id = Unnamed(now);
  census.connected = census.without_id;
  std::vector<std::pair<uint64_t, decltype(known_)::const_iterator>> found;
  for (auto it = known_.begin(); it != known_.end(); ++it) {
    if (!IsConnected(it->second, now)) continue;
    ++census.connected;
    const uint64_t behind = Behind(it->second, log_end);
    census.furthest_behind = std::max(census.furthest_behind, behind);
    if (limit > 0) found.emplace_back(behind, it);
  }
  const auto end = found.begin() +
                   static_cast<std::ptrdiff_t>(std::min(limit, found.size()));
  std::partial_sort(
      found.begin(), end, found.end(), [](const auto& a, const auto& b) {
        return a.first != b.first
                   ? a.first > b.first
                   : a.second->second.number < b.second->second.number;
      });
  for (auto it = found.begin(); it != end; ++it) {
    const auto& [id, known] = *it->second;
    census.verifiers.push_back(
        {.id = id,
         .client = known.client,
         .address = known.address,
         .transport = known.transport,
         .acknowledged = known.mark->acknowledged,
         .behind = it->first,
         .seen = std::chrono::duration_cast<Duration>(now - known.seen)});
  }
  return census;
}

}  // namespace signet::service::feed
