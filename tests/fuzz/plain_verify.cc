#include "tests/fuzz/plain_verify.h"

#include <time.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "tests/fuzz/plain_json.h"
#include "tests/fuzz/plain_open.h"

namespace signet::fuzz {
namespace {

constexpr int64_t kYear9999 = 253'402'300'799;

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

bool IsPlain(std::string_view text) {
  const auto points = DecodeUtf8(text);
  return points && std::none_of(points->begin(), points->end(), [](uint32_t p) {
           return p < 0x20 || (p >= 0x7f && p < 0xa0);
         });
}

bool IsText(const PlainValue* value) {
  return value != nullptr && value->kind == PlainValue::kString &&
         !value->text.empty() && IsPlain(value->text);
}

// ReadText fills `out` if the member is there. False if it is not a text.
bool ReadText(const PlainValue& object, std::string_view name,
              std::string& out) {
  const PlainValue* value = object.Find(name);
  if (value == nullptr) return true;
  out = value->text;
  return IsText(value);
}

std::optional<EpochSeconds> TimeOf(const PlainValue& value, PlainForm form) {
  std::optional<int64_t> seconds;
  if (form == PlainForm::kPaseto && value.kind == PlainValue::kString) {
    seconds = PlainTimestamp(value.text);
  }
  if (form != PlainForm::kPaseto && value.kind == PlainValue::kNumber &&
      AllDigits(value.text) && value.text.size() < 18) {
    seconds = std::stoll(value.text);
  }
  if (!seconds || *seconds < 1 || *seconds > kYear9999) return std::nullopt;
  return EpochSeconds(Seconds(*seconds));
}

bool ReadTime(const PlainValue& object, std::string_view name, PlainForm form,
              std::optional<EpochSeconds>& out) {
  const PlainValue* value = object.Find(name);
  if (value == nullptr) return true;
  out = TimeOf(*value, form);
  return out.has_value();
}

bool ReadAudience(const PlainValue& object, std::vector<std::string>& out) {
  const PlainValue* value = object.Find("aud");
  if (value == nullptr) return true;
  if (value->kind == PlainValue::kString) {
    out.push_back(value->text);
    return IsText(value);
  }
  for (const PlainValue& one : value->children) {
    if (!IsText(&one)) return false;
    out.push_back(one.text);
  }
  return value->kind == PlainValue::kArray && !out.empty();
}

bool ReadBinding(const PlainValue& object, std::string& out) {
  const PlainValue* value = object.Find("cnf");
  if (value == nullptr) return true;
  return value->kind == PlainValue::kObject && value->children.size() == 1 &&
         value->Find("jkt") != nullptr && ReadText(*value, "jkt", out);
}

std::string CustomOf(const PlainValue& object) {
  static const std::set<std::string> kOwn = {"iss",       "sub",   "aud", "exp",
                                             "iat",       "nbf",   "jti", "sid",
                                             "client_id", "scope", "cnf"};
  PlainValue rest{PlainValue::kObject, {}, {}, {}};
  for (const PlainValue& member : object.children) {
    if (kOwn.count(member.name) == 0) rest.children.push_back(member);
  }
  std::string text;
  if (!rest.children.empty()) AppendPlainJson(text, rest);
  return text;
}

bool FitsPolicy(const PlainWorld& world, const Claims& claims) {
  const Policy& policy = world.policy;
  if (!policy.any_issuer && claims.issuer != policy.issuer) return false;
  if (!policy.any_audience &&
      std::count(claims.audience.begin(), claims.audience.end(),
                 policy.audience) == 0) {
    return false;
  }
  if (!claims.cnf_jkt.empty() && !policy.caller_checks_binding) return false;
  const Time now = world.now;
  const Duration skew = policy.clock_skew;
  if (now - skew >= claims.expires_at) return false;
  if (now + skew < claims.issued_at) return false;
  if (claims.not_before && now + skew < *claims.not_before) return false;
  return claims.expires_at - claims.issued_at <= policy.max_lifetime;
}

bool Voids(const Revocation& entry, const Claims& claims,
           const std::string& key_id) {
  auto names = [&entry](const std::string& value) {
    return !value.empty() && entry.id == MakeRevocationId(entry.kind, value);
  };
  const bool issued_before = claims.issued_at < entry.not_before;
  switch (entry.kind) {
    case RevocationKind::kToken:
      return names(claims.token_id);
    case RevocationKind::kSession:
      return names(claims.session_id);
    case RevocationKind::kSubject:
      return issued_before && names(claims.subject);
    case RevocationKind::kClient:
      return issued_before && names(claims.client_id);
    case RevocationKind::kKey:
      return issued_before && names(key_id);
    case RevocationKind::kAll:
      return issued_before;
  }
  return true;
}

PlainForm FormOf(const PlainWorld& world) {
  if (IsPaseto(world.ring.info().format)) return PlainForm::kPaseto;
  return world.policy.token_type == TokenType::kPlainJwt ? PlainForm::kPlainJwt
                                                         : PlainForm::kJwt;
}

bool FreshEnough(const PlainWorld& world) {
  const Policy& policy = world.policy;
  switch (policy.when_stale) {
    case WhenStale::kReject:
      return world.staleness <= policy.max_staleness;
    case WhenStale::kAcceptAndAlarm:
      return true;
    case WhenStale::kAcceptUntil:
      return world.staleness <= policy.hard_staleness;
  }
  return false;
}

}  // namespace

std::optional<std::string> PlainBase64Url(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == kDigits.npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held);
    bits &= (1u << held) - 1;
  }
  if (bits != 0 || held >= 6) return std::nullopt;
  return out;
}

