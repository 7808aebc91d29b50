// Keys as OpenSSL reads and writes them, and what is asked of a sound one.
#include "evp_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cassert>
#include <utility>

#include "evp_openssl.h"

namespace signet::hazmat {
namespace {

using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Pkcs8Info =
    std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>;

// SubjectPublicKeyInfo (RFC 5480 section 2) of a P-256 key up to its point,
// which is written uncompressed.
constexpr uint8_t kP256SpkiPrefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
                                       0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                       0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                                       0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

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

// IsReduced is false for a private exponent of more than the modulus, of which
// each key has any number (RFC 8017 section 3.2).
bool IsReduced(const EVP_PKEY* key) {
  const BigNumber modulus = Parameter(key, OSSL_PKEY_PARAM_RSA_N);
  const BigNumber secret = Parameter(key, OSSL_PKEY_PARAM_RSA_D);
  return BN_cmp(secret.get(), modulus.get()) < 0;
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

// IsConsistent asks OpenSSL whether the private half belongs to the public.
bool IsConsistent(EVP_PKEY* key) {
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  Require(context != nullptr);
  return EVP_PKEY_pairwise_check(context.get()) == 1;
}

// PemBlock is what stands in a PEM text.
class PemBlock {
 public:
  static Result<PemBlock> Read(std::string_view text);

  PemBlock(PemBlock&& other) noexcept
      : label_(std::move(other.label_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(other.size_) {}
  PemBlock& operator=(PemBlock&&) = delete;
  ~PemBlock() { OPENSSL_clear_free(data_, static_cast<size_t>(size_)); }

  std::string_view label() const { return label_; }
  Bytes der() const { return {data_, static_cast<size_t>(size_)}; }

 private:
  PemBlock(std::string label, uint8_t* data, long size)
      : label_(std::move(label)), data_(data), size_(size) {}

  std::string label_;
  uint8_t* data_;
  long size_;
};

// RFC 7468 section 2 allows remarks before the block; nothing goes behind it.
Result<PemBlock> PemBlock::Read(std::string_view text) {
  for (const std::string_view line : {"-----BEGIN ", "-----END "}) {
    const size_t first = text.find(line);
    if (first == std::string_view::npos || text.rfind(line) != first) {
      return Invalid("not exactly one PEM block");
    }
  }
  const std::string_view last_line = text.substr(text.find("-----END "));
  if (last_line.find_first_not_of(" \t\r\n", last_line.find_first_of("\r\n")) !=
      std::string_view::npos) {
    return Invalid("something stands behind the PEM block");
  }
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  char* name = nullptr;
  char* headers = nullptr;
  uint8_t* data = nullptr;
  long size = 0;
  if (PEM_read_bio(bio.get(), &name, &headers, &data, &size) != 1) {
    ERR_clear_error();
    return Invalid("a PEM block that is not base64");
  }
  PemBlock block(name, data, size);
  const std::string header_text = headers;
  OPENSSL_free(name);
  OPENSSL_free(headers);
  if (block.label_ == "ENCRYPTED PRIVATE KEY" ||
      header_text.find("ENCRYPTED") != std::string::npos) {
    return Invalid("an encrypted key: decrypt it first (openssl pkey)");
  }
  if (!header_text.empty()) return Invalid("a PEM block with headers");
  return block;
}

// OneAsymmetricKey of version 2 (RFC 5958 section 2): SEQUENCE, INTEGER 1.
bool IsPkcs8Version2(Bytes der) {
  for (size_t header : {size_t{2}, size_t{3}, size_t{4}}) {
    constexpr std::string_view kVersion("\x02\x01\x01", 3);
    if (der.size() > header && der[0] == 0x30 &&
        AsText(der).substr(header).starts_with(kVersion)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<EvpKey> EvpKey::Check(Handle key, bool is_private) {
  if (key == nullptr) return Invalid("not a key, or no point of its curve");
  Result<EvpType> type = TypeOf(key.get());
  if (!type) return type.error();
  if (*type == EvpType::kRsa) {
    if (Status sound = CheckRsa(key.get()); !sound) return sound.error();
    if (is_private && !IsReduced(key.get())) {
      return Invalid("an RSA private exponent above the modulus");
    }
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
  const Pkcs8Info info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (info == nullptr && IsPkcs8Version2(der)) {
    return Invalid("a PKCS#8 key of version 2: only version 1 is read");
  }
  if (info == nullptr || at != der.data() + der.size()) {
    return Invalid("not a PKCS#8 private key");
  }
  return Check(Handle(EVP_PKCS82PKEY(info.get())), true);
}

Result<EvpKey> EvpKey::FromPem(std::string_view text) {
  const Result<PemBlock> block = PemBlock::Read(text);
  if (!block) return block.error();
  const Bytes der = block->der();
  if (block->label() == "PRIVATE KEY") return FromPkcs8(der);
  const uint8_t* at = der.data();
  const auto size = static_cast<long>(der.size());
  Handle key;
  const bool is_private = block->label() != "PUBLIC KEY";
  if (!is_private) {
    key.reset(d2i_PUBKEY(nullptr, &at, size));
  } else if (block->label() == "EC PRIVATE KEY") {
    key.reset(d2i_PrivateKey(EVP_PKEY_EC, nullptr, &at, size));
  } else if (block->label() == "RSA PRIVATE KEY") {
    key.reset(d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &at, size));
  } else if (block->label() == "OPENSSH PRIVATE KEY") {
    return Invalid("an OpenSSH key: ssh-keygen -p -m PKCS8 rewrites it");
  } else {
    return Invalid(
        "a PEM block that is no PUBLIC KEY, PRIVATE KEY, EC PRIVATE KEY or RSA "
        "PRIVATE KEY");
  }
  if (key != nullptr && at != der.data() + der.size()) {
    return Invalid("bytes behind the key");
  }
  return Check(std::move(key), is_private);
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
  const Pkcs8Info info(EVP_PKEY2PKCS8(key_.get()));
  uint8_t* der = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  Require(size > 0);
  SecretBuffer out(Bytes(der, static_cast<size_t>(size)));
  OPENSSL_clear_free(der, static_cast<size_t>(size));
  return out;
}

}  // namespace signet::hazmat
