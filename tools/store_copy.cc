#include "tools/store_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "tools/files.h"

namespace signet::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr char kManifest[] = "/backup.json";

Failure System(const std::string& doing, const std::string& path) {
  return {kUsage, doing + " " + path + ": " + std::strerror(errno)};
}

Failure BadManifest(const std::string& path) {
  return {kRefused, path + " is not the list of a whole backup",
          "name a directory that `signet backup` has made"};
}

// IsFileName refuses what would lead out of the directory.
bool IsFileName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find('/') == std::string::npos;
}

Manifest ReadMembers(const json::object& object) {
  Manifest manifest;
  manifest.taken_at = object.at("taken_at").as_string().c_str();
  manifest.epoch = object.at("epoch").to_number<uint64_t>();
  manifest.sequence = object.at("sequence").to_number<uint64_t>();
  for (const json::value& file : object.at("files").as_array()) {
    manifest.files.push_back({file.at("name").as_string().c_str(),
                              file.at("bytes").to_number<uint64_t>()});
  }
  return manifest;
}

bool CopyBytes(int from, int to, uint64_t& copied) {
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(from, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) return ::fsync(to) == 0;
    for (ssize_t done = 0; done < n;) {
      const ssize_t written =
          ::write(to, buffer + done, static_cast<size_t>(n - done));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      done += written;
    }
    copied += static_cast<uint64_t>(n);
  }
}

Done CopyFile(const std::string& from, const std::string& to, uint64_t bytes,
              const struct stat& owner) {
  const int in = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) return System("reading", from);
  const int out =
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  uint64_t copied = 0;
  const bool done = out >= 0 && CopyBytes(in, out, copied);
  const Failure failure = System("copying", to);
  // Only root may, and then it must: signetd could not read them.
  if (done && ::geteuid() == 0) {
    (void)!::fchown(out, owner.st_uid, owner.st_gid);
  }
  ::close(in);
  if (out >= 0) ::close(out);
  if (!done) return failure;
  if (copied == bytes) return {};
  return Failure{kRefused, from + " has " + std::to_string(copied) +
                               " bytes, the list of the backup says " +
                               std::to_string(bytes)};
}

}  // namespace

uint64_t Manifest::TotalBytes() const {
  uint64_t total = 0;
  for (const File& file : files) total += file.bytes;
  return total;
}

Try<Manifest> ReadManifest(const std::string& directory) {
  const std::string path = directory + kManifest;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Failure{kUsage, "there is no backup in " + directory,
                   "name a directory that `signet backup` has made"};
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  try {
    const json::object object = json::parse(text).as_object();
    if (object.at("signet_backup").to_number<int>() != 1) {
      return Failure{kRefused, path + " is of another version"};
    }
    Manifest manifest = ReadMembers(object);
    manifest.text = text;
    for (const Manifest::File& listed : manifest.files) {
      if (!IsFileName(listed.name)) return BadManifest(path);
    }
    return manifest;
  } catch (const std::exception&) {
    return BadManifest(path);
  }
}

Done WriteManifest(const Manifest& manifest, const std::string& directory,
                   bool keep_sessions) {
  json::object object = json::parse(manifest.text).as_object();
  if (keep_sessions) object["keep_sessions"] = true;
  return WriteFile(directory + kManifest, json::serialize(object) + "\n");
}

Done CheckEmpty(const std::string& directory) {
  std::error_code failed;
  if (!fs::exists(directory, failed)) return {};
  for (const auto& entry : fs::directory_iterator(directory, failed)) {
    if (entry.path().filename() == "lost+found") continue;
    return Failure{kUsage, directory + " is not empty",
                   "name a directory that is empty or not there"};
  }
  if (!failed) return {};
  return Failure{kUsage, "reading " + directory + ": " + failed.message()};
}

Done MakeDirectory(const std::string& directory) {
  std::error_code failed;
  const bool made = fs::create_directories(directory, failed);
  if (made && !failed) {
    fs::permissions(directory, fs::perms::owner_all, failed);
  }
  if (!failed) return {};
  return Failure{kUsage, "making " + directory + ": " + failed.message()};
}

Done CopyFiles(const Manifest& manifest, const std::string& from,
               const std::string& to) {
  struct stat owner = {};
  if (::stat(to.c_str(), &owner) != 0) return System("reading", to);
  for (const Manifest::File& file : manifest.files) {
    Done copied = CopyFile(from + "/" + file.name, to + "/" + file.name,
                           file.bytes, owner);
    if (!copied) return copied;
  }
  return SyncDirectory(to);
}

Done SyncDirectory(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return System("reading", directory);
  const bool synced = ::fsync(fd) == 0;
  const Failure failure = System("writing", directory);
  ::close(fd);
  if (!synced) return failure;
  return {};
}

}  // namespace signet::cli
