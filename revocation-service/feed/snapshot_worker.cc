#include "revocation-service/feed/snapshot_worker.h"

#include <utility>

namespace signet::service::feed {

SnapshotWorker::SnapshotWorker() : thread_([this] { Run(); }) {}

SnapshotWorker::~SnapshotWorker() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
  }
  wake_.NotifyOne();
  thread_.join();
}

bool SnapshotWorker::Submit(std::function<void()> job) {
  MutexLock lock(mutex_);
  if (waiting_.size() >= kMaxWaiting) return false;
  waiting_.push_back(std::move(job));
  wake_.NotifyOne();
  return true;
}

void SnapshotWorker::Run() {
  while (const auto job = Next()) job();
}

// Next waits for a job; an empty one means that it is time to stop.
std::function<void()> SnapshotWorker::Next() {
  MutexLock lock(mutex_);
  while (!stop_ && waiting_.empty()) wake_.Wait(mutex_);
  if (stop_) return nullptr;
  std::function<void()> job = std::move(waiting_.front());
  waiting_.pop_front();
  return job;
}

}  // namespace signet::service::feed
