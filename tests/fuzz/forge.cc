#include "tests/fuzz/forge.h"

#include "aes.h"
#include "jwt.h"
#include "key_material.h"
#include "paseto.h"
#include "paseto_local.h"
#include "signet/jwk.h"
#include "tests/fuzz/plain_open.h"
#include "tests/fuzz/support.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

constexpr std::array<uint8_t, 32> kNonce = {1, 2, 3};
constexpr std::array<uint8_t, 32> kContentKey = {4, 5, 6};

std::string B64(std::string_view text) {
  return Base64UrlEncode(AsBytes(text));
}

std::string Encrypt(std::string_view header, std::string_view wrapped,
                    Bytes content_key, std::string_view content) {
  const std::string first = B64(header);
  const std::string sealed =
      hazmat::AesGcmSeal(content_key.first<32>(), Bytes(kNonce).first<12>(),
                         AsBytes(first), AsBytes(content));
  return first + "." + B64(wrapped) + "." +
         Base64UrlEncode(Bytes(kNonce).first<12>()) + "." +
         B64(sealed.substr(0, content.size())) + "." +
         B64(sealed.substr(content.size()));
}

const SecretKey& Ephemeral(KeyFormat format) {
  static const SecretKey p256 = FixedKey(KeyFormat::kJweP256, 99);
  static const SecretKey x25519 = FixedKey(KeyFormat::kJweX25519, 99);
  return format == KeyFormat::kJweP256 ? p256 : x25519;
}

}  // namespace

std::string GoodHeader(const SecretKey& key) {
  const KeyFormat format = key.format();
  if (IsPaseto(format)) return PasetoFooter(key.id());
  if (IsJws(format)) return JwtHeader(key.id(), JoseAlgorithm(format));
  return R"({"alg":"dir","enc":"A256GCM","typ":"at+jwt","kid":")" + key.id() +
         "\"}";
}

std::string Forge(const SecretKey& key, std::string_view header,
                  std::string_view claims, std::string_view assertion) {
  switch (key.format()) {
    case KeyFormat::kPasetoV4Public:
      return SignPaseto(key, claims, header, assertion);
    case KeyFormat::kPasetoV4Local:
      return SealPasetoWithNonce(key, claims, header, assertion, kNonce);
    case KeyFormat::kJweDir:
      return Encrypt(header, {}, key.ExposeSecret(), claims);
    default:
      return SignJws(key, header, claims);
  }
}

std::string GoodWrapper(const VerifyKey& recipient) {
  const VerifyKey epk = Ephemeral(recipient.format()).Public();
  // The epk says nothing but its point.
  const std::string jwk = WriteJwk(epk);
  return R"({"alg":"ECDH-ES+A256KW","enc":"A256GCM","cty":"JWT","kid":")" +
         recipient.id() + R"(","epk":)" + jwk.substr(0, jwk.find(",\"kid\"")) +
         "}}";
}

std::string ForgeWrapped(const VerifyKey& recipient, std::string_view header,
                         std::string_view content) {
  std::string apu;
  std::string apv;
  if (const auto object = ParsePlainJson(header)) {
    apu = PlainPartyInfo(*object, "apu").value_or("");
    apv = PlainPartyInfo(*object, "apv").value_or("");
  }
  const hazmat::EvpKey& own = *KeyAccess::Of(Ephemeral(recipient.format())).evp;
  std::array<uint8_t, 32> shared;
  FUZZ_CHECK(own.Agree(*KeyAccess::Of(recipient).evp, shared));
  const auto wrapped =
      hazmat::AesKeyWrap(PlainWrappingKey(shared, apu, apv), kContentKey);
  return Encrypt(header, AsText(wrapped), kContentKey, content);
}

}  // namespace signet::fuzz
