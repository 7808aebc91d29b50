#include "tools/store_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "tools/files.h"
#include "tools/sha256.h"

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
    Manifest::File& listed = manifest.files.emplace_back();
    listed.name = file.at("name").as_string().c_str();
    listed.bytes = file.at("bytes").to_number<uint64_t>();
    const json::object& members = file.as_object();
    if (members.contains("sha256")) {
      listed.sha256 = members.at("sha256").as_string().c_str();
    }
  }
  return manifest;
}

// Compare holds what was read of a file against the list.
Done Compare(const Manifest::File& listed, const std::string& path,
             uint64_t bytes, const std::string& sha256) {
  if (bytes != listed.bytes) {
    return Failure{kRefused, path + " has " + std::to_string(bytes) +
                                 " bytes, the list of the backup says " +
                                 std::to_string(listed.bytes)};
  }
  if (listed.sha256.empty() || listed.sha256 == sha256) return {};
  return Failure{kRefused,
                 path + " is not what was backed up: its SHA-256 is another",
                 "take another copy of the backup"};
}

// CopyBytes only reads if `to` is negative.
bool CopyBytes(int from, int to, uint64_t& copied, Sha256& digest) {
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(from, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) return to < 0 || ::fsync(to) == 0;
    digest.Add({buffer, static_cast<size_t>(n)});
    for (ssize_t done = 0; to >= 0 && done < n;) {
      const ssize_t written =
          ::write(to, buffer + done, static_cast<size_t>(n - done));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      done += written;
    }
    copied += static_cast<uint64_t>(n);
  }
}

Done CopyFile(Manifest::File& file, const std::string& from,
              const std::string& to, const struct stat& owner) {
  const int in = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) return System("reading", from);
  const int out =
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  uint64_t copied = 0;
  Sha256 digest;
  const bool done = out >= 0 && CopyBytes(in, out, copied, digest);
  const Failure failure = System("copying", to);
  // Only root may, and then it must: signetd could not read them.
  if (done && ::geteuid() == 0) {
    (void)!::fchown(out, owner.st_uid, owner.st_gid);
  }
  ::close(in);
  if (out >= 0) ::close(out);
  if (!done) return failure;
  const std::string sha256 = digest.Finish();
  Done same = Compare(file, from, copied, sha256);
  if (same) file.sha256 = sha256;
  return same;
}

Done CheckFile(const Manifest::File& file, const std::string& path) {
  const int in = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) return System("reading", path);
  uint64_t bytes = 0;
  Sha256 digest;
  const bool read = CopyBytes(in, -1, bytes, digest);
  const Failure failure = System("reading", path);
  ::close(in);
  if (!read) return failure;
  return Compare(file, path, bytes, digest.Finish());
}

}  // namespace

uint64_t Manifest::TotalBytes() const {
  uint64_t total = 0;
  for (const File& file : files) total += file.bytes;
  return total;
}

bool Manifest::HasDigests() const {
  return std::ranges::none_of(
      files, [](const File& file) { return file.sha256.empty(); });
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
  json::array files;
  for (const Manifest::File& file : manifest.files) {
    json::object listed{{"name", file.name}, {"bytes", file.bytes}};
    if (!file.sha256.empty()) listed["sha256"] = file.sha256;
    files.push_back(std::move(listed));
  }
  object["files"] = std::move(files);
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

Done CopyFiles(Manifest& manifest, const std::string& from,
               const std::string& to) {
  struct stat owner = {};
  if (::stat(to.c_str(), &owner) != 0) return System("reading", to);
  for (Manifest::File& file : manifest.files) {
    Done copied =
        CopyFile(file, from + "/" + file.name, to + "/" + file.name, owner);
    if (!copied) return copied;
  }
  return SyncDirectory(to);
}

Done CheckFiles(const Manifest& manifest, const std::string& directory) {
  for (const Manifest::File& file : manifest.files) {
    Done checked = CheckFile(file, directory + "/" + file.name);
    if (!checked) return checked;
  }
  return {};
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
