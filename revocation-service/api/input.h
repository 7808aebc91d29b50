#ifndef SIGNET_SERVICE_API_INPUT_H_
#define SIGNET_SERVICE_API_INPUT_H_

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "revocation-service/http/form.h"
#include "revocation-service/http/server.h"
#include "signet/clock.h"
#include "signet/result.h"

namespace signet::service {

// JsonBody reads the members of a request's JSON object. Each accessor checks
// one member; the first thing that is wrong is remembered, names the member,
// and is returned by status(), so that a handler reads all and asks once.
// An absent member reads as empty.
class JsonBody {
 public:
  // Parse succeeds only if the body is one JSON object, no name stands twice
  // in any object in it, no number is too large to be kept, and its members are
  // among `known`: a misspelt name must not be taken for an absent one.
  static Result<JsonBody> Parse(std::string_view body,
                                std::initializer_list<std::string_view> known);
  JsonBody(JsonBody&&) noexcept;
  ~JsonBody();

  bool Has(std::string_view name) const;

  // Text reads a string of at most `max` bytes without control characters.
  std::string Text(std::string_view name, size_t max);
  // Required is Text, and the member must be there and not empty.
  std::string Required(std::string_view name, size_t max);
  // TextOrList reads a string, or an array of at most `max_items` strings;
  // none of them may be empty.
  std::vector<std::string> TextOrList(std::string_view name, size_t max,
                                      size_t max_items);
  // Object reads an object and returns its text, of at most `max` bytes.
  std::string Object(std::string_view name, size_t max);
  // Moment reads RFC 3339 or whole seconds since 1970.
  std::optional<EpochSeconds> Moment(std::string_view name);

  // Refuse remembers a problem that the caller found.
  void Refuse(std::string_view name, std::string_view problem);
  const Status& status() const { return status_; }

 private:
  struct Impl;
  explicit JsonBody(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  Status status_;
};

// CheckJson: the text is one JSON value of bounded depth in which no name
// stands twice in an object. The error says what is wrong.
Status CheckJson(std::string_view text);

// ParseQuery reads a query whose parameters are among `known` and not empty:
// a misspelt or empty one was meant to narrow what the request does.
Result<http::Form> ParseQuery(std::string_view query,
                              std::initializer_list<std::string_view> known);

// ParseNumber reads a decimal number of at most `max`, without sign or
// leading zero.
std::optional<uint64_t> ParseNumber(std::string_view text, uint64_t max);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_API_INPUT_H_
