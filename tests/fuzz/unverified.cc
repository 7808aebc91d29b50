#include "signet/unverified.h"

#include "signet/primitives.h"
#include "signet/verifier.h"
#include "tests/fuzz/plain_json.h"
#include "tests/fuzz/plain_verify.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

void Inspect(std::string_view text) {
  const auto token = InspectUnverified(text);
  if (!token) return;
  FUZZ_CHECK(text.size() <= kMaxTokenLength);
  FUZZ_CHECK(ParsePlainJson(token->claims).has_value());
  const std::string claims = Base64UrlEncode(AsBytes(token->claims));
  if (token->format == "jwt") {
    const std::string header = Base64UrlEncode(AsBytes(token->header));
    FUZZ_CHECK(text.starts_with(header + "." + claims + "."));
    return;
  }
  FUZZ_CHECK(token->format == "v4.public" && token->header.empty());
  // The message's last digits share a group with the signature.
  FUZZ_CHECK(
      text.starts_with("v4.public." + claims.substr(0, claims.size() / 4 * 4)));
  const std::string footer = Base64UrlEncode(AsBytes(token->footer));
  FUZZ_CHECK(text.ends_with("." + footer) || footer.empty());
}

FUZZ_TARGET(input) {
  const uint8_t form = TakeByte(input);
  if (form == 't') return Inspect(input);
  const std::string_view first = TakePart(input);
  const std::string header = Base64UrlEncode(AsBytes(first));
  std::string payload(input);
  if (form == 'j') {
    Inspect(header + "." + Base64UrlEncode(AsBytes(payload)) + ".c2ln");
    return;
  }
  payload += std::string(64, 's');
  Inspect("v4.public." + Base64UrlEncode(AsBytes(payload)) + "." + header);
}

}  // namespace
}  // namespace signet::fuzz
