#include "signet/issuer.h"

#include "claims_json.h"
#include "jwe.h"
#include "jwt.h"
#include "paseto.h"
#include "paseto_local.h"
#include "time_text.h"

namespace signet {
namespace {

Error Invalid(std::string problem) {
  return {ErrorCode::kInvalid, "minting a token: " + std::move(problem)};
}

Status CheckRing(const RingInfo& info) {
  if (!SignsAccess(info.purpose)) {
    return Invalid("the ring is not one for access tokens");
  }
  return {};
}

// REQUIRES: exp and iat are within the years 1970 to 9999.
Status CheckLifetime(const Claims& claims, const RotationPolicy& policy) {
  Duration lifetime = claims.expires_at - claims.issued_at;
  if (lifetime <= policy.max_token_life) return {};
  return Invalid("the lifetime is " + FormatDuration(lifetime) +
                 ", the ring's limit is " +
                 FormatDuration(policy.max_token_life));
}

std::string Sign(const SecretKey& key, std::string_view message,
                 std::string_view implicit_assertion) {
  if (IsJws(key.format())) {
    return SignJws(key, JwtHeader(key.id(), JoseAlgorithm(key.format())),
                   message);
  }
  if (IsJwe(key.format())) return SealJweDir(key, message);
  if (key.format() == KeyFormat::kPasetoV4Local) {
    return SealPaseto(key, message, PasetoFooter(key.id()), implicit_assertion);
  }
  return SignPaseto(key, message, PasetoFooter(key.id()), implicit_assertion);
}

Result<std::string> EncryptFor(const KeyRing& recipients,
                               std::string_view token, Time now) {
  if (recipients.info().purpose != KeyPurpose::kEncryption) {
    return Invalid("the recipients' ring is not one for encryption");
  }
  const RingKey* active = recipients.Active(now);
  if (active == nullptr) {
    return Error{ErrorCode::kUnavailable,
                 "minting a token: no key of the recipients' ring is active"};
  }
  return SealJweTo(active->key, token);
}

}  // namespace

// Prepared is what is left to be signed, and by whom.
struct Issuer::Prepared {
  std::string message;
  const SigningRing::Key* active;
};

Result<Issuer::Prepared> Issuer::Prepare(
    const Claims& claims, std::string_view implicit_assertion) const {
  const RingInfo& info = ring_.info();
  if (auto ok = CheckRing(info); !ok) return ok.error();
  if (recipients_ != nullptr && !IsJws(info.format)) {
    return Invalid("only a signed JWT is encrypted to a recipient");
  }
  const bool is_jwt = !IsPaseto(info.format);
  if (is_jwt && !implicit_assertion.empty()) {
    return Invalid("a JWT has no implicit assertion");
  }
  auto message =
      WriteClaims(claims, is_jwt ? ClaimsForm::kJwt : ClaimsForm::kPaseto);
  if (!message) return message.error();
  if (auto ok = CheckLifetime(claims, info.policy); !ok) return ok.error();

  const SigningRing::Key* active = ring_.Active(clock_.Now());
  if (active == nullptr) {
    return Error{ErrorCode::kUnavailable,
                 "minting a token: no key of the ring is active"};
  }
  return Prepared{*std::move(message), active};
}

Status Issuer::Check(const Claims& claims,
                     std::string_view implicit_assertion) const {
  // Header, footer and the longest signature, of 512 bytes, take less than is
  // left by base64 of this.
  constexpr size_t kSurelyFits = kMaxTokenLength / 2;
  auto prepared = Prepare(claims, implicit_assertion);
  if (!prepared) return prepared.error();
  if (recipients_ == nullptr && prepared->message.size() <= kSurelyFits) {
    return {};
  }
  auto token = Mint(claims, implicit_assertion);
  if (!token) return token.error();
  return {};
}

Result<std::string> Issuer::Mint(const Claims& claims,
                                 std::string_view implicit_assertion) const {
  const auto prepared = Prepare(claims, implicit_assertion);
  if (!prepared) return prepared.error();
  std::string token =
      Sign(prepared->active->key, prepared->message, implicit_assertion);
  if (recipients_ != nullptr) {
    auto encrypted = EncryptFor(*recipients_, token, clock_.Now());
    if (!encrypted) return encrypted.error();
    token = *std::move(encrypted);
  }
  if (token.size() > kMaxTokenLength) {
    return Invalid("it would be " + std::to_string(token.size()) +
                   " bytes long, the limit is " +
                   std::to_string(kMaxTokenLength));
  }
  return token;
}

std::string NewId() {
  std::array<uint8_t, 16> bytes;
  FillRandom(bytes);
  return Base64UrlEncode(bytes);
}

}  // namespace signet
