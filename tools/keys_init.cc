// `signet keys init`: new rings.
#include <filesystem>
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

Try<SigningRing> NewRing(KeyPurpose purpose, const KeysFlags& flags) {
  const Try<KeyFormat> format = FormatFor(purpose, flags.format);
  if (!format) return format.error();
  const RingInfo info{.purpose = purpose,
                      .format = *format,
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
  const Result<KeyEncryptionKey> kek = KeyEncryptionKey::CreateFile(path);
  if (!kek) return FromError(kek.error());
  PrintNote("made " + path +
            ", which decrypts the rings: keep a copy of it, apart from them");
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
  for (const SigningRing& ring : rings) {
    const Status created = (*store)->Create(ring);
    if (!created) return FromError(created.error());
  }
  return List(flags);
}

}  // namespace signet::cli
