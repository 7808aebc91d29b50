#include "paseto.h"
#include "paseto_local.h"
#include "tests/fuzz/plain_verify.h"
#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

// Join writes the one text of a message, a signature and a footer.
std::string Join(std::string_view body, std::string_view footer,
                 std::string_view prefix = "v4.public.") {
  std::string text = std::string(prefix) + Base64UrlEncode(AsBytes(body));
  if (!footer.empty()) text += "." + Base64UrlEncode(AsBytes(footer));
  return text;
}

void ReadText(std::string_view text) {
  const auto paseto = Paseto::Split(text);
  if (!paseto) return;
  const std::string_view rest = text.substr(10);
  const auto body = PlainBase64Url(rest.substr(0, rest.find('.')));
  FUZZ_CHECK(body && body->size() >= 64);
  FUZZ_CHECK(body->substr(0, body->size() - 64) == paseto->message());
  FUZZ_CHECK(Join(*body, paseto->footer()) == text);
  TokenHeader header;
  static_cast<void>(paseto->ReadHeader(header));
}

void ReadLocal(std::string_view text) {
  const auto paseto = PasetoLocal::Split(text);
  if (!paseto) return;
  FUZZ_CHECK(paseto->message().empty());
  const std::string_view rest = text.substr(9);
  const auto body = PlainBase64Url(rest.substr(0, rest.find('.')));
  FUZZ_CHECK(body && body->size() >= 64);
  FUZZ_CHECK(Join(*body, paseto->footer(), "v4.local.") == text);
  TokenHeader header;
  static_cast<void>(paseto->ReadHeader(header));
}

void WriteText(std::string_view message, std::string_view footer) {
  const std::string text =
      Join(std::string(message) + std::string(64, 's'), footer);
  const auto paseto = Paseto::Split(text);
  FUZZ_CHECK(paseto.has_value());
  FUZZ_CHECK(paseto->message() == message && paseto->footer() == footer);
  TokenHeader header;
  if (paseto->ReadHeader(header)) return;
  FUZZ_CHECK(!header.key_id.empty() && header.algorithm.empty());
}

FUZZ_TARGET(input) {
  if (input.starts_with("v4.local.")) return ReadLocal(input);
  if (input.starts_with("v4.")) return ReadText(input);
  const std::string_view footer = TakePart(input);
  WriteText(input, footer);
}

}  // namespace
}  // namespace signet::fuzz
