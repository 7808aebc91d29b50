// `signet backup` and `signet restore`: the store, out and in.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "tools/admin_client.h"
#include "tools/commands.h"
#include "tools/files.h"
#include "tools/store_copy.h"

namespace signet::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kBackupUsage = R"(Usage:
    signet backup --out DIR [--admin-url URL] [--json]

Copies the store of a running signetd, as of one moment, into a new directory.
Sessions and revocations go on meanwhile. signetd makes the copy below its data
directory and this command fetches it from there, so run it on the same machine
as a user who may read that directory.
    --out DIR          must be empty or not there
    --admin-url URL    signetd's operations listener: default
                       http://127.0.0.1:8421, or SIGNET_ADMIN_URL

backup.json lists the files with their SHA-256, which `signet restore` and
`signet doctor --backup` compare.

The keys are not in it: keep a copy of them elsewhere. Without them a backup
redeems no token.
)";

constexpr std::string_view kRestoreUsage = R"(Usage:
    signet restore --from DIR --data DIR [--keep-sessions] [--json]

Puts a backup into an empty data directory. signetd must not run on it yet; its
next start begins a new epoch of the feed, so that verifiers keep what they
hold, and voids every access token issued so far.
    --from DIR         what `signet backup` has made
    --data DIR         must be empty or not there, but for what a restore that
                       failed has left
    --keep-sessions    sessions of the backup live on. Those that were ended
                       since it was taken then live again, and those that were
                       refreshed since get 503 until they are ended. Without
                       this flag every session ends and people log in again:
                       nothing that was revoked comes back.
)";

struct BackupFlags {
  std::string out;
  std::string from;
  std::string data;
  std::string admin_url;
  bool keep_sessions = false;
  bool as_json = false;
};

// A copy links to files at once; only what was not flushed yet is written.
constexpr Seconds kPatience(60);

// DescriptionOf reads the error of an answer, if there is one.
std::string DescriptionOf(const AdminAnswer& answer) {
  json::error_code failed;
  const json::value parsed = json::parse(answer.body, failed);
  const json::object* const object = parsed.if_object();
  const json::value* const text =
      object == nullptr ? nullptr : object->if_contains("error_description");
  if (text == nullptr || !text->is_string()) {
    return "HTTP " + std::to_string(answer.status);
  }
  return text->get_string().c_str();
}

// AskForCopy returns the directory in which signetd has made one.
Try<std::string> AskForCopy(const std::string& url) {
  const Try<AdminAnswer> answer = AskAdmin(url, "POST", "/backup", kPatience);
  if (!answer) return answer.error();
  if (answer->status != 200) {
    const bool refused = answer->status >= 400 && answer->status < 500;
    return Failure{refused ? kRefused : kUnavailable,
                   "no backup was made: " + DescriptionOf(*answer)};
  }
  json::error_code failed;
  const json::value parsed = json::parse(answer->body, failed);
  const json::object* const object = parsed.if_object();
  const json::value* const path =
      object == nullptr ? nullptr : object->if_contains("path");
  if (path == nullptr || !path->is_string()) {
    return Failure{kUnavailable, url + " gave an answer that is none"};
  }
  return std::string(path->get_string().c_str());
}

// Fetch copies beside the place first, so that what has the right name is
// whole.
Done Fetch(Manifest& manifest, const std::string& from,
           const std::string& out) {
  const std::string partial = out + ".partial";
  std::error_code failed;
  fs::remove_all(partial, failed);
  if (Done made = MakeDirectory(partial, 0700); !made) return made;
  if (Done copied = CopyFiles(manifest, from, partial); !copied) return copied;
  if (Done listed = WriteManifest(manifest, partial, false); !listed) {
    return listed;
  }
  if (Done synced = SyncDirectory(partial); !synced) return synced;
  fs::remove(out, failed);  // if it is there it is empty
  fs::rename(partial, out, failed);
  if (failed) {
    return Failure{kUsage, "writing " + out + ": " + failed.message()};
  }
  const fs::path parent = fs::absolute(out, failed).parent_path();
  return SyncDirectory(parent.string());
}

json::object Summary(const Manifest& manifest) {
  return {{"taken_at", manifest.taken_at},
          {"epoch", manifest.epoch},
          {"sequence", manifest.sequence},
          {"files", manifest.files.size()},
          {"bytes", manifest.TotalBytes()}};
}

std::string SummaryText(const Manifest& manifest) {
  return "taken at " + Printable(manifest.taken_at) + ", epoch " +
         std::to_string(manifest.epoch) + ", the log through " +
         std::to_string(manifest.sequence) + ", " +
         std::to_string(manifest.TotalBytes()) + " bytes";
}

