// The URI of an HTTP request (RFC 9110 section 4.2, RFC 3986):
//
//   uri    = ( "http" / "https" ) "://" host [ ":" *5DIGIT ] path
//            [ "?" query ] [ "#" fragment ]
//   host   = 1*( unreserved / sub-delims / %XX ) / "[" 1*( HEXDIG / ":" / "." )
//   "]" path   = *( "/" segment ) segment = any visible ASCII but "%", "/",
//   "?", "#"; and %XX
//
// RFC 3986 has fewer characters in a segment. What else clients put there
// without encoding it is compared as it stands.

#include "request_uri.h"

#include <charconv>

#include "jose_header.h"

namespace signet {
namespace {

constexpr std::string_view kUnreserved =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
constexpr std::string_view kSubDelims = "!$&'()*+,;=";
constexpr std::string_view kIpLiteral = "0123456789abcdefABCDEF:.";

bool IsOneOf(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

bool IsHostCharacter(char c) {
  return IsOneOf(c, kUnreserved) || IsOneOf(c, kSubDelims);
}

bool IsPathCharacter(char c) { return c > 0x20 && c < 0x7f; }

char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

void LowerCase(std::string& text) {
  for (char& c : text) c = ToLower(c);
}

// ReadEscape reads the two digits behind a percent sign.
std::optional<char> ReadEscape(std::string_view digits) {
  unsigned value = 0;
  if (digits.size() != 2) return std::nullopt;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + 2, value, 16);
  if (error != std::errc() || stop != digits.data() + 2) return std::nullopt;
  return static_cast<char>(value);
}

// Decode copies text and takes escapes away where they mean nothing (RFC 3986
// 6.2.2.2); those that stay are written in upper case (6.2.2.1).
template <class IsAllowed>
std::optional<std::string> Decode(std::string_view text, IsAllowed is_allowed) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!is_allowed(text[i])) return std::nullopt;
      out += text[i];
      continue;
    }
    const std::optional<char> c = ReadEscape(text.substr(i + 1, 2));
    if (!c) return std::nullopt;
    i += 2;
    if (IsOneOf(*c, kUnreserved)) {
      out += *c;
      continue;
    }
    constexpr std::string_view kHex = "0123456789ABCDEF";
    const auto byte = static_cast<uint8_t>(*c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

// RemoveDotSegments is RFC 3986 section 5.2.4 for a path that begins with a
// slash.
std::string RemoveDotSegments(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);  // "/" and its text
    path.remove_prefix(end);
    const bool is_parent = segment == "/..";
    if (!is_parent && segment != "/.") {
      out += segment;
      continue;
    }
    if (is_parent && !out.empty()) out.resize(out.rfind('/'));
    // At the end of a path either one names a folder.
    if (path.empty()) out += '/';
  }
  return out;
}

// ReadScheme cuts the scheme off, and gives it in lower case.
std::string_view ReadScheme(std::string_view& uri) {
  const size_t end = uri.find("://");
  if (end == std::string_view::npos) return {};
  const std::string_view scheme = uri.substr(0, end);
  uri.remove_prefix(end + 3);
  for (const std::string_view known : {"https", "http"}) {
    if (EqualsIgnoringCase(scheme, known)) return known;
  }
  return {};
}

std::optional<std::string> ReadHost(std::string_view host) {
  std::optional<std::string> out;
  if (host.starts_with('[')) {
    if (host.size() < 3 || !host.ends_with(']')) return std::nullopt;
    for (const char c : host.substr(1, host.size() - 2)) {
      if (!IsOneOf(c, kIpLiteral)) return std::nullopt;
    }
    out = host;
  } else {
    out = Decode(host, IsHostCharacter);
  }
  // RFC 9110 section 4.2.1: a URI with an empty host is invalid.
  if (!out || out->empty()) return std::nullopt;
  LowerCase(*out);
  return out;
}

// ReadPort gives ":" and the number, or nothing for the scheme's own port and
// an empty one (RFC 3986 section 6.2.3).
std::optional<std::string> ReadPort(std::string_view port,
                                    std::string_view scheme) {
  if (port.empty()) return "";
  uint16_t number = 0;
  const char* end = port.data() + port.size();
  const auto [stop, error] = std::from_chars(port.data(), end, number);
  if (error != std::errc() || stop != end || port.size() > 5) {
    return std::nullopt;
  }
  if (number == (scheme == "https" ? 443 : 80)) return "";
  return ":" + std::to_string(number);
}

std::optional<std::string> ReadAuthority(std::string_view authority,
                                         std::string_view scheme) {
  // The colons of an IPv6 address stand before its bracket.
  const size_t bracket = authority.rfind(']');
  const size_t colon =
      authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::optional<std::string> host = ReadHost(authority.substr(0, colon));
  if (!host) return std::nullopt;
  if (colon == std::string_view::npos) return host;
  const std::optional<std::string> port =
      ReadPort(authority.substr(colon + 1), scheme);
  if (!port) return std::nullopt;
  return *host + *port;
}

}  // namespace

std::optional<std::string> NormalizeRequestUri(std::string_view uri) {
  uri = uri.substr(0, uri.find_first_of("?#"));
  const std::string_view scheme = ReadScheme(uri);
  if (scheme.empty()) return std::nullopt;
  const size_t slash = std::min(uri.find('/'), uri.size());
  const std::optional<std::string> authority =
      ReadAuthority(uri.substr(0, slash), scheme);
  std::optional<std::string> path = Decode(uri.substr(slash), IsPathCharacter);
  if (!authority || !path) return std::nullopt;
  // RFC 3986 section 6.2.3: no path is the path "/".
  if (path->empty()) path = "/";
  std::string out(scheme);
  out += "://";
  out += *authority;
  return out += RemoveDotSegments(*path);
}

}  // namespace signet
