#ifndef SIGNET_LIB_SRC_EVP_OPENSSL_H_
#define SIGNET_LIB_SRC_EVP_OPENSSL_H_

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "evp_key.h"

namespace signet::hazmat {

// What the files of EvpKey share, and nobody else includes: owners of
// OpenSSL's objects, and its numbers.

template <auto kFree>
struct Deleter {
  template <class T>
  void operator()(T* value) const {
    kFree(value);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;

inline constexpr size_t kP256Size = 32;

// Memory and parameters are all that can fail where this is asked: there is
// nothing to go on with.
inline void Require(bool good) {
  if (!good) std::abort();
}

inline Error Invalid(std::string_view problem) {
  ERR_clear_error();
  return {ErrorCode::kInvalid, std::string(problem)};
}

inline BigNumber ToNumber(Bytes bytes) {
  BigNumber number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  Require(number != nullptr);
  return number;
}

inline BigNumber Parameter(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  Require(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  return BigNumber(number);
}

inline const char* NameOf(EvpType type) {
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

}  // namespace signet::hazmat

#endif  // SIGNET_LIB_SRC_EVP_OPENSSL_H_
