#include <algorithm>
#include <vector>

#include "hazmat.h"
#include "paserk.h"

// PASERK, "PBKW", version 4:
//
//   locked = prefix base64url( cost ‖ nonce 24 ‖ ciphertext ‖ tag 32 )
//   prefix = "k4.local-pw." | "k4.secret-pw."
//   cost   = salt 16 ‖ memory in bytes u64 ‖ passes u32 ‖ lanes u32  ; BE
//   tag    = BLAKE2b-256( key = mac key, prefix ‖ all before the tag )

namespace signet::paserk {

namespace {

constexpr size_t kSaltSize = 16;
constexpr size_t kNonceAt = 32;
constexpr size_t kNonceSize = 24;
constexpr size_t kCiphertextAt = kNonceAt + kNonceSize;
constexpr size_t kTagSize = 32;

// Header is what a text says of its key derivation.
struct Header {
  std::array<uint8_t, kSaltSize> salt{};
  uint64_t memory_bytes = 0;
  uint64_t passes = 0;
  uint64_t lanes = 1;
};

void PutBigEndian(std::span<uint8_t> out, uint64_t value) {
  for (size_t i = out.size(); i-- > 0; value >>= 8) {
    out[i] = static_cast<uint8_t>(value);
  }
}

uint64_t GetBigEndian(Bytes in) {
  uint64_t value = 0;
  for (uint8_t byte : in) value = value << 8 | byte;
  return value;
}

void WriteHeader(const Header& header, std::span<uint8_t> out) {
  std::ranges::copy(header.salt, out.begin());
  PutBigEndian(out.subspan(16, 8), header.memory_bytes);
  PutBigEndian(out.subspan(24, 4), header.passes);
  PutBigEndian(out.subspan(28, 4), header.lanes);
}

Header ReadHeader(Bytes in) {
  Header header{.memory_bytes = GetBigEndian(in.subspan(16, 8)),
                .passes = GetBigEndian(in.subspan(24, 4)),
                .lanes = GetBigEndian(in.subspan(28, 4))};
  std::ranges::copy(in.first(kSaltSize), header.salt.begin());
  return header;
}

Error TooCostly(uint64_t asked, std::string_view unit, uint64_t limit) {
  return {ErrorCode::kInvalid, "the password hash asks for " +
                                   std::to_string(asked) + std::string(unit) +
                                   ", the limit is " + std::to_string(limit)};
}

// CheckCost runs before a byte is hashed: the numbers are a stranger's.
Status CheckCost(const Header& header, const PasswordCost& limit) {
  if (header.lanes != 1) {
    // libsodium has no other.
    return Error{ErrorCode::kUnsupported, "the password hash asks for " +
                                              std::to_string(header.lanes) +
                                              " lanes, only 1 is supported"};
  }
  if (header.memory_bytes > limit.memory_bytes) {
    return TooCostly(header.memory_bytes, " bytes of memory",
                     limit.memory_bytes);
  }
  if (header.passes > limit.passes) {
    return TooCostly(header.passes, " passes", limit.passes);
  }
  return {};
}

// PasswordKeys are the keys of one text, from its password and salt.
struct PasswordKeys {
  SecretBytes<32> cipher;
  SecretBytes<32> mac;
};

Result<PasswordKeys> DerivePasswordKeys(const Header& header,
                                        std::string_view password) {
  constexpr uint8_t kEncryption[] = {0xff};
  constexpr uint8_t kAuthentication[] = {0xfe};
  SecretBytes<32> pre_key;
  Status hashed =
      hazmat::Argon2id(pre_key.span(), AsBytes(password), header.salt,
                       {header.passes, header.memory_bytes});
  if (!hashed.ok()) return hashed.error();
  PasswordKeys keys;
  hazmat::Blake2bStream(32)
      .Update(kEncryption)
      .Update(pre_key.span())
      .Finish(keys.cipher.span());
  hazmat::Blake2bStream(32)
      .Update(kAuthentication)
      .Update(pre_key.span())
      .Finish(keys.mac.span());
  return keys;
}

void ComputeTag(const PasswordKeys& keys, Type type, Bytes before_tag,
                std::span<uint8_t> tag) {
  hazmat::Blake2bStream(kTagSize, keys.mac.span())
      .Update(AsBytes(Prefix(type)))
      .Update(before_tag)
      .Finish(tag);
}

Result<std::string> Lock(Type type, Bytes key, std::string_view password,
                         const PasswordCost& cost) {
  if (password.empty()) {
    return Error{ErrorCode::kInvalid, "an empty password protects no key"};
  }
  Header header{.memory_bytes = cost.memory_bytes, .passes = cost.passes};
  FillRandom(header.salt);
  Result<PasswordKeys> keys = DerivePasswordKeys(header, password);
  if (!keys.ok()) return keys.error();
  std::vector<uint8_t> locked(BodySize(type));
  const std::span<uint8_t> all(locked);
  const auto nonce = all.subspan<kNonceAt, kNonceSize>();
  const auto before_tag = all.first(all.size() - kTagSize);
  WriteHeader(header, all);
  FillRandom(nonce);
  hazmat::XChaCha20Xor(before_tag.subspan(kCiphertextAt), key, nonce,
                       keys->cipher.span());
  ComputeTag(*keys, type, before_tag, all.last(kTagSize));
  return EncodeBody(type, locked);
}

Status Unlock(Type type, std::string_view text, std::string_view password,
              const PasswordCost& limit, std::span<uint8_t> key) {
  std::vector<uint8_t> locked(BodySize(type));
  Status decoded = DecodeBody(type, text, locked);
  if (!decoded.ok()) return decoded;
  const Bytes all(locked);
  const Header header = ReadHeader(all);
  Status affordable = CheckCost(header, limit);
  if (!affordable.ok()) return affordable;
  Result<PasswordKeys> keys = DerivePasswordKeys(header, password);
  if (!keys.ok()) return keys.error();
  const Bytes before_tag = all.first(all.size() - kTagSize);
  std::array<uint8_t, kTagSize> tag;
  ComputeTag(*keys, type, before_tag, tag);
  if (!ConstantTimeEqual(tag, all.last(kTagSize))) return Denied(type);
  hazmat::XChaCha20Xor(key, before_tag.subspan(kCiphertextAt),
                       all.subspan<kNonceAt, kNonceSize>(),
                       keys->cipher.span());
  return {};
}

}  // namespace

Result<std::string> WrapLocalWithPassword(KeySpan key,
                                          std::string_view password,
                                          const PasswordCost& cost) {
  return Lock(Type::kLocalPw, key, password, cost);
}

Result<std::string> WrapSecretWithPassword(KeySpan seed,
                                           std::string_view password,
                                           const PasswordCost& cost) {
  SecretBytes<64> expanded;
  hazmat::Ed25519Expand(seed, expanded.span());
  return Lock(Type::kSecretPw, expanded.span(), password, cost);
}

Result<SecretKeyBytes> UnwrapLocalWithPassword(std::string_view text,
                                               std::string_view password,
                                               const PasswordCost& limit) {
  SecretKeyBytes key;
  Status unlocked = Unlock(Type::kLocalPw, text, password, limit, key.span());
  if (!unlocked.ok()) return unlocked.error();
  return key;
}

Result<SecretKeyBytes> UnwrapSecretWithPassword(std::string_view text,
                                                std::string_view password,
                                                const PasswordCost& limit) {
  SecretBytes<64> secret;
  Status unlocked =
      Unlock(Type::kSecretPw, text, password, limit, secret.span());
  if (!unlocked.ok()) return unlocked.error();
  return SeedOf(secret.span());
}

}  // namespace signet::paserk
