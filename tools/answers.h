#ifndef SIGNET_TOOLS_ANSWERS_H_
#define SIGNET_TOOLS_ANSWERS_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/output.h"

namespace boost::json {
class object;
}  // namespace boost::json

namespace signet::cli {

// An Answer is a JSON object that the service sent. Members that are absent or
// of another type read as empty. It is a value.
class Answer {
 public:
  enum class Kind { kText, kNumber, kList };
  struct Member {
    std::string_view name;
    Kind kind;
  };

  // Parse succeeds only if the text is an object with all members of `needed`:
  // something else may have answered for the service, and then nothing is
  // known (kUnavailable).
  static Try<Answer> Parse(const std::string& text,
                           std::initializer_list<Member> needed);

  std::string Text(std::string_view name) const;
  double Real(std::string_view name) const;
  Answer Object(std::string_view name) const;
  uint64_t Number(std::string_view name) const;
  std::vector<Answer> List(std::string_view name) const;

  // Serialize writes the object in one line.
  std::string Serialize() const;

 private:
  explicit Answer(std::shared_ptr<const boost::json::object> object);
  std::shared_ptr<const boost::json::object> object_;
};

}  // namespace signet::cli

#endif  // SIGNET_TOOLS_ANSWERS_H_
