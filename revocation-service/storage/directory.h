#ifndef SIGNET_SERVICE_STORAGE_DIRECTORY_H_
#define SIGNET_SERVICE_STORAGE_DIRECTORY_H_

#include <string>

#include "signet/result.h"

namespace signet::service {

// MakePrivateDirectory makes the directory, and those above it, if need be.
// One that it made is for its owner alone. The error names the path.
Status MakePrivateDirectory(const std::string& path);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_STORAGE_DIRECTORY_H_
