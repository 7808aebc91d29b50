#include "feed_net_board.h"

#include <algorithm>

namespace signet {

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
  status_.ring_generation = std::max(status_.ring_generation, generation);
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

void FeedBoard::FrameTaken(const FeedPosition& position, bool confirmed) {
  const MutexLock lock(mutex_);
  ++status_.frames;
  status_.position = position;
  if (!confirmed) return;
  status_.connected = true;
  confirmed_once_ = true;
  error_.reset();
  changed_.NotifyAll();
}

void FeedBoard::Refused(const Error& error) {
  const MutexLock lock(mutex_);
  ++status_.refused;
  error_ = error;
}

void FeedBoard::Failed(const Error& error) {
  const MutexLock lock(mutex_);
  status_.connected = false;
  error_ = error;
}

void FeedBoard::Warn(const Error& error) {
  const MutexLock lock(mutex_);
  error_ = error;
}

void FeedBoard::Reconnecting() {
  const MutexLock lock(mutex_);
  status_.connected = false;
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
