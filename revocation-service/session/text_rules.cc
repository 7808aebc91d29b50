#include "revocation-service/session/text_rules.h"

#include <algorithm>
#include <cstdint>

namespace signet::service {
namespace {

constexpr size_t kMaxName = 255;

// Sequence describes the sequences that begin with some first byte: how many
// bytes follow, and the range of the code point, so that overlong forms and
// surrogates are out (RFC 3629 section 4).
struct Sequence {
  size_t following;
  uint32_t bits;  // of the first byte
  uint32_t least;
};

bool DescribeSequence(uint8_t first, Sequence& sequence) {
  if (first < 0x80) {
    sequence = {0, first, 0};
  } else if ((first & 0xe0) == 0xc0) {
    sequence = {1, first & 0x1fu, 0x80};
  } else if ((first & 0xf0) == 0xe0) {
    sequence = {2, first & 0x0fu, 0x800};
  } else if ((first & 0xf8) == 0xf0) {
    sequence = {3, first & 0x07u, 0x10000};
  } else {
    return false;
  }
  return true;
}

bool IsPlainCodePoint(uint32_t code) {
  const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return !control && !surrogate && code <= 0x10ffff;
}

// TakeToken takes the scope token at the start of `rest`, and the space.
std::string_view TakeToken(std::string_view& rest) {
  const size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view token = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return token;
}

bool IsScopeCharacter(char c) {
  return c == '\x21' || (c >= '\x23' && c <= '\x5b') ||
         (c >= '\x5d' && c <= '\x7e');
}

}  // namespace

bool IsPlainText(std::string_view text) {
  while (!text.empty()) {
    Sequence sequence;
    if (!DescribeSequence(static_cast<uint8_t>(text[0]), sequence) ||
        text.size() <= sequence.following) {
      return false;
    }
    uint32_t code = sequence.bits;
    for (const char c : text.substr(1, sequence.following)) {
      if ((c & 0xc0) != 0x80) return false;
      code = code << 6 | (c & 0x3fu);
    }
    if (code < sequence.least || !IsPlainCodePoint(code)) return false;
    text.remove_prefix(sequence.following + 1);
  }
  return true;
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && IsPlainText(text);
}

bool IsScope(std::string_view scope) {
  char previous = ' ';
  for (const char c : scope) {
    if (c == ' ' ? previous == ' ' : !IsScopeCharacter(c)) return false;
    previous = c;
  }
  return scope.empty() || previous != ' ';
}

bool ScopeIncludes(std::string_view whole, std::string_view part) {
  while (!part.empty()) {
    const std::string_view wanted = TakeToken(part);
    std::string_view rest = whole;
    bool found = false;
    while (!found && !rest.empty()) found = TakeToken(rest) == wanted;
    if (!found) return false;
  }
  return true;
}

}  // namespace signet::service
