#ifndef SIGNET_LIB_SRC_FILE_IO_H_
#define SIGNET_LIB_SRC_FILE_IO_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

#include "signet/result.h"

// Files that hold secrets, or that must survive a crash whole. Errors name
// the path: kNotFound if it is not there, kUnavailable if the system refuses.
// What root writes belongs to the owner of the file that it replaces, or else
// of the directory.
namespace signet {

// A FileDescriptor closes what it holds. It moves and does not copy.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

enum class FileAccess { kAnyone, kOwnerOnly };

// ReadFile reads a regular file whole. kInvalid if it is not one, is longer
// than `limit`, or with kOwnerOnly, if group or others have any access.
Result<std::string> ReadFile(const std::string& path, size_t limit,
                             FileAccess access = FileAccess::kAnyone);

// CreateNewFile writes and syncs a file that was not there: kConflict if it
// was. A crash leaves the whole file or none of that name.
Status CreateNewFile(const std::string& path, std::string_view contents,
                     mode_t mode);

// A StagedFile is the next version of a file under a temporary name in the
// same directory, written and synced. Commit puts it in place of the old one,
// in one step, and syncs the directory; a StagedFile that is not committed
// removes itself. REQUIRES: the caller holds the directory's lock, for the
// temporary name is always the same: what a crash leaves is overwritten.
class StagedFile {
 public:
  static Result<StagedFile> Write(const std::string& path,
                                  std::string_view contents, mode_t mode);
  StagedFile(StagedFile&& other) noexcept
      : path_(std::exchange(other.path_, {})) {}
  StagedFile& operator=(StagedFile&&) = delete;
  ~StagedFile();

  Status Commit();

 private:
  explicit StagedFile(std::string path) : path_(std::move(path)) {}
  std::string path_;  // empty: nothing is staged any more
};

// A DirectoryLock excludes other processes, and other holders in this one,
// through `<directory>/.lock`.
class DirectoryLock {
 public:
  // Acquire waits. TryAcquire is kConflict if somebody else holds the lock.
  static Result<DirectoryLock> Acquire(const std::string& directory);
  static Result<DirectoryLock> TryAcquire(const std::string& directory);

 private:
  static Result<DirectoryLock> Take(const std::string& directory,
                                    int operation);
  explicit DirectoryLock(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;  // closing it unlocks
};

// EnsureDirectory makes the directory, one level, of mode 0700, if need be.
Status EnsureDirectory(const std::string& directory);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_FILE_IO_H_
