#include "strict_json.h"

#include <doctest/doctest.h>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::kNow;

bool Parses(std::string_view text) {
  JsonDocument document;
  return document.Parse(text);
}

std::string Nested(size_t depth) {
  std::string text = "{\"a\":";
  text.append(depth - 1, '[').append(depth - 1, ']');
  return text += '}';
}

std::string ObjectOf(size_t members) {
  std::string text = "{";
  for (size_t i = 0; i < members; ++i) {
    text += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":0";
  }
  return text += '}';
}

TEST_CASE("strict JSON is one object and nothing but white space around it") {
  CHECK(Parses("{}"));
  CHECK(Parses(" {\"a\" : [1, 2.5e3, true, null, \"x\"]}\n"));
  for (std::string_view bad : {"",
                               " ",
                               "null",
                               "1",
                               "\"a\"",
                               "[]",
                               "{",
                               "}",
                               "{}{}",
                               "{} x",
                               "{},",
                               "{\"a\"}",
                               "{\"a\":}",
                               "{\"a\":1,}",
                               "{a:1}",
                               "{'a':1}",
                               "{\"a\":01}",
                               "{\"a\":+1}",
                               "{\"a\":.5}",
                               "{\"a\":NaN}",
                               "{\"a\":Infinity}",
                               "{\"a\":-}",
                               "{/**/}",
                               "{}//",
                               "\xef\xbb\xbf{}",
                               "{\"a\":tru}"}) {
    CAPTURE(bad);
    CHECK_FALSE(Parses(bad));
  }
  CHECK_FALSE(Parses(std::string_view("{}\0", 3)));
}

TEST_CASE("a member that is repeated at any depth is refused") {
  CHECK_FALSE(Parses(R"({"alg":1,"alg":2})"));
  CHECK_FALSE(Parses(R"({"alg":1,"\u0061lg":2})"));
  CHECK_FALSE(Parses(R"({"\u0061lg":1,"alg":2})"));
  CHECK_FALSE(Parses(R"({"a":{"b":[{"c":1,"d":[{}],"c":2}]}})"));
  CHECK_FALSE(Parses(R"({"":1,"":2})"));
  CHECK(Parses(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})"));
}

TEST_CASE("depth and members are bounded, and the bounds themselves pass") {
  CHECK(Parses(Nested(kMaxJsonDepth)));
  CHECK_FALSE(Parses(Nested(kMaxJsonDepth + 1)));
  CHECK_FALSE(Parses(Nested(10'000)));
  CHECK(Parses(ObjectOf(kMaxJsonMembers)));
  CHECK_FALSE(Parses(ObjectOf(kMaxJsonMembers + 1)));
  CHECK_FALSE(Parses(ObjectOf(100'000)));
}

// RFC 8259 section 6 lets a reader limit numbers.
TEST_CASE("a number's exponent must fit 32 bits") {
  CHECK(Parses(R"({"a":1e2147483647})"));
  CHECK(Parses(R"({"a":1E-00002147483647})"));
  CHECK_FALSE(Parses(R"({"a":1e2147483648})"));
  CHECK_FALSE(Parses(R"({"a":0E+1111111111111111111111111111117})"));
  CHECK_FALSE(Parses(R"({"a":1e-99999999999})"));
}

TEST_CASE("text that is not UTF-8 or not Unicode is refused") {
  for (std::string_view bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xff", "\xc3", "\xe2\x82",
        R"(\ud800)", R"(\udc00)", R"(\ud800\ud800)", R"(\ud800x)", R"(\ud83d)",
        R"(\u1x)", R"(\x)", "\n", "\x1f"}) {
    CAPTURE(bad);
    CHECK_FALSE(Parses("{\"a\":\"" + std::string(bad) + "\"}"));
    CHECK_FALSE(Parses("{\"" + std::string(bad) + "\":1}"));
    CHECK_FALSE(Parses("{\"a\":\"" + std::string(bad) + "0123456789abcde\"}"));
  }
  CHECK(Parses("{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}"));
  CHECK(Parses(R"({"a":"\ud83d\ude00\u0000\n"})"));
}

TEST_CASE("a JSON value is written without white space, as it was sent") {
  JsonDocument document;
  REQUIRE(document.Parse(
      R"( { "z" : [ 1.0 , -0, 1e400, 18446744073709551616, {} , [ ] ],)"
      R"( "\u0061/\"\\" : "\u00e9\u0001\n\/\ud83d\ude00" , "n":null } )"));
  std::string text;
  AppendJson(text, document.root());
  CHECK(text == R"({"z":[1.0,-0,1e400,18446744073709551616,{},[]],)"
                R"("a/\"\\":"é\u0001\n/😀","n":null})");
}

TEST_CASE("an escaped string longer than the parser's buffer stays whole") {
  std::string source = "{\"a\":\"";
  for (int i = 0; i < 1500; ++i) source += "\\u0062b";
  source += "\",\"b\":\"\\n\"}";
  JsonDocument document;
  REQUIRE(document.Parse(source));
  auto member = JsonChildren(document.root()).begin();
  CHECK((*member).text == std::string(3000, 'b'));
  CHECK((*++member).text == "\n");
}

TEST_CASE("plain text is UTF-8 without control characters") {
  CHECK(IsPlainText(""));
  CHECK(IsPlainText("a \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0~"));
  for (std::string_view bad :
       {"\n", "\x7f", "\xc2\x80", "\xc2\x9f", "\x80", "\xc3", "\xc0\x80",
        "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xe2\x82", "a\x1b[0m"}) {
    CAPTURE(bad);
    CHECK_FALSE(IsPlainText(bad));
  }
  CHECK_FALSE(IsPlainText(std::string_view("\0", 1)));
}

}  // namespace
}  // namespace signet
