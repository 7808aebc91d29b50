// PASETO version 4, purpose local (paseto_parts.h):
//
//   token = "v4.local." base64url( nonce 32 ‖ ciphertext ‖ tag 32 ) [ footer ]
//   Ek ‖ n2 = BLAKE2b-448(key, "paseto-encryption-key" ‖ nonce)   ; 32 ‖ 24
//   Ak      = BLAKE2b-256(key, "paseto-auth-key-for-aead" ‖ nonce)
//   ciphertext = message XOR XChaCha20(Ek, n2)
//   tag = BLAKE2b-256(Ak, PAE("v4.local.", nonce, ciphertext, footer,
//                             implicit assertion))

#include "paseto_local.h"

#include <cassert>
#include <cstring>

#include "key_material.h"
#include "token_text.h"

namespace signet {
namespace {

constexpr std::string_view kHeader = "v4.local.";
constexpr size_t kNonceSize = 32;
constexpr size_t kTagSize = 32;

// Joined is up to N bytes, put together piece by piece.
template <size_t N>
class Joined {
 public:
  Joined& Add(Bytes piece) {
    assert(piece.size() <= N - size_);
    std::memcpy(bytes_.data() + size_, piece.data(), piece.size());
    size_ += piece.size();
    return *this;
  }
  Bytes bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<uint8_t, N> bytes_;
  size_t size_ = 0;
};

// Subkeys are the keys of one token.
struct Subkeys {
  SecretBytes<56> cipher;  // XChaCha20 key 32 ‖ nonce 24
  SecretBytes<32> mac;
};

Subkeys Derive(Bytes key, Bytes nonce) {
  Subkeys keys;
  hazmat::Blake2bStream(56, key)
      .Update(AsBytes("paseto-encryption-key"))
      .Update(nonce)
      .Finish(keys.cipher.span());
  hazmat::Blake2bStream(32, key)
      .Update(AsBytes("paseto-auth-key-for-aead"))
      .Update(nonce)
      .Finish(keys.mac.span());
  return keys;
}

void Crypt(const Subkeys& keys, Bytes in, std::span<uint8_t> out) {
  hazmat::XChaCha20Xor(out, in, keys.cipher.span().subspan<32, 24>(),
                       keys.cipher.span().first<32>());
}

// Tag hashes PAE of the parts, which need not be copied together for that.
std::array<uint8_t, kTagSize> Tag(const Subkeys& keys, Bytes nonce,
                                  Bytes ciphertext, std::string_view footer,
                                  std::string_view implicit_assertion) {
  // Each Update costs about as much as hashing thirty bytes: what is short and
  // stands together goes as one.
  Joined<8 + 8 + kHeader.size() + 8 + kNonceSize + 8> before;
  before.Add(PaeSize(5)).Add(PaeSize(kHeader.size())).Add(AsBytes(kHeader));
  before.Add(PaeSize(nonce.size())).Add(nonce).Add(PaeSize(ciphertext.size()));
  hazmat::Blake2bStream hash(kTagSize, keys.mac.span());
  hash.Update(before.bytes()).Update(ciphertext);
  hash.Update(PaeSize(footer.size())).Update(AsBytes(footer));
  hash.Update(PaeSize(implicit_assertion.size()));
  if (!implicit_assertion.empty()) hash.Update(AsBytes(implicit_assertion));
  std::array<uint8_t, kTagSize> tag;
  hash.Finish(tag);
  return tag;
}

}  // namespace

std::string SealPasetoWithNonce(const SecretKey& key, std::string_view message,
                                std::string_view footer,
                                std::string_view implicit_assertion,
                                std::span<const uint8_t, 32> nonce) {
  const Subkeys keys = Derive(KeyAccess::Of(key).secret.bytes(), nonce);
  std::string body(AsText(nonce));
  body.resize(kNonceSize + message.size());
  Crypt(keys, AsBytes(message),
        WritableBytes(body, kNonceSize, message.size()));
  body += AsText(Tag(keys, nonce, AsBytes(body).subspan(kNonceSize), footer,
                     implicit_assertion));
  return JoinPaseto(kHeader, body, footer);
}

std::string SealPaseto(const SecretKey& key, std::string_view message,
                       std::string_view footer,
                       std::string_view implicit_assertion) {
  std::array<uint8_t, kNonceSize> nonce;
  FillRandom(nonce);
  return SealPasetoWithNonce(key, message, footer, implicit_assertion, nonce);
}

std::optional<PasetoLocal> PasetoLocal::Split(std::string_view token) {
  const auto segments = SplitPaseto(token, kHeader);
  if (!segments) return std::nullopt;
  PasetoLocal paseto;
  paseto.body_.resize(Base64DecodedSize(segments->body.size()));
  paseto.footer_.resize(Base64DecodedSize(segments->footer.size()));
  if (paseto.body_.size() < kNonceSize + kTagSize ||
      !Base64UrlDecodeTo(segments->body, paseto.body_) ||
      !Base64UrlDecodeTo(
          segments->footer,
          WritableBytes(paseto.footer_, 0, paseto.footer_.size()))) {
    return std::nullopt;
  }
  return paseto;
}

PasetoLocal::~PasetoLocal() { Wipe(body_); }

bool PasetoLocal::Verify(const VerifyKey& key,
                         std::string_view implicit_assertion) {
  if (!MadeBy(key.format())) return false;
  const std::span<uint8_t> body(body_);
  const Bytes nonce = body.first(kNonceSize);
  const std::span<uint8_t> text =
      body.subspan(kNonceSize, body.size() - kNonceSize - kTagSize);
  const Subkeys keys = Derive(KeyAccess::Of(key).secret.bytes(), nonce);
  if (!ConstantTimeEqual(Tag(keys, nonce, text, footer_, implicit_assertion),
                         body.last(kTagSize))) {
    return false;
  }
  Crypt(keys, text, text);
  message_ = AsText(text);
  return true;
}

}  // namespace signet