void PrintDone(const Manifest& manifest, const std::string& verb,
               const std::string& path, bool as_json) {
  if (as_json) {
    json::object summary = Summary(manifest);
    summary["path"] = path;
    PrintLine(json::serialize(summary));
  } else {
    PrintLine(verb + " " + path + ": " + SummaryText(manifest));
  }
}

Done Backup(const BackupFlags& flags) {
  if (flags.out.empty()) {
    return Failure{kUsage, "--out is missing", "name a new directory"};
  }
  std::string out = flags.out;
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  if (Done empty = CheckEmpty(out); !empty) return empty;
  const std::string url = AdminUrl(flags.admin_url);
  const Try<std::string> copy = AskForCopy(url);
  if (!copy) return copy.error();
  Try<Manifest> manifest = ReadManifest(*copy);
  if (!manifest) {
    return Failure{kUsage, "signetd's copy " + *copy + " cannot be read here",
                   "run this on signetd's machine, as its user"};
  }
  if (Done fetched = Fetch(*manifest, *copy, out); !fetched) return fetched;
  if (!AskAdmin(url, "DELETE", "/backup", kPatience)) {
    PrintNote("signetd's own copy stays until the next backup");
  }
  PrintDone(*manifest, "backup in", out, flags.as_json);
  return {};
}

// LockDirectory keeps other restores out until this process ends: one of them
// would take this one's files for the remains of one that failed.
Done LockDirectory(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
  const std::string why = std::strerror(errno);
  if (fd >= 0) ::close(fd);
  return Failure{kUsage, "locking " + directory + ": " + why,
                 "is another restore under way?"};
}

// ClearRemains removes what a restore that failed has left, but for the mark.
Done ClearRemains(const std::string& directory, const fs::path& mark) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path() != mark) fs::remove(entry.path(), error);
    if (error) break;
  }
  if (!error) return {};
  return Failure{kUsage, "removing the remains of a restore from " + directory +
                             ": " + error.message()};
}

Done Restore(const BackupFlags& flags) {
  if (flags.from.empty() || flags.data.empty()) {
    return Failure{kUsage, "--from or --data is missing",
                   "run `signet restore --help`"};
  }
  Try<Manifest> manifest = ReadManifest(flags.from);
  if (!manifest) return manifest.error();
  // The copy will have them: an older backup has none to compare with.
  const bool had_digests = manifest->HasDigests();
  // Until this is gone signetd does not start: half a store looks like a new
  // one.
  const std::string incomplete = flags.data + "/RESTORING";
  if (Done made = MakeDirectory(flags.data, 0700); !made) return made;
  if (Done locked = LockDirectory(flags.data); !locked) return locked;
  const bool again = ::access(incomplete.c_str(), F_OK) == 0;
  const Done empty =
      again ? ClearRemains(flags.data, incomplete) : CheckEmpty(flags.data);
  if (!empty) return empty;
  if (Done marked = WriteFile(incomplete, "signet restore\n"); !marked) {
    return marked;
  }
  if (Done synced = SyncDirectory(flags.data); !synced) return synced;
  if (Done copied = CopyFiles(*manifest, flags.from, flags.data); !copied) {
    return copied;
  }
  Done listed = WriteManifest(*manifest, flags.data, flags.keep_sessions);
  if (!listed) return listed;
  if (Done synced = SyncDirectory(flags.data); !synced) return synced;
  if (::unlink(incomplete.c_str()) != 0) {
    return Failure{kUsage, "removing " + incomplete};
  }
  if (Done synced = SyncDirectory(flags.data); !synced) return synced;
  PrintDone(*manifest, "restored", flags.data, flags.as_json);
  if (!had_digests) {
    PrintNote("the backup has no checksums: only sizes were compared");
  }
  PrintNote(flags.keep_sessions
                ? "sessions that were ended since then live again: end them"
                : "every session ends when signetd starts");
  return {};
}

}  // namespace

void AddBackupCommands(CommandLine& line) {
  auto flags = std::make_shared<BackupFlags>();
  CLI::App* const backup =
      line.Alone("backup", kBackupUsage, [flags] { return Backup(*flags); });
  AddText(backup, "--out", flags->out);
  AddAdminUrl(backup, flags->admin_url);
  AddSwitch(backup, "--json", flags->as_json);
  CLI::App* const restore =
      line.Alone("restore", kRestoreUsage, [flags] { return Restore(*flags); });
  AddText(restore, "--from", flags->from);
  AddText(restore, "--data", flags->data);
  AddSwitch(restore, "--keep-sessions", flags->keep_sessions);
  AddSwitch(restore, "--json", flags->as_json);
}

}  // namespace signet::cli
