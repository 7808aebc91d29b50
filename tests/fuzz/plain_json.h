#ifndef SIGNET_TESTS_FUZZ_PLAIN_JSON_H_
#define SIGNET_TESTS_FUZZ_PLAIN_JSON_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::fuzz {

// The rules of strict_json.h a second time, written from RFC 8259 with no
// regard to speed, to compare the library's reader with.

struct PlainValue {
  enum Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  Kind kind = kNull;
  std::string name;  // of a member
  std::string text;  // strings: unescaped; other scalars: as written
  std::vector<PlainValue> children;

  // Find returns the member with that name, or null.
  const PlainValue* Find(std::string_view member) const;
};

// ParsePlainJson gives the one object that the text is.
std::optional<PlainValue> ParsePlainJson(std::string_view text);

// HasVastExponent tells of a number like 1e2147483648, in a string or not.
// The library refuses those that do not fit 32 bits, where the grammar has no
// limit; RFC 8259 section 6 lets a reader set one.
bool HasVastExponent(std::string_view text);

// AppendPlainJson writes a value in its shortest spelling.
void AppendPlainJson(std::string& out, const PlainValue& value);
void AppendPlainString(std::string& out, std::string_view text);

// DecodeUtf8 gives the code points, or nothing if the text is not UTF-8.
std::optional<std::vector<uint32_t>> DecodeUtf8(std::string_view text);

}  // namespace signet::fuzz

#endif  // SIGNET_TESTS_FUZZ_PLAIN_JSON_H_
