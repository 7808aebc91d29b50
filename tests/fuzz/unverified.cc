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
  if (token->format == "jwe") {
    FUZZ_CHECK(token->claims.empty());
    FUZZ_CHECK(text.starts_with(Base64UrlEncode(AsBytes(token->header)) + "."));
    return;
  }
  const std::string footer = Base64UrlEncode(AsBytes(token->footer));
  FUZZ_CHECK(text.ends_with("." + footer) || footer.empty());
  if (token->format == "v4.local") {
    FUZZ_CHECK(token->claims.empty() && token->header.empty());
    FUZZ_CHECK(text.starts_with("v4.local."));
    return;
  }
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
}

FUZZ_TARGET(input) {
  if (HasVastExponent(input)) return;
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
