#include "signet/ring_store.h"

#include <algorithm>
#include <array>

#include "file_io.h"
#include "kek.h"
#include "ring_file.h"
#include "signet/mutex.h"

// The grammar of a `.ring` file is in ring_file.cc, that of a `.pub.json`
// file in ring_document.cc.
//
// The ring is written before its public file, and the public file follows
// from it. So what a crash between the two leaves is repaired by whoever
// loads the ring next; the other order could publish a key that is lost.

namespace signet {

namespace {

constexpr size_t kMaxPublicFileSize = 1u << 20;
constexpr size_t kPurposes = 4;

// KeyPurpose counts from 1.
size_t IndexOf(KeyPurpose purpose) { return static_cast<size_t>(purpose) - 1; }
static_assert(static_cast<size_t>(KeyPurpose::kEncryption) == kPurposes);

Error WithPath(Error error, const std::string& path) {
  error.message.insert(0, path + ": ");
  return error;
}

}  // namespace

struct RingStore::Impl {
  Impl(std::string dir, KeyEncryptionKey key)
      : directory(std::move(dir)), kek(std::move(key)) {}

  // Loaded is a ring and how its file came by its key.
  struct Loaded {
    SigningRing ring;
    std::optional<KdfParams> kdf;
  };

  std::string Path(KeyPurpose purpose, const char* suffix) const {
    return directory + "/" + std::string(KeyPurposeName(purpose)) + suffix;
  }
  std::string RingPath(KeyPurpose purpose) const {
    return Path(purpose, ".ring");
  }
  std::string PublicPath(KeyPurpose purpose) const {
    return Path(purpose, ".pub.json");
  }

  Result<Loaded> Read(KeyPurpose purpose);
  Result<Loaded> Decode(KeyPurpose purpose, std::string_view text);
  // Write puts both files in place. REQUIRES: the directory is locked.
  Status Write(const SigningRing& ring, const std::optional<KdfParams>& kdf);
  bool PublicFileIsRight(const SigningRing& ring) const;
  void RepairPublicFile(KeyPurpose purpose);

  uint64_t HighestSeen(KeyPurpose purpose) {
    MutexLock lock(mutex);
    return seen[IndexOf(purpose)];
  }
  void Saw(const RingInfo& info) {
    MutexLock lock(mutex);
    uint64_t& highest = seen[IndexOf(info.purpose)];
    highest = std::max(highest, info.generation);
  }

