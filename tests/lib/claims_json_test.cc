#include "claims_json.h"

#include <doctest/doctest.h>

#include "minted_claims.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::GoodClaims;
using testing::kNow;
using testing::ReplaceFirst;

std::string ObjectOf(size_t members) {
  std::string text = "{";
  for (size_t i = 0; i < members; ++i) {
    text += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":0";
  }
  return text += '}';
}

constexpr std::string_view kJwtClaims =
    R"({"iss":"i","sub":"s","aud":"a","exp":200,"iat":100,"jti":"j",)"
    R"("client_id":"c"})";
constexpr std::string_view kPasetoClaims =
    R"({"iss":"i","sub":"s","exp":"2026-11-22T10:05:00Z",)"
    R"("iat":"2026-11-22T10:00:00Z"})";

std::optional<Refusal> Read(std::string_view json, ClaimsForm form) {
  Claims claims;
  return ReadClaims(json, form, claims);
}

void ExpectClaim(std::string_view json, ClaimsForm form, RefusalCode code,
                 std::string_view claim) {
  CAPTURE(json);
  auto refusal = Read(json, form);
  REQUIRE(refusal.has_value());
  CHECK(*refusal == Refusal{code, Stage::kClaims, claim});
}

TEST_CASE("claims that are written are read back the same") {
  Claims claims = GoodClaims();
  claims.not_before = kNow + Seconds(1);
  claims.audience = {"api", "\xc3\xa9\"\\/"};
  claims.cnf_jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  claims.custom = R"({"roles":["a","b"],"n":1.50,"o":{"x":null}})";
  for (ClaimsForm form : {ClaimsForm::kPaseto, ClaimsForm::kJwt}) {
    auto text = WriteClaims(claims, form);
    REQUIRE(text.ok());
    Claims read;
    CHECK_FALSE(ReadClaims(*text, form, read).has_value());
    CHECK(read == claims);
  }
}

TEST_CASE("the usual spelling is read without a parser") {
  Claims claims = GoodClaims();
  claims.not_before = kNow;
  for (ClaimsForm form :
       {ClaimsForm::kPaseto, ClaimsForm::kJwt, ClaimsForm::kPlainJwt}) {
    Claims read;
    REQUIRE(ReadMintedClaims(*WriteClaims(claims, form), form, read));
    CHECK(read == claims);
  }
}

// SameByBothReaders tells whether what reads fast agrees with what reads any
// spelling: on the refusal, or on the claims.
bool SameByBothReaders(std::string_view json, ClaimsForm form) {
  Claims fast, strict;
  const auto refused = ReadClaims(json, form, fast);
  if (refused != ReadClaimsStrictly(json, form, strict)) return false;
  return refused.has_value() || fast == strict;
}

TEST_CASE("both readers agree on every text near a usual one") {
  Claims claims = GoodClaims();
  claims.not_before = kNow;
  constexpr std::string_view kPieces[] = {
      "",  "\"", "\\", ",",    ":", "{", "}",    "0",
      "-", " ",  "a",  "\x7f", "Z", ".", "\"\"", ",\"sid\":\"s\""};
  for (ClaimsForm form : {ClaimsForm::kPaseto, ClaimsForm::kJwt}) {
    const std::string text = *WriteClaims(claims, form);
    for (size_t at = 0; at <= text.size(); ++at) {
      for (const std::string_view piece : kPieces) {
        for (const size_t cut : {0, 1, 2}) {
          std::string other = text;
          other.replace(at, cut, piece);
          CAPTURE(other);
          REQUIRE(SameByBothReaders(other, form));
        }
      }
    }
  }
}

TEST_CASE("a usual spelling with one wrong value is refused") {
  const std::string good = *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
  const std::pair<const char*, const char*> changes[] = {
      {"\"read write\"", "\"\""},
      {"1795341900", "01795341900"},
      {"1795341600", "1795341900"},
      {"\"api.example\"", "\"\""},
      {"1795341600,", "1795341600,\"nbf\":0,"},
  };
  for (const auto& change : changes) {
    const std::string bad = ReplaceFirst(good, change.first, change.second);
    CAPTURE(bad);
    CHECK(Read(bad, ClaimsForm::kJwt).has_value());
  }
}

TEST_CASE("claims have one spelling for each format") {
  CHECK(*WriteClaims(GoodClaims(), ClaimsForm::kPaseto) ==
        R"({"iss":"https://login.example","sub":"alice","aud":"api.example",)"
        R"("exp":"2026-11-22T10:05:00Z","iat":"2026-11-22T10:00:00Z",)"
        R"("jti":"AAAAAAAAAAAAAAAAAAAAAA","client_id":"app",)"
        R"("scope":"read write","sid":"BBBBBBBBBBBBBBBBBBBBBA"})");
  CHECK(*WriteClaims(GoodClaims(), ClaimsForm::kJwt) ==
        R"({"iss":"https://login.example","sub":"alice","aud":"api.example",)"
        R"("exp":1795341900,"iat":1795341600,)"
        R"("jti":"AAAAAAAAAAAAAAAAAAAAAA","client_id":"app",)"
        R"("scope":"read write","sid":"BBBBBBBBBBBBBBBBBBBBBA"})");
}

