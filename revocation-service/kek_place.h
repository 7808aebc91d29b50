#ifndef SIGNET_SERVICE_KEK_PLACE_H_
#define SIGNET_SERVICE_KEK_PLACE_H_

#include <string>

#include "signet/ring_store.h"

namespace signet::service {

// OpenKek reads the key-encryption key from "file:PATH", "env:NAME" or
// "passphrase-file:PATH" (its first line). Files must be private to their
// owner.
Result<KeyEncryptionKey> OpenKek(const std::string& place);

// ReadSecret reads a secret text from "file:PATH" (its first line; private to
// its owner), "env:NAME" or "credential:NAME".
Result<std::string> ReadSecret(const std::string& place);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_KEK_PLACE_H_
