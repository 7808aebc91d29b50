// Keys made of raw points, scalars and numbers, and taken apart into them.
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include <array>
#include <cassert>
#include <vector>

#include "evp_openssl.h"

namespace signet::hazmat {
namespace {

using Builder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using EcGroup = std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>>;
using EcPoint = std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>>;

std::string ToText(const BIGNUM* number) {
  std::string out(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<uint8_t*>(out.data()));
  return out;
}

SecretBuffer ToSecret(const BIGNUM* number) {
  SecretBuffer out(static_cast<size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, out.span().data());
  return out;
}

EVP_PKEY* FromParameters(EvpType type, OSSL_PARAM_BLD* builder, int selection) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(
      EVP_PKEY_CTX_new_from_name(nullptr, NameOf(type), nullptr));
  EVP_PKEY* key = nullptr;
  Require(parameters != nullptr && context != nullptr);
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) !=
          1) {
    return nullptr;
  }
  return key;
}

}  // namespace

Result<EvpKey> EvpKey::FromX25519(std::span<const uint8_t, 32> point) {
  return Check(Handle(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr,
                                                  point.data(), point.size())),
               false);
}

// The decoders of OpenSSL 3.0 take several times as long as a signature does
// to verify; a key that comes with every request does not go through them.
Result<EvpKey> EvpKey::FromP256(std::span<const uint8_t, 32> x,
                                std::span<const uint8_t, 32> y) {
  std::string point = "\x04";  // uncompressed
  point += AsText(x);
  point += AsText(y);
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                  SN_X9_62_prime256v1, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                   point.data(), point.size());
  return Check(Handle(FromParameters(EvpType::kP256, builder.get(),
                                     EVP_PKEY_PUBLIC_KEY)),
               false);
}

Result<EvpKey> EvpKey::FromRsa(const RsaNumbers& numbers) {
  const Builder builder(OSSL_PARAM_BLD_new());
  const BigNumber n = ToNumber(AsBytes(numbers.n));
  const BigNumber e = ToNumber(AsBytes(numbers.e));
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return Check(
      Handle(FromParameters(EvpType::kRsa, builder.get(), EVP_PKEY_PUBLIC_KEY)),
      false);
}

Result<EvpKey> EvpKey::FromX25519Private(std::span<const uint8_t, 32> scalar) {
  return Check(Handle(EVP_PKEY_new_raw_private_key(
                   EVP_PKEY_X25519, nullptr, scalar.data(), scalar.size())),
               true);
}

Result<EvpKey> EvpKey::FromP256Private(std::span<const uint8_t, 32> scalar) {
  const BigNumber secret = ToNumber(scalar);
  const EcGroup group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const EcPoint point(EC_POINT_new(group.get()));
  Require(group != nullptr && point != nullptr);
  if (BN_is_zero(secret.get()) ||
      BN_cmp(secret.get(), EC_GROUP_get0_order(group.get())) >= 0) {
    return Invalid("the scalar is not between 1 and the order of P-256");
  }
  std::array<uint8_t, 1 + 2 * kP256Size> encoded;
  Require(EC_POINT_mul(group.get(), point.get(), secret.get(), nullptr, nullptr,
                       nullptr) == 1 &&
          EC_POINT_point2oct(group.get(), point.get(),
                             POINT_CONVERSION_UNCOMPRESSED, encoded.data(),
                             encoded.size(), nullptr) == encoded.size());
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                  SN_X9_62_prime256v1, 0);
  OSSL_PARAM_BLD_push_BN_pad(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY,
                             secret.get(), kP256Size);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                   encoded.data(), encoded.size());
  return Check(
      Handle(FromParameters(EvpType::kP256, builder.get(), EVP_PKEY_KEYPAIR)),
      true);
}

Result<EvpKey> EvpKey::FromRsaPrivate(const RsaNumbers& numbers) {
  const Builder builder(OSSL_PARAM_BLD_new());
  std::vector<BigNumber> kept;  // the builder borrows them
  const auto push = [&](const char* name, Bytes value) {
    kept.push_back(ToNumber(value));
    OSSL_PARAM_BLD_push_BN(builder.get(), name, kept.back().get());
  };
  push(OSSL_PKEY_PARAM_RSA_N, AsBytes(numbers.n));
  push(OSSL_PKEY_PARAM_RSA_E, AsBytes(numbers.e));
  push(OSSL_PKEY_PARAM_RSA_D, numbers.d.bytes());
  push(OSSL_PKEY_PARAM_RSA_FACTOR1, numbers.p.bytes());
  push(OSSL_PKEY_PARAM_RSA_FACTOR2, numbers.q.bytes());
  push(OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers.dp.bytes());
  push(OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers.dq.bytes());
  push(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers.qi.bytes());
  return Check(
      Handle(FromParameters(EvpType::kRsa, builder.get(), EVP_PKEY_KEYPAIR)),
      true);
}

SecretBuffer EvpKey::Scalar() const {
  assert(is_private_ && type_ != EvpType::kRsa);
  SecretBuffer out(32);
  if (type_ == EvpType::kP256) {
    const BigNumber secret = Parameter(key_.get(), OSSL_PKEY_PARAM_PRIV_KEY);
    BN_bn2binpad(secret.get(), out.span().data(), kP256Size);
    return out;
  }
  size_t size = out.span().size();
  Require(EVP_PKEY_get_raw_private_key(key_.get(), out.span().data(), &size) ==
          1);
  return out;
}

std::string EvpKey::Point() const {
  assert(type_ != EvpType::kRsa);
  if (type_ == EvpType::kP256) {
    std::string point(2 * kP256Size, '\0');
    auto* at = reinterpret_cast<uint8_t*>(point.data());
    const BigNumber x = Parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X);
    const BigNumber y = Parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
    BN_bn2binpad(x.get(), at, kP256Size);
    BN_bn2binpad(y.get(), at + kP256Size, kP256Size);
    return point;
  }
  std::string out(32, '\0');
  size_t size = out.size();
  Require(EVP_PKEY_get_raw_public_key(
              key_.get(), reinterpret_cast<uint8_t*>(out.data()), &size) == 1);
  return out;
}

RsaNumbers EvpKey::Numbers() const {
  assert(type_ == EvpType::kRsa);
  RsaNumbers out;
  const auto number = [this](const char* name) {
    return Parameter(key_.get(), name);
  };
  out.n = ToText(number(OSSL_PKEY_PARAM_RSA_N).get());
  out.e = ToText(number(OSSL_PKEY_PARAM_RSA_E).get());
  if (!is_private_) return out;
  out.d = ToSecret(number(OSSL_PKEY_PARAM_RSA_D).get());
  out.p = ToSecret(number(OSSL_PKEY_PARAM_RSA_FACTOR1).get());
  out.q = ToSecret(number(OSSL_PKEY_PARAM_RSA_FACTOR2).get());
  out.dp = ToSecret(number(OSSL_PKEY_PARAM_RSA_EXPONENT1).get());
  out.dq = ToSecret(number(OSSL_PKEY_PARAM_RSA_EXPONENT2).get());
  out.qi = ToSecret(number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1).get());
  return out;
}

}  // namespace signet::hazmat
