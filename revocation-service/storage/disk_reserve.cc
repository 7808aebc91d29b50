#include "revocation-service/storage/disk_reserve.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace signet::service {
namespace {

constexpr int64_t kMsBetweenLooks = 20;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

uint64_t SizeOf(const std::string& file) {
  struct stat info = {};
  return ::stat(file.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size)
                                          : 0;
}

}  // namespace

DiskReserve::DiskReserve(std::string directory, uint64_t bytes)
    : directory_(std::move(directory)),
      file_(directory_ + "/reserve"),
      bytes_(bytes),
      held_(SizeOf(file_)) {
  if (bytes_ == 0) ::unlink(file_.c_str());
  Check();
}

int64_t DiskReserve::FreeBytes() const {
  struct statvfs info = {};
  if (::statvfs(directory_.c_str(), &info) != 0) return -1;
  return static_cast<int64_t>(info.f_bavail) *
         static_cast<int64_t>(info.f_frsize);
}

bool DiskReserve::HasRoom() const {
  return FreeBytes() >= static_cast<int64_t>(bytes_ / 4);
}

// A disk that cannot be asked is not low: the store will say what it finds.
void DiskReserve::Check() {
  if (bytes_ == 0) return;
  int64_t due = next_look_;
  const int64_t now = NowMs();
  if (now < due ||
      !next_look_.compare_exchange_strong(due, now + kMsBetweenLooks)) {
    return;
  }
  MutexLock lock(mutex_);
  const auto size = static_cast<int64_t>(bytes_);
  int64_t free = FreeBytes();
  if (free < 0) return SetLow(false, free);
  const auto missing = size - static_cast<int64_t>(held_.load());
  if (missing != 0 && !unsupported_ && free - missing >= size + size / 4) {
    if (Resize(bytes_)) free -= missing;
  } else if (free < size / 4) {
    Shrink();
  }
  // It is low until there is clearly enough, so that it does not flutter.
  if (free < size) SetLow(true, free);
  if (free >= size + size / 4) SetLow(false, free);
}

Status DiskReserve::Admit() {
  Check();
  if (!low_) return {};
  return Error{ErrorCode::kUnavailable,
               "the disk is nearly full: only revocations are taken",
               "Make room on the disk of " + directory_ + "."};
}

bool DiskReserve::Release() {
  MutexLock lock(mutex_);
  const uint64_t before = held_;
  Shrink();
  return held_ < before;
}

void DiskReserve::Shrink() {
  if (held_ == 0) return;
  const uint64_t quarter = std::max<uint64_t>(bytes_ / 4, 1);
  const uint64_t left = held_ > quarter ? held_ - quarter : 0;
  if (Resize(left)) {
    spdlog::warn("the disk of {} is full: {} bytes of the reserve are left",
                 directory_, left);
  }
}

// Resize allocates, or gives back. Where a file system cannot allocate, there
// is no file, and only the watch on the free space protects.
bool DiskReserve::Resize(uint64_t size) {
  const int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const auto length = static_cast<off_t>(size);
  const bool grows = size > held_;
  const bool done =
      grows ? ::fallocate(fd, 0, 0, length) == 0 : ::ftruncate(fd, length) == 0;
  if (!done && grows) {
    unsupported_ = errno != ENOSPC && errno != EDQUOT && errno != EINTR;
    spdlog::warn("no disk is reserved in {}: {}", directory_,
                 std::strerror(errno));
    (void)!::ftruncate(fd, static_cast<off_t>(held_.load()));
  }
  ::close(fd);
  if (done) held_ = size;
  return done;
}

void DiskReserve::SetLow(bool low, int64_t free) {
  if (low_.exchange(low) == low) return;
  if (low) {
    spdlog::error(
        "the disk of {} is nearly full, {} bytes are free: sessions and "
        "refreshes are refused, revocations go on",
        directory_, free);
  } else {
    spdlog::info("the disk of {} has room again", directory_);
  }
}

}  // namespace signet::service
