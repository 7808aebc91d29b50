#include "tools/sha256.h"

#include <openssl/evp.h>

#include <array>

namespace signet::cli {

struct Sha256::Impl {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

// OpenSSL's SHA-256 fails only where there is no memory, which ends the process
// (docs/conventions.md); what it then says matches nothing.
Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  (void)EVP_DigestInit_ex(impl_->context.get(), EVP_sha256(), nullptr);
}

Sha256::~Sha256() = default;

void Sha256::Add(std::string_view bytes) {
  (void)EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size());
}

std::string Sha256::Finish() {
  constexpr char kHex[] = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(impl_->context.get(), digest.data(), &size) != 1) {
    return "-";
  }
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += {kHex[digest[i] >> 4], kHex[digest[i] & 15]};
  }
  return text;
}

}  // namespace signet::cli
