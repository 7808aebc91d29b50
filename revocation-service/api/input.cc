#include "revocation-service/api/input.h"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "revocation-service/session/text_rules.h"
#include "signet/revocation.h"
#include "signet/timestamp.h"

namespace signet::service {
namespace {

namespace json = boost::json;

constexpr size_t kMaxDepth = 16;
constexpr size_t kMaxShown = 64;

// LossFinder is a handler of Boost.JSON's parser for what the document tree
// would lose and say nothing: of a name that stands twice in one object it
// keeps the last, an integer of over 64 bits it rounds, and a number beyond a
// double becomes infinite. It stops at the first, and remembers the others.
struct LossFinder {
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);

  std::vector<std::set<std::string>> names;
  std::string key;
  std::string repeated;
  std::string number;
  std::string rounded;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    names.emplace_back();
    return true;
  }
  bool on_object_end(size_t, json::error_code&) {
    names.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view part, size_t, json::error_code&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, size_t, json::error_code& error) {
    key.append(part.data(), part.size());
    if (!names.back().insert(key).second) {
      repeated = std::move(key);
      error = json::error::syntax;
      return false;
    }
    key.clear();
    return true;
  }
  bool on_string_part(json::string_view, size_t, json::error_code&) {
    return true;
  }
  bool on_string(json::string_view, size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view part, json::error_code&) {
    number.append(part.data(), part.size());
    return true;
  }
  bool on_int64(int64_t, json::string_view, json::error_code&) {
    number.clear();
    return true;
  }
  bool on_uint64(uint64_t, json::string_view, json::error_code&) {
    number.clear();
    return true;
  }
  bool on_double(double value, json::string_view part, json::error_code&) {
    number.append(part.data(), part.size());
    const bool is_integer = number.find_first_of(".eE") == number.npos;
    if (is_integer || !std::isfinite(value)) rounded = number;
    number.clear();
    return true;
  }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

json::parse_options Strict() {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  return options;
}

Error Invalid(std::string message) {
  return {ErrorCode::kInvalid, std::move(message)};
}

// Named is "the <what> 'name'", or "a <what>" if the name is not fit to be
// printed: RFC 6749 section 5.2 has a description in printable ASCII without
// quotes and backslashes, and a long one would only be an echo.
std::string Named(const std::string& what, std::string_view name) {
  const bool fit = std::ranges::all_of(name, [](char c) {
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
  });
  if (!fit || name.size() > kMaxShown) return "a " + what;
  return "the " + what + " '" + std::string(name) + "'";
}

enum class Numbers { kAny, kExact };

Status CheckSyntax(std::string_view body, Numbers numbers) {
  json::basic_parser<LossFinder> parser(Strict());
  json::error_code error;
  const size_t read = parser.write_some(false, body.data(), body.size(), error);
  if (!parser.handler().repeated.empty()) {
    return Invalid(Named("member", parser.handler().repeated) +
                   " stands twice");
  }
  if (error || read != body.size()) {
    return Invalid("the body must be one JSON object");
  }
  if (numbers == Numbers::kExact && !parser.handler().rounded.empty()) {
    return Invalid("a number is too large to be kept as it is: give " +
                   parser.handler().rounded.substr(0, kMaxShown) +
                   " as a text");
  }
  return {};
}

std::optional<EpochSeconds> ReadMoment(const json::value& value) {
  if (const json::string* text = value.if_string()) {
    const auto time = ParseTimestamp({text->data(), text->size()});
    // A cutoff in the middle of a second voids the whole of it.
    if (!time || time->RoundedUp() > kForever) return std::nullopt;
    return time->RoundedUp();
  }
  const int64_t* seconds = value.if_int64();
  if (seconds == nullptr || *seconds < 0) return std::nullopt;
  if (*seconds > kForever.time_since_epoch().count()) return std::nullopt;
  return EpochSeconds(Seconds(*seconds));
}

}  // namespace

Status CheckJson(std::string_view text) {
  return CheckSyntax(text, Numbers::kAny);
}

struct JsonBody::Impl {
  json::object members;
};