std::optional<int64_t> PlainTimestamp(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() <= kForm.size()) return std::nullopt;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  auto number = [&text](size_t at, size_t size) {
    return std::stoi(std::string(text.substr(at, size)));
  };
  tm date{};
  date.tm_year = number(0, 4) - 1900;
  date.tm_mon = number(5, 2) - 1;
  date.tm_mday = number(8, 2);
  date.tm_hour = number(11, 2);
  date.tm_min = number(14, 2);
  date.tm_sec = number(17, 2);
  tm same = date;
  int64_t seconds = timegm(&same);
  if (same.tm_mon != date.tm_mon || same.tm_mday != date.tm_mday ||
      same.tm_hour != date.tm_hour || same.tm_min != date.tm_min ||
      same.tm_sec != date.tm_sec) {
    return std::nullopt;
  }
  std::string_view rest = text.substr(kForm.size());
  if (rest.front() == '.') {
    const size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == rest.npos || end < 2 || end > 10) return std::nullopt;
    rest.remove_prefix(end);
  }
  if (rest != "Z") {
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') ||
        rest[3] != ':' || !AllDigits(rest.substr(1, 2)) ||
        !AllDigits(rest.substr(4, 2))) {
      return std::nullopt;
    }
    const int hours = std::stoi(std::string(rest.substr(1, 2)));
    const int minutes = std::stoi(std::string(rest.substr(4, 2)));
    if (hours > 23 || minutes > 59) return std::nullopt;
    const int offset = hours * 3600 + minutes * 60;
    seconds += rest[0] == '-' ? offset : -offset;
  }
  if (seconds < 0 || seconds > kYear9999) return std::nullopt;
  return seconds;
}

std::optional<Claims> PlainClaims(std::string_view json, PlainForm form) {
  const auto object = ParsePlainJson(json);
  if (!object) return std::nullopt;
  Claims claims;
  std::optional<EpochSeconds> expires;
  std::optional<EpochSeconds> issued;
  if (!ReadText(*object, "iss", claims.issuer) ||
      !ReadText(*object, "sub", claims.subject) ||
      !ReadText(*object, "jti", claims.token_id) ||
      !ReadText(*object, "sid", claims.session_id) ||
      !ReadText(*object, "client_id", claims.client_id) ||
      !ReadText(*object, "scope", claims.scope) ||
      !ReadAudience(*object, claims.audience) ||
      !ReadBinding(*object, claims.cnf_jkt) ||
      !ReadTime(*object, "exp", form, expires) ||
      !ReadTime(*object, "iat", form, issued) ||
      !ReadTime(*object, "nbf", form, claims.not_before)) {
    return std::nullopt;
  }
  if (claims.issuer.empty() || claims.subject.empty()) return std::nullopt;
  if (!expires || !issued || *expires <= *issued) return std::nullopt;
  if (claims.not_before && *claims.not_before >= *expires) return std::nullopt;
  if (form == PlainForm::kJwt &&
      (claims.audience.empty() || claims.client_id.empty() ||
       claims.token_id.empty())) {
    return std::nullopt;
  }
  claims.expires_at = *expires;
  claims.issued_at = *issued;
  claims.custom = CustomOf(*object);
  return claims;
}

std::optional<Claims> PlainVerify(const PlainWorld& world,
                                  std::string_view token,
                                  std::string_view assertion) {
  if (token.size() > 8192) return std::nullopt;
  const auto opened = PlainOpen(world, token, assertion);
  if (!opened) return std::nullopt;
  auto claims = PlainClaims(opened->claims, FormOf(world));
  if (!claims || !FitsPolicy(world, *claims)) return std::nullopt;
  for (const Revocation& entry : world.revocations) {
    if (Voids(entry, *claims, opened->key_id)) return std::nullopt;
  }
  if (!FreshEnough(world) || !opened->is_signed()) return std::nullopt;
  return claims;
}

}  // namespace signet::fuzz
