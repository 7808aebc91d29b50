#include "kek.h"

#include <algorithm>
#include <cstdlib>

#include "file_io.h"

namespace signet {

namespace {

// The size of the one line that a key file holds, without its end.
constexpr size_t kKeyTextSize = 43;
constexpr size_t kMinPassphrase = 8;
constexpr size_t kMaxPassphrase = 1024;

std::span<uint8_t> Writable(std::string& text) {
  return {reinterpret_cast<uint8_t*>(text.data()), text.size()};
}

// ParseKeyText reads the 32 bytes; `source` names where they come from.
Status ParseKeyText(std::string_view text, const std::string& source,
                    SecretBytes<32>& key) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (Base64UrlDecodeTo(text, key.span())) return {};
  return Error{ErrorCode::kInvalid,
               source +
                   ": not a key: it must be one line, base64url of 32 "
                   "bytes without padding"};
}

}  // namespace

KeyEncryptionKey::Impl::~Impl() { Wipe(Writable(passphrase)); }

std::optional<KdfParams> KeyEncryptionKey::Impl::NewParams() const {
  if (!is_passphrase) return std::nullopt;
  KdfParams params{.cost = new_cost};
  FillRandom(params.salt);
  return params;
}

Result<SecretBytes<32>> KeyEncryptionKey::Impl::Resolve(
    const std::optional<KdfParams>& params) {
  if (params.has_value() != is_passphrase) {
    return Error{ErrorCode::kDenied,
                 is_passphrase ? "it is encrypted by a key, and a passphrase "
                                 "was given"
                               : "it is encrypted by a passphrase, and a key "
                                 "was given"};
  }
  SecretBytes<32> out;
  const auto give = [&out](const SecretBytes<32>& from) {
    std::ranges::copy(from.span(), out.span().begin());
  };
  if (!is_passphrase) {
    give(key);
    return out;
  }
  // The lock is held while deriving, so that many threads that load one ring
  // at once pay for one derivation.
  MutexLock lock(mutex_);
  for (const auto& [known, derived] : derived_) {
    if (known == *params) {
      give(derived);
      return out;
    }
  }
  Status done = hazmat::Argon2id(out.span(), AsBytes(passphrase), params->salt,
                                 params->cost);
  if (!done.ok()) return done.error();
  if (derived_.size() == kMaxDerived) derived_.erase(derived_.begin());
  derived_.emplace_back(*params, SecretBytes<32>());
  std::ranges::copy(out.span(), derived_.back().second.span().begin());
  return out;
}

KeyEncryptionKey::KeyEncryptionKey(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
KeyEncryptionKey::KeyEncryptionKey(KeyEncryptionKey&&) noexcept = default;
KeyEncryptionKey& KeyEncryptionKey::operator=(KeyEncryptionKey&&) noexcept =
    default;
KeyEncryptionKey::~KeyEncryptionKey() = default;

Result<KeyEncryptionKey> KeyEncryptionKey::FromFile(const std::string& path) {
  Result<std::string> text =
      ReadFile(path, kKeyTextSize + 1, FileAccess::kOwnerOnly);
  if (!text.ok()) return text.error();
  auto impl = std::make_unique<Impl>();
  Status parsed = ParseKeyText(*text, path, impl->key);
  Wipe(Writable(*text));
  if (!parsed.ok()) return parsed.error();
  return KeyEncryptionKey(std::move(impl));
}

Result<KeyEncryptionKey> KeyEncryptionKey::FromEnvironment(
    const std::string& name) {
  const char* text = std::getenv(name.c_str());
  if (text == nullptr) {
    return Error{ErrorCode::kNotFound,
                 "the environment variable " + name + " is not set"};
  }
  auto impl = std::make_unique<Impl>();
  Status parsed =
      ParseKeyText(text, "the environment variable " + name, impl->key);
  if (!parsed.ok()) return parsed.error();
  return KeyEncryptionKey(std::move(impl));
}

Result<KeyEncryptionKey> KeyEncryptionKey::FromPassphrase(
    std::string passphrase) {
  const size_t size = passphrase.size();
  if (size < kMinPassphrase || size > kMaxPassphrase) {
    Wipe(Writable(passphrase));
    return Error{ErrorCode::kInvalid,
                 "passphrase of " + std::to_string(size) +
                     " bytes, the range is " + std::to_string(kMinPassphrase) +
                     " to " + std::to_string(kMaxPassphrase)};
  }
  auto impl = std::make_unique<Impl>();
  impl->is_passphrase = true;
  impl->passphrase = passphrase;
  Wipe(Writable(passphrase));
  return KeyEncryptionKey(std::move(impl));
}

Result<KeyEncryptionKey> KeyEncryptionKey::CreateFile(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  FillRandom(impl->key.span());
  std::string encoded = Base64UrlEncode(impl->key.span());
  std::string line;
  line.reserve(encoded.size() + 1);  // or growing would leave a copy behind
  (line += encoded) += '\n';
  Status written = CreateNewFile(path, line, 0600);
  Wipe(Writable(encoded));
  Wipe(Writable(line));
  if (!written.ok()) return written.error();
  return KeyEncryptionKey(std::move(impl));
}

}  // namespace signet
