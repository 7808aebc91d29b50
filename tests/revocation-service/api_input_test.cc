#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "revocation-service/api/input.h"
#include "signet/revocation.h"

namespace signet::service {
namespace {

// ParseError is the error of a body whose members may be a, b and c.
std::string ParseError(const std::string& text) {
  const auto body = JsonBody::Parse(text, {"a", "b", "c"});
  return body ? "" : body.error().message;
}

JsonBody Body(const std::string& text) {
  auto body = JsonBody::Parse(text, {"a", "b", "c"});
  REQUIRE_MESSAGE(body.ok(), text);
  return std::move(body).value();
}

TEST_CASE("a body is one JSON object and nothing else") {
  CHECK(ParseError("{}").empty());
  CHECK(ParseError(" {\"a\":1}\r\n").empty());
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("1"), std::string("null"),
        std::string("{"), std::string("{}{}"), std::string("{} x"),
        std::string("\xef\xbb\xbf{}"), std::string("{\"a\":1,}"),
        std::string("{\"a\":NaN}"), std::string("{/**/}"),
        std::string("{'a':1}"), std::string("{\"a\":\"\xff\"}"),
        std::string("{\"a\":\"\\ud800\"}"), std::string("{}\0", 3)}) {
    CAPTURE(text);
    CHECK(ParseError(text) == "the body must be one JSON object");
  }
}

