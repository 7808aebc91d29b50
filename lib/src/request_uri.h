#ifndef SIGNET_LIB_SRC_REQUEST_URI_H_
#define SIGNET_LIB_SRC_REQUEST_URI_H_

#include <optional>
#include <string>
#include <string_view>

namespace signet {

// NormalizeRequestUri writes the one spelling of an absolute http or https
// URI, without query and fragment: two URIs that RFC 3986 sections 6.2.2 and
// 6.2.3 call equivalent give the same text. nullopt if it is none, or has a
// user name in it (RFC 9110 section 4.2.4). It takes time and memory in
// proportion to the text.
std::optional<std::string> NormalizeRequestUri(std::string_view uri);

}  // namespace signet

#endif  // SIGNET_LIB_SRC_REQUEST_URI_H_
