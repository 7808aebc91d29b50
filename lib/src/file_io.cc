#include "file_io.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "signet/primitives.h"

namespace signet {

namespace {

Error SystemError(const std::string& doing, const std::string& path) {
  const int number = errno;
  return {number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
          doing + " " + path + ": " + std::generic_category().message(number)};
}

// OpenFile opens with O_CLOEXEC, and again if a signal came between.
FileDescriptor OpenFile(const std::string& path, int flags, mode_t mode = 0) {
  int fd;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return FileDescriptor(fd);
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool WriteAll(int fd, std::string_view contents) {
  while (!contents.empty()) {
    const ssize_t written = write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// SyncDirectory makes the names in a directory durable.
Status SyncDirectory(const std::string& directory) {
  const FileDescriptor fd = OpenFile(directory, O_RDONLY | O_DIRECTORY);
  if (!fd.valid() || fsync(fd.get()) != 0) {
    return SystemError("syncing", directory);
  }
  return {};
}

// GiveToOwnerOf is for files that root makes for somebody else: a service must
// be able to read its ring after root has rotated it. A file that has another
// name, too, is not one that was made here.
bool GiveToOwnerOf(const std::string& model, int fd) {
  if (geteuid() != 0) return true;
  struct stat theirs, ours;
  if (stat(model.c_str(), &theirs) != 0 || fstat(fd, &ours) != 0) return false;
  if (theirs.st_uid == ours.st_uid && theirs.st_gid == ours.st_gid) return true;
  if (ours.st_nlink != 1) return true;
  return fchown(fd, theirs.st_uid, theirs.st_gid) == 0;
}

// ModelFor is what a new file takes its owner from: the file of that name, or
// else the directory.
std::string ModelFor(const std::string& path) {
  struct stat info;
  const bool is_file = lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
  return is_file ? path : DirectoryOf(path);
}

// WriteNew writes and syncs a file that must not exist, and will be known as
// `final_path`.
Status WriteNew(const std::string& path, const std::string& final_path,
                std::string_view contents, mode_t mode) {
  const FileDescriptor fd =
      OpenFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  if (!fd.valid()) {
    if (errno == EEXIST) {
      return Error{ErrorCode::kConflict, "creating " + path + ": it exists"};
    }
    return SystemError("creating", path);
  }
  // The umask may have taken bits of the mode away.
  if (GiveToOwnerOf(ModelFor(final_path), fd.get()) &&
      fchmod(fd.get(), mode) == 0 && WriteAll(fd.get(), contents) &&
      fsync(fd.get()) == 0) {
    return {};
  }
  const Error error = SystemError("writing", path);
  unlink(path.c_str());
  return error;
}

std::string TemporaryName(const std::string& path) { return path + ".tmp"; }

// CheckReadable gives the size of a file that may be read.
Result<size_t> CheckReadable(int fd, const std::string& path, size_t limit,
                             FileAccess access) {
  struct stat info;
  if (fstat(fd, &info) != 0) return SystemError("reading", path);
  if (!S_ISREG(info.st_mode)) {
    return Error{ErrorCode::kInvalid, path + " is not a regular file"};
  }
  if (access == FileAccess::kOwnerOnly && (info.st_mode & 077) != 0) {
    return Error{ErrorCode::kInvalid,
                 path +
                     " is open to group or others, it must be theirs alone "
                     "who own it",
                 "chmod 600 " + path};
  }
  if (static_cast<uint64_t>(info.st_size) > limit) {
    return Error{ErrorCode::kInvalid,
                 path + " has " + std::to_string(info.st_size) +
                     " bytes, the limit is " + std::to_string(limit)};
  }
  return static_cast<size_t>(info.st_size);
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (valid()) close(fd_);
    fd_ = other.Release();
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (valid()) close(fd_);
}

Result<std::string> ReadFile(const std::string& path, size_t limit,
                             FileAccess access) {
  // O_NONBLOCK: a named pipe must not hang us before fstat tells of it.
  const FileDescriptor fd = OpenFile(path, O_RDONLY | O_NONBLOCK);
  if (!fd.valid()) return SystemError("opening", path);
  const Result<size_t> expected = CheckReadable(fd.get(), path, limit, access);
  if (!expected.ok()) return expected.error();
  std::string contents(*expected, '\0');
  size_t size = 0;
  while (size < contents.size()) {
    const ssize_t got =
        read(fd.get(), contents.data() + size, contents.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("reading", path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  contents.resize(size);
  return contents;
}

Status CreateNewFile(const std::string& path, std::string_view contents,
                     mode_t mode) {
  // Whole under a name of its own first; a link never replaces a file.
  std::array<uint8_t, 8> random;
  FillRandom(random);
  const std::string temporary = path + "." + Base64UrlEncode(random) + ".tmp";
  if (Status s = WriteNew(temporary, path, contents, mode); !s.ok()) return s;
  const bool linked = link(temporary.c_str(), path.c_str()) == 0;
  const bool exists = !linked && errno == EEXIST;
  const Error error = SystemError("creating", path);
  unlink(temporary.c_str());
  if (exists) {
    return Error{ErrorCode::kConflict, "creating " + path + ": it exists"};
  }
  if (!linked) return error;
  return SyncDirectory(DirectoryOf(path));
}

Result<StagedFile> StagedFile::Write(const std::string& path,
                                     std::string_view contents, mode_t mode) {
  const std::string temporary = TemporaryName(path);
  unlink(temporary.c_str());
  if (Status s = WriteNew(temporary, path, contents, mode); !s.ok()) {
    return s.error();
  }
  return StagedFile(path);
}

StagedFile::~StagedFile() {
  if (!path_.empty()) unlink(TemporaryName(path_).c_str());
}

Status StagedFile::Commit() {
  const std::string temporary = TemporaryName(path_);
  if (rename(temporary.c_str(), path_.c_str()) != 0) {
    return SystemError("replacing", path_);
  }
  const std::string path = std::exchange(path_, {});
  return SyncDirectory(DirectoryOf(path));
}

Result<DirectoryLock> DirectoryLock::Acquire(const std::string& directory) {
  return Take(directory, LOCK_EX);
}

Result<DirectoryLock> DirectoryLock::TryAcquire(const std::string& directory) {
  return Take(directory, LOCK_EX | LOCK_NB);
}

Result<DirectoryLock> DirectoryLock::Take(const std::string& directory,
                                          int operation) {
  const std::string path = directory + "/.lock";
  FileDescriptor fd = OpenFile(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!fd.valid() || !GiveToOwnerOf(directory, fd.get())) {
    return SystemError("opening", path);
  }
  while (flock(fd.get(), operation) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) {
      return Error{ErrorCode::kConflict, path + " is locked"};
    }
    return SystemError("locking", path);
  }
  return DirectoryLock(std::move(fd));
}

Status EnsureDirectory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) == 0) {
    return SyncDirectory(DirectoryOf(directory));
  }
  if (errno != EEXIST) return SystemError("creating", directory);
  return {};
}

}  // namespace signet
