#ifndef SIGNET_SERVICE_RINGS_H_
#define SIGNET_SERVICE_RINGS_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "signet/live_ring.h"
#include "signet/mutex.h"
#include "signet/ring_store.h"

namespace signet::service {

// Rings holds the rings that the service uses and follows their files: access,
// refresh and feed, and if there are, access-alt and statements. What it hands
// out is an immutable ring that stays valid while it is held. Safe from any
// thread.
class Rings {
 public:
  using Ring = std::shared_ptr<const SigningRing>;

  // Open loads them; the error names the file.
  static Result<std::unique_ptr<Rings>> Open(std::unique_ptr<RingStore> store);

  Ring access() const;
  // Null until there is one. Its format is not that of access().
  Ring access_alt() const;
  // AccessOf is the access ring of that format, access() if none is asked for,
  // or null.
  Ring AccessOf(std::optional<KeyFormat> format) const;
  // The access rings, one or two.
  std::vector<Ring> AccessRings() const;
  Ring refresh() const;
  Ring feed() const;
  // Null until there is one.
  Ring statements() const;

  // live_access is the public access rings, for a Verifier.
  const LiveRing& live_access() const { return live_access_; }

  // Published gives the public rings that verifiers fetch: feed, and those for
  // access whose keys are not symmetric.
  std::vector<KeyRing> Published() const;

  // generation is the sum of the generations of the published rings: what
  // FeedHead::ring_generation carries.
  uint64_t generation() const;

  // changes counts the rings that were put in force.
  uint64_t changes() const { return changes_; }

  // Reload loads the rings whose files have changed; true if any did. A ring
  // that does not load leaves the old one in force, and its error is returned.
  Result<bool> Reload();

  // fault says why the last Reload left an old ring in force; empty if it did
  // not.
  std::string fault() const SIGNET_EXCLUDES(mutex_);

 private:
  // KeyPurpose counts from 1.
  static constexpr size_t kRings = static_cast<size_t>(KeyPurpose::kAccessAlt);

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
  Status CheckNeverThere(KeyPurpose purpose) const;
  Status CheckBeside(const SigningRing& ring) const;

  std::unique_ptr<RingStore> store_;
  Mutex reload_mutex_;
  mutable Mutex mutex_;
  Ring rings_[kRings] SIGNET_GUARDED_BY(mutex_);
  std::string fault_ SIGNET_GUARDED_BY(mutex_);
  FileStamp stamps_[kRings] SIGNET_GUARDED_BY(reload_mutex_);
  LiveRing live_access_;
  std::atomic<uint64_t> changes_{0};
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_RINGS_H_
