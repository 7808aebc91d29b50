// PASETO version 4, purpose public (paseto-spec, Version4.md):
//
//   token  = "v4.public." base64url( message ‖ signature )
//            [ "." base64url( footer ) ]
//   signed = LE64(4) ‖ piece("v4.public.") ‖ piece(message) ‖ piece(footer)
//            ‖ piece(implicit assertion)
//   piece(x) = LE64(size of x) ‖ x
//   footer = {"kid":"k4.pid.…"}                    ; 512 bytes at most
//
// The signature is Ed25519, 64 bytes, over `signed` (PAE in the
// specification). The verifier demands the footer; Split does not.

#include "paseto.h"

#include <algorithm>

#include "strict_json.h"
#include "token_text.h"

namespace signet {
namespace {

constexpr std::string_view kHeader = "v4.public.";
constexpr size_t kSignatureSize = std::tuple_size_v<Signature>;
// Where the message starts in `signed`: after the count, the header's piece,
// and the message's size.
constexpr size_t kMessageOffset = 8 + 8 + kHeader.size() + 8;

// AppendSize writes a size as LE64; the specification clears the top bit,
// which no size has.
void AppendSize(std::string& out, size_t size) {
  for (int shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>(size >> shift & 0xff);
  }
}

void AppendPiece(std::string& out, std::string_view piece) {
  AppendSize(out, piece.size());
  out += piece;
}

void AppendMessagePrefix(std::string& out, size_t message_size) {
  AppendSize(out, 4);
  AppendPiece(out, kHeader);
  AppendSize(out, message_size);
}

std::span<uint8_t> WritableBytes(std::string& text, size_t offset,
                                 size_t size) {
  return {reinterpret_cast<uint8_t*>(text.data()) + offset, size};
}

std::optional<Refusal> Refuse(RefusalCode code, std::string_view claim) {
  return Refusal{code, Stage::kHeader, claim};
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
  AppendPiece(pae, footer);
  AppendPiece(pae, implicit_assertion);
  Signature signature = key.Sign(AsBytes(pae));

  std::string body;
  body.reserve(message.size() + kSignatureSize);
  body += message;
  body += AsText(signature);
  std::string token(kHeader);
  token += Base64UrlEncode(AsBytes(body));
  if (footer.empty()) return token;
  token += '.';
  return token += Base64UrlEncode(AsBytes(footer));
}

std::string PasetoFooter(std::string_view key_id) {
  std::string footer = "{\"kid\":";
  AppendJsonString(footer, key_id);
  return footer += '}';
}

std::optional<Paseto> Paseto::Split(std::string_view token) {
  if (!token.starts_with(kHeader)) return std::nullopt;
  token.remove_prefix(kHeader.size());
  size_t dot = token.find('.');
  std::string_view body = token.substr(0, dot);
  std::string_view footer;
  if (dot != std::string_view::npos) {
    footer = token.substr(dot + 1);
    // One spelling per value: no footer is written without the dot.
    if (footer.empty()) return std::nullopt;
  }
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
  AppendSize(pae, paseto.footer_size_);
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

std::optional<Refusal> Paseto::ReadHeader(TokenHeader& header) const {
  if (footer_size_ == 0) return Refuse(RefusalCode::kMissingClaim, "kid");
  JsonDocument document;
  if (footer_size_ > kMaxFooterLength || !document.Parse(footer())) {
    return Refuse(RefusalCode::kMalformed, "footer");
  }
  const JsonNode* kid = nullptr;
  for (const JsonNode& member : JsonChildren(document.root())) {
    if (member.name == "kid") {
      kid = &member;
      continue;
    }
    // PASERK's wpk carries a wrapped key: keys come from the ring alone.
    if (member.name == "wpk") return Refuse(RefusalCode::kUnsupported, "wpk");
    // Signet gives no other member a meaning, and a footer is read before it
    // is authenticated: the less is read, the better.
    return Refuse(RefusalCode::kUnsupported, "footer");
  }
  if (kid == nullptr) return Refuse(RefusalCode::kMissingClaim, "kid");
  if (kid->kind != JsonKind::kString || kid->text.empty()) {
    return Refuse(RefusalCode::kBadClaim, "kid");
  }
  header.key_id = kid->text;
  return std::nullopt;
}

bool Paseto::Verify(const VerifyKey& key, std::string_view implicit_assertion) {
  signed_.resize(kMessageOffset + message_size_ + 8 + footer_size_);
  AppendPiece(signed_, implicit_assertion);
  return key.Verify(AsBytes(signed_), signature_);
}

}  // namespace signet
