#include "strict_json.h"
#include "tests/fuzz/plain_json.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

FUZZ_TARGET(input) {
  if (HasVastExponent(input)) return;
  JsonDocument document;
  const bool parsed = document.Parse(input);
  const auto plain = ParsePlainJson(input);
  FUZZ_CHECK(parsed == plain.has_value());
  if (!parsed) return;
  std::string text;
  AppendJson(text, document.root());
  std::string expected;
  AppendPlainJson(expected, *plain);
  FUZZ_CHECK(text == expected);
  // The shortest spelling is read as itself.
  JsonDocument again;
  FUZZ_CHECK(again.Parse(text));
  std::string same;
  AppendJson(same, again.root());
  FUZZ_CHECK(same == text && again.members() == document.members());
}

}  // namespace
}  // namespace signet::fuzz
