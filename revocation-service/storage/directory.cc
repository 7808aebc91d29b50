#include "revocation-service/storage/directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace signet::service {
namespace {

Error System(const std::string& doing, const std::string& path) {
  return {ErrorCode::kUnavailable,
          doing + " " + path + ": " + std::strerror(errno)};
}

bool SyncPath(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = ::fsync(fd) == 0;
  return ::close(fd) == 0 && synced;
}

bool SyncParent(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  return SyncPath(parent.empty() ? "." : parent.string());
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return ::fsync(fd) == 0;
}

}  // namespace

Status WriteDurably(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".new";
  const int fd =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return System("writing", path);
  const bool written = WriteAll(fd, text);
  if (::close(fd) != 0 || !written ||
      std::rename(temporary.c_str(), path.c_str()) != 0 || !SyncParent(path)) {
    return System("writing", path);
  }
  return {};
}

Status RemoveDurably(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return System("removing", path);
  }
  if (!SyncParent(path)) return System("removing", path);
  return {};
}

Status MakePrivateDirectory(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code failed;
  const bool made = fs::create_directories(path, failed);
  if (made && !failed) fs::permissions(path, fs::perms::owner_all, failed);
  if (!failed) return {};
  return Error{ErrorCode::kUnavailable,
               "making the directory " + path + ": " + failed.message()};
}

}  // namespace signet::service
