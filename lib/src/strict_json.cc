#include "strict_json.h"

#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <functional>

namespace signet {

namespace json = boost::json;

// JsonHandler turns the parser's events into the flat list of nodes.
struct JsonHandler {
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);

  JsonHandler(JsonDocument& document, std::string_view source, size_t members)
      : doc(document), text(source), max_members(members) {}

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }

  bool on_object_begin(json::error_code& ec) {
    return Open(JsonKind::kObject, ec);
  }
  bool on_object_end(size_t, json::error_code&) { return Close(); }
  bool on_array_begin(json::error_code& ec) {
    return Open(JsonKind::kArray, ec);
  }
  bool on_array_end(size_t, json::error_code&) { return Close(); }

  bool on_key_part(json::string_view part, size_t, json::error_code&) {
    return Unescape(part);
  }
  bool on_key(json::string_view part, size_t total, json::error_code& ec) {
    name = Whole(part, total);
    if (++doc.members_ > max_members || IsRepeated(name)) return Fail(ec);
    return true;
  }
  bool on_string_part(json::string_view part, size_t, json::error_code&) {
    return Unescape(part);
  }
  bool on_string(json::string_view part, size_t total, json::error_code& ec) {
    return Add(JsonKind::kString, Whole(part, total), ec);
  }

  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(int64_t, json::string_view number, json::error_code& ec) {
    return Add(JsonKind::kNumber, {number.data(), number.size()}, ec);
  }
  bool on_uint64(uint64_t, json::string_view number, json::error_code& ec) {
    return Add(JsonKind::kNumber, {number.data(), number.size()}, ec);
  }
  bool on_double(double, json::string_view number, json::error_code& ec) {
    return Add(JsonKind::kNumber, {number.data(), number.size()}, ec);
  }
  bool on_bool(bool value, json::error_code& ec) {
    return Add(JsonKind::kBool, value ? "true" : "false", ec);
  }
  bool on_null(json::error_code& ec) {
    return Add(JsonKind::kNull, "null", ec);
  }
  // The options refuse comments: these are never called.
  bool on_comment_part(json::string_view, json::error_code&) { return false; }
  bool on_comment(json::string_view, json::error_code&) { return false; }

  static bool Fail(json::error_code& ec) {
    ec = json::error::syntax;
    return false;
  }

  bool Add(JsonKind kind, std::string_view value, json::error_code& ec) {
    if (depth == 0 && kind != JsonKind::kObject) return Fail(ec);
    doc.nodes_.push_back({kind, 1, name, value});
    name = {};
    return true;
  }

  bool Open(JsonKind kind, json::error_code& ec) {
    // The parser counts the depth too; this guards `open` by itself.
    if (depth == kMaxJsonDepth || !Add(kind, {}, ec)) return Fail(ec);
    open[depth++] = static_cast<uint32_t>(doc.nodes_.size() - 1);
    return true;
  }

  bool Close() {
    uint32_t index = open[--depth];
    doc.nodes_[index].extent = static_cast<uint32_t>(doc.nodes_.size()) - index;
    return true;
  }

  // IsRepeated looks at the earlier members of the object that is open. The
  // bound on members keeps the square small.
  bool IsRepeated(std::string_view candidate) const {
    const auto& nodes = doc.nodes_;
    for (size_t i = open[depth - 1] + 1; i < nodes.size();
         i += nodes[i].extent) {
      if (nodes[i].name == candidate) return true;
    }
    return false;
  }

  // Unescape keeps a piece of a string that the parser delivers in pieces.
  // The reservation holds every string of the text, so that views stay valid.
  bool Unescape(json::string_view part) {
    if (doc.unescaped_.capacity() < text.size()) {
      doc.unescaped_.reserve(text.size());
    }
    doc.unescaped_.append(part.data(), part.size());
    return true;
  }

  // Whole is the string that ends with `part`. Only a string without escapes
  // comes in one piece that lies in the text itself.
  std::string_view Whole(json::string_view part, size_t total) {
    const std::less_equal<const char*> not_behind;
    if (part.size() == total && not_behind(text.data(), part.data()) &&
        not_behind(part.data(), text.data() + text.size())) {
      return {part.data(), total};
    }
    Unescape(part);
    std::string_view all = doc.unescaped_;
    return all.substr(all.size() - total);
  }

  JsonDocument& doc;
  std::string_view text;
  size_t max_members;
  std::string_view name;  // of the member whose value comes next
  std::array<uint32_t, kMaxJsonDepth> open{};  // indices of open containers
  size_t depth = 0;
};

bool JsonDocument::Parse(std::string_view text, size_t max_members) {
  nodes_.reserve(32);
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<JsonHandler> parser(options, *this, text, max_members);
  json::error_code error;
  size_t used = parser.write_some(false, text.data(), text.size(), error);
  return !error && used == text.size() && !nodes_.empty();
}

namespace {

void AppendControl(std::string& out, char c) {
  constexpr std::string_view kShort = "\b\f\n\r\t";
  constexpr std::string_view kLetters = "bfnrt";
  constexpr std::string_view kHex = "0123456789abcdef";
  size_t known = kShort.find(c);
  if (known != std::string_view::npos) {
    out += '\\';
    out += kLetters[known];
    return;
  }
  out += "\\u00";
  out += kHex[static_cast<uint8_t>(c) >> 4];
  out += kHex[c & 15];
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (static_cast<uint8_t>(c) < 0x20) {
      AppendControl(out, c);
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// The recursion is as deep as the document: kMaxJsonDepth at most.
void AppendJson(std::string& out, const JsonNode& node) {
  if (node.kind == JsonKind::kString) return AppendJsonString(out, node.text);
  if (node.kind != JsonKind::kArray && node.kind != JsonKind::kObject) {
    out += node.text;
    return;
  }
  bool is_object = node.kind == JsonKind::kObject;
  out += is_object ? '{' : '[';
  bool first = true;
  for (const JsonNode& child : JsonChildren(node)) {
    if (!first) out += ',';
    first = false;
    if (is_object) {
      AppendJsonString(out, child.name);
      out += ':';
    }
    AppendJson(out, child);
  }
  out += is_object ? '}' : ']';
}

namespace {

// MultibyteLength is the length of the well-formed sequence of two to four
// bytes at the start of `text` (Unicode, table 3-7), or 0.
size_t MultibyteLength(std::string_view text) {
  auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t lead = byte(0);
  if (lead < 0xc2 || lead > 0xf4) return 0;
  size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, beyond U+10FFFF.
  if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
      (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)) {
    return 0;
  }
  return length;
}

}  // namespace

bool IsPlainText(std::string_view text) {
  while (!text.empty()) {
    // Most of what comes is printable ASCII.
    size_t plain = 0;
    while (plain < text.size() && text[plain] >= 0x20 && text[plain] < 0x7f) {
      ++plain;
    }
    text.remove_prefix(plain);
    if (text.empty()) return true;
    auto lead = static_cast<uint8_t>(text[0]);
    size_t length = 1;
    if (lead < 0x20 || lead == 0x7f) return false;
    if (lead >= 0x80) {
      length = MultibyteLength(text);
      if (length == 0) return false;
      // U+0080 to U+009F.
      if (lead == 0xc2 && static_cast<uint8_t>(text[1]) < 0xa0) return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace signet
