#ifndef SIGNET_TOOLS_STORE_COPY_H_
#define SIGNET_TOOLS_STORE_COPY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/output.h"

namespace signet::cli {

// A Manifest is backup.json: what a backup is and which files it has.
struct Manifest {
  struct File {
    std::string name;
    uint64_t bytes = 0;
    std::string sha256 = {};  // in hexadecimal; empty: it is not known
  };
  std::string text;  // as it was read
  std::string taken_at;
  uint64_t epoch = 0;
  uint64_t sequence = 0;
  std::vector<File> files;

  uint64_t TotalBytes() const;
  // HasDigests is false for what an older `signet backup` has made.
  bool HasDigests() const;
};

// ReadManifest reads DIR/backup.json. A name that leads out of the directory
// is refused.
Try<Manifest> ReadManifest(const std::string& directory);

// WriteManifest writes it, as the last file of a copy. `keep_sessions` is what
// the service is told of a restore.
Done WriteManifest(const Manifest& manifest, const std::string& directory,
                   bool keep_sessions);

// CheckEmpty succeeds if the directory is empty or not there.
Done CheckEmpty(const std::string& directory);

// CopyFiles copies the files of the manifest, checks their sizes and digests,
// and returns when they are on the disk. They get the owner of the directory
// `to`. Digests that the manifest has not are added to it.
Done CopyFiles(Manifest& manifest, const std::string& from,
               const std::string& to);

// CheckFiles reads the files of a backup and holds them against its manifest.
Done CheckFiles(const Manifest& manifest, const std::string& directory);

// SyncDirectory returns when the names in a directory are on the disk.
Done SyncDirectory(const std::string& directory);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_STORE_COPY_H_
