#include "revocation-service/storage/directory.h"

#include <filesystem>
#include <system_error>

namespace signet::service {

Status MakePrivateDirectory(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code failed;
  const bool made = fs::create_directories(path, failed);
  if (made && !failed) fs::permissions(path, fs::perms::owner_all, failed);
  if (!failed) return {};
  return Error{ErrorCode::kUnavailable,
               "making the directory " + path + ": " + failed.message()};
}

}  // namespace signet::service
