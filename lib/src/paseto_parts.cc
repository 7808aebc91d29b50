#include "paseto_parts.h"

#include "strict_json.h"

namespace signet {
namespace {

std::optional<Refusal> Refuse(RefusalCode code, std::string_view claim) {
  return Refusal{code, Stage::kHeader, claim};
}

}  // namespace

std::string PasetoFooter(std::string_view key_id) {
  std::string footer = "{\"kid\":";
  AppendJsonString(footer, key_id);
  return footer += '}';
}

std::optional<Refusal> ReadPasetoFooter(std::string_view footer,
                                        TokenHeader& header) {
  if (footer.empty()) return Refuse(RefusalCode::kMissingClaim, "kid");
  JsonDocument document;
  if (footer.size() > kMaxFooterLength || !document.Parse(footer)) {
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

std::optional<PasetoSegments> SplitPaseto(std::string_view token,
                                          std::string_view header) {
  if (!token.starts_with(header)) return std::nullopt;
  token.remove_prefix(header.size());
  const size_t dot = token.find('.');
  PasetoSegments segments{.body = token.substr(0, dot), .footer = {}};
  if (dot != std::string_view::npos) {
    segments.footer = token.substr(dot + 1);
    if (segments.footer.empty()) return std::nullopt;
  }
  return segments;
}

std::string JoinPaseto(std::string_view header, std::string_view body,
                       std::string_view footer) {
  std::string token(header);
  token += Base64UrlEncode(AsBytes(body));
  if (footer.empty()) return token;
  token += '.';
  return token += Base64UrlEncode(AsBytes(footer));
}

void AppendPaeSize(std::string& out, size_t size) {
  for (int shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>(size >> shift & 0xff);
  }
}

void AppendPaePiece(std::string& out, std::string_view piece) {
  AppendPaeSize(out, piece.size());
  out += piece;
}

std::span<uint8_t> WritableBytes(std::string& text, size_t offset,
                                 size_t size) {
  return {reinterpret_cast<uint8_t*>(text.data()) + offset, size};
}

}  // namespace signet
