// What keys do: sign, verify and agree. Contexts are prepared here, so keys
// begin and end here too.
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <cassert>

#include "evp_openssl.h"

namespace signet::hazmat {
namespace {

using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

constexpr size_t kEs256Size = 2 * kP256Size;

// DerSignature writes r ‖ s as the ECDSA-Sig-Value that OpenSSL takes.
std::string DerSignature(std::span<const uint8_t, kEs256Size> raw) {
  const EcdsaSignature signature(ECDSA_SIG_new());
  Require(signature != nullptr);
  ECDSA_SIG_set0(signature.get(), ToNumber(raw.first<kP256Size>()).release(),
                 ToNumber(raw.last<kP256Size>()).release());
  uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  Require(size > 0);
  std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return out;
}

std::string RawSignature(std::string_view der) {
  const auto* at = reinterpret_cast<const uint8_t*>(der.data());
  const EcdsaSignature signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  Require(signature != nullptr);
  std::string out(kEs256Size, '\0');
  auto* bytes = reinterpret_cast<uint8_t*>(out.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes, kP256Size);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes + kP256Size, kP256Size);
  return out;
}

DigestContext Copy(const EVP_MD_CTX* prepared) {
  DigestContext copy(EVP_MD_CTX_new());
  Require(copy != nullptr && EVP_MD_CTX_copy_ex(copy.get(), prepared) == 1);
  return copy;
}

void SetPadding(EVP_PKEY_CTX* context, EvpScheme scheme) {
  if (scheme != EvpScheme::kPs256) return;
  Require(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
          EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) ==
              1);
}

}  // namespace

// Contexts are keyed and never used themselves: each call copies one, which
// costs less than setting it up.
struct EvpKey::Contexts {
  EvpScheme scheme;
  DigestContext verify;
  DigestContext sign;
};

void EvpKey::FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

EvpKey::EvpKey(Handle key, EvpType type, bool is_private)
    : key_(std::move(key)), type_(type), is_private_(is_private) {}
EvpKey::EvpKey(EvpKey&&) noexcept = default;
EvpKey& EvpKey::operator=(EvpKey&&) noexcept = default;
EvpKey::~EvpKey() = default;

void EvpKey::Prepare(EvpScheme scheme) {
  assert((scheme == EvpScheme::kEs256) == (type_ == EvpType::kP256));
  contexts_ = std::make_unique<Contexts>();
  contexts_->scheme = scheme;
  EVP_PKEY_CTX* details = nullptr;
  contexts_->verify.reset(EVP_MD_CTX_new());
  Require(EVP_DigestVerifyInit(contexts_->verify.get(), &details, EVP_sha256(),
                               nullptr, key_.get()) == 1);
  SetPadding(details, scheme);
  if (!is_private_) return;
  contexts_->sign.reset(EVP_MD_CTX_new());
  Require(EVP_DigestSignInit(contexts_->sign.get(), &details, EVP_sha256(),
                             nullptr, key_.get()) == 1);
  SetPadding(details, scheme);
}

std::string EvpKey::Sign(Bytes message) const {
  assert(is_private_ && contexts_ != nullptr);
  const DigestContext context = Copy(contexts_->sign.get());
  size_t size = 0;
  Require(EVP_DigestSign(context.get(), nullptr, &size, message.data(),
                         message.size()) == 1);
  std::string signature(size, '\0');
  Require(EVP_DigestSign(context.get(),
                         reinterpret_cast<uint8_t*>(signature.data()), &size,
                         message.data(), message.size()) == 1);
  signature.resize(size);
  return contexts_->scheme == EvpScheme::kEs256 ? RawSignature(signature)
                                                : signature;
}

bool EvpKey::Verify(Bytes message, Bytes signature) const {
  assert(contexts_ != nullptr);
  std::string der;
  if (contexts_->scheme == EvpScheme::kEs256) {
    if (signature.size() != kEs256Size) return false;
    der = DerSignature(signature.first<kEs256Size>());
    signature = AsBytes(der);
  } else if (signature.size() !=
             static_cast<size_t>(EVP_PKEY_get_size(key_.get()))) {
    // RFC 8017 sections 8.1.2 and 8.2.2. OpenSSL takes a shorter one of PSS as
    // a number without its leading zeros.
    return false;
  }
  const DigestContext context = Copy(contexts_->verify.get());
  const bool good =
      EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                       message.data(), message.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

bool EvpKey::Agree(const EvpKey& peer, std::span<uint8_t, 32> secret) const {
  assert(is_private_ && type_ == peer.type_);
  const KeyContext context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  size_t size = secret.size();
  const bool good =
      EVP_PKEY_derive_init(context.get()) == 1 &&
      EVP_PKEY_derive_set_peer(context.get(), peer.key_.get()) == 1 &&
      EVP_PKEY_derive(context.get(), secret.data(), &size) == 1 &&
      size == secret.size();
  if (!good) ERR_clear_error();
  return good;
}

}  // namespace signet::hazmat
