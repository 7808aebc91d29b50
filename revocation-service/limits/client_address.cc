#include "revocation-service/limits/client_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "revocation-service/http/list.h"
#include "revocation-service/http/message.h"

namespace signet::service {
namespace {

constexpr int kMappedBits = 96;
constexpr size_t kMaxHops = 32;

bool IsMapped(const IpAddress& address) {
  static constexpr uint8_t kPrefix[] = {0, 0, 0, 0, 0,    0,
                                        0, 0, 0, 0, 0xff, 0xff};
  return std::equal(std::begin(kPrefix), std::end(kPrefix), address.begin());
}

// HostOf takes quotes, brackets and a port away: "[2001:db8::1]:80".
std::string_view HostOf(std::string_view node) {
  if (node.size() >= 2 && node.front() == '"' && node.back() == '"') {
    node = node.substr(1, node.size() - 2);
  }
  if (node.starts_with('[')) {
    const size_t end = node.find(']');
    return end == node.npos ? std::string_view() : node.substr(1, end - 1);
  }
  // One colon stands before a port; more are an IPv6 address.
  if (std::ranges::count(node, ':') == 1) node = node.substr(0, node.find(':'));
  return node;
}

// ForwardedFor is the "for" parameter of one element of RFC 7239 section 4.
std::string_view ForwardedFor(std::string_view element) {
  for (const std::string_view pair : http::SplitList(element, ';')) {
    const size_t equals = pair.find('=');
    if (equals != pair.npos &&
        http::EqualsIgnoringCase(http::Trim(pair.substr(0, equals)), "for")) {
      return HostOf(http::Trim(pair.substr(equals + 1)));
    }
  }
  return {};
}

}  // namespace

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  const std::string zero_ended(text.substr(0, text.find('%')));
  IpAddress address{};
  in_addr v4{};
  if (inet_pton(AF_INET, zero_ended.c_str(), &v4) == 1) {
    address[10] = address[11] = 0xff;
    std::memcpy(address.data() + 12, &v4, sizeof v4);
    return address;
  }
  if (inet_pton(AF_INET6, zero_ended.c_str(), address.data()) == 1) {
    return address;
  }
  return std::nullopt;
}

std::string IpAddressText(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (IsMapped(address)) {
    inet_ntop(AF_INET, address.data() + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, address.data(), text, sizeof text);
  }
  return text;
}

std::string AddressKey(std::string_view address) {
  const auto parsed = ParseIpAddress(address);
  if (!parsed) return std::string(address);
  const auto* bytes = reinterpret_cast<const char*>(parsed->data());
  return IsMapped(*parsed) ? std::string(bytes + 12, 4) : std::string(bytes, 8);
}

Result<Proxies> Proxies::Create(const ProxyOptions& options) {
  Proxies proxies;
  proxies.standard_header_ = options.header == "forwarded";
  if (http::Trim(options.trusted).empty()) return proxies;
  for (const std::string_view part : http::SplitList(options.trusted, ',')) {
    const size_t slash = part.find('/');
    const auto address = ParseIpAddress(part.substr(0, slash));
    const Error malformed{
        ErrorCode::kInvalid,
        "proxy.trusted: \"" + std::string(part) +
            "\" is not an address or a network such as 10.0.0.0/8"};
    if (!address) return malformed;
    Network network{.address = *address};
    if (slash != part.npos) {
      const std::string_view digits = part.substr(slash + 1);
      int bits = -1;
      const auto [end, code] =
          std::from_chars(digits.data(), digits.data() + digits.size(), bits);
      const int base = IsMapped(*address) ? kMappedBits : 0;
      if (code != std::errc() || end != digits.data() + digits.size() ||
          bits < 0 || base + bits > 128) {
        return malformed;
      }
      network.bits = base + bits;
    }
    proxies.networks_.push_back(network);
  }
  return proxies;
}

bool Proxies::Trusts(std::string_view text) const {
  const auto address = ParseIpAddress(text);
  if (!address) return false;
  return std::ranges::any_of(networks_, [&](const Network& network) {
    for (int bit = 0; bit < network.bits; ++bit) {
      const size_t byte = static_cast<size_t>(bit) / 8;
      const int mask = 0x80 >> (bit % 8);
      if (((network.address[byte] ^ (*address)[byte]) & mask) != 0) {
        return false;
      }
    }
    return true;
  });
}

std::string Proxies::ClientOf(const http::Request& request) const {
  if (!Trusts(request.remote)) return request.remote;
  const std::string_view name =
      standard_header_ ? "Forwarded" : "X-Forwarded-For";
  std::vector<std::string_view> hops;
  for (const auto& [header, value] : request.headers) {
    if (!http::EqualsIgnoringCase(header, name)) continue;
    for (const std::string_view part : http::SplitList(value, ',')) {
      hops.push_back(standard_header_ ? ForwardedFor(part) : HostOf(part));
    }
  }
  std::string client = request.remote;
  for (size_t i = 0; i < std::min(hops.size(), kMaxHops); ++i) {
    const auto address = ParseIpAddress(hops[hops.size() - 1 - i]);
    if (!address) break;
    client = IpAddressText(*address);
    if (!Trusts(client)) break;
  }
  return client;
}

}  // namespace signet::service
