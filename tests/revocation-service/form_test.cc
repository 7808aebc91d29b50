#include "revocation-service/http/form.h"

#include <doctest/doctest.h>

namespace signet::service::http {
namespace {

std::string ErrorOf(std::string_view text) {
  auto form = Form::Parse(text);
  REQUIRE_FALSE(form.ok());
  CHECK(form.error().code == ErrorCode::kInvalid);
  return form.error().message;
}

TEST_CASE("a form gives back decoded values by name") {
  auto form = Form::Parse(
      "grant_type=refresh_token&scope=a+b%20c&device=caf%C3%A9%2B1&x=a=b");
  REQUIRE(form.ok());
  CHECK(form->Get("grant_type") == "refresh_token");
  CHECK(form->Get("scope") == "a b c");
  CHECK(form->Get("device") == "caf\xc3\xa9+1");
  CHECK(form->Get("x") == "a=b");
  CHECK(form->Get("absent").empty());
}

TEST_CASE("an empty text is a form without parameters") {
  auto form = Form::Parse("");
  REQUIRE(form.ok());
  CHECK_FALSE(form->Has(""));
}

TEST_CASE("a parameter without a value is as good as absent") {
  auto form = Form::Parse("scope=&token&a=1");
  REQUIRE(form.ok());
  CHECK_FALSE(form->Has("scope"));
  CHECK_FALSE(form->Has("token"));
  CHECK(form->Has("a"));
}

TEST_CASE("empty pieces between ampersands are nothing") {
  auto form = Form::Parse("&&a=1&&b=2&");
  REQUIRE(form.ok());
  CHECK(form->Get("b") == "2");
}

TEST_CASE("a parameter that stands twice is an error, however it is spelt") {
  CHECK(ErrorOf("token=a&token=a") == "parameter token is repeated");
  CHECK(ErrorOf("token=a&t%6Fken=b") == "parameter token is repeated");
  CHECK(ErrorOf("token=&token=b") == "parameter token is repeated");
  CHECK(ErrorOf("a+b=1&a%20b=2") == "a parameter is repeated");
}

TEST_CASE("a malformed escape is an error") {
  for (const char* text : {"a=%", "a=%2", "a=%zz", "a=%2g", "a=1%"}) {
    CAPTURE(text);
    CHECK(ErrorOf(text) == "parameter a is badly encoded");
  }
  CHECK(ErrorOf("%=1") == "the name of a parameter is badly encoded");
}

TEST_CASE("NUL is an error, raw or escaped") {
  CHECK(ErrorOf("a=%00") == "parameter a is badly encoded");
  CHECK(ErrorOf(std::string_view("a=\0", 3)) == "parameter a is badly encoded");
  CHECK(ErrorOf("a%00b=1") == "the name of a parameter is badly encoded");
}

TEST_CASE("invalid UTF-8 is an error") {
  const char* bad[] = {
      "%80",           // a continuation alone
      "%C3",           // cut off
      "%C0%AF",        // overlong '/'
      "%E0%80%AF",     // overlong in three bytes
      "%F0%80%80%AF",  // overlong in four bytes
      "%ED%A0%80",     // a surrogate
      "%F4%90%80%80",  // beyond U+10FFFF
      "%F5%80%80%80", "%FF", "%E2%82", "%F0%9F%98",
  };
  for (const char* text : bad) {
    CAPTURE(text);
    CHECK_FALSE(Form::Parse(std::string("a=") + text).ok());
    CHECK_FALSE(Form::Parse(std::string(text) + "=1").ok());
  }
}

TEST_CASE("the borders of UTF-8 are accepted") {
  for (const char* text :
       {"%7F", "%C2%80", "%DF%BF", "%E0%A0%80", "%ED%9F%BF", "%EE%80%80",
        "%EF%BF%BF", "%F0%90%80%80", "%F4%8F%BF%BF"}) {
    CAPTURE(text);
    CHECK(Form::Parse(std::string("a=") + text).ok());
  }
}

TEST_CASE("256 parameters are accepted, 257 are not") {
  std::string text;
  for (int i = 0; i < 256; ++i) text += "p" + std::to_string(i) + "=1&";
  CHECK(Form::Parse(text).ok());
  CHECK(ErrorOf(text + "q=1") == "there are too many parameters");
}

TEST_CASE("errors do not echo names that are unfit to print") {
  CHECK(ErrorOf("%3Cb%3E=1&%3Cb%3E=2") == "a parameter is repeated");
  const std::string longest(65, 'n');
  CHECK(ErrorOf(longest + "=1&" + longest + "=2") == "a parameter is repeated");
}

TEST_CASE("plus is a space in a form and itself in a path") {
  CHECK(FormDecode("a+b%2B") == "a b+");
  CHECK(PercentDecode("a+b%2B") == "a+b+");
  CHECK_FALSE(FormDecode("%4").has_value());
  CHECK_FALSE(PercentDecode("%").has_value());
}

}  // namespace
}  // namespace signet::service::http
