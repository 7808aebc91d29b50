#ifndef SIGNET_RING_STORE_H_
#define SIGNET_RING_STORE_H_

#include <functional>
#include <memory>
#include <string>

#include "signet/key_ring.h"

namespace signet {

// KeyEncryptionKey (KEK) encrypts the secret halves of rings at rest and
// authenticates the whole ring file. It moves and does not copy.
class KeyEncryptionKey {
 public:
  // FromFile reads base64url of 32 bytes, one line. It succeeds only if the
  // file is a regular file that group and others cannot read (mode 0600).
  static Result<KeyEncryptionKey> FromFile(const std::string& path);

  // FromEnvironment reads the same text from an environment variable.
  static Result<KeyEncryptionKey> FromEnvironment(const std::string& name);

  // FromPassphrase stretches a passphrase by Argon2id; salt and cost stand in
  // each ring file. REQUIRES: at least 8 bytes.
  static Result<KeyEncryptionKey> FromPassphrase(std::string passphrase);

  // CreateFile makes a random key in a new file of mode 0600. kConflict if
  // the file exists: a secret is never overwritten.
  static Result<KeyEncryptionKey> CreateFile(const std::string& path);

  KeyEncryptionKey(KeyEncryptionKey&&) noexcept;
  KeyEncryptionKey& operator=(KeyEncryptionKey&&) noexcept;
  ~KeyEncryptionKey();

 private:
  friend class RingStore;
  friend class KekAccess;
  struct Impl;
  explicit KeyEncryptionKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// RingStore keeps rings in a directory: for each purpose `<purpose>.ring`
// (secret halves encrypted, the file authenticated, mode 0600) and
// `<purpose>.pub.json`, which anyone may read, or if the format is symmetric,
// `<purpose>.generation`.
//
// A file is written to a temporary name, synced and renamed, under a lock of
// the directory: a crash leaves the old ring or the new one, two writers wait
// for each other, and readers need no lock. Safe from any thread.
//
// Errors tell the cases apart: kNotFound; kDenied, the wrong key-encryption
// key; kCorrupt, whose message begins with "truncated" or "edited"; kRollback,
// older than this object has already loaded or than the file beside the ring
// tells. Who has replaced every sealed key of a file is answered kDenied: the
// file was then made under another key. Who restores all files of a directory
// together is not noticed.
class RingStore {
 public:
  // Open does not touch the directory.
  RingStore(std::string directory, KeyEncryptionKey kek);
  ~RingStore();

  std::string RingPath(KeyPurpose purpose) const;
  std::string PublicPath(KeyPurpose purpose) const;

  // Create writes a new ring. kConflict if there is one.
  Status Create(const SigningRing& ring);

  Result<SigningRing> Load(KeyPurpose purpose);

  // Update loads, lets `change` work on the ring, and writes it, all under
  // the lock. If `change` fails nothing is written and its error is returned.
  // It succeeds only if the generation has grown.
  Status Update(KeyPurpose purpose,
                const std::function<Status(SigningRing&)>& change);

  // Rewrap seals the ring under `to` instead; neither its keys nor its
  // generation change. Afterwards this object is denied the ring. It succeeds
  // too if the ring is under `to` already, so that a run over several rings
  // can be repeated.
  Status Rewrap(KeyPurpose purpose, const KeyEncryptionKey& to);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// ReadPublicRing reads a `.pub.json` file.
Result<KeyRing> ReadPublicRing(const std::string& path);

}  // namespace signet

#endif  // SIGNET_RING_STORE_H_