TEST_CASE("a body of great depth is refused, not followed") {
  CHECK_FALSE(ParseError("{\"a\":" + std::string(60'000, '[')).empty());
  std::string deep = "1";
  for (int i = 0; i < 40; ++i) deep = "{\"a\":" + deep + "}";
  CHECK_FALSE(ParseError(deep).empty());
}

TEST_CASE("a number that would be rounded is refused, at any depth") {
  for (const char* good :
       {R"({"a":18446744073709551615})", R"({"a":-9223372036854775808})",
        R"({"a":0.1,"b":1e3,"c":3.14159265358979323846})"}) {
    CAPTURE(good);
    CHECK(ParseError(good).empty());
  }
  CHECK(ParseError(R"({"a":[{"b":18446744073709551616},1]})") ==
        "a number is too large to be kept as it is: give "
        "18446744073709551616 as a text");
  CHECK_FALSE(ParseError(R"({"a":-9223372036854775809})").empty());
  CHECK_FALSE(ParseError("{\"a\":" + std::string(500, '9') + "}").empty());
  CHECK_FALSE(ParseError(R"({"a":1e400})").empty());
}

TEST_CASE("a member that stands twice is refused by name, at any depth") {
  CHECK(ParseError(R"({"a":1,"a":1})") == "the member 'a' stands twice");
  CHECK(ParseError(R"({"a":1,"\u0061":1})") == "the member 'a' stands twice");
  CHECK(ParseError(R"({"a":{"x":[{"y":1,"y":2}]}})") ==
        "the member 'y' stands twice");
  CHECK(ParseError(R"({"a":{"b":1},"b":{"a":1}})").empty());
}

TEST_CASE("an unknown member is refused by name") {
  CHECK(ParseError(R"({"a":1,"audiance":1})") ==
        "the member 'audiance' is not known here");
  CHECK(ParseError(R"({"A":1})") == "the member 'A' is not known here");
}

TEST_CASE("a member's name that is not fit to be printed is not repeated") {
  for (const char* name :
       {R"(\u0000)", R"(\n)", R"(\")", R"(\\)", R"(\u00e9)"}) {
    CAPTURE(name);
    const std::string member = std::string("\"") + name + "\":1";
    CHECK(ParseError("{" + member + "}") == "a member is not known here");
    CHECK(ParseError("{" + member + "," + member + "}") ==
          "a member stands twice");
  }
  const std::string longest(64, 'x');
  CHECK(ParseError("{\"" + longest + "\":1}") ==
        "the member '" + longest + "' is not known here");
  CHECK(ParseError("{\"x" + longest + "\":1}") == "a member is not known here");
}

TEST_CASE("text has a type, a length and no control characters") {
  JsonBody good = Body(R"({"a":"caf\u00e9","b":""})");
  CHECK(good.Text("a", 5) == "caf\xc3\xa9");
  CHECK(good.Text("b", 5).empty());
  CHECK(good.Text("c", 5).empty());
  CHECK(good.status().ok());
  for (const char* text :
       {R"({"a":1})", R"({"a":null})", R"({"a":["x"]})", R"({"a":"123456"})",
        R"({"a":"\u0000"})", R"({"a":"x\n"})", R"({"a":"\u007f"})"}) {
    CAPTURE(text);
    JsonBody body = Body(text);
    body.Text("a", 5);
    REQUIRE_FALSE(body.status().ok());
    CHECK(body.status().error().message.starts_with("a "));
  }
}

TEST_CASE("a required member is there and not empty") {
  for (const char* text : {"{}", R"({"a":""})"}) {
    JsonBody body = Body(text);
    body.Required("a", 5);
    REQUIRE_FALSE(body.status().ok());
    CHECK(body.status().error().message == "a is missing or empty");
  }
}

TEST_CASE("the first problem is the one that is told") {
  JsonBody body = Body(R"({"a":1,"b":2})");
  body.Text("b", 5);
  body.Text("a", 5);
  CHECK(body.status().error().message == "b must be a string");
}

TEST_CASE("one text or a list of texts") {
  using List = std::vector<std::string>;
  CHECK(Body(R"({"a":"x"})").TextOrList("a", 5, 2) == List{"x"});
  CHECK(Body(R"({"a":["x","y"]})").TextOrList("a", 5, 2) == List{"x", "y"});
  CHECK(Body("{}").TextOrList("a", 5, 2).empty());
  for (const char* text :
       {R"({"a":""})", R"({"a":[""]})", R"({"a":["x","y","z"]})",
        R"({"a":[1]})", R"({"a":[["x"]]})", R"({"a":{}})", R"({"a":null})",
        R"({"a":["123456"]})", R"({"a":["\u0001"]})"}) {
    CAPTURE(text);
    JsonBody body = Body(text);
    body.TextOrList("a", 5, 2);
    CHECK_FALSE(body.status().ok());
  }
}

TEST_CASE("an object is kept as its text") {
  CHECK(Body(R"({"a":{"x":[1,"y"]}})").Object("a", 50) == R"({"x":[1,"y"]})");
  CHECK(Body(R"({"a":{}})").Object("a", 50).empty());
  for (const char* text :
       {R"({"a":[]})", R"({"a":"{}"})", R"({"a":null})",
        R"({"a":{"x":"0123456789012345678901234567890"}})"}) {
    CAPTURE(text);
    JsonBody body = Body(text);
    body.Object("a", 30);
    CHECK_FALSE(body.status().ok());
  }
}

TEST_CASE("a moment is RFC 3339 or whole seconds, from 1970 to kForever") {
  const EpochSeconds moment{Seconds(1'000'000'000)};
  CHECK(Body(R"({"a":1000000000})").Moment("a") == moment);
  CHECK(Body(R"({"a":"2001-09-09T01:46:40Z"})").Moment("a") == moment);
  CHECK(Body(R"({"a":4294967280})").Moment("a") == kForever);
  CHECK_FALSE(Body("{}").Moment("a").has_value());
  for (const char* text :
       {R"({"a":-1})", R"({"a":1.5})", R"({"a":1e9})", R"({"a":true})",
        R"({"a":"1000000000"})", R"({"a":4294967281})", R"({"a":null})",
        R"({"a":18446744073709551615})", R"({"a":"9999-01-01T00:00:00Z"})"}) {
    CAPTURE(text);
    JsonBody body = Body(text);
    body.Moment("a");
    CHECK_FALSE(body.status().ok());
  }
}

TEST_CASE("a query holds known parameters, once each, and not empty") {
  const auto error = [](const char* query) {
    const auto form = ParseQuery(query, {"subject", "except"});
    return form ? "" : form.error().message;
  };
  CHECK(error("") == "");
  CHECK(error("subject=a%20b&except=c") == "");
  CHECK(error("sub%6Aect=a") == "");
  CHECK(error("subject=a&excpt=c") ==
        "the query parameter 'excpt' is not known here");
  CHECK(error("subject=a&except=") == "the query parameter 'except' is empty");
  CHECK(error("subject=a&except") == "the query parameter 'except' is empty");
  CHECK(error("subject=a&=c") == "the query parameter '' is not known here");
  CHECK_FALSE(std::string(error("subject=a&subject=b")).empty());
  CHECK_FALSE(std::string(error("subject=%zz")).empty());
}

TEST_CASE("a number is decimal, without sign, zeros or leftovers") {
  CHECK(ParseNumber("0", 9) == 0);
  CHECK(ParseNumber("9", 9) == 9);
  CHECK(ParseNumber("18446744073709551615", UINT64_MAX) == UINT64_MAX);
  for (const char* text : {"", "10", "-1", "+1", "01", "1 ", " 1", "1.0", "0x1",
                           "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseNumber(text, 9).has_value());
  }
}

}  // namespace
}  // namespace signet::service
