#include "aes.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace signet::hazmat {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const {
    EVP_CIPHER_CTX_free(context);
  }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

void Require(bool good) {
  if (!good) std::abort();
}

// Ciphers are fetched once: a fetch by name costs microseconds.
struct Ciphers {
  EVP_CIPHER* gcm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  EVP_CIPHER* wrap = EVP_CIPHER_fetch(nullptr, "AES-256-WRAP", nullptr);
};

const Ciphers& Fetched() {
  static const Ciphers ciphers = [] {
    Ciphers fetched;
    Require(fetched.gcm != nullptr && fetched.wrap != nullptr);
    return fetched;
  }();
  return ciphers;
}

Context NewContext() {
  Context context(EVP_CIPHER_CTX_new());
  Require(context != nullptr);
  return context;
}

int SizeOf(Bytes bytes) { return static_cast<int>(bytes.size()); }

}  // namespace

std::string AesGcmSeal(std::span<const uint8_t, 32> key,
                       std::span<const uint8_t, kGcmNonceSize> nonce,
                       Bytes additional, Bytes plaintext) {
  const Context context = NewContext();
  std::string out(plaintext.size() + kGcmTagSize, '\0');
  auto* at = reinterpret_cast<uint8_t*>(out.data());
  int done = 0;
  Require(EVP_EncryptInit_ex2(context.get(), Fetched().gcm, key.data(),
                              nonce.data(), nullptr) == 1 &&
          EVP_EncryptUpdate(context.get(), nullptr, &done, additional.data(),
                            SizeOf(additional)) == 1 &&
          EVP_EncryptUpdate(context.get(), at, &done, plaintext.data(),
                            SizeOf(plaintext)) == 1 &&
          EVP_EncryptFinal_ex(context.get(), at + done, &done) == 1 &&
          EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagSize,
                              at + plaintext.size()) == 1);
  return out;
}

std::optional<std::string> AesGcmOpen(
    std::span<const uint8_t, 32> key,
    std::span<const uint8_t, kGcmNonceSize> nonce, Bytes additional,
    Bytes ciphertext, std::span<const uint8_t, kGcmTagSize> tag) {
  const Context context = NewContext();
  std::string out(ciphertext.size(), '\0');
  std::array<uint8_t, kGcmTagSize> expected;
  std::copy(tag.begin(), tag.end(), expected.begin());
  auto* at = reinterpret_cast<uint8_t*>(out.data());
  int done = 0;
  const bool good =
      EVP_DecryptInit_ex2(context.get(), Fetched().gcm, key.data(),
                          nonce.data(), nullptr) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &done, additional.data(),
                        SizeOf(additional)) == 1 &&
      EVP_DecryptUpdate(context.get(), at, &done, ciphertext.data(),
                        SizeOf(ciphertext)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagSize,
                          expected.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), at + done, &done) == 1;
  if (good) return out;
  ERR_clear_error();
  Wipe({at, out.size()});
  return std::nullopt;
}

std::array<uint8_t, 40> AesKeyWrap(std::span<const uint8_t, 32> wrapping_key,
                                   std::span<const uint8_t, 32> key) {
  const Context context = NewContext();
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  std::array<uint8_t, 40> out;
  int done = 0;
  Require(EVP_EncryptInit_ex2(context.get(), Fetched().wrap,
                              wrapping_key.data(), nullptr, nullptr) == 1 &&
          EVP_EncryptUpdate(context.get(), out.data(), &done, key.data(),
                            SizeOf(key)) == 1 &&
          done == static_cast<int>(out.size()));
  return out;
}

bool AesKeyUnwrap(std::span<const uint8_t, 32> wrapping_key,
                  std::span<const uint8_t, 40> wrapped,
                  std::span<uint8_t, 32> key) {
  const Context context = NewContext();
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  SecretBytes<40> out;  // OpenSSL may write one block more than the key has
  int done = 0;
  const bool good =
      EVP_DecryptInit_ex2(context.get(), Fetched().wrap, wrapping_key.data(),
                          nullptr, nullptr) == 1 &&
      EVP_DecryptUpdate(context.get(), out.span().data(), &done, wrapped.data(),
                        SizeOf(wrapped)) == 1 &&
      done == static_cast<int>(key.size());
  if (!good) {
    ERR_clear_error();
    return false;
  }
  std::copy_n(out.span().begin(), key.size(), key.begin());
  return true;
}

}  // namespace signet::hazmat
