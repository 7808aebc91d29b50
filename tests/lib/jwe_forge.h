#ifndef SIGNET_TESTS_LIB_JWE_FORGE_H_
#define SIGNET_TESTS_LIB_JWE_FORGE_H_

#include <doctest/doctest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <memory>
#include <string>

#include "aes.h"
#include "key_material.h"
#include "signet/keys.h"

// Makes JWEs of any shape. The key derivation is OpenSSL's, not the library's.
namespace signet::testing {

// JweParts are the segments of a compact JWE (RFC 7516 section 7.1), decoded.
struct JweParts {
  std::string header, encrypted_key, nonce, ciphertext, tag;

  std::string Token() const {
    std::string token;
    for (const std::string* part :
         {&header, &encrypted_key, &nonce, &ciphertext, &tag}) {
      token += (part == &header ? "" : ".") + Base64UrlEncode(AsBytes(*part));
    }
    return token;
  }

  // Seal encrypts by A256GCM, with the header as it stands.
  JweParts& Seal(std::span<const uint8_t, 32> content_key,
                 std::string_view plaintext) {
    std::array<uint8_t, hazmat::kGcmNonceSize> fresh;
    FillRandom(fresh);
    const std::string sealed = hazmat::AesGcmSeal(
        content_key, fresh, AsBytes(Base64UrlEncode(AsBytes(header))),
        AsBytes(plaintext));
    nonce = AsText(fresh);
    ciphertext = sealed.substr(0, plaintext.size());
    tag = sealed.substr(plaintext.size());
    return *this;
  }
};

// ForgeDir encrypts under a shared key of format kJweDir.
inline JweParts ForgeDir(const SecretKey& key, std::string_view header,
                         std::string_view plaintext) {
  JweParts parts;
  parts.header = header;
  return parts.Seal(key.ExposeSecret().first<32>(), plaintext);
}

inline void AppendSized(std::string& out, std::string_view piece) {
  const auto size = static_cast<uint32_t>(piece.size());
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>(size >> shift);
  }
  out += piece;
}

// ConcatKdf is RFC 7518 section 4.6.2 for ECDH-ES+A256KW.
inline std::array<uint8_t, 32> ConcatKdf(Bytes shared, std::string_view apu,
                                         std::string_view apv) {
  std::string info;
  AppendSized(info, "ECDH-ES+A256KW");
  AppendSized(info, apu);
  AppendSized(info, apv);
  info += std::string("\0\0\1\0", 4);  // 256 bits
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
      EVP_KDF_fetch(nullptr, "SSKDF", nullptr), EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
      EVP_KDF_CTX_new(kdf.get()), EVP_KDF_CTX_free);
  std::string secret(AsText(shared));
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(),
                                        secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(),
                                        info.size()),
      OSSL_PARAM_construct_end()};
  std::array<uint8_t, 32> out;
  REQUIRE(EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) ==
          1);
  return out;
}

// JwkOf is the epk of an ephemeral key.
inline std::string JwkOf(const hazmat::EvpKey& key) {
  const std::string point = key.Point();
  const bool montgomery = key.type() == hazmat::EvpType::kX25519;
  std::string jwk = montgomery ? R"({"kty":"OKP","crv":"X25519","x":")"
                               : R"({"kty":"EC","crv":"P-256","x":")";
  jwk += Base64UrlEncode(AsBytes(point).first(32)) + '"';
  if (!montgomery) {
    jwk += R"(,"y":")" + Base64UrlEncode(AsBytes(point).last(32)) + '"';
  }
  return jwk + '}';
}

// ForgeTo encrypts to a public key, as RFC 7518 section 4.6 tells a sender.
inline JweParts ForgeTo(const VerifyKey& recipient, std::string_view plaintext,
                        std::string_view apu = {}, std::string_view apv = {}) {
  const hazmat::EvpKey& key = *KeyAccess::Of(recipient).evp;
  const hazmat::EvpKey ephemeral = hazmat::EvpKey::Generate(key.type());
  JweParts parts;
  parts.header =
      R"({"alg":"ECDH-ES+A256KW","enc":"A256GCM","cty":"JWT","kid":")" +
      recipient.id() + R"(","epk":)" + JwkOf(ephemeral);
  if (!apu.empty()) {
    parts.header += R"(,"apu":")" + Base64UrlEncode(AsBytes(apu)) + '"';
  }
  if (!apv.empty()) {
    parts.header += R"(,"apv":")" + Base64UrlEncode(AsBytes(apv)) + '"';
  }
  parts.header += '}';
  std::array<uint8_t, 32> shared;
  REQUIRE(ephemeral.Agree(key, shared));
  std::array<uint8_t, 32> content_key;
  FillRandom(content_key);
  parts.encrypted_key =
      AsText(hazmat::AesKeyWrap(ConcatKdf(shared, apu, apv), content_key));
  return parts.Seal(content_key, plaintext);
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_LIB_JWE_FORGE_H_
