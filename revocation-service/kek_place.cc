#include "revocation-service/kek_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
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

Error NoCredential(const std::string& name, const std::string& why) {
  return {ErrorCode::kNotFound, "reading the credential " + name + ": " + why,
          "LoadCredential=" + name + ":FILE in the systemd unit"};
}

// CredentialPath is where systemd puts what it passes to the unit alone
// (systemd.exec(5), LoadCredential=).
Result<std::string> CredentialPath(const std::string& name) {
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr) {
    return NoCredential(name, "CREDENTIALS_DIRECTORY is not set");
  }
  if (name.empty() || name.find('/') != std::string::npos) {
    return Error{ErrorCode::kInvalid,
                 "the name of a credential is not a name: " + name};
  }
  return std::string(directory) + "/" + name;
}

Result<std::string> ReadCredential(const std::string& name) {
  const auto path = CredentialPath(name);
  if (!path.ok()) return path.error();
  std::ifstream file(*path);
  std::string line;
  if (!std::getline(file, line)) return NoCredential(name, "failed");
  return line;
}

// OpenCredential reads what systemd passes to the unit alone (systemd.exec(5),
// LoadCredential=). Its mode says nothing: an access list beside it does.
Result<KeyEncryptionKey> OpenCredential(const std::string& name) {
  const auto path = CredentialPath(name);
  if (!path.ok()) return path.error();
  const File file(*path);
  std::array<char, 128> buffer{};
  const ssize_t size =
      file.fd < 0 ? -1 : ::read(file.fd, buffer.data(), buffer.size() - 1);
  if (size < 0) return NoCredential(name, std::strerror(errno));
  // The library reads a key from a private file or from the environment, so it
  // stands there for that moment. REQUIRES: no other thread runs yet.
  constexpr char kVariable[] = "SIGNET_CREDENTIAL_KEK";
  *std::find(buffer.begin(), buffer.end() - 1, '\n') = '\0';
  ::setenv(kVariable, buffer.data(), 1);
  auto kek = KeyEncryptionKey::FromEnvironment(kVariable);
  if (char* const text = std::getenv(kVariable)) {
    Wipe({reinterpret_cast<uint8_t*>(text), std::strlen(text)});
  }
  ::unsetenv(kVariable);
  Wipe({reinterpret_cast<uint8_t*>(buffer.data()), buffer.size()});
  return kek;
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
  if (const auto name = After("credential:", place)) {
    return OpenCredential(*name);
  }
  return Error{ErrorCode::kInvalid,
               "kek is not file:PATH, env:NAME, credential:NAME or "
               "passphrase-file:PATH"};
}

Result<std::string> ReadSecret(const std::string& place) {
  Result<std::string> secret =
      Error{ErrorCode::kInvalid,
            "a secret is not file:PATH, env:NAME or credential:NAME"};
  if (const auto path = After("file:", place)) {
    secret = ReadPassphrase(*path);
  } else if (const auto variable = After("env:", place)) {
    const char* const text = std::getenv(variable->c_str());
    if (text == nullptr) {
      return Error{ErrorCode::kNotFound,
                   "reading a secret: the environment "
                   "variable " +
                       *variable + " is not set"};
    }
    secret = std::string(text);
  } else if (const auto name = After("credential:", place)) {
    secret = ReadCredential(*name);
  }
  if (secret.ok() && secret->empty()) {
    return Error{ErrorCode::kInvalid, "the secret in " + place + " is empty"};
  }
  return secret;
}

}  // namespace signet::service
