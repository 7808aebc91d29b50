#include "revocation-service/kek_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace signet::service {
namespace {

std::optional<std::string> After(std::string_view prefix,
                                 const std::string& text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

// A File closes its descriptor.
struct File {
  explicit File(const std::string& path)
      : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd;
};

Result<std::string> ReadPassphrase(const std::string& path) {
  const std::string what = "reading the passphrase " + path + ": ";
  const File file(path);
  struct stat info = {};
  if (file.fd < 0 || ::fstat(file.fd, &info) != 0) {
    return Error{ErrorCode::kNotFound, what + std::strerror(errno)};
  }
  if (!S_ISREG(info.st_mode) || (info.st_mode & 077) != 0) {
    return Error{ErrorCode::kDenied, what + "others may read the file",
                 "chmod 600 " + path};
  }
  std::array<char, 1025> buffer{};
  const ssize_t size = ::read(file.fd, buffer.data(), buffer.size());
  if (size < 0) return Error{ErrorCode::kUnavailable, what + "it failed"};
  std::string line(buffer.data(), static_cast<size_t>(size));
  Wipe({reinterpret_cast<uint8_t*>(buffer.data()), buffer.size()});
  line.resize(std::min(line.find('\n'), line.size()));
  if (line.size() > 1024) {
    return Error{ErrorCode::kInvalid, what + "longer than 1024 bytes"};
  }
  return line;
}

}  // namespace

Result<KeyEncryptionKey> OpenKek(const std::string& place) {
  if (const auto path = After("file:", place)) {
    return KeyEncryptionKey::FromFile(*path);
  }
  if (const auto name = After("env:", place)) {
    return KeyEncryptionKey::FromEnvironment(*name);
  }
  if (const auto path = After("passphrase-file:", place)) {
    Result<std::string> passphrase = ReadPassphrase(*path);
    if (!passphrase.ok()) return passphrase.error();
    if (passphrase->size() < 8) {
      return Error{ErrorCode::kInvalid,
                   "the passphrase in " + *path + " is shorter than 8 bytes"};
    }
    return KeyEncryptionKey::FromPassphrase(std::move(*passphrase));
  }
  return Error{ErrorCode::kInvalid,
               "kek is not file:PATH, env:NAME or passphrase-file:PATH"};
}

}  // namespace signet::service
