#include "revocation-service/limits/client_address.h"

#include <doctest/doctest.h>

namespace signet::service {
namespace {

http::Request From(std::string remote, http::Headers headers = {}) {
  http::Request request;
  request.remote = std::move(remote);
  request.headers = std::move(headers);
  return request;
}

Proxies Make(std::string trusted, std::string header = "x-forwarded-for") {
  auto proxies = Proxies::Create({std::move(trusted), std::move(header)});
  REQUIRE(proxies.ok());
  return std::move(*proxies);
}

TEST_CASE("without trusted proxies no header is believed") {
  const auto request = From("192.0.2.1", {{"X-Forwarded-For", "198.51.100.7"},
                                          {"Forwarded", "for=198.51.100.7"}});
  CHECK(Make("").ClientOf(request) == "192.0.2.1");
  CHECK(Make("10.0.0.0/8").ClientOf(request) == "192.0.2.1");
}

TEST_CASE("the first hop that is no trusted proxy is the client") {
  const Proxies proxies = Make("10.0.0.0/8, ::1");
  const auto client = [&](const std::string& chain) {
    return proxies.ClientOf(From("10.1.2.3", {{"X-Forwarded-For", chain}}));
  };
  CHECK(client("198.51.100.7") == "198.51.100.7");
  // What stands before it is the client's own word.
  CHECK(client("203.0.113.9, 198.51.100.7") == "198.51.100.7");
  CHECK(client("203.0.113.9, 198.51.100.7, 10.9.9.9") == "198.51.100.7");
  CHECK(client("198.51.100.7:4711") == "198.51.100.7");
  CHECK(client("[2001:db8::1]:4711") == "2001:db8::1");
  CHECK(client("2001:DB8::1") == "2001:db8::1");
  // All of them are proxies: the outermost.
  CHECK(client("10.0.0.1, 10.0.0.2") == "10.0.0.1");
}

TEST_CASE("what cannot be read ends the chain") {
  const Proxies proxies = Make("10.0.0.0/8");
  for (const char* chain : {"unknown", "", " ", "_hidden", "198.51.100.300",
                            "198.51.100.7,", "[::1", "\"198.51.100.7"}) {
    CAPTURE(chain);
    CHECK(proxies.ClientOf(From("10.1.2.3", {{"X-Forwarded-For", chain}})) ==
          "10.1.2.3");
  }
}

TEST_CASE("several headers of one name are one list") {
  const Proxies proxies = Make("10.0.0.0/8");
  CHECK(proxies.ClientOf(
            From("10.1.2.3", {{"X-Forwarded-For", "203.0.113.9"},
                              {"x-forwarded-for", "198.51.100.7"}})) ==
        "198.51.100.7");
}

TEST_CASE("only the header that is configured counts") {
  const http::Headers both = {{"Forwarded", "for=203.0.113.9"},
                              {"X-Forwarded-For", "198.51.100.7"}};
  CHECK(Make("10.0.0.0/8").ClientOf(From("10.1.2.3", both)) == "198.51.100.7");
  CHECK(Make("10.0.0.0/8", "forwarded").ClientOf(From("10.1.2.3", both)) ==
        "203.0.113.9");
}

TEST_CASE("RFC 7239 section 4: the for parameter, quoted or not") {
  const Proxies proxies = Make("10.0.0.0/8", "forwarded");
  const auto client = [&](const std::string& value) {
    return proxies.ClientOf(From("10.1.2.3", {{"Forwarded", value}}));
  };
  CHECK(client("for=192.0.2.60;proto=http;by=203.0.113.43") == "192.0.2.60");
  CHECK(client("proto=https; For=\"[2001:db8:cafe::17]:4711\"") ==
        "2001:db8:cafe::17");
  CHECK(client("for=192.0.2.43, for=198.51.100.17") == "198.51.100.17");
  CHECK(client("for=192.0.2.43;ext=\"a,b;for=1.2.3.4\"") == "192.0.2.43");
  CHECK(client("for=unknown") == "10.1.2.3");
  CHECK(client("proto=https") == "10.1.2.3");
}

TEST_CASE("IPv6 addresses are limited by their network") {
  CHECK(AddressKey("2001:db8::1") == AddressKey("2001:db8::ffff:1"));
  CHECK(AddressKey("2001:db8::1") != AddressKey("2001:db8:0:1::1"));
  CHECK(AddressKey("192.0.2.1") != AddressKey("192.0.2.2"));
  CHECK(AddressKey("::ffff:192.0.2.1") == AddressKey("192.0.2.1"));
}

TEST_CASE("a trusted proxy is an address or a network, nothing else") {
  for (const char* bad : {"proxy.example", "10.0.0.0/33", "10.0.0.0/", "::/129",
                          "10.0.0.0/-1", "10.0.0.0/8,", "10.0.0.0/8x"}) {
    CAPTURE(bad);
    const auto made = Proxies::Create({bad, "x-forwarded-for"});
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().code == ErrorCode::kInvalid);
  }
  CHECK(Make("0.0.0.0/0").Trusts("198.51.100.7"));
  CHECK_FALSE(Make("0.0.0.0/0").Trusts("2001:db8::1"));
  CHECK(Make("2001:db8::/32").Trusts("2001:db8:ffff::1"));
  CHECK_FALSE(Make("192.0.2.0/25").Trusts("192.0.2.128"));
}

}  // namespace
}  // namespace signet::service
