#ifndef SIGNET_LIB_SRC_STRICT_JSON_H_
#define SIGNET_LIB_SRC_STRICT_JSON_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signet {

// Limits of every JSON text that comes out of a token.
inline constexpr size_t kMaxJsonDepth = 16;
inline constexpr size_t kMaxJsonMembers = 256;

enum class JsonKind : uint8_t {
  kNull,
  kBool,
  kNumber,
  kString,
  kArray,
  kObject,
};

// JsonNode is one value of a JsonDocument. A value's members or elements lie
// right behind it; JsonChildren walks them.
struct JsonNode {
  JsonKind kind = JsonKind::kNull;
  uint32_t extent = 1;    // nodes in this value, itself included
  std::string_view name;  // unescaped; empty for elements and the root
  std::string_view text;  // strings: unescaped. Other scalars: as written
};

// JsonChildren is the range of a container's members or elements.
class JsonChildren {
 public:
  class Iterator {
   public:
    explicit Iterator(const JsonNode* node) : node_(node) {}
    const JsonNode& operator*() const { return *node_; }
    Iterator& operator++() { return node_ += node_->extent, *this; }
    bool operator==(const Iterator&) const = default;

   private:
    const JsonNode* node_;
  };

  explicit JsonChildren(const JsonNode& parent) : parent_(&parent) {}
  Iterator begin() const { return Iterator(parent_ + 1); }
  Iterator end() const { return Iterator(parent_ + parent_->extent); }

 private:
  const JsonNode* parent_;
};

// A JsonDocument is one JSON object (RFC 8259), read strictly: it refuses a
// repeated member at any depth, compared after unescaping; more than the
// limits above; invalid UTF-8, lone surrogates, a byte order mark, comments,
// and anything but white space behind the object. It borrows the text, which
// must outlive it. Not shared between threads while Parse runs.
class JsonDocument {
 public:
  JsonDocument() = default;
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  // Parse is called once. On false the document is unusable.
  bool Parse(std::string_view text, size_t max_members = kMaxJsonMembers);

  const JsonNode& root() const { return nodes_.front(); }
  // members counts the members of all objects of the document.
  size_t members() const { return members_; }

 private:
  friend struct JsonHandler;
  std::vector<JsonNode> nodes_;
  std::string unescaped_;  // of strings that hold escapes; never reallocated
  size_t members_ = 0;
};

// AppendJsonString writes a JSON string in its shortest spelling.
// REQUIRES: `text` is UTF-8.
void AppendJsonString(std::string& out, std::string_view text);

// AppendJson writes a value without white space, members in their order,
// numbers as they were written.
void AppendJson(std::string& out, const JsonNode& node);

// IsPlainText tells whether the text is UTF-8 without control characters
// (U+0000 to U+001F, U+007F to U+009F).
bool IsPlainText(std::string_view text);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_STRICT_JSON_H_
