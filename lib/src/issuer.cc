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

Result<std::string> Issuer::Mint(const Claims& claims,
                                 std::string_view implicit_assertion) const {
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
  std::string token = Sign(active->key, *message, implicit_assertion);
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
