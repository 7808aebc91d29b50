#include "plain_text.h"

#include <doctest/doctest.h>

#include <string>

namespace signet {
namespace {

TEST_CASE("a plain prefix ends at the first character that is not plain") {
  for (size_t size : {0, 1, 7, 8, 9, 16, 21}) {
    CAPTURE(size);
    const std::string text(size, 'x');
    CHECK(PlainPrefix(text) == size);
    for (size_t at = 0; at < size; ++at) {
      for (int value = 0; value < 256; ++value) {
        // What stands behind it, plain or not, changes nothing.
        for (char behind : {'x', '"', ' ', '!', '\x80'}) {
          std::string other = text;
          for (size_t i = at + 1; i < size; ++i) other[i] = behind;
          other[at] = static_cast<char>(value);
          const bool plain =
              value >= 0x20 && value < 0x7f && value != '"' && value != '\\';
          if (plain && behind != 'x') continue;
          REQUIRE(PlainPrefix(other) == (plain ? size : at));
        }
      }
    }
  }
}

}  // namespace
}  // namespace signet
