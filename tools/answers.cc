#include "tools/answers.h"

#include <boost/json.hpp>
#include <optional>
#include <utility>

namespace signet::cli {
namespace {

namespace json = boost::json;

const json::value* Find(const json::object& object, std::string_view name) {
  return object.if_contains({name.data(), name.size()});
}

std::optional<uint64_t> NumberOr(const json::value& value) {
  if (!value.is_number()) return std::nullopt;
  json::error_code error;
  const auto number = value.to_number<uint64_t>(error);
  if (error) return std::nullopt;
  return number;
}

bool Has(const json::object& object, const Answer::Member& member) {
  const json::value* const value = Find(object, member.name);
  if (value == nullptr) return false;
  switch (member.kind) {
    case Answer::Kind::kText:
      return value->is_string() && !value->get_string().empty();
    case Answer::Kind::kNumber:
      return NumberOr(*value).has_value();
    case Answer::Kind::kList:
      return value->is_array();
  }
  return false;
}

}  // namespace

Answer::Answer(std::shared_ptr<const json::object> object)
    : object_(std::move(object)) {}

Try<Answer> Answer::Parse(const std::string& text,
                          std::initializer_list<Member> needed) {
  json::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error);
  bool good = !error && value.is_object();
  for (const Member& member : needed) {
    good = good && Has(value.get_object(), member);
  }
  if (!good) {
    return Failure{kUnavailable, "the answer is not what the service says",
                   "does --url name signetd itself?"};
  }
  return Answer(
      std::make_shared<const json::object>(std::move(value.get_object())));
}

std::string Answer::Text(std::string_view name) const {
  const json::value* const value = Find(*object_, name);
  if (value == nullptr || !value->is_string()) return "";
  return {value->get_string().data(), value->get_string().size()};
}

uint64_t Answer::Number(std::string_view name) const {
  const json::value* const value = Find(*object_, name);
  return value == nullptr ? 0 : NumberOr(*value).value_or(0);
}

double Answer::Real(std::string_view name) const {
  const json::value* const value = Find(*object_, name);
  if (value == nullptr || !value->is_number()) return 0;
  return value->to_number<double>();
}

Answer Answer::Object(std::string_view name) const {
  const json::value* const value = Find(*object_, name);
  return Answer(std::make_shared<const json::object>(
      value != nullptr && value->is_object() ? value->get_object()
                                             : json::object()));
}

std::vector<Answer> Answer::List(std::string_view name) const {
  std::vector<Answer> list;
  const json::value* const value = Find(*object_, name);
  if (value == nullptr || !value->is_array()) return list;
  for (const json::value& item : value->get_array()) {
    if (!item.is_object()) continue;
    list.push_back(
        Answer(std::make_shared<const json::object>(item.get_object())));
  }
  return list;
}

std::string Answer::Serialize() const { return json::serialize(*object_); }

}  // namespace signet::cli
