#include "revocation-service/http/form.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace signet::service::http {
namespace {

// More parameters than any request of ours has.
constexpr size_t kMaxParameters = 256;
constexpr size_t kMaxNameInError = 64;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

// Utf8Length is the length of the well-formed sequence at the front (Unicode
// table 3-7: no overlong form, no surrogate, at most U+10FFFF), or 0.
size_t Utf8Length(std::string_view text) {
  const auto at = [text](size_t i) -> unsigned {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : 0u;
  };
  const auto follows = [&at](size_t i) { return (at(i) & 0xc0) == 0x80; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if ((first & 0xf0) == 0xe0) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return at(1) >= low && at(1) <= high && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return at(1) >= low && at(1) <= high && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// IsText tells whether a text is UTF-8 without NUL.
bool IsText(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0 || text[0] == '\0') return false;
    text.remove_prefix(length);
  }
  return true;
}

// Quoted names a parameter in an error, if that is fit to be printed.
std::string Quoted(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.';
  });
  if (!plain || name.empty() || name.size() > kMaxNameInError) {
    return "a parameter";
  }
  return "parameter " + std::string(name);
}

Error Invalid(std::string message) {
  return {ErrorCode::kInvalid, std::move(message)};
}

Result<std::pair<std::string, std::string>> ParseOne(std::string_view text) {
  const size_t equals = text.find('=');
  auto name = FormDecode(text.substr(0, equals));
  if (!name || !IsText(*name)) {
    return Invalid("the name of a parameter is badly encoded");
  }
  if (equals == text.npos) return std::pair(std::move(*name), std::string());
  auto value = FormDecode(text.substr(equals + 1));
  if (!value || !IsText(*value)) {
    return Invalid(Quoted(*name) + " is badly encoded");
  }
  return std::pair(std::move(*name), std::move(*value));
}

}  // namespace

Result<Form> Form::Parse(std::string_view text) {
  Form form;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty()) continue;
    auto parameter = ParseOne(one);
    if (!parameter.ok()) return parameter.error();
    if (form.values_.size() == kMaxParameters) {
      return Invalid("there are too many parameters");
    }
    // RFC 6749 section 3.2: at most once, even without a value.
    const auto [at, fresh] = form.values_.insert(std::move(*parameter));
    if (!fresh) return Invalid(Quoted(at->first) + " is repeated");
  }
  return form;
}

std::string_view Form::Get(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string_view() : found->second;
}

bool Form::Has(std::string_view name) const { return !Get(name).empty(); }

std::optional<std::string> FormDecode(std::string_view text) {
  return Decode(text, true);
}

std::optional<std::string> PercentDecode(std::string_view text) {
  return Decode(text, false);
}

}  // namespace signet::service::http
