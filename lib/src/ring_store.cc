#include "signet/ring_store.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "file_io.h"
#include "kek.h"
#include "ring_file.h"
#include "signet/mutex.h"

// The grammar of a `.ring` file is in ring_file.cc, that of a `.pub.json`
// file in ring_document.cc.
//
// Beside each ring stands a file that follows from it: the public ring, or if
// the ring is symmetric, `<purpose>.generation`:
//
//   generation-file = 1*DIGIT LF
//
// The ring is written first. So what a crash between the two leaves is
// repaired by whoever loads the ring next; the other order could publish a key
// that is lost. It also means that the ring is never older than the file
// beside it, unless somebody has put an old ring back.

namespace signet {

namespace {

constexpr size_t kMaxPublicFileSize = 1u << 20;
constexpr size_t kMaxGenerationFileSize = 32;
constexpr size_t kPurposes = 6;

// KeyPurpose counts from 1.
size_t IndexOf(KeyPurpose purpose) { return static_cast<size_t>(purpose) - 1; }
static_assert(static_cast<size_t>(KeyPurpose::kAccessAlt) == kPurposes);

Error WithPath(Error error, const std::string& path) {
  error.message.insert(0, path + ": ");
  return error;
}

std::optional<uint64_t> ParseGenerationFile(std::string_view text) {
  if (!text.ends_with('\n')) return std::nullopt;
  text.remove_suffix(1);
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
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

  // SideFile is the file that stands beside a ring.
  struct SideFile {
    std::string path;
    std::string contents;
    mode_t mode;
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

  std::string GenerationPath(KeyPurpose purpose) const {
    return Path(purpose, ".generation");
  }

  Result<Loaded> Read(KeyPurpose purpose) { return Read(purpose, kek); }
  Result<Loaded> Read(KeyPurpose purpose, const KeyEncryptionKey& with);
  // Write puts both files in place. REQUIRES: the directory is locked.
  Status Write(const SigningRing& ring, const KeyEncryptionKey& with,
               const std::optional<KdfParams>& kdf);
  SideFile SideFileOf(const SigningRing& ring) const;
  bool SideFileIsRight(const SigningRing& ring) const;
  void RepairSideFile(KeyPurpose purpose);

  // Recorded is the highest generation that a file beside the ring tells, or
  // 0.
  uint64_t Recorded(KeyPurpose purpose) const;
  static Error WrongKind(Error denied, const RingFile& file,
                         const KeyEncryptionKey& with);
  Status CheckRollback(const RingInfo& info, uint64_t highest,
                       uint64_t recorded) const;

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

// WrongKind is Resolve's answer, unless it can be proved that the file was
// edited: a key opens what it has sealed, whatever the file says of it.
Error RingStore::Impl::WrongKind(Error denied, const RingFile& file,
                                 const KeyEncryptionKey& with) {
  if (!with.impl_->is_passphrase && SealedUnder(file, with.impl_->key.span())) {
    return {ErrorCode::kCorrupt,
            "edited: the file asks for a passphrase, and a key sealed it"};
  }
  return denied;
}

Result<RingStore::Impl::Loaded> RingStore::Impl::Read(
    KeyPurpose purpose, const KeyEncryptionKey& with) {
  // Both asked before the file is opened: what is written meanwhile must not
  // make this file look old.
  const uint64_t highest = HighestSeen(purpose);
  const uint64_t recorded = Recorded(purpose);
  const std::string path = RingPath(purpose);
  Result<std::string> text = ReadFile(path, kMaxRingFileSize);
  if (!text.ok()) return text.error();
  Result<RingFile> file = ParseRingFile(*text);
  if (!file.ok()) return WithPath(file.error(), path);
  const std::optional<KdfParams>& kdf = file->document.sealing->kdf;
  Result<SecretBytes<32>> key = with.impl_->Resolve(kdf);
  if (!key.ok()) {
    return WithPath(WrongKind(key.error(), *file, with), path);
  }
  Result<SigningRing> ring = OpenRingFile(*file, key->span());
  if (!ring.ok()) return WithPath(ring.error(), path);
  if (ring->info().purpose != purpose) {
    return Error{ErrorCode::kCorrupt,
                 path + ": holds the ring of purpose \"" +
                     std::string(KeyPurposeName(ring->info().purpose)) +
                     "\": renamed"};
  }
  Status rollback = CheckRollback(ring->info(), highest, recorded);
  if (!rollback.ok()) return rollback.error();
  Saw(ring->info());
  return Loaded{*std::move(ring), kdf};
}

uint64_t RingStore::Impl::Recorded(KeyPurpose purpose) const {
  uint64_t recorded = 0;
  // A file that makes no sense is repaired, not believed.
  const Result<KeyRing> open = ReadPublicRing(PublicPath(purpose));
  if (open.ok() && open->info().purpose == purpose) {
    recorded = open->info().generation;
  }
  const Result<std::string> text =
      ReadFile(GenerationPath(purpose), kMaxGenerationFileSize);
  if (text.ok()) {
    const std::optional<uint64_t> number = ParseGenerationFile(*text);
    recorded = std::max(recorded, number.value_or(0));
  }
  return recorded;
}

Status RingStore::Impl::CheckRollback(const RingInfo& info, uint64_t highest,
                                      uint64_t recorded) const {
  const uint64_t generation = info.generation;
  if (generation >= highest && generation >= recorded) return {};
  const std::string doing = RingPath(info.purpose) + ": generation " +
                            std::to_string(generation) + ", but ";
  const std::string side = IsSymmetric(info.format)
                               ? GenerationPath(info.purpose)
                               : PublicPath(info.purpose);
  if (generation < highest) {
    return Error{ErrorCode::kRollback,
                 doing + std::to_string(highest) + " has been loaded before"};
  }
  return Error{
      ErrorCode::kRollback,
      doing + side + " tells of " + std::to_string(recorded) + ": rolled back",
      "put the newest copy of the ring back; if there is no newer "
      "one, remove " +
          side + ", then rotate"};
}

RingStore::Impl::SideFile RingStore::Impl::SideFileOf(
    const SigningRing& ring) const {
  const KeyPurpose purpose = ring.info().purpose;
  if (!IsSymmetric(ring.info().format)) {
    return {PublicPath(purpose), ring.Public().Serialize(), 0644};
  }
  return {GenerationPath(purpose),
          std::to_string(ring.info().generation) + "\n", 0600};
}

Status RingStore::Impl::Write(const SigningRing& ring,
                              const KeyEncryptionKey& with,
                              const std::optional<KdfParams>& kdf) {
  Result<SecretBytes<32>> key = with.impl_->Resolve(kdf);
  if (!key.ok()) return key.error();
  Result<StagedFile> secret =
      StagedFile::Write(RingPath(ring.info().purpose),
                        WriteRingFile(ring, key->span(), kdf), 0600);
  if (!secret.ok()) return secret.error();
  // Both are on disk before either takes effect: a full disk changes nothing.
  const SideFile side = SideFileOf(ring);
  Result<StagedFile> staged =
      StagedFile::Write(side.path, side.contents, side.mode);
  if (!staged.ok()) return staged.error();
  if (Status s = secret->Commit(); !s.ok()) return s;
  Saw(ring.info());
  return staged->Commit();
}

bool RingStore::Impl::SideFileIsRight(const SigningRing& ring) const {
  const SideFile side = SideFileOf(ring);
  const Result<std::string> text = ReadFile(side.path, kMaxPublicFileSize);
  return text.ok() && *text == side.contents;
}

// RepairSideFile does what it can: a reader that may not write the directory,
// or comes while a writer is at work, still has its ring.
void RingStore::Impl::RepairSideFile(KeyPurpose purpose) {
  Result<DirectoryLock> lock = DirectoryLock::TryAcquire(directory);
  if (!lock.ok()) return;
  // Under the lock it may be another ring than the one that was loaded.
  Result<Loaded> loaded = Read(purpose);
  if (!loaded.ok() || SideFileIsRight(loaded->ring)) return;
  const SideFile side = SideFileOf(loaded->ring);
  Result<StagedFile> staged =
      StagedFile::Write(side.path, side.contents, side.mode);
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
  return impl_->Write(ring, impl_->kek, impl_->kek.impl_->NewParams());
}

Result<SigningRing> RingStore::Load(KeyPurpose purpose) {
  Result<Impl::Loaded> loaded = impl_->Read(purpose);
  if (!loaded.ok()) return loaded.error();
  if (!impl_->SideFileIsRight(loaded->ring)) impl_->RepairSideFile(purpose);
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
  return impl_->Write(ring, impl_->kek, loaded->kdf);
}

Status RingStore::Rewrap(KeyPurpose purpose, const KeyEncryptionKey& to) {
  Result<DirectoryLock> lock = DirectoryLock::Acquire(impl_->directory);
  if (!lock.ok()) return lock.error();
  Result<Impl::Loaded> loaded = impl_->Read(purpose);
  if (!loaded.ok()) {
    // An earlier call may have done it, and stopped before the next ring.
    if (loaded.error().code == ErrorCode::kDenied &&
        impl_->Read(purpose, to).ok()) {
      return {};
    }
    return loaded.error();
  }
  return impl_->Write(loaded->ring, to, to.impl_->NewParams());
}

Result<KeyRing> ReadPublicRing(const std::string& path) {
  Result<std::string> text = ReadFile(path, kMaxPublicFileSize);
  if (!text.ok()) return text.error();
  Result<KeyRing> ring = KeyRing::Parse(*text);
  if (!ring.ok()) return WithPath(ring.error(), path);
  return ring;
}

}  // namespace signet
