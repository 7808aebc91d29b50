#include "revocation-service/backup.h"

#include <spdlog/spdlog.h>

#include <boost/json.hpp>
#include <filesystem>
#include <utility>

#include "revocation-service/routes.h"
#include "revocation-service/storage/directory.h"
#include "signet/timestamp.h"

namespace signet::service {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr char kManifest[] = "/backup.json";

// ListFiles names the files of a directory, with their sizes.
Result<json::array> ListFiles(const std::string& directory, uint64_t& total) {
  json::array files;
  std::error_code failed;
  for (fs::directory_iterator at(directory, failed), end; !failed && at != end;
       at.increment(failed)) {
    const uint64_t size = at->file_size(failed);
    if (failed) break;
    total += size;
    files.push_back(json::object{{"name", at->path().filename().string()},
                                 {"bytes", size}});
  }
  if (!failed) return files;
  return Error{ErrorCode::kUnavailable,
               "reading " + directory + ": " + failed.message()};
}

// RemoveAll removes a copy, and what is left of one that was cut short.
Status RemoveAll(const std::string& directory) {
  std::error_code failed;
  fs::remove_all(directory, failed);
  if (!failed) fs::remove_all(directory + ".tmp", failed);
  if (!failed) return {};
  return Error{ErrorCode::kUnavailable,
               "removing " + directory + ": " + failed.message()};
}

http::Response Busy() {
  return ErrorResponse(409, "conflict", "another backup is being made");
}

}  // namespace

Backups::~Backups() {
  std::thread worker;
  {
    MutexLock lock(mutex_);
    worker.swap(worker_);
  }
  if (worker.joinable()) worker.join();
}

// A sequence that is read first is one that the copy has: its moment is later.
Result<std::string> Backups::Write() const {
  if (parts_.reserve != nullptr && parts_.reserve->low()) {
    return Error{ErrorCode::kUnavailable, "the disk is nearly full"};
  }
  if (Status gone = RemoveAll(Directory()); !gone.ok()) return gone.error();
  const Time now = parts_.clock.Now();
  const FeedPosition position = parts_.publisher.position();
  if (Status made = parts_.engine.Backup(Directory()); !made.ok()) {
    return made.error();
  }
  uint64_t total = 0;
  Result<json::array> files = ListFiles(Directory(), total);
  if (!files.ok()) return files.error();
  json::object manifest{{"signet_backup", 1},
                        {"taken_at", FormatTimestamp(now)},
                        {"epoch", position.epoch},
                        {"sequence", position.sequence},
                        {"files", std::move(*files)}};
  Status written =
      WriteDurably(Directory() + kManifest, json::serialize(manifest) + "\n");
  if (!written.ok()) return written.error();
  std::error_code ignored;
  return json::serialize(
      json::object{{"path", fs::absolute(Directory(), ignored).string()},
                   {"epoch", position.epoch},
                   {"sequence", position.sequence},
                   {"bytes", total}});
}

void Backups::Make(std::shared_ptr<http::Responder> responder) {
  MutexLock lock(mutex_);
  if (busy_) return responder->Send(Busy());
  busy_ = true;
  if (worker_.joinable()) worker_.join();  // it has answered
  worker_ = std::thread([this, responder = std::move(responder)] {
    const Result<std::string> written = Write();
    {
      MutexLock done(mutex_);
      busy_ = false;
    }
    if (written.ok()) {
      spdlog::info("backup made: {}", *written);
      return responder->Send(JsonResponse(200, *written));
    }
    const Error& error = written.error();
    spdlog::error("backup: {}", error.message);
    responder->Send(error.code == ErrorCode::kUnsupported
                        ? ErrorResponse(409, "unsupported", error.message)
                        : Unavailable(error.message));
  });
}

void Backups::Remove(http::Responder& responder) {
  MutexLock lock(mutex_);
  if (busy_) return responder.Send(Busy());
  const Status removed = RemoveAll(Directory());
  responder.Send(removed.ok() ? http::Response{204, {}, ""}
                              : Unavailable(removed.error().message));
}

}  // namespace signet::service
