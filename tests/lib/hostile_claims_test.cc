// Hostile inputs, continued: claims that a good key has signed. See
// hostile_test.cc.

#include <doctest/doctest.h>

#include "tests/lib/hostile_cases.h"

namespace signet {
namespace {

using testing::GoodClaims;
using testing::HostileCase;
using testing::JwtFixture;
using testing::PasetoFixture;
using testing::ReplaceFirst;
using testing::RunAll;

constexpr Refusal kClaimsMalformed{RefusalCode::kMalformed, Stage::kClaims};

constexpr Refusal Claim(RefusalCode code, std::string_view name) {
  return {code, Stage::kClaims, name};
}

TEST_CASE_TEMPLATE("family 16: claims that are not strict JSON", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  std::vector<HostileCase> cases;
  std::string deep(4000, '[');
  std::string wide = "{";
  for (int i = 0; i < 300; ++i) wide += "\"" + std::to_string(i) + "\":0,";
  for (const std::string& bad :
       {std::string("[]"), std::string("null"), std::string("\"x\""),
        std::string("1"), std::string("{}{}"), std::string("{}x"),
        std::string("\xef\xbb\xbf{}"), std::string("{\"a\":\"\xff\"}"),
        std::string("{\"a\":\"\xc0\xaf\"}"), std::string("{\"a\":\"\\ud800\"}"),
        std::string("{\"a\":\"\\udc00\\ud800\"}"), std::string("{\"a\":NaN}"),
        std::string("{/*x*/}"), std::string("{\"a\":1,}"), deep,
        "{\"a\":" + deep + "}", wide + "\"x\":0}", std::string("{}\0", 3),
        std::string("\n")}) {
    cases.push_back(
        {16, bad.substr(0, 30), fixture.Sign(bad), kClaimsMalformed});
  }
  RunAll(fixture, cases);
}

TEST_CASE("families 17 and 18: times of a JWT") {
  JwtFixture fixture;
  std::string good = *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
  std::string exp = std::to_string(1795341900), iat = "1795341600";
  std::vector<HostileCase> cases;
  for (std::string_view bad :
       {"\"1795341900\"", "true", "[]", "null", "-1", "1e400", "1.5", "-0",
        "1e3", "0", "9223372036854775808", "18446744073709551615",
        "253402300800"}) {
    cases.push_back({17, std::string(bad),
                     fixture.Sign(ReplaceFirst(good, exp, bad)),
                     Claim(RefusalCode::kBadClaim, "exp")});
    cases.push_back({17, std::string(bad),
                     fixture.Sign(ReplaceFirst(good, iat, bad)),
                     Claim(RefusalCode::kBadClaim, "iat")});
    cases.push_back({17, std::string(bad),
                     fixture.Sign(ReplaceFirst(
                         good, "{", "{\"nbf\":" + std::string(bad) + ",")),
                     Claim(RefusalCode::kBadClaim, "nbf")});
  }
  cases.push_back({17, "no exp", fixture.Sign(ReplaceFirst(good, "exp", "e")),
                   Claim(RefusalCode::kMissingClaim, "exp")});
  cases.push_back({17,
                   "exp so late that skew would overflow",
                   fixture.Sign(ReplaceFirst(good, exp, "253402300799")),
                   {RefusalCode::kLifetimeTooLong, Stage::kPolicy, "exp"}});
  cases.push_back(
      {17,
       "exp with the skew is now",
       fixture.Sign(ReplaceFirst(ReplaceFirst(good, exp, "1795341570"), iat,
                                 "1795341000")),
       {RefusalCode::kExpired, Stage::kPolicy, "exp"}});
  cases.push_back({18,
                   "iat in the future",
                   fixture.Sign(ReplaceFirst(good, iat, "1795341631")),
                   {RefusalCode::kNotYetValid, Stage::kPolicy, "iat"}});
  cases.push_back(
      {18, "nbf after exp",
       fixture.Sign(ReplaceFirst(good, "{", "{\"nbf\":1795341901,")),
       Claim(RefusalCode::kBadClaim, "nbf")});
  cases.push_back({18,
                   "lifetime of an hour and a second",
                   fixture.Sign(ReplaceFirst(good, exp, "1795345201")),
                   {RefusalCode::kLifetimeTooLong, Stage::kPolicy, "exp"}});
  RunAll(fixture, cases);
}

TEST_CASE_TEMPLATE("family 19: claims of the wrong type or value", F,
                   PasetoFixture, JwtFixture) {
  F fixture;
  std::string good = *WriteClaims(GoodClaims(), F::kForm);
  std::vector<HostileCase> cases;
  auto claim = [&](std::string_view name, std::string_view old_value,
                   std::string_view value, Refusal expected) {
    std::string member = "\"" + std::string(name) + "\":";
    std::string text =
        ReplaceFirst(good, member + "\"" + std::string(old_value) + "\"",
                     member + std::string(value));
    cases.push_back(
        {19, member + std::string(value), fixture.Sign(text), expected});
  };
  for (std::string_view bad : {"1", "null", "[\"x\"]", "{}", "false", "\"\""}) {
    claim("iss", "https://login.example", bad,
          Claim(RefusalCode::kBadClaim, "iss"));
    claim("sub", "alice", bad, Claim(RefusalCode::kBadClaim, "sub"));
    claim("jti", GoodClaims().token_id, bad,
          Claim(RefusalCode::kBadClaim, "jti"));
  }
  for (std::string_view bad :
       {"[]", "[\"api.example\",1]", "[[\"api.example\"]]", "1", "{}"}) {
    claim("aud", "api.example", bad, Claim(RefusalCode::kBadClaim, "aud"));
  }
  claim("aud", "api.example", "\"api.example.evil\"",
        {RefusalCode::kWrongAudience, Stage::kPolicy, "aud"});
  for (std::string_view bad :
       {"\"https://login.example/\"", "\"https://Login.example\""}) {
    claim("iss", "https://login.example", bad,
          {RefusalCode::kWrongIssuer, Stage::kPolicy, "iss"});
  }
  RunAll(fixture, cases);
}

}  // namespace
}  // namespace signet
