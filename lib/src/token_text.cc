#include "token_text.h"

#include <algorithm>

namespace signet {
namespace {

constexpr std::string_view kOtherPasetos[] = {
    "v1.local.",  "v1.public.", "v2.local.",
    "v2.public.", "v3.local.",  "v3.public.",
};

bool IsBase64Url(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// RFC 7516 7.1: header, encrypted key, IV, ciphertext and tag, of which only
// the header is never empty.
bool LooksLikeJwe(std::string_view token) {
  return token.front() != '.' &&
         std::all_of(token.begin(), token.end(),
                     [](char c) { return c == '.' || IsBase64Url(c); });
}

}  // namespace

TokenKind ClassifyToken(std::string_view token) {
  if (token.empty()) return TokenKind::kMalformed;
  if (token.starts_with("v4.public.")) return TokenKind::kPasetoV4Public;
  if (token.starts_with("v4.local.")) return TokenKind::kPasetoV4Local;
  for (std::string_view prefix : kOtherPasetos) {
    if (token.starts_with(prefix)) return TokenKind::kUnsupported;
  }
  // One more than the most that any form has is as good as all.
  int dots = 0;
  for (size_t at = token.find('.'); at != std::string_view::npos && dots < 5;
       at = token.find('.', at + 1)) {
    ++dots;
  }
  if (dots == 2) return TokenKind::kJwt;
  if (dots == 4 && LooksLikeJwe(token)) return TokenKind::kJwe;
  return TokenKind::kMalformed;
}

}  // namespace signet
