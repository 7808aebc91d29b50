#include "revocation-service/http/stream.h"

#include <utility>

namespace signet::service::http {

StreamQueue::Pushed StreamQueue::Push(SharedText data) {
  MutexLock lock(mutex_);
  if (finished_) return Pushed::kClosed;
  const size_t backlog = waiting_bytes_ + taken_bytes_;
  // A single event may be larger than the bound; a reader that has taken all
  // before it gets it.
  if (backlog > 0 && backlog + data->size() > max_bytes_) {
    finished_ = true;
    return Pushed::kOverflow;
  }
  waiting_bytes_ += data->size();
  waiting_.push_back(std::move(data));
  return std::exchange(awake_, true) ? Pushed::kQueued : Pushed::kWake;
}

bool StreamQueue::Take(std::vector<SharedText>& out) {
  MutexLock lock(mutex_);
  std::swap(out, waiting_);
  taken_bytes_ = std::exchange(waiting_bytes_, 0);
  awake_ = !out.empty();
  return awake_;
}

void StreamQueue::Written() {
  MutexLock lock(mutex_);
  taken_bytes_ = 0;
}

bool StreamQueue::Finish() {
  MutexLock lock(mutex_);
  return !std::exchange(finished_, true);
}

bool StreamQueue::finished() const {
  MutexLock lock(mutex_);
  return finished_;
}

void StreamQueue::Ended() {
  std::function<void()> hook;
  {
    MutexLock lock(mutex_);
    finished_ = true;
    ended_ = true;
    waiting_.clear();
    hook = std::move(hook_);
    hook_ = nullptr;
  }
  if (hook) hook();
}

void StreamQueue::OnEnd(std::function<void()> hook) {
  {
    MutexLock lock(mutex_);
    if (!ended_) {
      hook_ = std::move(hook);
      return;
    }
  }
  hook();
}

}  // namespace signet::service::http
