#include "signet/url_text.h"

#include <doctest/doctest.h>

namespace signet {
namespace {

TEST_CASE(
    "what is written into a URL or a form is letters, digits and escapes") {
  CHECK(UrlEncode("") == "");
  CHECK(UrlEncode("aZ09-._") == "aZ09-._");
  CHECK(UrlEncode("a b+c&d=e%f:g~*/") == "a%20b%2Bc%26d%3De%25f%3Ag%7E%2A%2F");
  CHECK(UrlEncode(std::string_view("\0\xff\xc3\xa4", 4)) == "%00%FF%C3%A4");
}

TEST_CASE("a redirect is followed below the present path and nowhere else") {
  for (const char* below : {"a", "snapshot/1.42.x-_", "a//b", "a/./b"}) {
    CAPTURE(below);
    CHECK(IsReferenceBelow(below));
  }
  for (const char* elsewhere :
       {"", "/", "/feed/snapshot", "//evil.example/x", "https://evil.example",
        "../x", "a/../../x", "a/..", "a?b", "a#b", "a\\b", "a%2e", "a b", "a@b",
        "a\r\nb"}) {
    CAPTURE(elsewhere);
    CHECK_FALSE(IsReferenceBelow(elsewhere));
  }
  CHECK(IsReferenceBelow(std::string(256, 'a')));
  CHECK_FALSE(IsReferenceBelow(std::string(257, 'a')));
}

}  // namespace
}  // namespace signet