JsonBody::JsonBody(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JsonBody::JsonBody(JsonBody&&) noexcept = default;
JsonBody::~JsonBody() = default;

Result<JsonBody> JsonBody::Parse(
    std::string_view body, std::initializer_list<std::string_view> known) {
  if (Status syntax = CheckSyntax(body, Numbers::kExact); !syntax) {
    return syntax.error();
  }
  json::error_code error;
  json::value value =
      json::parse({body.data(), body.size()}, error, {}, Strict());
  if (error || !value.is_object()) {
    return Invalid("the body must be one JSON object");
  }
  for (const auto& member : value.get_object()) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Invalid(Named("member", name) + " is not known here");
    }
  }
  auto impl = std::make_unique<Impl>();
  impl->members = std::move(value.get_object());
  return JsonBody(std::move(impl));
}

bool JsonBody::Has(std::string_view name) const {
  return impl_->members.contains({name.data(), name.size()});
}

void JsonBody::Refuse(std::string_view name, std::string_view problem) {
  if (!status_) return;
  status_ = Invalid(std::string(name) + " " + std::string(problem));
}

std::string JsonBody::Text(std::string_view name, size_t max) {
  const json::value* value =
      impl_->members.if_contains({name.data(), name.size()});
  if (value == nullptr) return "";
  if (!value->is_string()) {
    Refuse(name, "must be a string");
    return "";
  }
  std::string text(value->get_string().data(), value->get_string().size());
  if (text.size() > max) {
    Refuse(name, "is longer than " + std::to_string(max) + " bytes");
  }
  if (!IsPlainText(text)) Refuse(name, "holds a control character");
  return text;
}

std::string JsonBody::Required(std::string_view name, size_t max) {
  std::string text = Text(name, max);
  if (text.empty()) Refuse(name, "is missing or empty");
  return text;
}

std::vector<std::string> JsonBody::TextOrList(std::string_view name, size_t max,
                                              size_t max_items) {
  const json::value* value =
      impl_->members.if_contains({name.data(), name.size()});
  if (value == nullptr) return {};
  if (value->is_string()) return {Required(name, max)};
  if (!value->is_array() || value->get_array().size() > max_items) {
    Refuse(name, "must be a string, or an array of at most " +
                     std::to_string(max_items) + " strings");
    return {};
  }
  std::vector<std::string> list;
  for (const json::value& item : value->get_array()) {
    const json::string* text = item.if_string();
    if (text == nullptr || text->empty() || text->size() > max ||
        !IsPlainText({text->data(), text->size()})) {
      Refuse(name, "must hold strings of 1 to " + std::to_string(max) +
                       " bytes without control characters");
      return {};
    }
    list.emplace_back(text->data(), text->size());
  }
  return list;
}

std::string JsonBody::Object(std::string_view name, size_t max) {
  const json::value* value =
      impl_->members.if_contains({name.data(), name.size()});
  if (value == nullptr) return "";
  if (!value->is_object()) {
    Refuse(name, "must be an object");
    return "";
  }
  if (value->get_object().empty()) return "";
  std::string text = json::serialize(*value);
  if (text.size() > max) {
    Refuse(name, "is longer than " + std::to_string(max) + " bytes");
  }
  return text;
}

std::optional<EpochSeconds> JsonBody::Moment(std::string_view name) {
  const json::value* value =
      impl_->members.if_contains({name.data(), name.size()});
  if (value == nullptr) return std::nullopt;
  const std::optional<EpochSeconds> moment = ReadMoment(*value);
  if (!moment || *moment > kForever) {
    Refuse(name,
           "must be an RFC 3339 time, or whole seconds since 1970, up "
           "to 2106");
  }
  return moment;
}

Result<http::Form> ParseQuery(std::string_view query,
                              std::initializer_list<std::string_view> known) {
  Result<http::Form> form = http::Form::Parse(query);
  if (!form) return form;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const auto name = http::FormDecode(pair.substr(0, equals));
    if (!name || std::find(known.begin(), known.end(), *name) == known.end()) {
      return Invalid(Named("query parameter", name.value_or("")) +
                     " is not known here");
    }
    if (equals + 1 >= pair.size()) {
      return Invalid(Named("query parameter", *name) + " is empty");
    }
  }
  return form;
}

std::optional<uint64_t> ParseNumber(std::string_view text, uint64_t max) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) {
    return std::nullopt;
  }
  return value;
}

}  // namespace signet::service
