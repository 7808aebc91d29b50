#ifndef SIGNET_SERVICE_STORAGE_DISK_RESERVE_H_
#define SIGNET_SERVICE_STORAGE_DISK_RESERVE_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "signet/mutex.h"
#include "signet/result.h"

namespace signet::service {

// A DiskReserve keeps room for revocations on the store's disk, and says when
// all else must stop. It holds a file of `bytes`, allocated and empty. With
// less than `bytes` free beside it the disk is low: sessions and refreshes
// wait. With less than a quarter it gives up the file, a quarter at a time, so
// that another program that eats the disk finds no more than that at once. When
// there is room again the file grows back. A size of 0 keeps nothing and is
// never low. Safe from any thread.
class DiskReserve {
 public:
  // The directory must exist, and is the one whose disk is meant.
  DiskReserve(std::string directory, uint64_t bytes);

  // Check looks at the disk, gives room up or takes it back. Often is fine:
  // calls within a few milliseconds of the last look are free.
  void Check() SIGNET_EXCLUDES(mutex_);

  // Admit is Check, and kUnavailable while the disk is low.
  Status Admit();

  // Release gives up a quarter of the file at once: the disk is full. False if
  // nothing is left.
  bool Release() SIGNET_EXCLUDES(mutex_);

  // HasRoom tells whether the store has enough to work with.
  bool HasRoom() const;

  bool low() const { return low_; }
  uint64_t held_bytes() const { return held_; }

  // FreeBytes is what is free for the service, besides the reserve; -1 if that
  // cannot be told.
  int64_t FreeBytes() const;

 private:
  bool Resize(uint64_t size) SIGNET_REQUIRES(mutex_);
  void Shrink() SIGNET_REQUIRES(mutex_);
  void SetLow(bool low, int64_t free);

  const std::string directory_;
  const std::string file_;
  const uint64_t bytes_;
  std::atomic<bool> low_{false};
  std::atomic<uint64_t> held_{0};
  std::atomic<int64_t> next_look_{0};  // ms of the steady clock
  Mutex mutex_;
  // The file system cannot allocate.
  bool unsupported_ SIGNET_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_DISK_RESERVE_H_
