#include "feed_net_board.h"

#include <algorithm>
#include <utility>

namespace signet {
namespace {

// More than one of each kind must have come for some to be lost.
constexpr size_t kMaxEvents = 64;

FeedEventKind KindOf(const Error& refusal) {
  switch (refusal.code) {
    case ErrorCode::kRollback:
      return FeedEventKind::kRolledBack;
    case ErrorCode::kConflict:
      return FeedEventKind::kForked;
    default:
      return FeedEventKind::kRefused;
  }
}

std::string PositionText(const FeedPosition& position) {
  return std::to_string(position.epoch) + "." +
         std::to_string(position.sequence);
}

}  // namespace

void FeedBoard::Stop() {
  const MutexLock lock(mutex_);
  stopping_ = true;
  changed_.NotifyAll();
}

bool FeedBoard::stopping() const {
  const MutexLock lock(mutex_);
  return stopping_;
}

bool FeedBoard::Sleep(Duration time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  const MutexLock lock(mutex_);
  while (!stopping_ && changed_.WaitUntil(mutex_, deadline)) {
  }
  return !stopping_;
}

std::shared_ptr<const KeyRing> FeedBoard::feed_ring() const {
  const MutexLock lock(mutex_);
  return feed_ring_;
}

void FeedBoard::Learn(const KeyRing& feed_ring) {
  const MutexLock lock(mutex_);
  if (feed_ring.info().generation <= feed_ring_->info().generation) return;
  feed_ring_ = std::make_shared<const KeyRing>(feed_ring);
}

void FeedBoard::WantRings() {
  if (rings_wanted_.load(std::memory_order_relaxed)) return;
  const MutexLock lock(mutex_);
  rings_wanted_ = true;
  changed_.NotifyAll();
}

void FeedBoard::Announce(uint64_t generation) {
  const MutexLock lock(mutex_);
  if (generation <= announced_) return;
  announced_ = generation;
  changed_.NotifyAll();
}

bool FeedBoard::WantsRings() const {
  return rings_wanted_ || announced_ > status_.ring_generation;
}

bool FeedBoard::AwaitWant() {
  const MutexLock lock(mutex_);
  while (!stopping_ && !WantsRings()) changed_.Wait(mutex_);
  rings_wanted_ = false;
  return !stopping_;
}

bool FeedBoard::TakeWant() {
  const MutexLock lock(mutex_);
  const bool wanted = WantsRings();
  rings_wanted_ = false;
  return wanted;
}

void FeedBoard::RingsTaken(uint64_t generation) {
  const MutexLock lock(mutex_);
  if (generation > status_.ring_generation) {
    status_.ring_generation = generation;
    Tell(FeedEventKind::kNewRings, "generation " + std::to_string(generation));
  }
  ring_error_.reset();
  changed_.NotifyAll();
}

void FeedBoard::RingsFailed(const Error& error) {
  const MutexLock lock(mutex_);
  ring_error_ = error;
  // Nothing was received yet: keep asking.
  if (status_.ring_generation == 0) rings_wanted_ = true;
}

uint64_t FeedBoard::announced() const {
  const MutexLock lock(mutex_);
  return announced_;
}

void FeedBoard::FrameTaken(const FeedPosition& position, bool confirmed,
                           FeedTransport transport) {
  const MutexLock lock(mutex_);
  ++status_.frames;
  status_.position = position;
  if (!confirmed) return;
  if (!status_.connected) Tell(FeedEventKind::kConnected, "");
  status_.connected = true;
  status_.transport = transport;
  confirmed_once_ = true;
  error_.reset();
  changed_.NotifyAll();
}

void FeedBoard::Refused(const Error& error) {
  const MutexLock lock(mutex_);
  ++status_.refused;
  error_ = error;
  Tell(KindOf(error), error.message);
}

void FeedBoard::Failed(const Error& error) {
  const MutexLock lock(mutex_);
  Disconnect(error.message);
  error_ = error;
}

void FeedBoard::Disconnect(const std::string& why) {
  if (status_.connected) Tell(FeedEventKind::kDisconnected, why);
  status_.connected = false;
  status_.transport = FeedTransport::kNone;
}

void FeedBoard::Resynced(const FeedPosition& position) {
  const MutexLock lock(mutex_);
  Tell(FeedEventKind::kResynced, "a snapshot of " + PositionText(position));
}

// Tell keeps an event for the application. One that it has not been told yet
// and that is of the same kind gives way: only the newest news counts.
void FeedBoard::Tell(FeedEventKind kind, std::string message) {
  if (!listened_) return;
  if (!events_.empty() && events_.back().kind == kind) events_.pop_back();
  if (events_.size() == kMaxEvents) events_.pop_front();
  events_.push_back({kind, std::move(message)});
  changed_.NotifyAll();
}

std::optional<FeedEvent> FeedBoard::AwaitEvent(Duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const MutexLock lock(mutex_);
  if (events_.empty() && !stopping_) changed_.WaitUntil(mutex_, deadline);
  if (events_.empty() || stopping_) return std::nullopt;
  FeedEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void FeedBoard::WantAck(const AckWish& wish) {
  const MutexLock lock(mutex_);
  if (ack_wish_ && ack_wish_->position >= wish.position) return;
  ack_wish_ = wish;
  changed_.NotifyAll();
}

std::optional<FeedBoard::AckWish> FeedBoard::AwaitAckWish() {
  const MutexLock lock(mutex_);
  while (!stopping_ && !ack_wish_) changed_.Wait(mutex_);
  if (stopping_) return std::nullopt;
  return std::exchange(ack_wish_, std::nullopt);
}

void FeedBoard::AckTaken() {
  const MutexLock lock(mutex_);
  ++status_.acks;
}

void FeedBoard::Warn(const Error& error) {
  const MutexLock lock(mutex_);
  error_ = error;
}

void FeedBoard::Reconnecting() {
  const MutexLock lock(mutex_);
  Disconnect("");
  ++status_.reconnects;
}

void FeedBoard::SetPosition(const FeedPosition& position) {
  const MutexLock lock(mutex_);
  status_.position = position;
}

std::string FeedBoard::LastError() const {
  if (error_) return error_->message;
  return ring_error_ ? ring_error_->message : "";
}

FeedStatus FeedBoard::status() const {
  const MutexLock lock(mutex_);
  FeedStatus status = status_;
  status.last_error = LastError();
  return status;
}

Status FeedBoard::WaitUntilFresh(Duration limit) const {
  // Longer than a year would leave the range of the clock.
  const auto deadline = std::chrono::steady_clock::now() +
                        std::min<Duration>(limit, std::chrono::hours(24 * 365));
  const MutexLock lock(mutex_);
  while (!(confirmed_once_ && status_.ring_generation > 0)) {
    if (stopping_ || !changed_.WaitUntil(mutex_, deadline)) break;
  }
  if (confirmed_once_ && status_.ring_generation > 0) return {};
  const std::string why = LastError();
  return Error{ErrorCode::kUnavailable,
               "waiting for the feed: " +
                   (why.empty() ? "the service has not answered yet" : why)};
}

Duration RandomUpTo(Duration most) {
  if (most <= Duration::zero()) return {};
  uint32_t random = 0;
  FillRandom({reinterpret_cast<uint8_t*>(&random), sizeof(random)});
  return Duration(random % static_cast<uint64_t>(most.count() + 1));
}

Duration FeedBackoff::NextCeiling() {
  const Duration ceiling = std::min(ceiling_, max_);
  ceiling_ = std::min(ceiling_ * 2, max_);
  return ceiling;
}

}  // namespace signet
