#ifndef SIGNET_TESTS_SMALL_DISK_H_
#define SIGNET_TESTS_SMALL_DISK_H_

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/temp_dir.h"

namespace signet::testing {

// A SmallDisk is a file system of a given size, if this process may mount one:
// else mounted() is false, and the test says that it was skipped.
class SmallDisk {
 public:
  explicit SmallDisk(size_t mebibytes) {
    const std::string size =
        "mode=0700,size=" + std::to_string(mebibytes) + "m";
    mounted_ = ::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0,
                       size.c_str()) == 0;
    if (!mounted_) std::puts("skipped: a full disk, for want of a mount");
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::string operator/(const std::string& name) const {
    return directory_ / name;
  }

  // Fill writes a file until not a byte is free, or up to `most` bytes.
  void Fill(const std::string& name, size_t most = ~size_t{0}) const {
    const int fd = ::open((directory_ / name).c_str(),
                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::vector<char> block(1 << 16, 'x');
    for (size_t size = block.size(); size > 0 && most > 0;) {
      const size_t next = size < most ? size : most;
      const ssize_t n = ::write(fd, block.data(), next);
      if (n > 0) {
        most -= static_cast<size_t>(n);
      } else {
        size /= 2;
      }
    }
    ::close(fd);
  }
  void Remove(const std::string& name) const {
    ::unlink((directory_ / name).c_str());
  }

 private:
  TempDir directory_;
  bool mounted_ = false;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_SMALL_DISK_H_
