#include "signet/keys.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "jwk_text.h"
#include "key_material.h"
#include "paserk.h"

namespace signet {

namespace {

using hazmat::EvpKey;
using hazmat::EvpScheme;
using hazmat::EvpType;

constexpr FormatInfo kFormats[] = {
    {KeyFormat::kPasetoV4Public, "v4.public", KeyType::kEd25519, ""},
    {KeyFormat::kJwtEdDsa, "jwt-eddsa", KeyType::kEd25519, "EdDSA"},
    {KeyFormat::kRefreshMac, "refresh-mac", KeyType::kSymmetric, ""},
    {KeyFormat::kFeedEd25519, "feed-ed25519", KeyType::kEd25519, ""},
    {KeyFormat::kPasetoV4Local, "v4.local", KeyType::kSymmetric, ""},
    {KeyFormat::kJwtEs256, "jwt-es256", KeyType::kP256, "ES256"},
    {KeyFormat::kJwtRs256, "jwt-rs256", KeyType::kRsa, "RS256"},
    {KeyFormat::kJwtPs256, "jwt-ps256", KeyType::kRsa, "PS256"},
    {KeyFormat::kJwtHs256, "jwt-hs256", KeyType::kSymmetric, "HS256"},
    {KeyFormat::kJweDir, "jwe-dir", KeyType::kSymmetric, "dir"},
    {KeyFormat::kJweP256, "jwe-p256", KeyType::kP256, "ECDH-ES+A256KW"},
    {KeyFormat::kJweX25519, "jwe-x25519", KeyType::kX25519, "ECDH-ES+A256KW"},
};

constexpr size_t kSecretSize = 32;
constexpr size_t kMaxHmacKeySize = 128;

Error Invalid(std::string problem) {
  return {ErrorCode::kInvalid, std::move(problem)};
}

Error UnknownFormat() { return Invalid("unknown key format"); }

EvpType EvpTypeOf(KeyType type) {
  switch (type) {
    case KeyType::kP256:
      return EvpType::kP256;
    case KeyType::kRsa:
      return EvpType::kRsa;
    case KeyType::kX25519:
      return EvpType::kX25519;
    case KeyType::kEd25519:
    case KeyType::kSymmetric:
      break;
  }
  return EvpType::kEd25519;
}

void PrepareFor(KeyFormat format, EvpKey& key) {
  if (format == KeyFormat::kJwtEs256) key.Prepare(EvpScheme::kEs256);
  if (format == KeyFormat::kJwtRs256) key.Prepare(EvpScheme::kRs256);
  if (format == KeyFormat::kJwtPs256) key.Prepare(EvpScheme::kPs256);
}

// Thumbprint is RFC 7638 section 3: the digest of the JWK's required members.
std::string Thumbprint(const KeyMaterial& key) {
  std::string jwk = RequiredJwkMembers(key);
  std::array<uint8_t, 32> digest;
  hazmat::Sha256(digest, AsBytes(jwk));
  Wipe({reinterpret_cast<uint8_t*>(jwk.data()), jwk.size()});
  return Base64UrlEncode(digest);
}

std::string IdOf(const KeyMaterial& key, const FormatInfo& info) {
  if (!info.algorithm.empty()) return Thumbprint(key);
  if (info.type == KeyType::kEd25519) return paserk::PublicId(key.ed25519);
  return paserk::LocalId(key.secret.bytes().first<kSecretSize>());
}

using Material = std::shared_ptr<KeyMaterial>;

Material NewMaterial(KeyFormat format) {
  auto material = std::make_shared<KeyMaterial>();
  material->format = format;
  return material;
}

// IsPublicKeyText tells of a key that everybody may know, taken for the secret
// of a MAC (CVE-2022-29217, CVE-2024-33663).
bool IsPublicKeyText(std::string_view secret) {
  for (const std::string_view start :
       {"-----BEGIN ", "---- BEGIN ", "ssh-", "ecdsa-sha2-"}) {
    if (secret.starts_with(start)) return true;
  }
  return false;
}

Result<Material> SymmetricMaterial(const FormatInfo& info, Bytes secret) {
  const size_t most =
      info.format == KeyFormat::kJwtHs256 ? kMaxHmacKeySize : kSecretSize;
  // RFC 7518 section 3.2: an HMAC key is no shorter than the hash.
  if (secret.size() < kSecretSize || secret.size() > most) {
    return Invalid("secret key of " + std::to_string(secret.size()) +
                   " bytes, it must be " + std::to_string(kSecretSize) +
                   (most == kSecretSize ? "" : " to " + std::to_string(most)));
  }
  if (IsPublicKeyText(AsText(secret))) {
    return Invalid("secret key that is the text of a public key");
  }
  Material material = NewMaterial(info.format);
  material->secret = SecretBuffer(secret);
  if (info.format == KeyFormat::kJwtHs256) material->hmac.emplace(secret);
  material->id = IdOf(*material, info);
  return material;
}

Result<Material> EdMaterial(const FormatInfo& info, Bytes seed) {
  if (seed.size() != kSecretSize) {
    return Invalid("secret key of " + std::to_string(seed.size()) +
                   " bytes, it must be 32");
  }
  Material material = NewMaterial(info.format);
  material->secret = SecretBuffer(seed);
  hazmat::Ed25519Expand(seed.first<32>(), material->ed25519_expanded.span());
  const auto point = material->ed25519_expanded.span().last<32>();
  std::ranges::copy(point, material->ed25519.begin());
  material->public_bytes = AsText(point);
  material->id = IdOf(*material, info);
  return material;
}

Result<Material> PublicEdMaterial(const FormatInfo& info, Bytes point) {
  if (point.size() != 32) {
    return Invalid("public key of " + std::to_string(point.size()) +
                   " bytes, it must be 32");
  }
  if (!hazmat::Ed25519IsValidPoint(point.first<32>())) {
    return Invalid("public key is not a canonical point of Ed25519's group");
  }
  Material material = NewMaterial(info.format);
  std::ranges::copy(point, material->ed25519.begin());
  material->public_bytes = AsText(point);
  material->id = IdOf(*material, info);
  return material;
}

SecretBuffer SecretOf(const EvpKey& key) {
  return key.type() == EvpType::kRsa ? key.Pkcs8() : key.Scalar();
}

Result<Material> EvpMaterial(const FormatInfo& info, EvpKey key) {
  if (info.type == KeyType::kSymmetric || key.type() != EvpTypeOf(info.type)) {
    return Invalid("the key is of another type than " + std::string(info.name) +
                   " needs");
  }
  if (info.type == KeyType::kEd25519) {
    if (!key.is_private()) return PublicEdMaterial(info, AsBytes(key.Point()));
    return EdMaterial(info, key.Scalar().bytes());
  }
  Material material = NewMaterial(info.format);
  material->public_bytes = key.Spki();
  if (key.is_private()) material->secret = SecretOf(key);
  PrepareFor(info.format, key);
  material->evp = std::move(key);
  material->id = IdOf(*material, info);
  return material;
}

// ReadEvpSecret is FromSecret for the types that OpenSSL computes.
Result<EvpKey> ReadEvpSecret(KeyType type, Bytes secret) {
  if (type == KeyType::kRsa) return EvpKey::FromPkcs8(secret);
  if (secret.size() != kSecretSize) {
    return Invalid("secret key of " + std::to_string(secret.size()) +
                   " bytes, it must be 32");
  }
  return type == KeyType::kP256 ? EvpKey::FromP256Private(secret.first<32>())
                                : EvpKey::FromX25519Private(secret.first<32>());
}

Result<Material> SecretMaterial(const FormatInfo& info, Bytes secret) {
  if (info.type == KeyType::kSymmetric) return SymmetricMaterial(info, secret);
  if (info.type == KeyType::kEd25519) return EdMaterial(info, secret);
  Result<EvpKey> key = ReadEvpSecret(info.type, secret);
  if (!key) return key.error();
  return EvpMaterial(info, *std::move(key));
}

// NeedsSecret tells whether what checks tokens of the format is its secret.
bool NeedsSecret(KeyFormat format) {
  return IsSymmetric(format) || IsJwe(format);
}

}  // namespace

const FormatInfo* InfoOf(KeyFormat format) {
  for (const FormatInfo& known : kFormats) {
    if (known.format == format) return &known;
  }
  return nullptr;
}

std::string_view KeyFormatName(KeyFormat format) {
  const FormatInfo* info = InfoOf(format);
  return info == nullptr ? std::string_view() : info->name;
}

Result<KeyFormat> ParseKeyFormat(std::string_view name) {
  std::string known;
  for (const FormatInfo& info : kFormats) {
    if (info.name == name) return info.format;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  return Error{ErrorCode::kInvalid, "unknown key format", "known are " + known};
}

std::string_view JoseAlgorithm(KeyFormat format) {
  const FormatInfo* info = InfoOf(format);
  return info == nullptr ? std::string_view() : info->algorithm;
}

bool IsSymmetric(KeyFormat format) {
  const FormatInfo* info = InfoOf(format);
  return info != nullptr && info->type == KeyType::kSymmetric;
}

bool IsPaseto(KeyFormat format) {
  return format == KeyFormat::kPasetoV4Public ||
         format == KeyFormat::kPasetoV4Local;
}

bool IsJwe(KeyFormat format) {
  return format == KeyFormat::kJweDir || format == KeyFormat::kJweP256 ||
         format == KeyFormat::kJweX25519;
}

bool IsJws(KeyFormat format) {
  return !JoseAlgorithm(format).empty() && !IsJwe(format);
}

VerifyKey::VerifyKey(std::shared_ptr<const KeyMaterial> material)
    : material_(std::move(material)), id_(material_->id) {}

Result<VerifyKey> VerifyKey::Create(KeyFormat format, Bytes public_key) {
  const FormatInfo* info = InfoOf(format);
  if (info == nullptr || IsSymmetric(format)) {
    return Invalid("the key format has no public half");
  }
  if (info->type == KeyType::kEd25519) {
    Result<Material> material = PublicEdMaterial(*info, public_key);
    if (!material) return material.error();
    return VerifyKey(*std::move(material));
  }
  Result<EvpKey> key = EvpKey::FromSpki(public_key);
  if (!key) return key.error();
  return KeyAccess::PublicFromEvp(format, *std::move(key));
}

KeyFormat VerifyKey::format() const { return material_->format; }

VerifyKey VerifyKey::WithId(std::string id) const {
  VerifyKey named = *this;
  named.id_ = std::move(id);
  return named;
}

Bytes VerifyKey::bytes() const { return AsBytes(material_->public_bytes); }

bool VerifyKey::holds_secret() const { return !material_->secret.empty(); }

bool VerifyKey::Verify(Bytes message, Bytes signature) const {
  const KeyMaterial& key = *material_;
  switch (key.format) {
    case KeyFormat::kPasetoV4Public:
    case KeyFormat::kJwtEdDsa:
    case KeyFormat::kFeedEd25519:
      return signature.size() == 64 &&
             hazmat::Ed25519Verify(signature.first<64>(), message, key.ed25519);
    case KeyFormat::kJwtEs256:
    case KeyFormat::kJwtRs256:
    case KeyFormat::kJwtPs256:
      return key.evp->Verify(message, signature);
    case KeyFormat::kJwtHs256: {
      Mac mac;
      key.hmac->Compute(message, mac);
      return ConstantTimeEqual(mac, signature);
    }
    case KeyFormat::kRefreshMac:
    case KeyFormat::kPasetoV4Local:
    case KeyFormat::kJweDir:
    case KeyFormat::kJweP256:
    case KeyFormat::kJweX25519:
      break;
  }
  return false;
}

bool VerifyKey::operator==(const VerifyKey& other) const {
  if (id_ != other.id_) return false;
  if (material_ == other.material_) return true;
  return material_->format == other.material_->format &&
         material_->public_bytes == other.material_->public_bytes &&
         ConstantTimeEqual(material_->secret.bytes(),
                           other.material_->secret.bytes());
}

SecretKey SecretKey::Generate(KeyFormat format) {
  const FormatInfo* info = InfoOf(format);
  assert(info != nullptr);
  if (info->type == KeyType::kRsa) {
    Result<SecretKey> key =
        KeyAccess::FromEvp(format, EvpKey::Generate(EvpType::kRsa));
    if (!key) std::abort();
    return *std::move(key);
  }
  // A random scalar of P-256 is out of range less than once in 2^32 times.
  while (true) {
    SecretBytes<kSecretSize> secret;
    FillRandom(secret.span());
    Result<SecretKey> key = FromSecret(format, secret.span());
    if (key) return *std::move(key);
  }
}

Result<SecretKey> SecretKey::FromSecret(KeyFormat format, Bytes secret) {
  const FormatInfo* info = InfoOf(format);
  if (info == nullptr) return UnknownFormat();
  Result<Material> material = SecretMaterial(*info, secret);
  if (!material) return material.error();
  return SecretKey(*std::move(material));
}

KeyFormat SecretKey::format() const { return material_->format; }

const std::string& SecretKey::id() const { return material_->id; }

VerifyKey SecretKey::Public() const {
  assert(!IsSymmetric(format()));
  // What was made from a secret is sound: Create can't refuse it.
  Result<VerifyKey> key =
      VerifyKey::Create(format(), AsBytes(material_->public_bytes));
  if (!key) std::abort();
  return *std::move(key);
}

VerifyKey SecretKey::ForVerifier() const {
  return NeedsSecret(format()) ? VerifyKey(material_) : Public();
}

std::string SecretKey::Sign(Bytes message) const {
  const KeyMaterial& key = *material_;
  if (key.hmac) {
    Mac mac;
    key.hmac->Compute(message, mac);
    return std::string(AsText(mac));
  }
  if (key.evp) return key.evp->Sign(message);
  std::array<uint8_t, 64> signature;
  hazmat::Ed25519Sign(signature, message, key.ed25519_expanded.span());
  return std::string(AsText(signature));
}

Mac SecretKey::ComputeMac(Bytes message) const {
  assert(format() == KeyFormat::kRefreshMac);
  Mac mac;
  Blake2b(mac, message, material_->secret.bytes());
  return mac;
}

Bytes SecretKey::ExposeSecret() const { return material_->secret.bytes(); }

Result<SecretKey> KeyAccess::FromEvp(KeyFormat format, EvpKey key) {
  const FormatInfo* info = InfoOf(format);
  if (info == nullptr) return UnknownFormat();
  if (!key.is_private()) return Invalid("the key has no private half");
  Result<Material> material = EvpMaterial(*info, std::move(key));
  if (!material) return material.error();
  return SecretKey(*std::move(material));
}

Result<VerifyKey> KeyAccess::PublicFromEvp(KeyFormat format, EvpKey key) {
  const FormatInfo* info = InfoOf(format);
  if (info == nullptr) return UnknownFormat();
  if (key.is_private()) return Invalid("a private key where a public is due");
  Result<Material> material = EvpMaterial(*info, std::move(key));
  if (!material) return material.error();
  return VerifyKey(*std::move(material));
}

}  // namespace signet