TEST_CASE("a claim that is missing is named, and a JWT needs more of them") {
  CHECK_FALSE(Read(kJwtClaims, ClaimsForm::kJwt).has_value());
  CHECK_FALSE(Read(kPasetoClaims, ClaimsForm::kPaseto).has_value());
  for (std::string claim :
       {"iss", "sub", "aud", "exp", "iat", "jti", "client_id"}) {
    std::string text =
        ReplaceFirst(std::string(kJwtClaims), '"' + claim + '"', "\"x\"");
    auto refusal = Read(text, ClaimsForm::kJwt);
    REQUIRE(refusal.has_value());
    CHECK(refusal->code == RefusalCode::kMissingClaim);
    CHECK(refusal->claim == claim);
  }
  for (std::string claim : {"iss", "sub", "exp", "iat"}) {
    std::string text =
        ReplaceFirst(std::string(kPasetoClaims), '"' + claim + '"', "\"x\"");
    auto refusal = Read(text, ClaimsForm::kPaseto);
    REQUIRE(refusal.has_value());
    CHECK(refusal->code == RefusalCode::kMissingClaim);
    CHECK(refusal->claim == claim);
  }
}

TEST_CASE("a NumericDate is a plain positive integer up to year 9999") {
  for (std::string_view bad : {"\"200\"",
                               "true",
                               "null",
                               "[200]",
                               "{}",
                               "-1",
                               "-0",
                               "0",
                               "1e3",
                               "1e400",
                               "2E2",
                               "200.0",
                               "200.5",
                               "1.5",
                               "253402300800",
                               "9223372036854775807",
                               "9223372036854775808",
                               "18446744073709551615",
                               "18446744073709551616",
                               "99999999999999999999999999",
                               "-200"}) {
    ExpectClaim(ReplaceFirst(std::string(kJwtClaims), "200", bad),
                ClaimsForm::kJwt, RefusalCode::kBadClaim, "exp");
    ExpectClaim(ReplaceFirst(std::string(kJwtClaims), "100", bad),
                ClaimsForm::kJwt, RefusalCode::kBadClaim, "iat");
    ExpectClaim(ReplaceFirst(std::string(kJwtClaims), "{",
                             "{\"nbf\":" + std::string(bad) + ","),
                ClaimsForm::kJwt, RefusalCode::kBadClaim, "nbf");
  }
  CHECK_FALSE(Read(ReplaceFirst(std::string(kJwtClaims), "200", "253402300799"),
                   ClaimsForm::kJwt));
}

TEST_CASE("a PASETO's times are RFC 3339 texts and nothing else") {
  for (std::string_view bad :
       {"1795341900", "null", "\"1795341900\"", "\"2026-11-22t10:05:00Z\"",
        "\"\"", "[\"2026-11-22T10:05:00Z\"]", "\"10000-01-01T00:00:00Z\""}) {
    ExpectClaim(ReplaceFirst(std::string(kPasetoClaims),
                             "\"2026-11-22T10:05:00Z\"", bad),
                ClaimsForm::kPaseto, RefusalCode::kBadClaim, "exp");
  }
}

TEST_CASE("exp after iat and nbf before exp are demanded") {
  auto jwt = [](std::string_view what, std::string_view with) {
    return ReplaceFirst(std::string(kJwtClaims), what, with);
  };
  ExpectClaim(jwt("200", "100"), ClaimsForm::kJwt, RefusalCode::kBadClaim,
              "exp");
  ExpectClaim(jwt("200", "99"), ClaimsForm::kJwt, RefusalCode::kBadClaim,
              "exp");
  ExpectClaim(jwt("{", "{\"nbf\":200,"), ClaimsForm::kJwt,
              RefusalCode::kBadClaim, "nbf");
  CHECK_FALSE(Read(jwt("{", "{\"nbf\":199,"), ClaimsForm::kJwt));
}

TEST_CASE("a text claim is a string that is neither empty nor controlling") {
  for (std::string_view bad :
       {"1", "null", "true", "[]", "{}", "\"\"", "[\"s\"]", "\"a\\u0000b\"",
        "\"\\n\"", "\"\\u007f\"", "\"\\u0085\""}) {
    for (std::string claim :
         {"iss", "sub", "jti", "client_id", "scope", "sid"}) {
      std::string text = "{\"" + claim + "\":" + std::string(bad) + "}";
      ExpectClaim(text, ClaimsForm::kJwt, RefusalCode::kBadClaim, claim);
    }
  }
}