  const std::string directory;
  KeyEncryptionKey kek;
  Mutex mutex;
  std::array<uint64_t, kPurposes> seen SIGNET_GUARDED_BY(mutex){};
};

Result<RingStore::Impl::Loaded> RingStore::Impl::Decode(KeyPurpose purpose,
                                                        std::string_view text) {
  Result<RingFile> file = ParseRingFile(text);
  if (!file.ok()) return file.error();
  const std::optional<KdfParams>& kdf = file->document.sealing->kdf;
  Result<SecretBytes<32>> key = kek.impl_->Resolve(kdf);
  if (!key.ok()) return key.error();
  Result<SigningRing> ring = OpenRingFile(*file, key->span());
  if (!ring.ok()) return ring.error();
  if (ring->info().purpose != purpose) {
    return Error{ErrorCode::kCorrupt,
                 "holds the ring of purpose \"" +
                     std::string(KeyPurposeName(ring->info().purpose)) +
                     "\": renamed"};
  }
  return Loaded{*std::move(ring), kdf};
}

Result<RingStore::Impl::Loaded> RingStore::Impl::Read(KeyPurpose purpose) {
  // Asked before the file is opened: what another thread writes and sees
  // meanwhile must not make this file look old.
  const uint64_t highest = HighestSeen(purpose);
  const std::string path = RingPath(purpose);
  Result<std::string> text = ReadFile(path, kMaxRingFileSize);
  if (!text.ok()) return text.error();
  Result<Loaded> loaded = Decode(purpose, *text);
  if (!loaded.ok()) return WithPath(loaded.error(), path);
  const uint64_t generation = loaded->ring.info().generation;
  if (generation < highest) {
    return Error{ErrorCode::kRollback, path + ": generation " +
                                           std::to_string(generation) +
                                           ", but " + std::to_string(highest) +
                                           " has been loaded before"};
  }
  Saw(loaded->ring.info());
  return loaded;
}

Status RingStore::Impl::Write(const SigningRing& ring,
                              const std::optional<KdfParams>& kdf) {
  Result<SecretBytes<32>> key = kek.impl_->Resolve(kdf);
  if (!key.ok()) return key.error();
  const KeyPurpose purpose = ring.info().purpose;
  Result<StagedFile> secret = StagedFile::Write(
      RingPath(purpose), WriteRingFile(ring, key->span(), kdf), 0600);
  if (!secret.ok()) return secret.error();
  // Both are on disk before either takes effect: a full disk changes nothing.
  std::optional<StagedFile> open;
  if (!IsSymmetric(ring.info().format)) {
    Result<StagedFile> staged =
        StagedFile::Write(PublicPath(purpose), ring.Public().Serialize(), 0644);
    if (!staged.ok()) return staged.error();
    open.emplace(std::move(staged).value());
  }
  if (Status s = secret->Commit(); !s.ok()) return s;
  Saw(ring.info());
  return open ? open->Commit() : Status();
}

bool RingStore::Impl::PublicFileIsRight(const SigningRing& ring) const {
  if (IsSymmetric(ring.info().format)) return true;
  const Result<std::string> text =
      ReadFile(PublicPath(ring.info().purpose), kMaxPublicFileSize);
  return text.ok() && *text == ring.Public().Serialize();
}

// RepairPublicFile does what it can: a reader that may not write the
// directory, or comes while a writer is at work, still has its ring.
void RingStore::Impl::RepairPublicFile(KeyPurpose purpose) {
  Result<DirectoryLock> lock = DirectoryLock::TryAcquire(directory);
  if (!lock.ok()) return;
  // Under the lock it may be another ring than the one that was loaded.
  Result<Loaded> loaded = Read(purpose);
  if (!loaded.ok() || PublicFileIsRight(loaded->ring)) return;
  Result<StagedFile> staged = StagedFile::Write(
      PublicPath(purpose), loaded->ring.Public().Serialize(), 0644);
  if (staged.ok()) (void)staged->Commit();
}

RingStore::RingStore(std::string directory, KeyEncryptionKey kek)
    : impl_(std::make_unique<Impl>(std::move(directory), std::move(kek))) {}
RingStore::~RingStore() = default;

std::string RingStore::RingPath(KeyPurpose purpose) const {
  return impl_->RingPath(purpose);
}

std::string RingStore::PublicPath(KeyPurpose purpose) const {
  return impl_->PublicPath(purpose);
}

Status RingStore::Create(const SigningRing& ring) {
  if (Status s = EnsureDirectory(impl_->directory); !s.ok()) return s;
  Result<DirectoryLock> lock = DirectoryLock::Acquire(impl_->directory);
  if (!lock.ok()) return lock.error();
  const std::string path = RingPath(ring.info().purpose);
  // Even a ring that does not load is somebody's keys.
  const Result<std::string> present = ReadFile(path, kMaxRingFileSize);
  if (present.ok() || present.error().code != ErrorCode::kNotFound) {
    return Error{ErrorCode::kConflict, "creating " + path + ": it exists"};
  }
  return impl_->Write(ring, impl_->kek.impl_->NewParams());
}

Result<SigningRing> RingStore::Load(KeyPurpose purpose) {
  Result<Impl::Loaded> loaded = impl_->Read(purpose);
  if (!loaded.ok()) return loaded.error();
  if (!impl_->PublicFileIsRight(loaded->ring)) {
    impl_->RepairPublicFile(purpose);
  }
  return std::move(loaded->ring);
}

Status RingStore::Update(KeyPurpose purpose,
                         const std::function<Status(SigningRing&)>& change) {
  Result<DirectoryLock> lock = DirectoryLock::Acquire(impl_->directory);
  if (!lock.ok()) return lock.error();
  Result<Impl::Loaded> loaded = impl_->Read(purpose);
  if (!loaded.ok()) return loaded.error();
  SigningRing& ring = loaded->ring;
  const uint64_t before = ring.info().generation;
  if (Status s = change(ring); !s.ok()) return s;
  const std::string path = RingPath(purpose);
  if (ring.info().purpose != purpose) {
    return Error{ErrorCode::kInvalid,
                 "updating " + path +
                     ": the change made it a ring of purpose "
                     "\"" +
                     std::string(KeyPurposeName(ring.info().purpose)) + "\""};
  }
  if (ring.info().generation <= before) {
    return Error{ErrorCode::kConflict,
                 "updating " + path + ": generation " +
                     std::to_string(ring.info().generation) + " is not above " +
                     std::to_string(before)};
  }
  return impl_->Write(ring, loaded->kdf);
}

Result<KeyRing> ReadPublicRing(const std::string& path) {
  Result<std::string> text = ReadFile(path, kMaxPublicFileSize);
  if (!text.ok()) return text.error();
  Result<KeyRing> ring = KeyRing::Parse(*text);
  if (!ring.ok()) return WithPath(ring.error(), path);
  return ring;
}

}  // namespace signet
