#ifndef SIGNET_TOOLS_KEY_FILES_H_
#define SIGNET_TOOLS_KEY_FILES_H_

#include <memory>
#include <string>

#include "signet/ring_store.h"
#include "tools/command_line.h"
#include "tools/output.h"

namespace signet::cli {

// KeyFlags say where the rings are and what decrypts them.
struct KeyFlags {
  std::string directory = "keys";  // --keys, SIGNET_KEYS
  // --kek, SIGNET_KEK_SOURCE: file:PATH, env:NAME or passphrase-file:PATH.
  // Empty: file:<directory>/kek.
  std::string kek;
};

void AddKeyFlags(CLI::App* command, KeyFlags& flags);
// AddKeysDirectory adds --keys alone, for what needs public halves only.
void AddKeysDirectory(CLI::App* command, std::string& directory);

// PublicRingPath is where a RingStore keeps the public half of a ring.
std::string PublicRingPath(const std::string& directory, KeyPurpose purpose);

// KekPath is the file of a file: source, or "" if the source is another.
std::string KekPath(const KeyFlags& flags);

// OpenKek reads the key-encryption key of a source.
Try<KeyEncryptionKey> OpenKek(const std::string& source);

// OpenStore reads the key-encryption key. It does not read a ring yet.
Try<std::unique_ptr<RingStore>> OpenStore(const KeyFlags& flags);

// RingFailure explains why a ring could not be used, and what to do.
Failure RingFailure(const Error& error, KeyPurpose purpose);

// LoadRing and LoadPublicRing read one ring; hints say how to make it.
Try<SigningRing> LoadRing(RingStore& store, KeyPurpose purpose);
Try<KeyRing> LoadPublicRing(const std::string& path);

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_KEY_FILES_H_
