#include "tools/key_files.h"

#include <utility>

#include "tools/files.h"

namespace signet::cli {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kEnvironment = "env:";
constexpr std::string_view kPassphraseFile = "passphrase-file:";

std::string KekSource(const KeyFlags& flags) {
  return flags.kek.empty() ? "file:" + flags.directory + "/kek" : flags.kek;
}

Result<KeyEncryptionKey> FromPassphraseFile(const std::string& path) {
  Try<std::string> passphrase = ReadSecretFile(path);
  if (!passphrase) {
    return Error{ErrorCode::kInvalid, passphrase.error().message,
                 passphrase.error().hint};
  }
  if (passphrase->size() < 8) {
    return Error{ErrorCode::kInvalid,
                 "the passphrase in " + path + " is shorter than 8 bytes"};
  }
  return KeyEncryptionKey::FromPassphrase(*std::move(passphrase));
}

Result<KeyEncryptionKey> ReadKek(const std::string& source) {
  const auto after = [&](std::string_view prefix) {
    return source.substr(prefix.size());
  };
  if (source.starts_with(kFile)) {
    return KeyEncryptionKey::FromFile(after(kFile));
  }
  if (source.starts_with(kEnvironment)) {
    return KeyEncryptionKey::FromEnvironment(after(kEnvironment));
  }
  if (source.starts_with(kPassphraseFile)) {
    return FromPassphraseFile(after(kPassphraseFile));
  }
  return Error{ErrorCode::kInvalid,
               "\"" + source + "\" is not a source of a key-encryption key",
               "write file:PATH, env:NAME or passphrase-file:PATH"};
}

}  // namespace

void AddKeyFlags(CLI::App* command, KeyFlags& flags) {
  AddKeysDirectory(command, flags.directory);
  AddText(command, "--kek", flags.kek, "SIGNET_KEK_SOURCE");
}

void AddKeysDirectory(CLI::App* command, std::string& directory) {
  AddText(command, "--keys", directory, "SIGNET_KEYS");
}

std::string PublicRingPath(const std::string& directory, KeyPurpose purpose) {
  return directory + "/" + std::string(KeyPurposeName(purpose)) + ".pub.json";
}

std::string KekPath(const KeyFlags& flags) {
  const std::string source = KekSource(flags);
  return source.starts_with(kFile) ? source.substr(kFile.size()) : "";
}

Try<KeyEncryptionKey> OpenKek(const std::string& source) {
  Result<KeyEncryptionKey> kek = ReadKek(source);
  if (kek) return *std::move(kek);
  Failure failure = FromError(kek.error());
  // A key that cannot be read is a matter of flags and modes.
  failure.exit = kUsage;
  if (failure.hint.empty() && kek.error().code == ErrorCode::kNotFound) {
    failure.hint =
        "make rings and key with `signet keys init`, or name the "
        "key with --kek";
  }
  return failure;
}

Try<std::unique_ptr<RingStore>> OpenStore(const KeyFlags& flags) {
  Try<KeyEncryptionKey> kek = OpenKek(KekSource(flags));
  if (!kek) return kek.error();
  return std::make_unique<RingStore>(flags.directory, *std::move(kek));
}

Failure RingFailure(const Error& error, KeyPurpose purpose) {
  Failure failure = FromError(error);
  if (!failure.hint.empty()) return failure;
  if (error.code == ErrorCode::kNotFound) {
    failure.hint = "make it with `signet keys init --purpose " +
                   std::string(KeyPurposeName(purpose)) + "`";
  } else if (error.code == ErrorCode::kDenied) {
    failure.hint = "name the key that the ring was made with: --kek";
  } else if (error.code == ErrorCode::kCorrupt) {
    failure.hint =
        "put a copy of the file back; a damaged ring is not repaired";
  }
  return failure;
}

Try<SigningRing> LoadRing(RingStore& store, KeyPurpose purpose) {
  Result<SigningRing> ring = store.Load(purpose);
  if (!ring) return RingFailure(ring.error(), purpose);
  return *std::move(ring);
}

Try<KeyRing> LoadPublicRing(const std::string& path) {
  Result<KeyRing> ring = ReadPublicRing(path);
  if (ring) return *std::move(ring);
  Failure failure = FromError(ring.error());
  if (failure.hint.empty() && ring.error().code == ErrorCode::kNotFound) {
    failure.hint =
        "name the directory of the rings with --keys, or fetch the "
        "file from where `signet keys init` was run";
  }
  return failure;
}

}  // namespace signet::cli
