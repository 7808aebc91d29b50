// PASETO version 4, purpose public (paseto_parts.h):
//
//   token  = "v4.public." base64url( message ‖ signature ) [ footer ]
//   signed = PAE("v4.public.", message, footer, implicit assertion)
//
// The signature is Ed25519, 64 bytes, over `signed`.

#include "paseto.h"

#include <algorithm>

#include "token_text.h"

namespace signet {
namespace {

constexpr std::string_view kHeader = "v4.public.";
constexpr size_t kSignatureSize = 64;
// Where the message starts in `signed`: after the count, the header's piece,
// and the message's size.
constexpr size_t kMessageOffset = 8 + 8 + kHeader.size() + 8;

void AppendMessagePrefix(std::string& out, size_t message_size) {
  AppendPaeSize(out, 4);
  AppendPaePiece(out, kHeader);
  AppendPaeSize(out, message_size);
}

}  // namespace

std::string SignPaseto(const SecretKey& key, std::string_view message,
                       std::string_view footer,
                       std::string_view implicit_assertion) {
  std::string pae;
  pae.reserve(kMessageOffset + message.size() + footer.size() +
              implicit_assertion.size() + 16);
  AppendMessagePrefix(pae, message.size());
  pae += message;
  AppendPaePiece(pae, footer);
  AppendPaePiece(pae, implicit_assertion);
  std::string body;
  body.reserve(message.size() + kSignatureSize);
  body += message;
  body += key.Sign(AsBytes(pae));
  return JoinPaseto(kHeader, body, footer);
}

std::optional<Paseto> Paseto::Split(std::string_view token) {
  const auto segments = SplitPaseto(token, kHeader);
  if (!segments) return std::nullopt;
  const auto [body, footer] = *segments;
  size_t body_size = Base64DecodedSize(body.size());
  if (body_size < kSignatureSize) return std::nullopt;

  Paseto paseto;
  paseto.message_size_ = body_size - kSignatureSize;
  paseto.footer_size_ = Base64DecodedSize(footer.size());
  std::string& pae = paseto.signed_;
  pae.reserve(kMessageOffset + body_size + paseto.footer_size_ + 64);
  AppendMessagePrefix(pae, paseto.message_size_);
  pae.resize(kMessageOffset + body_size);
  if (!Base64UrlDecodeTo(body, WritableBytes(pae, kMessageOffset, body_size))) {
    return std::nullopt;
  }
  // The footer goes where the signature was decoded.
  size_t message_end = kMessageOffset + paseto.message_size_;
  std::copy_n(pae.begin() + static_cast<ptrdiff_t>(message_end), kSignatureSize,
              paseto.signature_.begin());
  pae.resize(message_end);
  AppendPaeSize(pae, paseto.footer_size_);
  pae.resize(pae.size() + paseto.footer_size_);
  if (!Base64UrlDecodeTo(
          footer, WritableBytes(pae, message_end + 8, paseto.footer_size_))) {
    return std::nullopt;
  }
  return paseto;
}

std::string_view Paseto::message() const {
  return std::string_view(signed_).substr(kMessageOffset, message_size_);
}

std::string_view Paseto::footer() const {
  return std::string_view(signed_).substr(kMessageOffset + message_size_ + 8,
                                          footer_size_);
}

std::optional<Refusal> Paseto::ReadHeader(TokenHeader& header,
                                          TokenType) const {
  return ReadPasetoFooter(footer(), header);
}

bool Paseto::Verify(const VerifyKey& key, std::string_view implicit_assertion) {
  signed_.resize(kMessageOffset + message_size_ + 8 + footer_size_);
  AppendPaePiece(signed_, implicit_assertion);
  return key.Verify(AsBytes(signed_), signature_);
}

}  // namespace signet
