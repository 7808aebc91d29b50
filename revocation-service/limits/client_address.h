#ifndef SIGNET_SERVICE_LIMITS_CLIENT_ADDRESS_H_
#define SIGNET_SERVICE_LIMITS_CLIENT_ADDRESS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "revocation-service/http/server.h"
#include "signet/result.h"

namespace signet::service {

// An IpAddress is an IPv6 address, or an IPv4 one mapped into it.
using IpAddress = std::array<uint8_t, 16>;
std::optional<IpAddress> ParseIpAddress(std::string_view text);
std::string IpAddressText(const IpAddress& address);

// AddressKey is what addresses are limited by: all of an IPv4 address, and
// the first 64 bits of an IPv6 one, since one household has them all.
std::string AddressKey(std::string_view address);

// ProxyOptions name the proxies that are believed when they say for whom they
// speak, and the one header in which they say it. A header that the proxy
// does not write itself would be the client's own word.
struct ProxyOptions {
  std::string trusted = {};                // "10.0.0.0/8, ::1"; empty: nobody
  std::string header = "x-forwarded-for";  // or "forwarded"

  bool operator==(const ProxyOptions&) const = default;
};

// Proxies is ProxyOptions, read. It is a value.
class Proxies {
 public:
  Proxies() = default;
  // Create names the part that is not an address or a network.
  static Result<Proxies> Create(const ProxyOptions& options);

  bool empty() const { return networks_.empty(); }
  bool Trusts(std::string_view address) const;

  // ClientOf is the address that the request comes from: from the connection
  // outwards, the first hop that is no trusted proxy. What cannot be read
  // counts as the end of the trusted part.
  std::string ClientOf(const http::Request& request) const;

 private:
  struct Network {
    IpAddress address{};
    int bits = 128;
  };

  std::vector<Network> networks_;
  bool standard_header_ = false;  // RFC 7239 instead of X-Forwarded-For
};

}  // namespace signet::service

#endif  // SIGNET_SERVICE_LIMITS_CLIENT_ADDRESS_H_
