#ifndef SIGNET_SERVICE_STORAGE_DIRECTORY_H_
#define SIGNET_SERVICE_STORAGE_DIRECTORY_H_

#include <string>
#include <string_view>

#include "signet/result.h"

namespace signet::service {

// MakePrivateDirectory makes the directory, and those above it, if need be.
// One that it made is for its owner alone. The error names the path.
Status MakePrivateDirectory(const std::string& path);

// WriteDurably makes a new file for its owner alone, or replaces one: whole or
// not at all, and on the disk when it returns.
Status WriteDurably(const std::string& path, std::string_view text);

// RemoveDurably removes a file: gone for good when it returns. One that is not
// there is no error.
Status RemoveDurably(const std::string& path);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_DIRECTORY_H_
