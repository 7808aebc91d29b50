#ifndef SIGNET_SERVICE_HTTP_LIST_H_
#define SIGNET_SERVICE_HTTP_LIST_H_

#include <algorithm>
#include <string_view>
#include <vector>

namespace signet::service::http {

inline std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// SplitList cuts a header's value at `separator`, but not within a quoted
// string (RFC 9110 section 5.6.4), and trims the parts. There is at least one.
inline std::vector<std::string_view> SplitList(std::string_view text,
                                               char separator) {
  std::vector<std::string_view> parts;
  size_t start = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == separator && !quoted) {
      parts.push_back(Trim(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  parts.push_back(Trim(text.substr(std::min(start, text.size()))));
  return parts;
}

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_LIST_H_
