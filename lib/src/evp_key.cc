#include "evp_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>

namespace signet::hazmat {
namespace {

template <auto kFree>
struct Deleter {
  template <class T>
  void operator()(T* value) const {
    kFree(value);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using EcGroup = std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>>;
using EcPoint = std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;

constexpr size_t kP256Size = 32;
constexpr size_t kEs256Size = 2 * kP256Size;

// SubjectPublicKeyInfo (RFC 5480 section 2) of a P-256 key up to its point,
// which is written uncompressed.
constexpr uint8_t kP256SpkiPrefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
                                       0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                       0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                                       0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

// Memory and parameters are all that can fail where this is asked: there is
// nothing to go on with.
void Require(bool good) {
  if (!good) std::abort();
}

Error Invalid(std::string_view problem) {
  ERR_clear_error();
  return {ErrorCode::kInvalid, std::string(problem)};
}

BigNumber ToNumber(Bytes bytes) {
  BigNumber number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  Require(number != nullptr);
  return number;
}

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

BigNumber Parameter(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  Require(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  return BigNumber(number);
}

// InGroupOf65537 tells whether `residue` is a power of 65537 modulo `prime`.
bool InGroupOf65537(uint64_t residue, uint64_t prime) {
  uint64_t power = 1;
  do {
    if (power == residue) return true;
    power = power * 65537 % prime;
  } while (power != 1);
  return false;
}

// HasRocaShape recognises moduli of the flawed generator: modulo each of the
// first primes they are powers of 65537. A sound modulus is one by chance
// less than once in 2^27 times.
bool HasRocaShape(const BIGNUM* modulus) {
  for (const unsigned prime :
       {3u,   5u,   7u,   11u,  13u,  17u,  19u,  23u,  29u,  31u,
        37u,  41u,  43u,  47u,  53u,  59u,  61u,  67u,  71u,  73u,
        79u,  83u,  89u,  97u,  101u, 103u, 107u, 109u, 113u, 127u,
        131u, 137u, 139u, 149u, 151u, 157u, 163u, 167u}) {
    if (!InGroupOf65537(BN_mod_word(modulus, prime), prime)) return false;
  }
  return true;
}

Status CheckRsa(const EVP_PKEY* key) {
  const BigNumber modulus = Parameter(key, OSSL_PKEY_PARAM_RSA_N);
  const BigNumber exponent = Parameter(key, OSSL_PKEY_PARAM_RSA_E);
  const int bits = BN_num_bits(modulus.get());
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    return Invalid("an RSA modulus of " + std::to_string(bits) +
                   " bits, the range is " + std::to_string(kMinRsaBits) +
                   " to " + std::to_string(kMaxRsaBits));
  }
  if (!BN_is_odd(modulus.get())) return Invalid("an even RSA modulus");
  // A third prime would be lost in a JWK (RFC 7518 6.3.2.7).
  BIGNUM* third = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1) {
    BN_clear_free(third);
    return Invalid("an RSA key of more than two primes");
  }
  if (HasRocaShape(modulus.get())) {
    return Invalid("an RSA modulus of the ROCA flaw (CVE-2017-15361)");
  }
  if (!BN_is_odd(exponent.get()) || BN_num_bits(exponent.get()) > 32 ||
      BN_get_word(exponent.get()) < 65537) {
    return Invalid("an RSA exponent that is even, below 65537 or above 2^32");
  }
  return {};
}

// IsFinite is false for the one point without coordinates, which has a DER
// and signs whatever one likes.
bool IsFinite(const EVP_PKEY* key) {
  BIGNUM* x = nullptr;
  const bool finite =
      EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1;
  BN_free(x);
  return finite;
}

Result<EvpType> TypeOf(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
      return EvpType::kEd25519;
    case EVP_PKEY_X25519:
      return EvpType::kX25519;
    case EVP_PKEY_RSA:
      return EvpType::kRsa;
    case EVP_PKEY_EC: {
      // RFC 5480 2.1.1: a curve is named, never brought along.
      int is_explicit = 1;
      if (EVP_PKEY_get_int_param(
              key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
              &is_explicit) != 1 ||
          is_explicit != 0) {
        return Invalid("a key that brings the parameters of its curve");
      }
      char group[32];
      if (EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
          std::string_view(group) == SN_X9_62_prime256v1) {
        return EvpType::kP256;
      }
      return Invalid("a key on another curve than P-256");
    }
    default:
      return Invalid("a key of another type than Ed25519, X25519, EC and RSA");
  }
}

const char* NameOf(EvpType type) {
  switch (type) {
    case EvpType::kEd25519:
      return "ED25519";
    case EvpType::kX25519:
      return "X25519";
    case EvpType::kP256:
      return "EC";
    case EvpType::kRsa:
      break;
  }
  return "RSA";
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

// IsConsistent asks OpenSSL whether the private half belongs to the public.
bool IsConsistent(EVP_PKEY* key) {
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  Require(context != nullptr);
  return EVP_PKEY_pairwise_check(context.get()) == 1;
}

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

// No PEM is decrypted: a text that asks for a passphrase is refused.
int NoPassphrase(char*, int, int, void*) { return -1; }

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

Result<EvpKey> EvpKey::Check(Handle key, bool is_private) {
  if (key == nullptr) return Invalid("not a key, or no point of its curve");
  Result<EvpType> type = TypeOf(key.get());
  if (!type) return type.error();
  if (*type == EvpType::kRsa) {
    if (Status sound = CheckRsa(key.get()); !sound) return sound.error();
  }
  if (*type == EvpType::kP256 && !IsFinite(key.get())) {
    return Invalid("the point at infinity, or none");
  }
  // Keys of the other types are computed from their secret half.
  const bool has_both = *type == EvpType::kRsa || *type == EvpType::kP256;
  if (is_private && has_both && !IsConsistent(key.get())) {
    return Invalid("the parts of the private key do not belong together");
  }
  return EvpKey(std::move(key), *type, is_private);
}

Result<EvpKey> EvpKey::FromSpki(Bytes der) {
  const uint8_t* at = der.data();
  Handle key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (key != nullptr && at != der.data() + der.size()) {
    return Invalid("bytes behind the public key");
  }
  Result<EvpKey> checked = Check(std::move(key), false);
  // One spelling per key: BER, compressed points and the like are refused.
  if (checked && checked->Spki() != AsText(der)) {
    return Invalid("the public key is not in canonical DER");
  }
  return checked;
}

Result<EvpKey> EvpKey::FromPkcs8(Bytes der) {
  const uint8_t* at = der.data();
  using Info =
      std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>;
  const Info info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (info == nullptr || at != der.data() + der.size()) {
    return Invalid("not a PKCS#8 private key");
  }
  return Check(Handle(EVP_PKCS82PKEY(info.get())), true);
}

Result<EvpKey> EvpKey::FromPem(std::string_view text) {
  for (const std::string_view line : {"-----BEGIN ", "-----END "}) {
    const size_t first = text.find(line);
    if (first == std::string_view::npos || text.rfind(line) != first) {
      return Invalid("not exactly one PEM block");
    }
  }
  const auto open = [text] {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  };
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) {
    return Check(Handle(PEM_read_bio_PrivateKey(open().get(), nullptr,
                                                NoPassphrase, nullptr)),
                 true);
  }
  return Check(
      Handle(PEM_read_bio_PUBKEY(open().get(), nullptr, NoPassphrase, nullptr)),
      false);
}

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

EvpKey EvpKey::Generate(EvpType type) {
  EVP_PKEY* key = nullptr;
  switch (type) {
    case EvpType::kP256:
      key = EVP_EC_gen(SN_X9_62_prime256v1);
      break;
    case EvpType::kRsa:
      key = EVP_RSA_gen(static_cast<unsigned>(kMinRsaBits));
      break;
    case EvpType::kEd25519:
    case EvpType::kX25519:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, NameOf(type));
      break;
  }
  Require(key != nullptr);
  return {Handle(key), type, true};
}

std::string EvpKey::Spki() const {
  // OpenSSL would write a point in the form in which it was read.
  if (type_ == EvpType::kP256) {
    return std::string(AsText(kP256SpkiPrefix)) + Point();
  }
  uint8_t* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  Require(size > 0);
  std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return out;
}

SecretBuffer EvpKey::Pkcs8() const {
  assert(is_private_);
  using Info =
      std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>;
  const Info info(EVP_PKEY2PKCS8(key_.get()));
  uint8_t* der = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  Require(size > 0);
  SecretBuffer out(Bytes(der, static_cast<size_t>(size)));
  OPENSSL_clear_free(der, static_cast<size_t>(size));
  return out;
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
    std::array<uint8_t, 2 * kP256Size> point;
    const BigNumber x = Parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X);
    const BigNumber y = Parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
    BN_bn2binpad(x.get(), point.data(), kP256Size);
    BN_bn2binpad(y.get(), point.data() + kP256Size, kP256Size);
    return std::string(AsText(point));
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
