#include "tests/fuzz/plain_json.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <set>

namespace signet::fuzz {
namespace {

constexpr size_t kDeepest = 16;
constexpr size_t kMostMembers = 256;

void AppendUtf8(std::string& out, uint32_t point) {
  auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) return put(0xc0 | point >> 6), put(0x80 | (point & 63));
  if (point < 0x10000) {
    put(0xe0 | point >> 12);
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 63));
  }
  put(0x80 | (point >> 6 & 63));
  put(0x80 | (point & 63));
}

// Parser throws on the first thing that is not as it should be.
struct Wrong {};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  PlainValue Document() {
    SkipSpace();
    if (Peek() != '{') throw Wrong();
    PlainValue value = Value(0);
    SkipSpace();
    if (at_ != text_.size()) throw Wrong();
    return value;
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  char Next() {
    if (at_ == text_.size()) throw Wrong();
    return text_[at_++];
  }

  void Need(char c) {
    if (Next() != c) throw Wrong();
  }

  bool Take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void SkipSpace() {
    while (Take(' ') || Take('\t') || Take('\n') || Take('\r')) {
    }
  }

  PlainValue Value(size_t depth) {
    switch (Peek()) {
      case '{':
        return Object(depth + 1);
      case '[':
        return Array(depth + 1);
      case '"':
        return {PlainValue::kString, {}, String(), {}};
      case 't':
        return Literal(PlainValue::kBool, "true");
      case 'f':
        return Literal(PlainValue::kBool, "false");
      case 'n':
        return Literal(PlainValue::kNull, "null");
      default:
        return Number();
    }
  }

  PlainValue Literal(PlainValue::Kind kind, std::string_view word) {
    for (char c : word) Need(c);
    return {kind, {}, std::string(word), {}};
  }

  void Digits() {
    size_t count = 0;
    while (std::isdigit(static_cast<unsigned char>(Peek())) != 0)
      ++at_, ++count;
    if (count == 0) throw Wrong();
  }

  PlainValue Number() {
    const size_t begin = at_;
    Take('-');
    if (!Take('0')) Digits();
    if (Take('.')) Digits();
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      Digits();
    }
    return {PlainValue::kNumber,
            {},
            std::string(text_.substr(begin, at_ - begin)),
            {}};
  }

  uint32_t FourHex() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = Next();
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) throw Wrong();
      value = value * 16 +
              static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
  }

  void Escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char c = Next();
    if (const size_t i = kLetters.find(c); i != kLetters.npos) {
      out += kMeanings[i];
      return;
    }
    if (c != 'u') throw Wrong();
    uint32_t point = FourHex();
    if (point >= 0xdc00 && point < 0xe000) throw Wrong();
    if (point >= 0xd800 && point < 0xdc00) {
      Need('\\');
      Need('u');
      const uint32_t low = FourHex();
      if (low < 0xdc00 || low >= 0xe000) throw Wrong();
      point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
    }
    AppendUtf8(out, point);
  }

  std::string String() {
    Need('"');
    std::string out;
    for (char c = Next(); c != '"'; c = Next()) {
      if (static_cast<uint8_t>(c) < 0x20) throw Wrong();
      if (c == '\\') {
        Escape(out);
      } else {
        out += c;
      }
    }
    if (!DecodeUtf8(out)) throw Wrong();
    return out;
  }

  PlainValue Array(size_t depth) {
    if (depth > kDeepest) throw Wrong();
    PlainValue array{PlainValue::kArray, {}, {}, {}};
    Need('[');
    SkipSpace();
    if (Take(']')) return array;
    do {
      SkipSpace();
      array.children.push_back(Value(depth));
      SkipSpace();
    } while (Take(','));
    Need(']');
    return array;
  }

  PlainValue Object(size_t depth) {
    if (depth > kDeepest) throw Wrong();
    PlainValue object{PlainValue::kObject, {}, {}, {}};
    std::set<std::string> names;
    Need('{');
    SkipSpace();
    if (Take('}')) return object;
    do {
      SkipSpace();
      std::string name = String();
      if (!names.insert(name).second || ++members_ > kMostMembers) {
        throw Wrong();
      }
      SkipSpace();
      Need(':');
      SkipSpace();
      object.children.push_back(Value(depth));
      object.children.back().name = std::move(name);
      SkipSpace();
    } while (Take(','));
    Need('}');
    return object;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t members_ = 0;
};

}  // namespace

const PlainValue* PlainValue::Find(std::string_view member) const {
  for (const PlainValue& child : children) {
    if (child.name == member) return &child;
  }
  return nullptr;
}

std::optional<PlainValue> ParsePlainJson(std::string_view text) {
  try {
    return Parser(text).Document();
  } catch (const Wrong&) {
    return std::nullopt;
  }
}

bool HasVastExponent(std::string_view text) {
  for (size_t i = text.find_first_of("eE"); i < text.size();
       i = text.find_first_of("eE", i + 1)) {
    size_t begin = i + 1;
    if (begin < text.size() && (text[begin] == '+' || text[begin] == '-')) {
      ++begin;
    }
    begin = std::min(text.find_first_not_of('0', begin), text.size());
    const size_t end = text.find_first_not_of("0123456789", begin);
    if (std::min(end, text.size()) - begin >= 10) return true;
  }
  return false;
}

void AppendPlainString(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    char escaped[8];
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<uint8_t>(c) >= 0x20) {
          out += c;
        } else {
          std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
          out += escaped;
        }
    }
  }
  out += '"';
}

void AppendPlainJson(std::string& out, const PlainValue& value) {
  const bool is_object = value.kind == PlainValue::kObject;
  if (value.kind == PlainValue::kString) {
    return AppendPlainString(out, value.text);
  }
  if (!is_object && value.kind != PlainValue::kArray) {
    out += value.text;
    return;
  }
  out += is_object ? '{' : '[';
  for (const PlainValue& child : value.children) {
    if (&child != &value.children.front()) out += ',';
    if (is_object) {
      AppendPlainString(out, child.name);
      out += ':';
    }
    AppendPlainJson(out, child);
  }
  out += is_object ? '}' : ']';
}

std::optional<std::vector<uint32_t>> DecodeUtf8(std::string_view text) {
  std::vector<uint32_t> points;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i++]);
    int more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead >= 0x80 && (lead < 0xc0 || lead > 0xf7)) return std::nullopt;
    uint32_t point = more == 0 ? lead : lead & (0x3fu >> more);
    for (; more > 0; --more, ++i) {
      if (i == text.size()) return std::nullopt;
      const auto byte = static_cast<uint8_t>(text[i]);
      if ((byte & 0xc0) != 0x80) return std::nullopt;
      point = point << 6 | (byte & 63);
    }
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
      return std::nullopt;
    }
    points.push_back(point);
  }
  // What was not in the shortest form has grown shorter.
  std::string again;
  for (uint32_t point : points) AppendUtf8(again, point);
  if (again != text) return std::nullopt;
  return points;
}

}  // namespace signet::fuzz