TEST_CASE("aud is a text or a non-empty array of texts") {
  for (std::string_view bad :
       {"[]", "\"\"", "[\"\"]", "[\"a\",1]", "1", "[[\"a\"]]", "null", "{}",
        "[\"a\",null]", "[\"a\",[\"b\"]]", "[\"\\n\"]"}) {
    ExpectClaim(R"({"aud":)" + std::string(bad) + "}", ClaimsForm::kJwt,
                RefusalCode::kBadClaim, "aud");
  }
  Claims claims;
  CHECK_FALSE(
      ReadClaims(ReplaceFirst(std::string(kJwtClaims), "\"a\"", R"(["a","b"])"),
                 ClaimsForm::kJwt, claims));
  CHECK(claims.audience == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a confirmation other than cnf.jkt is unsupported") {
  auto cnf = [](std::string_view value) {
    return "{\"cnf\":" + std::string(value) + "}";
  };
  for (std::string_view bad : {"{}", "null", "\"x\"", "[]", "{\"jkt\":1}",
                               "{\"jkt\":\"\"}", "{\"jkt\":null}"}) {
    ExpectClaim(cnf(bad), ClaimsForm::kJwt, RefusalCode::kBadClaim, "cnf");
  }
  for (std::string_view other :
       {R"({"jwk":{}})", R"({"x5t#S256":"x"})", R"({"jkt":"a","kid":"b"})"}) {
    ExpectClaim(cnf(other), ClaimsForm::kJwt, RefusalCode::kUnsupported, "cnf");
  }
  // A repeated member, however deep, makes the whole text malformed.
  ExpectClaim(cnf(R"({"jkt":"a","jk\u0074":"b"})"), ClaimsForm::kJwt,
              RefusalCode::kMalformed, "");
}

TEST_CASE("unknown claims are collected in their order") {
  Claims claims;
  std::string text = ReplaceFirst(std::string(kJwtClaims), "{",
                                  R"({ "zz" : [ 1 , 2 ] , "a\u0062" : "x",)");
  text = ReplaceFirst(text, "}", R"(,"last":{"k" : 1.0}})");
  CHECK_FALSE(ReadClaims(text, ClaimsForm::kJwt, claims));
  CHECK(claims.custom == R"({"zz":[1,2],"ab":"x","last":{"k":1.0}})");
}

TEST_CASE("custom claims are one object that names no claim of its own") {
  Claims claims = GoodClaims();
  for (std::string_view bad :
       {"[]", "null", "{", "{}x", R"({"a":1,"a":2})", R"({"iss":"x"})",
        R"({"\u0065xp":1})", R"({"cnf":{}})", R"({"nbf":1})", R"({"sid":""})",
        R"({"scope":1})", R"({"aud":1})"}) {
    CAPTURE(bad);
    claims.custom = bad;
    auto text = WriteClaims(claims, ClaimsForm::kJwt);
    REQUIRE_FALSE(text.ok());
    CHECK(text.error().code == ErrorCode::kInvalid);
  }
  claims.custom = R"({"iss":"x"})";
  CHECK(WriteClaims(claims, ClaimsForm::kJwt).error().message ==
        "minting a token: custom names the claim iss, which has a field of "
        "its own");
}

TEST_CASE("custom claims are bounded so that they can be read back") {
  Claims claims = GoodClaims();
  claims.not_before = kNow;
  claims.cnf_jkt = "x";
  claims.custom = ObjectOf(244);
  auto text = WriteClaims(claims, ClaimsForm::kJwt);
  REQUIRE(text.ok());
  Claims read;
  CHECK_FALSE(ReadClaims(*text, ClaimsForm::kJwt, read));
  claims.custom = ObjectOf(245);
  CHECK_FALSE(WriteClaims(claims, ClaimsForm::kJwt).ok());
  auto padded = [](size_t size) {
    return "{\"a\":\"" + std::string(size - 8, 'x') + "\"}";
  };
  claims.custom = padded(4096);
  CHECK(WriteClaims(claims, ClaimsForm::kJwt).ok());
  claims.custom = padded(4097);
  CHECK_FALSE(WriteClaims(claims, ClaimsForm::kJwt).ok());
  claims.custom = "{ }";
  CHECK(WriteClaims(claims, ClaimsForm::kJwt).ok());
}

TEST_CASE("no text of one changed byte is read otherwise than strictly") {
  // Whatever is read can be written, and is then read the same.
  Claims claims = GoodClaims();
  claims.custom = R"({"k":[{"a":1}]})";
  for (ClaimsForm form : {ClaimsForm::kPaseto, ClaimsForm::kJwt}) {
    std::string good = *WriteClaims(claims, form);
    for (size_t i = 0; i < good.size(); ++i) {
      for (char c : std::string_view("\"\\{}[],:0a\x01\xff ")) {
        std::string text = good;
        text[i] = c;
        Claims read;
        if (ReadClaims(text, form, read)) continue;
        CAPTURE(text);
        auto again = WriteClaims(read, form);
        REQUIRE(again.ok());
        Claims reread;
        CHECK_FALSE(ReadClaims(*again, form, reread));
        CHECK(reread == read);
      }
    }
  }
}

}  // namespace
}  // namespace signet
