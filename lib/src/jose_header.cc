#include "jose_header.h"

#include <algorithm>

namespace signet {
namespace {

// Parameters that Signet refuses by design, whatever their value.
constexpr std::string_view kAlwaysRefused[] = {
    "crit",  // RFC 7515 4.1.11: no extension is understood, so none may be
             // critical; an empty list is forbidden anyway
    "b64",   // RFC 7797 7: not for JWTs
    "zip",   // RFC 7516 4.1.3: nothing is inflated
    "jwk",   // a key, or the place of one, of the sender's choice
    "jku",
    "x5u",
    "x5c",
    "x5t",
    "x5t#S256",
};

std::optional<Refusal> Refuse(RefusalCode code, std::string_view claim) {
  return Refusal{code, Stage::kHeader, claim};
}

// RFC 9068 4: typ is at+jwt or application/at+jwt. RFC 7515 4.1.9: media
// types compare without regard to case.
bool IsOfType(std::string_view type, TokenType expected) {
  if (expected == TokenType::kPlainJwt) {
    return EqualsIgnoringCase(type, "jwt") ||
           EqualsIgnoringCase(type, "application/jwt");
  }
  return EqualsIgnoringCase(type, "at+jwt") ||
         EqualsIgnoringCase(type, "application/at+jwt");
}

}  // namespace

const JsonNode* FindMember(const JsonNode& object, std::string_view name) {
  for (const JsonNode& member : JsonChildren(object)) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

std::optional<Refusal> ReadHeaderText(const JsonNode& header,
                                      std::string_view name,
                                      std::string_view& out) {
  const JsonNode* member = FindMember(header, name);
  if (member == nullptr) return Refuse(RefusalCode::kMissingClaim, name);
  if (member->kind != JsonKind::kString || member->text.empty()) {
    return Refuse(RefusalCode::kBadClaim, name);
  }
  out = member->text;
  return std::nullopt;
}

std::optional<Refusal> FindRefused(const JsonNode& header,
                                   std::span<const std::string_view> names,
                                   std::string_view taken) {
  for (const JsonNode& member : JsonChildren(header)) {
    if (!taken.empty() && member.name == taken) continue;
    for (std::string_view name : kAlwaysRefused) {
      if (member.name == name) return Refuse(RefusalCode::kUnsupported, name);
    }
    for (std::string_view name : names) {
      if (member.name == name) return Refuse(RefusalCode::kUnsupported, name);
    }
  }
  return std::nullopt;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) {
                      if (a >= 'A' && a <= 'Z') a = static_cast<char>(a + 32);
                      return a == b;
                    });
}

std::optional<Refusal> CheckTokenType(const JsonNode& header,
                                      TokenType expected) {
  const JsonNode* type = FindMember(header, "typ");
  if (type == nullptr && expected == TokenType::kPlainJwt) return std::nullopt;
  if (type != nullptr && type->kind != JsonKind::kString) {
    return Refuse(RefusalCode::kBadClaim, "typ");
  }
  if (type == nullptr || !IsOfType(type->text, expected)) {
    return Refuse(RefusalCode::kWrongType, "typ");
  }
  return std::nullopt;
}

}  // namespace signet
