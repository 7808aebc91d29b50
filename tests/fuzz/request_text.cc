// Texts within requests: forms, JSON bodies, refresh tokens, numbers, and ids.
#include <algorithm>
#include <map>

#include "revocation-service/api/input.h"
#include "revocation-service/http/form.h"
#include "revocation-service/limits/client_address.h"
#include "revocation-service/session/refresh_token.h"
#include "revocation-service/session/text_rules.h"
#include "revocation-service/status/status_entry.h"
#include "signet/timestamp.h"
#include "tests/fuzz/plain_json.h"
#include "tests/fuzz/world.h"

namespace signet::fuzz {
namespace {

using service::http::Form;

// IsDescription: RFC 6749 section 5.2, %x20-21 / %x23-5B / %x5D-7E.
bool IsDescription(std::string_view text) {
  return !text.empty() && text.size() < 200 &&
         std::ranges::all_of(text, [](char c) {
           return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
         });
}

// ---- Forms, read a second time. ----

std::optional<std::string> PlainDecode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef0123456789ABCDEF";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    size_t value = 0;
    for (const size_t at : {i + 1, i + 2}) {
      if (at >= text.size()) return std::nullopt;
      const size_t digit = kDigits.find(text[at]);
      if (digit == kDigits.npos) return std::nullopt;
      value = value * 16 + digit % 16;
    }
    out += static_cast<char>(value);
    i += 2;
  }
  if (!DecodeUtf8(out) || out.find('\0') != out.npos) return std::nullopt;
  return out;
}

using PlainForm = std::map<std::string, std::string>;

std::optional<PlainForm> ParsePlainForm(std::string_view text) {
  PlainForm form;
  while (!text.empty()) {
    const size_t end = text.find('&');
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (one.empty()) continue;
    const size_t equals = one.find('=');
    const auto name = PlainDecode(one.substr(0, equals));
    const auto value = PlainDecode(equals == one.npos ? std::string_view()
                                                      : one.substr(equals + 1));
    if (!name || !value || !form.emplace(*name, *value).second) {
      return std::nullopt;
    }
  }
  return form.size() > 256 ? std::nullopt : std::optional(form);
}

void ReadForm(std::string_view text) {
  const auto form = Form::Parse(text);
  const auto plain = ParsePlainForm(text);
  FUZZ_CHECK(form.ok() == plain.has_value());
  if (!form) {
    FUZZ_CHECK(IsDescription(form.error().message));
    return;
  }
  for (const auto& [name, value] : *plain) {
    FUZZ_CHECK(form->Get(name) == value && form->Has(name) == !value.empty());
  }
  const auto query = service::ParseQuery(text, {"limit", "after"});
  if (!query) {
    FUZZ_CHECK(IsDescription(query.error().message));
    return;
  }
  for (const auto& [name, value] : *plain) {
    FUZZ_CHECK((name == "limit" || name == "after") && !value.empty());
  }
}

// ---- JSON bodies. ----

void ReadBody(std::string_view text) {
  constexpr size_t kMax = 16;
  auto body = service::JsonBody::Parse(text, {"a", "b", "c", "d"});
  if (!body) {
    FUZZ_CHECK(IsDescription(body.error().message));
    return;
  }
  FUZZ_CHECK(service::CheckJson(text).ok());
  const std::string a = body->Required("a", kMax);
  const std::vector<std::string> b = body->TextOrList("b", kMax, 3);
  const std::string c = body->Object("c", kMax);
  const auto d = body->Moment("d");
  if (!body->status()) {
    FUZZ_CHECK(IsDescription(body->status().error().message));
    return;
  }
  FUZZ_CHECK(!a.empty() && a.size() <= kMax && service::IsPlainText(a));
  FUZZ_CHECK(b.size() <= 3 && c.size() <= kMax);
  for (const std::string& one : b) {
    FUZZ_CHECK(!one.empty() && one.size() <= kMax && service::IsPlainText(one));
  }
  if (!c.empty()) FUZZ_CHECK(service::CheckJson(c).ok() && c.front() == '{');
  FUZZ_CHECK(body->Has("d") == d.has_value());
  if (HasVastExponent(text)) return;
  const auto plain = ParsePlainJson(text);
  FUZZ_CHECK(plain && plain->Find("a")->text == a);
}

