#ifndef SIGNET_SERVICE_RINGS_H_
#define SIGNET_SERVICE_RINGS_H_

#include <memory>
#include <string>
#include <vector>

#include "signet/live_ring.h"
#include "signet/mutex.h"
#include "signet/ring_store.h"

namespace signet::service {

// Rings holds the rings that the service uses and follows their files: access,
// refresh and feed, and statements if there is one. What it hands out is an
// immutable ring that stays valid while it is held. Safe from any thread.
class Rings {
 public:
  using Ring = std::shared_ptr<const SigningRing>;

  // Open loads them; the error names the file.
  static Result<std::unique_ptr<Rings>> Open(std::unique_ptr<RingStore> store);

  Ring access() const;
  Ring refresh() const;
  Ring feed() const;
  // Null until there is one.
  Ring statements() const;

  // live_access is the public access ring, for a Verifier.
  const LiveRing& live_access() const { return live_access_; }

  // Published gives the public rings that verifiers fetch: feed, and access
  // unless its keys are symmetric.
  std::vector<KeyRing> Published() const;

  // generation is the sum of the generations of the published rings: what
  // FeedHead::ring_generation carries.
  uint64_t generation() const;

  // Reload loads the rings whose files have changed; true if any did. A ring
  // that does not load leaves the old one in force, and its error is returned.
  Result<bool> Reload();

 private:
  // KeyPurpose counts from 1.
  static constexpr size_t kRings = static_cast<size_t>(KeyPurpose::kStatements);

  Rings() = default;
  struct FileStamp {
    int64_t mtime_ns = 0;
    uint64_t size = 0;
    uint64_t inode = 0;
    bool operator==(const FileStamp&) const = default;
  };
  static FileStamp StampOf(const std::string& path);
  Ring Get(KeyPurpose purpose) const;
  Status LoadIfChanged(KeyPurpose purpose, bool& changed)
      SIGNET_REQUIRES(reload_mutex_);
  Status Install(KeyPurpose purpose, SigningRing ring, bool& changed)
      SIGNET_REQUIRES(reload_mutex_);

  std::unique_ptr<RingStore> store_;
  Mutex reload_mutex_;
  mutable Mutex mutex_;
  Ring rings_[kRings] SIGNET_GUARDED_BY(mutex_);
  FileStamp stamps_[kRings] SIGNET_GUARDED_BY(reload_mutex_);
  LiveRing live_access_;
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_RINGS_H_
