#ifndef SIGNET_TESTS_LIB_MALFORMED_H_
#define SIGNET_TESTS_LIB_MALFORMED_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signet/primitives.h"

// Breaks JSON objects and compact tokens in every way of a kind, one at a
// time. What is made is written, not parsed: it may be no JSON at all.
namespace signet::testing {

// Members of an object, in order: names, and values as JSON text.
using Members = std::vector<std::pair<std::string, std::string>>;

inline std::string Quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

inline std::string Written(const Members& members) {
  std::string out;
  for (const auto& member : members) {
    out +=
        (out.empty() ? "{" : ",") + Quoted(member.first) + ":" + member.second;
  }
  return out.empty() ? "{}" : out + "}";
}

inline Members Replaced(Members members, std::string_view name,
                        std::string_view value) {
  for (auto& member : members) {
    if (member.first == name) member.second = value;
  }
  return members;
}

inline Members Without(Members members, std::string_view name) {
  std::erase_if(members,
                [name](const auto& member) { return member.first == name; });
  return members;
}

inline Members With(Members members, std::string_view name,
                    std::string_view value) {
  members.emplace_back(name, value);
  return members;
}

inline std::string ValueOf(const Members& members, std::string_view name) {
  for (const auto& member : members) {
    if (member.first == name) return member.second;
  }
  return {};
}

// NoStrings are values of every JSON type but a string, with the good value
// inside where there is room for it.
inline std::vector<std::string> NoStrings(const std::string& good) {
  return {"null",
          "true",
          "false",
          "0",
          "1",
          "-1",
          "1.5",
          "1e3",
          "[]",
          "{}",
          "[" + good + "]",
          "{\"a\":" + good + "}",
          "[[]]",
          "[null]"};
}

// NoObjects are texts that are not one JSON object (RFC 8259), or not one that
// every reader reads alike.
inline std::vector<std::string> NoObjects(const std::string& good) {
  const std::string open = good.substr(0, good.size() - 1);
  std::vector<std::string> out = {
      "null",
      "true",
      "1",
      "\"a\"",
      "[]",
      "[" + good + "]",
      "{",
      "}",
      open,
      good + "}",
      good + good,
      good + "x",
      good + ",",
      "\xef\xbb\xbf" + good,
      good + std::string(1, '\0'),
      open + ",}",
      open + ",\"a\"}",
      open + ",\"a\":}",
      open + ",a:1}",
      open + ",'a':1}",
      open + ",\"a\":01}",
      open + ",\"a\":+1}",
      open + ",\"a\":.5}",
      open + ",\"a\":NaN}",
      open + ",\"a\":Infinity}",
      open + ",\"a\":\"\\x\"}",
      open + ",\"a\":\"\\ud800\"}",
      open + ",\"a\":\"\\udc00\\ud800\"}",
      open + ",\"a\":\"\xff\"}",
      open + ",\"a\":\"\xc0\xaf\"}",
      open + ",\"a\":\"\xed\xa0\x80\"}",
      open + ",\"a\":\"\t\"}",
      open + "/**/}",
      open + "//\n}",
      open + ",\"a\":1,\"\\u0061\":1}",
      open + ",\"a\":{\"b\":1,\"b\":1}}",
      open + ",\"a\":True}",
      open + ",\"a\":" + std::string(20, '[') + std::string(20, ']') + "}"};
  return out;
}

// OtherSpellings are texts that stand for the same bytes as the base64url text
// to a lenient decoder, or for none, and that no encoder writes.
inline std::vector<std::string> OtherSpellings(const std::string& good) {
  std::vector<std::string> out;
  for (const std::string_view bad :
       {"=", "==", "+", "/", " ", "\t", "\n", "\r\n", "\v", "%", "%3D", "~",
        "\xc3\xa9", "\xef\xbb\xbf", "*", ",", ":"}) {
    out.push_back(good + std::string(bad));
    out.push_back(std::string(bad) + good);
    out.push_back(std::string(good).insert(good.size() / 2, bad));
  }
  out.push_back(good + std::string(1, '\0'));
  // RFC 4648 3.5: bits behind the last byte.
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const size_t spare = good.size() % 4 == 2 ? 4 : good.size() % 4 == 3 ? 2 : 0;
  for (size_t bit = 0; bit < spare; ++bit) {
    std::string text = good;
    text.back() = kDigits[kDigits.find(text.back()) ^ (size_t{1} << bit)];
    out.push_back(text);
  }
  // One digit more than whole groups stands for nothing.
  out.push_back(good + std::string((5 - good.size() % 4) % 4, 'A') +
                (good.size() % 4 == 1 ? "AAAA" : ""));
  return out;
}

// Cut gives the segments of a compact token, Joined the token.
inline std::vector<std::string> Cut(const std::string& token) {
  std::vector<std::string> out(1);
  for (const char c : token) {
    if (c == '.') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

inline std::string Joined(const std::vector<std::string>& segments) {
  std::string out;
  for (const std::string& segment : segments) {
    out += (&segment == &segments.front() ? "" : ".") + segment;
  }
  return out;
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_LIB_MALFORMED_H_
