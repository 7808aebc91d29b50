#include "signet/keys.h"

#include <algorithm>
#include <cassert>

#include "hazmat.h"
#include "paserk.h"

namespace signet {

namespace {

struct FormatName {
  KeyFormat format;
  std::string_view name;
};

constexpr FormatName kFormatNames[] = {
    {KeyFormat::kPasetoV4Public, "v4.public"},
    {KeyFormat::kJwtEdDsa, "jwt-eddsa"},
    {KeyFormat::kRefreshMac, "refresh-mac"},
    {KeyFormat::kFeedEd25519, "feed-ed25519"},
};

// Thumbprint is RFC 7638 section 3 over the members that RFC 8037 section 2
// requires of an OKP key, in lexicographic order, without white space.
std::string Thumbprint(std::span<const uint8_t, 32> public_key) {
  const std::string jwk = R"({"crv":"Ed25519","kty":"OKP","x":")" +
                          Base64UrlEncode(public_key) + R"("})";
  std::array<uint8_t, 32> digest;
  hazmat::Sha256(digest, AsBytes(jwk));
  return Base64UrlEncode(digest);
}

std::string IdOfPublic(KeyFormat format,
                       std::span<const uint8_t, 32> public_key) {
  return format == KeyFormat::kJwtEdDsa ? Thumbprint(public_key)
                                        : paserk::PublicId(public_key);
}

bool IsKnown(KeyFormat format) { return !KeyFormatName(format).empty(); }

}  // namespace

std::string_view KeyFormatName(KeyFormat format) {
  for (const FormatName& known : kFormatNames) {
    if (known.format == format) return known.name;
  }
  return {};
}

Result<KeyFormat> ParseKeyFormat(std::string_view name) {
  for (const FormatName& known : kFormatNames) {
    if (known.name == name) return known.format;
  }
  return Error{ErrorCode::kInvalid, "unknown key format",
               "known are v4.public, jwt-eddsa, refresh-mac, feed-ed25519"};
}

Result<VerifyKey> VerifyKey::Create(KeyFormat format, Bytes public_key) {
  if (!IsKnown(format) || IsSymmetric(format)) {
    return Error{ErrorCode::kInvalid, "the key format has no public half"};
  }
  if (public_key.size() != 32) {
    return Error{ErrorCode::kInvalid, "public key of " +
                                          std::to_string(public_key.size()) +
                                          " bytes, it must be 32"};
  }
  const auto point = public_key.first<32>();
  if (!hazmat::Ed25519IsValidPoint(point)) {
    return Error{ErrorCode::kInvalid,
                 "public key is not a canonical point of Ed25519's group"};
  }
  VerifyKey key;
  key.format_ = format;
  std::copy(point.begin(), point.end(), key.bytes_.begin());
  key.id_ = IdOfPublic(format, point);
  return key;
}

bool VerifyKey::Verify(Bytes message, Bytes signature) const {
  return signature.size() == 64 &&
         hazmat::Ed25519Verify(signature.first<64>(), message, bytes_);
}

SecretKey SecretKey::Generate(KeyFormat format) {
  SecretBytes<32> seed;
  FillRandom(seed.span());
  Result<SecretKey> key = FromSeed(format, seed.span());
  assert(key.ok());
  return std::move(key).value();
}

Result<SecretKey> SecretKey::FromSeed(KeyFormat format, Bytes seed) {
  if (!IsKnown(format)) {
    return Error{ErrorCode::kInvalid, "unknown key format"};
  }
  if (seed.size() != 32) {
    return Error{ErrorCode::kInvalid, "secret key of " +
                                          std::to_string(seed.size()) +
                                          " bytes, it must be 32"};
  }
  SecretKey key;
  key.format_ = format;
  std::copy(seed.begin(), seed.end(), key.seed_.span().begin());
  if (IsSymmetric(format)) {
    key.id_ = paserk::LocalId(key.seed_.span());
  } else {
    hazmat::Ed25519Expand(key.seed_.span(), key.expanded_.span());
    key.id_ = IdOfPublic(format, key.expanded_.span().last<32>());
  }
  return key;
}

VerifyKey SecretKey::Public() const {
  assert(!IsSymmetric(format_));
  // RFC 8032 section 5.1.5 clamps the scalar, so that the point lies in the
  // prime-order group: Create can't refuse it.
  Result<VerifyKey> key =
      VerifyKey::Create(format_, expanded_.span().last<32>());
  assert(key.ok());
  return std::move(key).value();
}

Signature SecretKey::Sign(Bytes message) const {
  assert(!IsSymmetric(format_));
  Signature signature;
  hazmat::Ed25519Sign(signature, message, expanded_.span());
  return signature;
}

Mac SecretKey::ComputeMac(Bytes message) const {
  assert(IsSymmetric(format_));
  Mac mac;
  Blake2b(mac, message, seed_.span());
  return mac;
}

}  // namespace signet
