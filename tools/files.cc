#include "tools/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace signet::cli {
namespace {

// File closes its descriptor.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const std::string& path, int flags, mode_t mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int fd() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

  bool WriteAll(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::write(fd_, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return ::fsync(fd_) == 0;
  }

 private:
  int fd_;
};

Failure System(const std::string& doing, const std::string& path) {
  return {kUsage, doing + " " + path + ": " + std::strerror(errno)};
}

}  // namespace

Try<std::string> ReadPublicFile(const std::string& path, size_t limit) {
  const File file(path, O_RDONLY);
  if (!file.ok()) return System("reading", path);
  std::string text;
  std::string part(1u << 16, '\0');
  for (;;) {
    const ssize_t n = ::read(file.fd(), part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return System("reading", path);
    if (n == 0) return text;
    text.append(part, 0, static_cast<size_t>(n));
    if (text.size() > limit) {
      return Failure{kUsage, path + " is longer than any such file"};
    }
  }
}

Try<std::string> ReadKeyFile(const std::string& path) {
  constexpr size_t kLongest = 4096;
  File file(path, O_RDONLY);
  struct stat info = {};
  if (!file.ok() || ::fstat(file.fd(), &info) != 0) {
    return System("reading", path);
  }
  if (S_ISREG(info.st_mode) && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Failure{kUsage, path + " can be read by others than its owner",
                   "chmod 600 " + path};
  }
  std::string text(kLongest + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = ::read(file.fd(), text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return System("reading", path);
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  if (size > kLongest) return Failure{kUsage, path + " is too long"};
  text.resize(size);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Failure{kUsage, path + " holds no secret"};
  return text;
}

Try<std::string> ReadSecretFile(const std::string& path) {
  Try<std::string> text = ReadKeyFile(path);
  if (!text) return text;
  text->resize(std::min(text->size(), text->find('\n')));
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty()) return Failure{kUsage, path + " holds no secret"};
  return text;
}

Done WriteSecretFile(const std::string& path, std::string_view line) {
  File file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file.ok() && errno == EEXIST) {
    return Failure{kUsage, path + " exists; a secret is never overwritten",
                   "name another file, or move that one away"};
  }
  if (!file.ok()) return System("writing", path);
  if (!file.WriteAll(std::string(line) + "\n")) {
    const Failure failure = System("writing", path);
    ::unlink(path.c_str());
    return failure;
  }
  return {};
}

Done WriteFile(const std::string& path, std::string_view text) {
  // A name that nobody could have put a link at.
  std::string temporary = path + ".XXXXXX";
  File file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.ok()) return System("writing", path);
  if (!file.WriteAll(text) || ::fchmod(file.fd(), 0644) != 0 ||
      std::rename(temporary.c_str(), path.c_str()) != 0) {
    const Failure failure = System("writing", path);
    ::unlink(temporary.c_str());
    return failure;
  }
  return {};
}

Done MakeDirectory(const std::string& path, mode_t mode) {
  namespace fs = std::filesystem;
  std::error_code failed;
  fs::path whole = fs::absolute(path, failed);
  if (!whole.has_filename()) whole = whole.parent_path();  // "a/" is "a"
  const fs::path parent = whole.parent_path();
  fs::create_directories(parent, failed);
  if (::mkdir(whole.c_str(), mode) != 0) {
    if (errno == EEXIST && fs::is_directory(whole, failed)) return {};
    return System("making", path);
  }
  if (::geteuid() != 0) return {};
  struct stat owner = {};
  const File made(whole, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!made.ok() || ::stat(parent.c_str(), &owner) != 0 ||
      ::fchown(made.fd(), owner.st_uid, owner.st_gid) != 0) {
    return System("making", path);
  }
  return {};
}

std::string FromEnvironment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace signet::cli
