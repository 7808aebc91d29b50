#ifndef SIGNET_BENCH_RAW_OPENSSL_H_
#define SIGNET_BENCH_RAW_OPENSSL_H_

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <string>
#include <vector>

#include "bench/paired.h"
#include "bench/setup.h"

namespace signet::bench {

// RawOpenSsl verifies with everything prepared that OpenSSL 3 lets prepare:
// one digest, one EVP_PKEY_verify in a context that is used again.
class RawOpenSsl {
 public:
  // REQUIRES: key is an EC or RSA private key; it is taken over.
  RawOpenSsl(EVP_PKEY* key, size_t size)
      : key_(key), message_(size, 'm'), signature_(512) {
    EVP_PKEY_CTX* sign = NewContext();
    Require(EVP_PKEY_sign_init(sign) == 1, "EVP_PKEY_sign_init");
    SetUp(sign);
    Digest();
    size_t length = signature_.size();
    Require(EVP_PKEY_sign(sign, signature_.data(), &length, digest_,
                          sizeof digest_) == 1,
            "EVP_PKEY_sign");
    signature_.resize(length);
    EVP_PKEY_CTX_free(sign);
    verify_ = NewContext();
    Require(EVP_PKEY_verify_init(verify_) == 1, "EVP_PKEY_verify_init");
    SetUp(verify_);
  }
  ~RawOpenSsl() {
    EVP_PKEY_CTX_free(verify_);
    EVP_PKEY_free(key_);
  }
  RawOpenSsl(const RawOpenSsl&) = delete;
  RawOpenSsl& operator=(const RawOpenSsl&) = delete;

  void Verify() {
    Digest();
    Keep(EVP_PKEY_verify(verify_, signature_.data(), signature_.size(), digest_,
                         sizeof digest_));
  }

 private:
  EVP_PKEY_CTX* NewContext() {
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key_, nullptr);
    Require(context != nullptr, "EVP_PKEY_CTX_new");
    return context;
  }
  void SetUp(EVP_PKEY_CTX* context) {
    Require(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1,
            "EVP_PKEY_CTX_set_signature_md");
  }
  void Digest() { SHA256(message_.data(), message_.size(), digest_); }

  EVP_PKEY* key_;
  EVP_PKEY_CTX* verify_ = nullptr;
  std::vector<unsigned char> message_, signature_;
  unsigned char digest_[32];
};

}  // namespace signet::bench

#endif  // SIGNET_BENCH_RAW_OPENSSL_H_
