#ifndef SIGNET_URL_TEXT_H_
#define SIGNET_URL_TEXT_H_

#include <string>
#include <string_view>

namespace signet {

// What a client of HTTP writes into a request, and which redirects it follows.
// All functions are safe from any thread.

// UrlEncode percent-encodes all but letters, digits, "-", "." and "_", so that
// a text reads the same in a URL's path or query (RFC 3986) and in a form, as
// which also a client's id and secret go into Basic (RFC 6749 section 2.3.1).
std::string UrlEncode(std::string_view text);

// IsReferenceBelow tells whether a relative reference leads to a path below the
// present one's last slash, and to no other host: a redirect there may be
// followed with credentials.
bool IsReferenceBelow(std::string_view reference);

}  // namespace signet

#endif  // SIGNET_URL_TEXT_H_
