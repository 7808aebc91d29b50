#include "jwe.h"
#include "tests/fuzz/plain_open.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

void ReadHeaderOf(Jwe& jwe) {
  TokenHeader header;
  if (jwe.ReadHeader(header)) return;
  FUZZ_CHECK(!header.key_id.empty());
  FUZZ_CHECK(header.algorithm == (jwe.nested() ? "ECDH-ES+A256KW" : "dir"));
  const auto plain = ParsePlainJson(jwe.header());
  FUZZ_CHECK(plain.has_value());
  for (const char* name : {"zip", "crit", "p2c", "p2s", "jwk", "jku"}) {
    FUZZ_CHECK(plain->Find(name) == nullptr);
  }
}

void ReadText(std::string_view text) {
  auto jwe = Jwe::Split(text);
  const auto segments = PlainSegments(text);
  bool good = segments.size() == 5 && !segments[0].empty();
  for (const std::string_view segment : segments) {
    good = good && PlainBase64Url(segment).has_value();
  }
  FUZZ_CHECK(jwe.has_value() == good);
  if (!jwe) return;
  FUZZ_CHECK(Base64UrlEncode(AsBytes(jwe->header())) == segments[0]);
  FUZZ_CHECK(jwe->message().empty());
  ReadHeaderOf(*jwe);
}

FUZZ_TARGET(input) {
  if (TakeByte(input) == 't') return ReadText(input);
  // A header behind whose segment everything has its size.
  if (input.empty()) return;
  const std::string text = Base64UrlEncode(AsBytes(input)) + ".." +
                           std::string(16, 'A') + ".AAAA." +
                           Base64UrlEncode(AsBytes(std::string(16, 't')));
  auto jwe = Jwe::Split(text);
  FUZZ_CHECK(jwe && jwe->header() == input);
  ReadHeaderOf(*jwe);
}

}  // namespace
}  // namespace signet::fuzz
