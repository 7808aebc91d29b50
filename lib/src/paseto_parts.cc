#include "paseto_parts.h"

#include <bit>

#include "plain_text.h"
#include "strict_json.h"

namespace signet {
namespace {

std::optional<Refusal> Refuse(RefusalCode code, std::string_view claim) {
  return Refusal{code, Stage::kHeader, claim};
}

// MintedKeyId is the key id of a footer that is spelled as PasetoFooter spells
// it, which needs no parser: nullopt says that a closer look is needed.
std::optional<std::string_view> MintedKeyId(std::string_view footer) {
  constexpr std::string_view kBefore = "{\"kid\":\"";
  constexpr std::string_view kAfter = "\"}";
  if (footer.size() <= kBefore.size() + kAfter.size() ||
      footer.size() > kMaxFooterLength || !footer.starts_with(kBefore) ||
      !footer.ends_with(kAfter)) {
    return std::nullopt;
  }
  footer.remove_prefix(kBefore.size());
  footer.remove_suffix(kAfter.size());
  if (PlainPrefix(footer) != footer.size() ||
      footer.find(' ') != std::string_view::npos) {
    return std::nullopt;
  }
  return footer;
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
  if (auto id = MintedKeyId(footer)) {
    header.key_id = *id;
    return std::nullopt;
  }
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

std::array<uint8_t, 8> PaeSize(size_t size) {
  uint64_t word = size;
  if constexpr (std::endian::native == std::endian::big) {
    word = __builtin_bswap64(word);
  }
  return std::bit_cast<std::array<uint8_t, 8>>(word);
}

void AppendPaeSize(std::string& out, size_t size) {
  out += AsText(PaeSize(size));
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
