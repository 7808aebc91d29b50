#include "signet/primitives.h"
#include "tests/fuzz/plain_verify.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

// Padded is RFC 4648 section 4 of the bytes.
std::string Padded(std::string_view bytes) {
  std::string text = Base64UrlEncode(AsBytes(bytes));
  for (char& c : text) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  while (text.size() % 4 != 0) text += '=';
  return text;
}

FUZZ_TARGET(input) {
  const auto url = Base64UrlDecode(input);
  const auto plain = PlainBase64Url(input);
  FUZZ_CHECK(url.ok() == plain.has_value());
  if (url) {
    FUZZ_CHECK(*url == *plain);
    FUZZ_CHECK(Base64UrlEncode(AsBytes(*url)) == input);
    std::string sized(url->size(), '\0');
    std::span<uint8_t> out(reinterpret_cast<uint8_t*>(sized.data()),
                           sized.size());
    FUZZ_CHECK(Base64UrlDecodeTo(input, out) && sized == *url);
    if (!sized.empty()) {
      FUZZ_CHECK(!Base64UrlDecodeTo(input, out.subspan(1)));
    }
  }
  const auto standard = Base64Decode(input);
  if (standard) FUZZ_CHECK(Padded(*standard) == input);
  // Any bytes are written and read back.
  FUZZ_CHECK(*Base64UrlDecode(Base64UrlEncode(AsBytes(input))) == input);
  FUZZ_CHECK(*Base64Decode(Padded(input)) == input);
}

}  // namespace
}  // namespace signet::fuzz
