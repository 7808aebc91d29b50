#ifndef SIGNET_TOOLS_SHA256_H_
#define SIGNET_TOOLS_SHA256_H_

#include <memory>
#include <string>
#include <string_view>

namespace signet::cli {

// Sha256 is the digest of a file that is read piece by piece (FIPS 180-4): it
// tells a damaged backup from a whole one.
class Sha256 {
 public:
  Sha256();
  ~Sha256();

  void Add(std::string_view bytes);

  // Finish is the digest in hexadecimal, as sha256sum prints it. Call it once,
  // last.
  std::string Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_SHA256_H_