// ---- Refresh tokens. ----

const SigningRing& Ring() {
  static const SigningRing ring = FixedRing(KeyFormat::kRefreshMac);
  return ring;
}

void ReadToken(std::string_view text) {
  const auto token = service::ParseRefreshToken(text, Ring(), Time(kNow));
  if (!token) return;
  // The tag is right: one of our keys made it.
  FUZZ_CHECK(text.starts_with("srt1."));
  FUZZ_CHECK(std::ranges::any_of(Ring().keys(), [&](const auto& one) {
    return one.key.id() == token->key_id;
  }));
}

void MakeToken(std::string_view input) {
  const uint8_t where = TakeByte(input);
  service::SessionId session{};
  service::SessionSalt salt{};
  uint32_t generation = 0;
  for (uint8_t& byte : session) byte = TakeByte(input);
  for (uint8_t& byte : salt) byte = TakeByte(input);
  for (int i = 0; i < 4; ++i) generation = generation << 8 | TakeByte(input);
  const SecretKey& key = Ring().keys()[1].key;
  std::string text = service::MakeRefreshToken(key, session, generation, salt);
  const auto token = service::ParseRefreshToken(text, Ring(), Time(kNow));
  FUZZ_CHECK(token && token->session == session &&
             token->generation == generation && token->key_id == key.id());
  FUZZ_CHECK(service::CheckRefreshMac(*token, Ring(), salt));
  salt[where % 16] ^= 1;
  FUZZ_CHECK(!service::CheckRefreshMac(*token, Ring(), salt));
  salt[where % 16] ^= 1;
  char& spoilt = text[text.size() * where / 256];
  spoilt = spoilt == 'A' ? 'B' : 'A';
  const auto other = service::ParseRefreshToken(text, Ring(), Time(kNow));
  FUZZ_CHECK(!other || !service::CheckRefreshMac(*other, Ring(), salt));
}

// ---- What has one spelling. ----

void ReadSmall(std::string_view text) {
  if (const auto number = service::ParseNumber(text, 1'000'000)) {
    FUZZ_CHECK(*number <= 1'000'000 && std::to_string(*number) == text);
  }
  if (const auto id = service::ParseSessionId(text)) {
    FUZZ_CHECK(service::SessionIdText(*id) == text);
  }
  if (const auto list = service::ParseStatusListText(text)) {
    FUZZ_CHECK(service::StatusListText(*list) == text);
  }
  if (const auto slot = service::ParseStatusKey(text)) {
    FUZZ_CHECK(service::StatusKey(*slot) == text);
  }
  if (const auto address = service::ParseIpAddress(text)) {
    const std::string written = service::IpAddressText(*address);
    FUZZ_CHECK(service::ParseIpAddress(written) == address);
  }
  const auto proxies =
      service::Proxies::Create({std::string(text), "forwarded"});
  FUZZ_CHECK(proxies || !proxies.error().message.empty());
  const std::string_view part = text.substr(0, text.find('\0'));
  const std::string_view rest =
      text.substr(std::min(part.size() + 1, text.size()));
  if (!service::IsScope(part) || !service::IsScope(rest)) return;
  FUZZ_CHECK(service::ScopeIncludes(part, part));
  FUZZ_CHECK(service::ScopeIncludes(rest, part) || !part.empty());
}

FUZZ_TARGET(input) {
  switch (TakeByte(input) % 5) {
    case 0:
      return ReadForm(input);
    case 1:
      return ReadBody(input);
    case 2:
      return ReadToken(input);
    case 3:
      return MakeToken(input);
    default:
      return ReadSmall(input);
  }
}

}  // namespace
}  // namespace signet::fuzz
