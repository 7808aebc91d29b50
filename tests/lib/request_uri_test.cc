#include "request_uri.h"

#include <doctest/doctest.h>

namespace signet {
namespace {

std::string Normal(std::string_view uri) {
  return NormalizeRequestUri(uri).value_or("none");
}

TEST_CASE("a URI that is normal stays as it is") {
  for (const std::string_view uri :
       {"https://server.example.com/token", "http://localhost:8420/token",
        "https://a/", "https://a/b/", "https://a//b", "https://[::1]:8443/x",
        "https://a/b%2Fc", "https://a/-._~!$&'()*+,;=:@", "https://a/%C3%A9%20",
        "https://192.0.2.1/..."}) {
    CHECK(Normal(uri) == uri);
  }
}

TEST_CASE("scheme and host have no case, the path has") {
  CHECK(Normal("HTTPS://Server.EXAMPLE.com/Token") ==
        "https://server.example.com/Token");
  CHECK(Normal("https://[2001:DB8::A]/") == "https://[2001:db8::a]/");
  CHECK(Normal("http://a/") != Normal("https://a/"));
}

TEST_CASE("query and fragment do not count") {
  CHECK(Normal("https://a/b?c=d") == "https://a/b");
  CHECK(Normal("https://a/b#c") == "https://a/b");
  CHECK(Normal("https://a/b?c#d/../e?f") == "https://a/b");
  CHECK(Normal("https://a/b#c?d") == "https://a/b");
  CHECK(Normal("https://a?b") == "https://a/");
  CHECK(Normal("https://a/b?\x01") == "https://a/b");
}

TEST_CASE("the port of the scheme and an empty one are left away") {
  CHECK(Normal("https://a:443/b") == "https://a/b");
  CHECK(Normal("http://a:80/b") == "http://a/b");
  CHECK(Normal("https://a:/b") == "https://a/b");
  CHECK(Normal("https://a:00443/b") == "https://a/b");
  CHECK(Normal("https://[::1]:443") == "https://[::1]/");
  CHECK(Normal("https://a:80/b") == "https://a:80/b");
  CHECK(Normal("http://a:443/b") == "http://a:443/b");
  CHECK(Normal("https://a:65535/") == "https://a:65535/");
}

TEST_CASE("escapes of unreserved characters mean the characters") {
  CHECK(Normal("https://a/%74%6Fken") == "https://a/token");
  CHECK(Normal("https://a/%7eb%2D%2e%5F") == "https://a/~b-._");
  CHECK(Normal("https://%41.example/") == "https://a.example/");
  // Others do not, and are written in upper case.
  CHECK(Normal("https://a/b%2fc") == "https://a/b%2Fc");
  CHECK(Normal("https://a/%3f%23%25") == "https://a/%3F%23%25");
  CHECK(Normal("https://a/%c3%a9") == "https://a/%C3%A9");
  // One pass: what comes out of an escape is no escape.
  CHECK(Normal("https://a/%2541") == "https://a/%2541");
}

TEST_CASE("dot segments are removed, as RFC 3986 section 5.2.4 does it") {
  CHECK(Normal("https://a/a/b/c/./../../g") == "https://a/a/g");
  CHECK(Normal("https://a/./b") == "https://a/b");
  CHECK(Normal("https://a/b/.") == "https://a/b/");
  CHECK(Normal("https://a/b/..") == "https://a/");
  CHECK(Normal("https://a/b/c/..") == "https://a/b/");
  CHECK(Normal("https://a/../../b") == "https://a/b");
  CHECK(Normal("https://a/..") == "https://a/");
  CHECK(Normal("https://a/.") == "https://a/");
  CHECK(Normal("https://a//../b") == "https://a/b");
  CHECK(Normal("https://a/b//../c") == "https://a/b/c");
  // Escapes first: the order of sections 6.2.2.2 and 6.2.2.3.
  CHECK(Normal("https://a/b/%2e%2E/c") == "https://a/c");
  CHECK(Normal("https://a/b/%2e/c") == "https://a/b/c");
  // No dots that stand alone.
  CHECK(Normal("https://a/b/..c/.d/e..") == "https://a/b/..c/.d/e..");
  CHECK(Normal("https://a/b/..%2Fc") == "https://a/b/..%2Fc");
}

TEST_CASE("what a path should not hold is compared as it stands") {
  CHECK(Normal("https://a/[b]|\\..\\^`{\"}<>") ==
        "https://a/[b]|\\..\\^`{\"}<>");
}

TEST_CASE("what is not the URI of a request has no normal form") {
  for (const std::string_view uri : {"",
                                     "https",
                                     "https:",
                                     "https:/a",
                                     "https://",
                                     "https:///b",
                                     "https://:443/b",
                                     "https://?b",
                                     "//a/b",
                                     "/token",
                                     "ftp://a/b",
                                     "httpss://a/b",
                                     "https ://a/b",
                                     " https://a/b",
                                     "https://a b/",
                                     "https://a/b c",
                                     "https://a/b\n",
                                     "https://a/b\x7f",
                                     "https://a/\xc3\xa9",
                                     "https://\xc3\xa9/",
                                     "https://user@a/b",
                                     "https://user:password@a/b",
                                     "https://a:b/",
                                     "https://a:65536/",
                                     "https://a:99999999999/",
                                     "https://a:000443/",
                                     "https://a:+1/",
                                     "https://a:-1/",
                                     "https://a:1:2/",
                                     "https://[::1/",
                                     "https://::1/",
                                     "https://[]/",
                                     "https://[::1]x/",
                                     "https://[g::]/",
                                     "https://x[::1]/",
                                     "https://[::1%25eth0]/",
                                     "https://a/%",
                                     "https://a/%4",
                                     "https://a/%4g",
                                     "https://a/%+1",
                                     "https://a/%-1",
                                     "https://a/% 1",
                                     "https://%/",
                                     "https://a\\b/",
                                     "https://a%2/b"}) {
    CHECK_MESSAGE(Normal(uri) == "none", uri);
  }
  CHECK(Normal(std::string_view("https://a/b\0", 12)) == "none");
  CHECK(Normal(std::string_view("https://a\0b/", 12)) == "none");
}

TEST_CASE("a normal form is its own normal form") {
  for (const std::string_view uri :
       {"HTTP://A:080/%7Ea/./b/../%2e%2e/c%2f?d", "https://a/%252e%252e/b",
        "https://A%2eB:/", "https://a/b/%2e%2e%2f../c"}) {
    const std::string normal = Normal(uri);
    REQUIRE(normal != "none");
    CHECK(Normal(normal) == normal);
  }
}

TEST_CASE("a path of a megabyte of dot segments costs no more than its size") {
  std::string uri = "https://a";
  for (int i = 0; i < 100'000; ++i) uri += "/b/../c/.";
  const std::string normal = Normal(uri);
  CHECK(normal.starts_with("https://a/c/c/"));
  CHECK(normal.size() == 9 + 100'000 * 2 + 1);
}

}  // namespace
}  // namespace signet
