#include "signet/cookie.h"

#include <algorithm>

// RFC 6265 section 4.1.1, of which this much is written:
//
//   Set-Cookie = name "=" value *( "; " attribute )
//   value      = 1*cookie-octet
//   attributes = "Max-Age=" seconds, or "Expires=" a time long past;
//                "Path=/"; "Secure"; "HttpOnly"; "SameSite=" …
//
// and section 4.2.1, read as browsers write it (6265bis section 5.8.3):
//
//   Cookie     = pair *( ";" [ SP ] pair )
//   pair       = name "=" value / value      ; the second has no name

namespace signet {

namespace {

constexpr std::string_view kPrefixes[] = {"__Host-", "__Secure-"};

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
         (c >= 'a' && c <= 'z');
}

// RFC 9110 section 5.6.2.
bool IsTokenCharacter(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return IsAlphanumeric(c) || kMarks.find(c) != kMarks.npos;
}

// RFC 6265 section 4.1.1: no control, white space, quote, comma, semicolon
// or backslash. 6265bis: quotes around a value would be part of it.
bool IsCookieOctet(char c) {
  return c > ' ' && c < '\x7f' && c != '"' && c != ',' && c != ';' && c != '\\';
}

bool IsCookieValue(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, IsCookieOctet);
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c;
}

// StartsAlike compares the beginnings without regard to case.
bool StartsAlike(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), name.begin(),
                    [](char a, char b) { return Lower(a) == Lower(b); });
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view SameSiteName(SameSite same_site) {
  switch (same_site) {
    case SameSite::kStrict:
      return "Strict";
    case SameSite::kLax:
      return "Lax";
    case SameSite::kNone:
      return "None";
  }
  return {};
}

// Field joins the parts of a Set-Cookie value.
std::string Field(const CookieOptions& options, std::string_view value,
                  std::string_view life) {
  std::string field = options.name;
  field.append("=").append(value).append("; ").append(life);
  field.append("; Path=/; Secure; HttpOnly; SameSite=");
  return field.append(SameSiteName(options.same_site));
}

// ReadPair tells what one pair holds of the cookie `name`.
CookieReading ReadPair(std::string_view pair, std::string_view name) {
  pair = Trim(pair);
  const size_t equals = pair.find('=');
  // 6265bis section 5.6: without "=", there is a value but no name.
  if (equals == pair.npos || Trim(pair.substr(0, equals)) != name) return {};
  const std::string_view value = pair.substr(equals + 1);
  if (equals != name.size() || !IsCookieValue(value) ||
      pair.size() > kMaxCookieLength) {
    return {CookieVerdict::kMalformed, {}};
  }
  return {CookieVerdict::kFound, value};
}

}  // namespace

Result<TokenCookie> TokenCookie::Create(CookieOptions options) {
  const std::string_view name = options.name;
  if (name.empty() || !std::ranges::all_of(name, IsTokenCharacter)) {
    return Error{ErrorCode::kInvalid,
                 "the cookie's name is not a token of RFC 9110"};
  }
  for (std::string_view prefix : kPrefixes) {
    if (!StartsAlike(name, prefix)) continue;
    if (!name.starts_with(prefix) || name == prefix) {
      return Error{ErrorCode::kInvalid,
                   "the cookie's name must begin with exactly " +
                       std::string(prefix) + " and go on"};
    }
  }
  if (SameSiteName(options.same_site).empty()) {
    return Error{ErrorCode::kInvalid, "the cookie's SameSite is unknown"};
  }
  return TokenCookie(std::move(options));
}

Result<std::string> TokenCookie::Set(std::string_view token,
                                     EpochSeconds expires_at, Time now) const {
  if (!IsCookieValue(token)) {
    return Error{ErrorCode::kInvalid,
                 "setting a cookie: the token is empty or holds a character "
                 "that a cookie can't carry"};
  }
  // Rounded down, so that the cookie never outlives the token. Max-Age=0
  // would delete it.
  const Seconds life = expires_at - std::chrono::ceil<Seconds>(now);
  if (life < Seconds(1)) {
    return Error{ErrorCode::kInvalid,
                 "setting a cookie: the token has less than a second to live"};
  }
  std::string field =
      Field(options_, token, "Max-Age=" + std::to_string(life.count()));
  if (field.size() > kMaxCookieLength) {
    return Error{ErrorCode::kInvalid,
                 "setting a cookie of " + std::to_string(field.size()) +
                     " bytes with name and attributes, browsers keep " +
                     std::to_string(kMaxCookieLength),
                 "put fewer claims into the token, or send it in the "
                 "Authorization header"};
  }
  return field;
}

std::string TokenCookie::Delete() const {
  // RFC 6265 section 3.1: a time in the past. The grammar has no Max-Age=0.
  return Field(options_, {}, "Expires=Thu, 01 Jan 1970 00:00:00 GMT");
}

CookieReading TokenCookie::Read(std::string_view cookie_field) const {
  CookieReading found;
  for (size_t start = 0; start <= cookie_field.size();) {
    const size_t end =
        std::min(cookie_field.find(';', start), cookie_field.size());
    const CookieReading one =
        ReadPair(cookie_field.substr(start, end - start), options_.name);
    start = end + 1;
    if (one.verdict == CookieVerdict::kAbsent) continue;
    // 6265bis section 4.2.2: servers should not rely on the order.
    if (found.verdict != CookieVerdict::kAbsent) {
      return {CookieVerdict::kAmbiguous, {}};
    }
    found = one;
  }
  return found;
}

}  // namespace signet
