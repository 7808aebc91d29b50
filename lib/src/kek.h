#ifndef SIGNET_LIB_SRC_KEK_H_
#define SIGNET_LIB_SRC_KEK_H_

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hazmat.h"
#include "signet/mutex.h"
#include "signet/ring_store.h"

namespace signet {

// KdfParams say how a ring file's key comes from a passphrase.
struct KdfParams {
  std::array<uint8_t, 16> salt{};
  hazmat::Argon2Cost cost;

  bool operator==(const KdfParams&) const = default;
};

// KeyEncryptionKey::Impl is the key itself, or a passphrase from which each
// ring file derives its own. Safe from any thread.
struct KeyEncryptionKey::Impl {
  Impl() = default;
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // NewParams is what a new ring file records: nothing for a key, a fresh
  // salt for a passphrase.
  std::optional<KdfParams> NewParams() const;

  // Resolve gives the key of a ring file that records `params`. kDenied if
  // the file wants a passphrase and this is a key, or the reverse. It may
  // take a second, the first time that it sees the parameters.
  Result<SecretBytes<32>> Resolve(const std::optional<KdfParams>& params);

  bool is_passphrase = false;
  SecretBytes<32> key;          // if !is_passphrase
  std::string passphrase;       // if is_passphrase
  hazmat::Argon2Cost new_cost;  // of new ring files

 private:
  // One entry for each ring of a directory, and some to spare.
  static constexpr size_t kMaxDerived = 8;

  Mutex mutex_;
  std::vector<std::pair<KdfParams, SecretBytes<32>>> derived_
      SIGNET_GUARDED_BY(mutex_);
};

// KekAccess opens KeyEncryptionKey to the library and its tests.
class KekAccess {
 public:
  static KeyEncryptionKey::Impl& Open(KeyEncryptionKey& kek) {
    return *kek.impl_;
  }
};

}  // namespace signet

#endif  // SIGNET_LIB_SRC_KEK_H_
