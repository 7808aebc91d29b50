#include "signet/url_text.h"

#include <algorithm>
#include <cstdint>

namespace signet {
namespace {

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

}  // namespace

std::string UrlEncode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (IsPlain(c)) {
      out += c;
    } else {
      const auto byte = static_cast<uint8_t>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

bool IsReferenceBelow(std::string_view reference) {
  constexpr size_t kMaxSize = 256;
  return !reference.empty() && reference.size() <= kMaxSize &&
         reference.front() != '/' && reference.find("..") == reference.npos &&
         std::ranges::all_of(reference,
                             [](char c) { return IsPlain(c) || c == '/'; });
}

}  // namespace signet
