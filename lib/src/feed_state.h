#ifndef SIGNET_SRC_FEED_STATE_H_
#define SIGNET_SRC_FEED_STATE_H_

#include <optional>
#include <string>
#include <string_view>

#include "feed_replica.h"
#include "file_io.h"

namespace signet {

// EncodeFeedState and DecodeFeedState are the stored form:
//
//   state    = magic extras-until head log-hash groups *group checksum
//   magic    = "signet feed state 1" LF
//   checksum = 32OCTET   ; BLAKE2b-256 of all before it
//
// extras-until is a varint in minutes, the rest as in a snapshot frame. The
// checksum tells a torn file from a whole one. It does not tell who wrote it:
// whoever can write to the directory can make the replica forget, as he could
// by deleting it, or make it revoke what nobody revoked.
std::string EncodeFeedState(const FeedState& state);
Result<FeedState> DecodeFeedState(std::string_view bytes);

// A StateDirectory keeps a replica's state, and the signed rings frame that
// it accepted last, from one run to the next. One process at a time: it holds
// a lock of the directory. Not safe for concurrent use, but that the two
// kinds of file do not disturb each other.
class StateDirectory {
 public:
  // Open makes the directory if need be. kConflict: another process has it.
  static Result<StateDirectory> Open(const std::string& path);

  // Load and LoadRings: kNotFound if there is nothing; kCorrupt.
  Result<FeedState> Load() const;
  Status Save(const FeedState& state) const;
  Result<std::string> LoadRings() const;
  Status SaveRings(std::string_view frame) const;

 private:
  StateDirectory(std::string path, DirectoryLock lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  DirectoryLock lock_;
};

}  // namespace signet

#endif  // SIGNET_SRC_FEED_STATE_H_
