// `signet keys init`: new rings.
#include <filesystem>
#include <fstream>
#include <utility>

#include "tools/files.h"
#include "tools/keys_flags.h"

namespace signet::cli {
namespace {

KeyFormat DefaultFormat(KeyPurpose purpose) {
  switch (purpose) {
    case KeyPurpose::kAccess:
    case KeyPurpose::kAccessAlt:  // it is always named
      return KeyFormat::kPasetoV4Public;
    case KeyPurpose::kRefresh:
      return KeyFormat::kRefreshMac;
    case KeyPurpose::kFeed:
      return KeyFormat::kFeedEd25519;
    case KeyPurpose::kEncryption:
      return KeyFormat::kJweX25519;
    case KeyPurpose::kStatements:
      return KeyFormat::kJwtEs256;
  }
  return KeyFormat::kPasetoV4Public;
}

// HasChoice tells whether rings of the purpose may have several formats.
bool HasChoice(KeyPurpose purpose) {
  return purpose != KeyPurpose::kRefresh && purpose != KeyPurpose::kFeed;
}

std::string_view FormatsOf(KeyPurpose purpose) {
  if (purpose == KeyPurpose::kEncryption) return "jwe-x25519 or jwe-p256";
  if (purpose == KeyPurpose::kStatements) {
    return "jwt-eddsa, jwt-es256, jwt-rs256 or jwt-ps256";
  }
  return "v4.public, v4.local, jwt, jwt-es256, jwt-rs256, jwt-ps256, "
         "jwt-hs256 or jwe-dir";
}

Try<KeyFormat> FormatFor(KeyPurpose purpose, const std::string& name) {
  const bool must_say = purpose == KeyPurpose::kAccessAlt;
  if (!HasChoice(purpose) || (name.empty() && !must_say)) {
    return DefaultFormat(purpose);
  }
  if (SignsAccess(purpose) && name == "jwt") {
    return KeyFormat::kJwtEdDsa;
  }
  if (name.empty()) {
    return Failure{kUsage, "the access-alt ring needs a --format",
                   std::string("write ").append(FormatsOf(purpose))};
  }
  const Result<KeyFormat> format = ParseKeyFormat(name);
  if (format && FitsPurpose(purpose, *format)) return *format;
  return Failure{kUsage,
                 "\"" + name + "\" is not a format of the " +
                     std::string(KeyPurposeName(purpose)) + " ring",
                 std::string("write ").append(FormatsOf(purpose))};
}

RotationPolicy PolicyFor(KeyPurpose purpose, const KeysFlags& flags) {
  const RotationPolicy policy = DefaultPolicy(purpose);
  const bool named = !flags.purpose.empty() || purpose == KeyPurpose::kAccess;
  return named ? WithFlags(policy, flags) : policy;
}

// PurposesToMake is what --purpose names, or what a service needs.
Try<std::vector<KeyPurpose>> PurposesToMake(const KeysFlags& flags) {
  if (flags.purpose.empty()) {
    return std::vector{KeyPurpose::kAccess, KeyPurpose::kRefresh,
                       KeyPurpose::kFeed};
  }
  const Try<KeyPurpose> purpose = ReadPurpose(flags.purpose);
  if (!purpose) return purpose.error();
  return std::vector{*purpose};
}

// GenerationBefore is that of a ring that is not there any more, as the file
// beside it tells: 0 if there is none. Verifiers that know it take no lower
// one.
Try<uint64_t> GenerationBefore(const std::string& directory,
                               KeyPurpose purpose) {
  const std::string path =
      directory + "/" + std::string(KeyPurposeName(purpose));
  const Result<KeyRing> known = ReadPublicRing(path + ".pub.json");
  if (known) return known->info().generation;
  if (known.error().code != ErrorCode::kNotFound) {
    return FromError(known.error());
  }
  std::ifstream file(path + ".generation");
  uint64_t generation = 0;
  if (file && !(file >> generation)) {
    return Failure{kRefused, path + ".generation is not a number"};
  }
  return generation;
}

Try<SigningRing> NewRing(KeyPurpose purpose, const KeysFlags& flags) {
  const Try<KeyFormat> format = FormatFor(purpose, flags.format);
  if (!format) return format.error();
  const Try<uint64_t> before = GenerationBefore(flags.files.directory, purpose);
  if (!before) return before.error();
  const RingInfo info{.purpose = purpose,
                      .format = *format,
                      .generation = *before + 1,
                      .policy = PolicyFor(purpose, flags)};
  // Asked here so that nothing has been written when the answer is no.
  if (const Status valid = info.policy.Validate(); !valid) {
    return FromError(valid.error());
  }
  Result<SigningRing> ring = SigningRing::New(info, Now());
  if (!ring) return FromError(ring.error());
  return *std::move(ring);
}

// CheckAbsent refuses before anything is written.
Done CheckAbsent(const std::string& directory,
                 const std::vector<KeyPurpose>& purposes) {
  for (const KeyPurpose purpose : purposes) {
    const std::string name(KeyPurposeName(purpose));
    std::string path = directory;
    path.append("/").append(name).append(".ring");
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
      return Failure{kRefused, path + " exists; nothing was changed",
                     "use `signet keys rotate " + name +
                         "` for a new key, or --purpose to make another ring"};
    }
  }
  return {};
}

Done MakeDirectoryAndKek(const KeyFlags& files) {
  const std::string path = KekPath(files);
  if (path.empty()) {
    // It must be there already: say so before anything is made.
    const auto store = OpenStore(files);
    if (!store) return store.error();
  }
  // Verifiers may read the public halves.
  if (Done made = MakeDirectory(files.directory, 0755); !made) return made;
  std::error_code error;
  if (path.empty() || std::filesystem::exists(path, error)) return {};
  for (const auto& file :
       std::filesystem::directory_iterator(files.directory, error)) {
    if (file.path().extension() != ".ring") continue;
    return Failure{kRefused,
                   file.path().string() + " is there, and " + path +
                       ", which should decrypt it, is not",
                   "--kek names the key-encryption key of the rings there"};
  }
  const Result<KeyEncryptionKey> kek = KeyEncryptionKey::CreateFile(path);
  if (!kek) return FromError(kek.error());
  PrintNote("made " + path +
            ", which decrypts the rings: keep a copy of it, apart from them");
  return {};
}

// CheckBeside refuses a ring that a service could not use with those that are
// there.
Done CheckBeside(RingStore& store, const std::vector<SigningRing>& made) {
  for (const KeyPurpose purpose :
       {KeyPurpose::kAccess, KeyPurpose::kAccessAlt, KeyPurpose::kRefresh,
        KeyPurpose::kFeed, KeyPurpose::kStatements}) {
    const Result<SigningRing> there = store.Load(purpose);
    if (!there && there.error().code == ErrorCode::kDenied) {
      return RingFailure(there.error(), purpose);
    }
    if (!there || !SignsAccess(purpose)) continue;
    for (const SigningRing& ring : made) {
      if (!SignsAccess(ring.info().purpose) ||
          ring.info().format != there->info().format) {
        continue;
      }
      return Failure{kRefused,
                     "the " + std::string(KeyPurposeName(purpose)) +
                         " ring makes " +
                         std::string(KeyFormatName(ring.info().format)) +
                         " tokens already",
                     "--format names another format"};
    }
  }
  return {};
}

}  // namespace

