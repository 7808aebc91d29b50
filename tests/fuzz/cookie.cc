// A Cookie field read a second time, and what Set writes read back.
#include "signet/cookie.h"

#include <vector>

#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

constexpr std::string_view kName = "__Host-token";

bool IsValue(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    const bool octet = byte == 0x21 || (byte >= 0x23 && byte <= 0x2b) ||
                       (byte >= 0x2d && byte <= 0x3a) ||
                       (byte >= 0x3c && byte <= 0x5b) ||
                       (byte >= 0x5d && byte <= 0x7e);
    if (!octet) return false;
  }
  return true;
}

std::string Trimmed(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.pop_back();
  }
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) {
    text.erase(0, 1);
  }
  return text;
}

// PlainRead is RFC 6265 section 4.2.1 with no regard to speed.
CookieVerdict PlainRead(std::string field, std::string& value) {
  std::vector<std::string> found;
  bool good = true;
  field += ';';
  while (!field.empty()) {
    const size_t end = field.find(';');
    const std::string pair = Trimmed(field.substr(0, end));
    field.erase(0, end + 1);
    const size_t equals = pair.find('=');
    if (equals == pair.npos || Trimmed(pair.substr(0, equals)) != kName) {
      continue;
    }
    found.push_back(pair.substr(equals + 1));
    good = equals == kName.size() && IsValue(found.back()) &&
           pair.size() <= kMaxCookieLength;
  }
  if (found.empty()) return CookieVerdict::kAbsent;
  if (found.size() > 1) return CookieVerdict::kAmbiguous;
  if (!good) return CookieVerdict::kMalformed;
  value = found.front();
  return CookieVerdict::kFound;
}

FUZZ_TARGET(input) {
  static const TokenCookie cookie = *TokenCookie::Create();
  const CookieReading reading = cookie.Read(input);
  std::string value;
  FUZZ_CHECK(reading.verdict == PlainRead(std::string(input), value));
  FUZZ_CHECK(reading.token == value);
  const auto field = cookie.Set(input, kNow + Seconds(9), Time(kNow));
  if (!field) return;
  FUZZ_CHECK(IsValue(input) && field->size() <= kMaxCookieLength);
  const std::string sent = field->substr(0, field->find(';'));
  FUZZ_CHECK(cookie.Read("a=b; " + sent + ";c").token == input);
  FUZZ_CHECK(cookie.Read(sent + "; " + sent).verdict ==
             CookieVerdict::kAmbiguous);
}

}  // namespace
}  // namespace signet::fuzz
