#ifndef SIGNET_COOKIE_H_
#define SIGNET_COOKIE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "signet/clock.h"
#include "signet/result.h"

namespace signet {

// kMaxCookieLength is what every browser keeps of a cookie, with its name and
// attributes (RFC 6265 section 6.1).
inline constexpr size_t kMaxCookieLength = 4096;

// SameSite says which requests that another site caused carry the cookie.
enum class SameSite : uint8_t {
  kStrict,  // none
  kLax,     // links that a person follows, with a safe method
  kNone,    // all: then the application must stop forged requests itself
};

struct CookieOptions {
  // A browser takes a "__Host-" cookie only from the host that reads it, over
  // TLS: no neighbour under the same domain can set or shadow it.
  std::string name = "__Host-token";
  SameSite same_site = SameSite::kLax;
};

// CookieVerdict says what a Cookie header holds of the one cookie.
enum class CookieVerdict : uint8_t {
  kFound,
  kAbsent,     // it is not there
  kMalformed,  // it is there, with a value that TokenCookie never writes
  kAmbiguous,  // it is there twice: only one can be the server's
};

// CookieReading is the answer of Read. `token` points into the header, and
// is empty unless kFound.
struct CookieReading {
  CookieVerdict verdict = CookieVerdict::kAbsent;
  std::string_view token;

  bool operator==(const CookieReading&) const = default;
};

// A TokenCookie carries an access token of any format in a cookie (RFC 6265,
// draft-ietf-httpbis-rfc6265bis). It only moves text: what it reads is for a
// Verifier to judge. Every cookie is Secure, HttpOnly, for all paths of one
// host and no other. A value; safe from any thread.
//
// 1. Create once. 2. Set or Delete in a response. 3. Read in a request.
class TokenCookie {
 public:
  // Create succeeds only if the name is a token of RFC 9110. A name that
  // begins like "__Host-" or "__Secure-" must spell it so: browsers keep the
  // promise of the prefix in any case of its letters, servers tell the names
  // apart.
  static Result<TokenCookie> Create(CookieOptions options = {});

  const std::string& name() const { return options_.name; }

  // Set gives the value of a Set-Cookie field, whose Max-Age ends in the
  // second in which the token expires. kInvalid if the token holds a character
  // that a cookie can't, has less than a second to live, or makes the field
  // longer than kMaxCookieLength.
  Result<std::string> Set(std::string_view token, EpochSeconds expires_at,
                          Time now) const;

  // Delete gives the value of a Set-Cookie field that removes the cookie.
  std::string Delete() const;

  // Read looks for the cookie in the value of a Cookie field, in one pass and
  // without allocating. The name is compared by case. Other cookies may look
  // as they like. If HTTP/2 brought several fields, join them with "; " first
  // (RFC 9113 section 8.2.3).
  CookieReading Read(std::string_view cookie_field) const;

 private:
  explicit TokenCookie(CookieOptions options) : options_(std::move(options)) {}
  CookieOptions options_;
};

}  // namespace signet

#endif  // SIGNET_COOKIE_H_