Done Init(const KeysFlags& flags) {
  const Try<std::vector<KeyPurpose>> purposes = PurposesToMake(flags);
  if (!purposes) return purposes.error();
  if (!flags.format.empty() && !HasChoice(purposes->front())) {
    return Failure{kUsage,
                   "--format is for the access, access-alt, encryption and "
                   "statements rings"};
  }
  std::vector<SigningRing> rings;
  for (const KeyPurpose purpose : *purposes) {
    Try<SigningRing> ring = NewRing(purpose, flags);
    if (!ring) return ring.error();
    rings.push_back(*std::move(ring));
  }
  const Done absent = CheckAbsent(flags.files.directory, *purposes);
  if (!absent) return absent;
  const Done prepared = MakeDirectoryAndKek(flags.files);
  if (!prepared) return prepared;
  const Try<std::unique_ptr<RingStore>> store = OpenStore(flags.files);
  if (!store) return store.error();
  if (Done fits = CheckBeside(**store, rings); !fits) return fits;
  for (const SigningRing& ring : rings) {
    const uint64_t generation = ring.info().generation;
    if (generation > 1) {
      PrintNote("the " + std::string(KeyPurposeName(ring.info().purpose)) +
                " ring goes on with generation " + std::to_string(generation) +
                ": what the lost one has signed is void");
    }
    const Status created = (*store)->Create(ring);
    if (!created) return FromError(created.error());
  }
  return List(flags);
}

}  // namespace signet::cli
