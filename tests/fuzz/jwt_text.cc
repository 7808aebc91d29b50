#include "jwt.h"
#include "tests/fuzz/plain_verify.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

void ReadText(std::string_view text) {
  const auto jws = Jws::Split(text);
  if (!jws) return;
  const auto signature = PlainBase64Url(text.substr(text.rfind('.') + 1));
  FUZZ_CHECK(signature && !signature->empty());
  std::string again = Base64UrlEncode(AsBytes(jws->header())) + ".";
  again += Base64UrlEncode(AsBytes(jws->message())) + ".";
  again += Base64UrlEncode(AsBytes(*signature));
  FUZZ_CHECK(again == text);
  TokenHeader header;
  static_cast<void>(jws->ReadHeader(header));
}

void WriteText(std::string_view header_text, std::string_view payload) {
  if (header_text.empty() || payload.empty()) return;
  std::string text = Base64UrlEncode(AsBytes(header_text)) + ".";
  text += Base64UrlEncode(AsBytes(payload)) + ".c2ln";
  const auto jws = Jws::Split(text);
  FUZZ_CHECK(jws.has_value());
  FUZZ_CHECK(jws->header() == header_text && jws->message() == payload);
  TokenHeader header;
  if (jws->ReadHeader(header)) return;
  FUZZ_CHECK(!header.key_id.empty() && !header.algorithm.empty());
  FUZZ_CHECK(header.algorithm != "none");
}

FUZZ_TARGET(input) {
  if (TakeByte(input) == 't') return ReadText(input);
  const std::string_view header = TakePart(input);
  WriteText(header, input);
}

}  // namespace
}  // namespace signet::fuzz
