#include "revocation-service/rings.h"

#include <sys/stat.h>

#include <algorithm>

namespace signet::service {
namespace {

constexpr KeyPurpose kPurposes[] = {KeyPurpose::kAccess, KeyPurpose::kRefresh,
                                    KeyPurpose::kFeed, KeyPurpose::kStatements,
                                    KeyPurpose::kAccessAlt};

bool IsOptional(KeyPurpose purpose) {
  return purpose == KeyPurpose::kStatements ||
         purpose == KeyPurpose::kAccessAlt;
}

size_t IndexOf(KeyPurpose purpose) { return static_cast<size_t>(purpose) - 1; }

// SameRing compares what the files say: the secrets follow from the ids.
bool SameRing(const SigningRing& a, const SigningRing& b) {
  return a.info() == b.info() &&
         std::ranges::equal(a.keys(), b.keys(),
                            [](const auto& one, const auto& other) {
                              return one.key.id() == other.key.id() &&
                                     one.schedule == other.schedule;
                            });
}

}  // namespace

Result<std::unique_ptr<Rings>> Rings::Open(std::unique_ptr<RingStore> store) {
  std::unique_ptr<Rings> rings(new Rings);
  rings->store_ = std::move(store);
  Result<bool> loaded = rings->Reload();
  if (!loaded.ok()) return std::move(loaded).error();
  return rings;
}

Rings::Ring Rings::Get(KeyPurpose purpose) const {
  MutexLock lock(mutex_);
  return rings_[IndexOf(purpose)];
}

Rings::Ring Rings::access() const { return Get(KeyPurpose::kAccess); }
Rings::Ring Rings::access_alt() const { return Get(KeyPurpose::kAccessAlt); }
Rings::Ring Rings::refresh() const { return Get(KeyPurpose::kRefresh); }
Rings::Ring Rings::feed() const { return Get(KeyPurpose::kFeed); }
Rings::Ring Rings::statements() const { return Get(KeyPurpose::kStatements); }

std::vector<Rings::Ring> Rings::AccessRings() const {
  std::vector<Ring> rings{access()};
  if (Ring alt = access_alt()) rings.push_back(std::move(alt));
  return rings;
}

Rings::Ring Rings::AccessOf(std::optional<KeyFormat> format) const {
  for (Ring& ring : AccessRings()) {
    if (!format || ring->info().format == *format) return std::move(ring);
  }
  return nullptr;
}

std::vector<KeyRing> Rings::Published() const {
  std::vector<KeyRing> published;
  // A shared secret is not published: its verifiers have a file of their own.
  for (const Ring& ring : AccessRings()) {
    if (IsSymmetric(ring->info().format)) continue;
    published.push_back(ring->Public());
  }
  published.push_back(feed()->Public());
  return published;
}

uint64_t Rings::generation() const {
  uint64_t sum = feed()->info().generation;
  for (const Ring& ring : AccessRings()) {
    if (!IsSymmetric(ring->info().format)) sum += ring->info().generation;
  }
  return sum;
}

Result<bool> Rings::Reload() {
  MutexLock lock(reload_mutex_);
  bool changed = false;
  Status first_error;
  // One broken file must not keep the others from being followed.
  for (KeyPurpose purpose : kPurposes) {
    Status loaded = LoadIfChanged(purpose, changed);
    if (!loaded.ok() && first_error.ok()) first_error = loaded;
  }
  {
    MutexLock fault_lock(mutex_);
    fault_ = first_error.ok() ? "" : first_error.error().message;
  }
  if (!first_error.ok()) return first_error.error();
  return changed;
}

std::string Rings::fault() const {
  MutexLock lock(mutex_);
  return fault_;
}

Rings::FileStamp Rings::StampOf(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return {};
  return {.mtime_ns = int64_t{info.st_mtim.tv_sec} * 1'000'000'000 +
                      info.st_mtim.tv_nsec,
          .size = static_cast<uint64_t>(info.st_size),
          .inode = info.st_ino};
}

Status Rings::LoadIfChanged(KeyPurpose purpose, bool& changed) {
  const std::string path = store_->RingPath(purpose);
  // Taken before the file is read: a change in between is seen next time.
  const FileStamp stamp = StampOf(path);
  FileStamp& known = stamps_[IndexOf(purpose)];
  const bool held = Get(purpose) != nullptr;
  if (held && stamp == known) return {};
  if (IsOptional(purpose) && !held && stamp == FileStamp{}) {
    return CheckNeverThere(purpose);
  }
  Result<SigningRing> ring = store_->Load(purpose);
  Status installed = ring.ok()
                         ? Install(purpose, std::move(ring).value(), changed)
                         : Status(ring.error());
  if (installed.ok()) {
    known = stamp;
    return {};
  }
  Error error = installed.error();
  if (error.message.find(path) == std::string::npos) {
    error.message = path + ": " + error.message;
  }
  return error;
}

// CheckNeverThere: what announces a change of keys to verifiers is a sum over
// the rings, which must not become less. So a ring that was published stays.
Status Rings::CheckNeverThere(KeyPurpose purpose) const {
  if (StampOf(store_->PublicPath(purpose)) == FileStamp{}) return {};
  if (purpose != KeyPurpose::kAccessAlt) return {};
  return Error{ErrorCode::kNotFound,
               store_->RingPath(purpose) + " is missing, and " +
                   store_->PublicPath(purpose) + " is there",
               "put the ring back: verifiers know it"};
}

// CheckBeside holds a second access ring against the first.
Status Rings::CheckBeside(const SigningRing& ring) const {
  const Ring first = access();
  const RingInfo& info = ring.info();
  if (info.purpose != KeyPurpose::kAccessAlt || first == nullptr) return {};
  if (info.format == first->info().format) {
    return Error{ErrorCode::kConflict,
                 "both access rings make " +
                     std::string(KeyFormatName(info.format)) + " tokens"};
  }
  if (info.policy.max_token_life > first->info().policy.max_token_life) {
    return Error{ErrorCode::kInvalid,
                 "its max_token_life is longer than the access ring's",
                 "signet keys policy, with --max-token-life, makes them fit"};
  }
  return {};
}

Status Rings::Install(KeyPurpose purpose, SigningRing ring, bool& changed) {
  const RingInfo& info = ring.info();
  if (info.purpose != purpose || !FitsPurpose(purpose, info.format)) {
    return Error{ErrorCode::kInvalid,
                 std::string("a ring of format ") +
                     std::string(KeyFormatName(info.format)) +
                     " cannot serve as the " +
                     std::string(KeyPurposeName(purpose)) + " ring"};
  }
  if (const Ring old = Get(purpose)) {
    if (SameRing(*old, ring)) return {};
    if (info.format != old->info().format) {
      return Error{ErrorCode::kInvalid, "the ring's format has changed",
                   "restart the service to use another format"};
    }
    if (info.generation <= old->info().generation) {
      return Error{ErrorCode::kRollback,
                   "the ring has changed and its generation has not grown"};
    }
  }
  if (Status fits = CheckBeside(ring); !fits.ok()) return fits;
  if (SignsAccess(purpose)) {
    Status published = live_access_.Publish(ring.ForVerifier());
    if (!published.ok()) return published;
  }
  auto shared = std::make_shared<const SigningRing>(std::move(ring));
  MutexLock lock(mutex_);
  rings_[IndexOf(purpose)] = std::move(shared);
  changed = true;
  ++changes_;
  return {};
}

}  // namespace signet::service
