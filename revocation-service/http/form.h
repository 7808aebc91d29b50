#ifndef SIGNET_SERVICE_HTTP_FORM_H_
#define SIGNET_SERVICE_HTTP_FORM_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "signet/result.h"

namespace signet::service::http {

// Form holds the parameters of an application/x-www-form-urlencoded body or a
// query. A parameter without a value is as good as absent, and one that stands
// twice is an error (RFC 6749 section 3.2); unknown ones are kept, unread.
class Form {
 public:
  // Parse decodes '+' and percent-escapes. kInvalid names the parameter that
  // is repeated or badly encoded, or holds a NUL or invalid UTF-8.
  static Result<Form> Parse(std::string_view text);

  // Get returns the value, or "" if absent.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// FormDecode decodes one component. nullopt if an escape is malformed.
std::optional<std::string> FormDecode(std::string_view text);

// PercentDecode decodes a path segment: like FormDecode, '+' being itself.
std::optional<std::string> PercentDecode(std::string_view text);

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_FORM_H_
