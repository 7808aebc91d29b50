#include "revocation-service/trace.h"

#include <algorithm>
#include <array>

#include "signet/primitives.h"

namespace signet::service {
namespace {

constexpr size_t kLength = 2 + 1 + 32 + 1 + 16 + 1 + 2;

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

bool IsZero(std::string_view text) {
  return text.find_first_not_of('0') == text.npos;
}

}  // namespace

std::optional<std::string> ParseTraceparent(std::string_view header) {
  if (header.size() < kLength) return std::nullopt;
  const std::string_view version = header.substr(0, 2);
  const std::string_view trace = header.substr(3, 32);
  const std::string_view parent = header.substr(36, 16);
  if (header[2] != '-' || header[35] != '-' || header[52] != '-') {
    return std::nullopt;
  }
  for (const std::string_view part :
       {version, trace, parent, header.substr(53, 2)}) {
    if (!IsHex(part)) return std::nullopt;
  }
  // W3C Trace Context section 3.2.2.1: version ff is invalid, and a higher
  // one may append fields behind a dash.
  if (version == "ff" || IsZero(trace) || IsZero(parent)) return std::nullopt;
  if (header.size() > kLength && (version == "00" || header[kLength] != '-')) {
    return std::nullopt;
  }
  return std::string(trace);
}

std::string NewTraceId() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::array<uint8_t, 16> bytes{};
  FillRandom(bytes);
  std::string text;
  text.reserve(2 * bytes.size());
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace signet::service
