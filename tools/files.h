#ifndef SIGNET_TOOLS_FILES_H_
#define SIGNET_TOOLS_FILES_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "tools/output.h"

namespace signet::cli {

// ReadSecretFile reads the first line of a file that holds a secret. It
// succeeds only if group and others cannot read the file (a pipe has no such
// mode and is taken as it is).
Try<std::string> ReadSecretFile(const std::string& path);

// ReadKeyFile reads all of such a file but for its last line end.
Try<std::string> ReadKeyFile(const std::string& path);

// ReadPublicFile reads a whole file of at most `limit` bytes.
Try<std::string> ReadPublicFile(const std::string& path, size_t limit);

// WriteSecretFile makes a new file of mode 0600 that holds one line. It
// succeeds only if no such file exists: a secret is never overwritten.
Done WriteSecretFile(const std::string& path, std::string_view line);

// WriteFile writes a whole public file, or leaves what was there.
Done WriteFile(const std::string& path, std::string_view text);

// MakeDirectory makes a directory if it is not there. If root does, it belongs
// to whoever owns the directory that it stands in.
Done MakeDirectory(const std::string& path, mode_t mode);

// FromEnvironment returns the variable's value, or "".
std::string FromEnvironment(const char* name);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_FILES_H_
