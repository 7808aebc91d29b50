#include "signet/cookie.h"

#include <doctest/doctest.h>

#include "tests/lib/token_fixture.h"

namespace signet {

inline std::ostream& operator<<(std::ostream& out, CookieVerdict verdict) {
  constexpr std::string_view kNames[] = {"found", "absent", "malformed",
                                         "ambiguous"};
  return out << kNames[static_cast<size_t>(verdict)];
}

namespace {

using testing::GoodClaims;
using testing::JwtFixture;
using testing::kNow;
using testing::PasetoFixture;

constexpr EpochSeconds kExpiry = kNow + std::chrono::minutes(5);

TokenCookie Cookie(CookieOptions options = {}) {
  auto cookie = TokenCookie::Create(std::move(options));
  REQUIRE(cookie.ok());
  return *cookie;
}

CookieVerdict VerdictOn(std::string_view field) {
  return Cookie().Read(field).verdict;
}

// PairOf cuts name and value, what a browser sends back, from a Set-Cookie.
std::string PairOf(std::string_view set_cookie) {
  return std::string(set_cookie.substr(0, set_cookie.find(';')));
}

TEST_CASE("a cookie is for one host, for TLS, and out of reach of scripts") {
  auto set = Cookie().Set("v4.public.abc", kExpiry, Time(kNow));
  REQUIRE(set.ok());
  CHECK(*set ==
        "__Host-token=v4.public.abc; Max-Age=300; Path=/; Secure; HttpOnly; "
        "SameSite=Lax");
  CHECK(Cookie().Delete() ==
        "__Host-token=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure; "
        "HttpOnly; SameSite=Lax");
}

TEST_CASE("SameSite is as chosen, also in the cookie that deletes") {
  for (auto [same_site, name] :
       {std::pair{SameSite::kStrict, "SameSite=Strict"},
        std::pair{SameSite::kLax, "SameSite=Lax"},
        std::pair{SameSite::kNone, "SameSite=None"}}) {
    const TokenCookie cookie = Cookie({.same_site = same_site});
    CHECK(cookie.Set("t", kExpiry, Time(kNow))->ends_with(name));
    CHECK(cookie.Delete().ends_with(name));
  }
  CHECK_FALSE(TokenCookie::Create({.same_site = SameSite{7}}).ok());
}

TEST_CASE("Max-Age ends with the token, never after it") {
  auto age = [](EpochSeconds expires_at, Time now) -> std::string {
    auto set = Cookie().Set("t", expires_at, now);
    if (!set.ok()) return "refused";
    const size_t from = set->find("Max-Age=") + 8;
    return set->substr(from, set->find(';', from) - from);
  };
  CHECK(age(kNow + Seconds(1), Time(kNow)) == "1");
  CHECK(age(kNow + Seconds(2), Time(kNow) + Duration(1)) == "1");
  CHECK(age(kNow + Seconds(2), Time(kNow) + Duration(1000)) == "1");
  CHECK(age(kNow + Seconds(2), Time(kNow) + Duration(1001)) == "refused");
  CHECK(age(kNow, Time(kNow)) == "refused");
  CHECK(age(kNow - Seconds(1), Time(kNow)) == "refused");
  CHECK(age(kNow + std::chrono::days(400), Time(kNow)) == "34560000");
  CHECK(age(EpochSeconds::max(), Time(kNow)) !=
        age(kNow + Seconds(1), Time(kNow)));
}

TEST_CASE("name, value and attributes have 4096 bytes, not one more") {
  const size_t rest = Cookie().Set("t", kExpiry, Time(kNow))->size() - 1;
  const std::string most(kMaxCookieLength - rest, 't');
  auto set = Cookie().Set(most, kExpiry, Time(kNow));
  REQUIRE(set.ok());
  CHECK(set->size() == 4096);
  CHECK(Cookie().Read(PairOf(*set)).token == most);
  auto over = Cookie().Set(most + "t", kExpiry, Time(kNow));
  REQUIRE_FALSE(over.ok());
  CHECK(over.error().code == ErrorCode::kInvalid);
  CHECK(over.error().message ==
        "setting a cookie of 4097 bytes with name and attributes, browsers "
        "keep 4096");
  CHECK_FALSE(over.error().hint.empty());
}

TEST_CASE("a token that a cookie can't carry is not set") {
  for (std::string_view bad :
       {std::string_view(), std::string_view("a b"), std::string_view("a;b"),
        std::string_view("a,b"), std::string_view("\"a\""),
        std::string_view("a\\b"), std::string_view("a\r\nSet-Cookie: b=c"),
        std::string_view("a\0b", 3), std::string_view("a\x7f"),
        std::string_view("a\t"), std::string_view("\xc3\xa9")}) {
    CAPTURE(bad);
    auto set = Cookie().Set(bad, kExpiry, Time(kNow));
    REQUIRE_FALSE(set.ok());
    CHECK(set.error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("a cookie's name is a token, and spells its prefix exactly") {
  for (const char* good : {"t", "__Host-t", "__Secure-t", "__Host", "_Host-t",
                           "a!#$%&'*+-.^_`|~9", "__Host-__Host-t"}) {
    CAPTURE(good);
    CHECK(TokenCookie::Create({.name = good}).ok());
  }
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a="), std::string("a;"),
        std::string("a\r\n"), std::string("a\0b", 3), std::string("\"a\""),
        std::string("\xc3\xa9"), std::string("a,b"), std::string("(a)"),
        std::string("__host-t"), std::string("__HOST-t"),
        std::string("__hOsT-t"), std::string("__secure-t"),
        std::string("__Host-"), std::string("__Secure-")}) {
    CAPTURE(bad);
    auto cookie = TokenCookie::Create({.name = bad});
    REQUIRE_FALSE(cookie.ok());
    CHECK(cookie.error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("the cookie is found wherever it stands") {
  for (std::string_view field :
       {"__Host-token=abc", "a=b; __Host-token=abc", "__Host-token=abc; a=b",
        "a=b;__Host-token=abc;c=d", "  __Host-token=abc  ",
        "; __Host-token=abc;",
        "a; __Host-token=abc; =; ==", "\t;;;__Host-token=abc\t;"}) {
    CAPTURE(field);
    const CookieReading reading = Cookie().Read(field);
    CHECK(reading == CookieReading{CookieVerdict::kFound, "abc"});
    // A view of the field, not a copy.
    CHECK(reading.token.data() == field.data() + field.find("abc"));
  }
  CHECK(Cookie().Read("__Host-token=a=b==").token == "a=b==");
}

TEST_CASE("where it is not, it is absent, whatever else is there") {
  for (std::string_view field :
       {"", ";", " ", ";;;; ;", "=", "=abc", "a=b", "token=abc",
        "__Host-token2=abc", "__Host-toke=abc", "a=__Host-token=abc",
        "a=\"; b=c\"", "a=\"__Host-token=abc\"", "a=b, __Host-token=abc",
        "__Host-token", "a=b; __Host-token; c=d", "x__Host-token=abc"}) {
    CAPTURE(field);
    CHECK(VerdictOn(field) == CookieVerdict::kAbsent);
  }
}

// RFC 6265 4.1.1 compares names by case; a browser that is older than the
// draft's version 11 lets a neighbour set the prefix in other letters.
TEST_CASE("a name in other case is another cookie: not read, not in the way") {
  for (std::string_view other :
       {"__host-token=evil", "__HOST-TOKEN=evil", "__Host-Token=evil"}) {
    CHECK(VerdictOn(other) == CookieVerdict::kAbsent);
    const std::string both = std::string(other) + "; __Host-token=abc";
    CHECK(Cookie().Read(both).token == "abc");
  }
}

TEST_CASE("a value that was never set is malformed, not absent") {
  for (std::string_view field :
       {std::string_view("__Host-token="), std::string_view("__Host-token= "),
        std::string_view("__Host-token=\"abc\""),
        std::string_view("__Host-token= abc"),
        std::string_view("__Host-token =abc"),
        std::string_view("__Host-token\t= abc"),
        std::string_view("__Host-token=a b"),
        std::string_view("__Host-token=a,b"),
        std::string_view("__Host-token=abc, a=b"),
        std::string_view("__Host-token=a\\b"),
        std::string_view("__Host-token=a\r\nb"),
        std::string_view("__Host-token=a\0b", 16),
        std::string_view("__Host-token=\xc3\xa9"),
        std::string_view("a=b; __Host-token=\"a; c=d\"")}) {
    CAPTURE(field);
    CHECK(Cookie().Read(field) == CookieReading{CookieVerdict::kMalformed, {}});
  }
}

TEST_CASE("the same name twice is ambiguous, whichever is the good one") {
  for (std::string_view field :
       {"__Host-token=a; __Host-token=b", "__Host-token=a; __Host-token=a",
        "__Host-token=a; x=y; __Host-token=", "__Host-token=; __Host-token=a",
        "__Host-token=a;__Host-token =b", "__Host-token=;__Host-token=",
        "__Host-token=\"; __Host-token=evil; \""}) {
    CAPTURE(field);
    CHECK(Cookie().Read(field) == CookieReading{CookieVerdict::kAmbiguous, {}});
  }
}

TEST_CASE("a huge field is read once through and costs no more") {
  const std::string good = "__Host-token=abc";
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "c" + std::to_string(i) + "=v; ";
  CHECK(VerdictOn(many) == CookieVerdict::kAbsent);
  CHECK(Cookie().Read(many + good).token == "abc");
  CHECK(VerdictOn(good + "; " + many + good) == CookieVerdict::kAmbiguous);
  std::string same;
  for (int i = 0; i < 100'000; ++i) same += good + ";";
  CHECK(VerdictOn(same) == CookieVerdict::kAmbiguous);

  constexpr size_t kHuge = 16u << 20;
  for (char c : {';', '=', ' ', 'a', '\0', '"'}) {
    CAPTURE(c);
    const std::string junk(kHuge, c);
    CHECK(VerdictOn(junk) == CookieVerdict::kAbsent);
    CHECK(Cookie().Read(junk + ";" + good).token == "abc");
    CHECK(VerdictOn("__Host-token=" + junk) == CookieVerdict::kMalformed);
  }
}

template <class Fixture>
void CarriesTokensThroughRotation() {
  Fixture fixture;
  const TokenCookie cookie = Cookie();
  Verifier verifier = fixture.MakeVerifier();
  const std::string token = fixture.Mint();
  auto set = cookie.Set(token, GoodClaims().expires_at, fixture.clock.Now());
  REQUIRE_MESSAGE(set.ok(), (set.ok() ? "" : set.error().message));
  const std::string old_key = fixture.key().id();

  // The ring turns: another key signs by now, the token has a minute left.
  REQUIRE(fixture.ring.Rotate(fixture.clock.Now()).ok());
  REQUIRE(fixture.live.Publish(fixture.ring.Public()).ok());
  fixture.clock.Advance(std::chrono::minutes(4));
  fixture.revocations.Confirm(fixture.clock.Now(),
                              fixture.clock.MonotonicNow());
  REQUIRE(fixture.ring.Active(fixture.clock.Now())->key.id() != old_key);

  const std::string field = "theme=dark; " + PairOf(*set);
  const CookieReading reading = cookie.Read(field);
  REQUIRE(reading.verdict == CookieVerdict::kFound);
  CHECK(reading.token == token);
  auto verified = verifier.Verify(reading.token);
  REQUIRE_MESSAGE(verified.ok(),
                  (verified.ok() ? "" : verified.error().ToString()));
  CHECK(verified->claims() == GoodClaims());

  // What deletes it reads back as no token.
  CHECK(cookie.Read(PairOf(cookie.Delete())).verdict ==
        CookieVerdict::kMalformed);
}

TEST_CASE("a token in a cookie outlives the rotation of its key") {
  SUBCASE("v4.public") { CarriesTokensThroughRotation<PasetoFixture>(); }
  SUBCASE("jwt") { CarriesTokensThroughRotation<JwtFixture>(); }
}

}  // namespace
}  // namespace signet
