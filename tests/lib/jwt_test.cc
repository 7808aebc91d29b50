#include "jwt.h"

#include <doctest/doctest.h>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

SecretKey NewKey() { return SecretKey::Generate(KeyFormat::kJwtEdDsa); }

std::string Encode(std::string_view text) {
  return Base64UrlEncode(AsBytes(text));
}

std::optional<Refusal> ReadHeader(std::string_view header, TokenHeader& out) {
  auto jws = Jws::Split(Encode(header) + ".e30.AAAA");
  REQUIRE(jws.has_value());
  return jws->ReadHeader(out);
}

void ExpectHeader(std::string_view text, RefusalCode code,
                  std::string_view claim) {
  CAPTURE(text);
  TokenHeader header;
  auto refusal = ReadHeader(text, header);
  REQUIRE(refusal.has_value());
  CHECK(*refusal == Refusal{code, Stage::kHeader, claim});
}

TEST_CASE("a JWS is split into what was signed") {
  SecretKey key = NewKey();
  std::string token = SignJws(key, "{\"h\":1}", "payload");
  auto jws = Jws::Split(token);
  REQUIRE(jws.has_value());
  CHECK(jws->header() == "{\"h\":1}");
  CHECK(jws->message() == "payload");
  CHECK(jws->Verify(key.Public(), {}));
  CHECK_FALSE(jws->Verify(NewKey().Public(), {}));
}

TEST_CASE("a JWT with an implicit assertion is never valid") {
  SecretKey key = NewKey();
  std::string token = SignJws(key, "{}", "{}");
  CHECK_FALSE(Jws::Split(token)->Verify(key.Public(), "x"));
}

TEST_CASE("a signature of 63 or 65 bytes does not verify") {
  SecretKey key = NewKey();
  std::string token = SignJws(key, "{}", "{}");
  std::string input = token.substr(0, token.rfind('.') + 1);
  std::string signature = *Base64UrlDecode(token.substr(input.size()));
  for (const std::string& wrong :
       {signature.substr(1), signature.substr(0, 63), signature + '\0',
        std::string(64, '\0'), std::string(1, '\0')}) {
    std::string text = input + Encode(wrong);
    auto jws = Jws::Split(text);
    REQUIRE(jws.has_value());
    CHECK_FALSE(jws->Verify(key.Public(), {}));
  }
}

TEST_CASE("text that is not three canonical segments is not split") {
  for (std::string_view bad : {"",
                               ".",
                               "..",
                               "e30",
                               "e30.e30",
                               "e30.e30.",
                               "e30..AAAA",
                               ".e30.AAAA",
                               "e30.e30.AAAA.",
                               ".e30.e30.AAAA",
                               "e30.e30.AAAA.AAAA",
                               "a..b.c",
                               "e30=.e30.AAAA",
                               "e30.e30.AAA=",
                               "e30.e+0.AAAA",
                               "e30.e/0.AAAA",
                               "e30 .e30.AAAA",
                               "e30.e30.AAAA\n",
                               "\r\ne30.e30.AAAA",
                               "e30.e30.A",
                               "e30.e31.AAAA",
                               "e30.e30.AB",
                               "e30.\xc3\xa9.AAAA",
                               "e30.e30.AAAAA"}) {
    CAPTURE(bad);
    CHECK_FALSE(Jws::Split(bad).has_value());
  }
  CHECK_FALSE(Jws::Split(std::string_view("e30.e3\0.AAAA", 12)).has_value());
  CHECK(Jws::Split("e30.e30.AAAA").has_value());
}

TEST_CASE("the header that is minted is read") {
  CHECK(JwtHeader("k") == R"({"alg":"EdDSA","typ":"at+jwt","kid":"k"})");
  TokenHeader header;
  CHECK_FALSE(ReadHeader(JwtHeader("k"), header).has_value());
  CHECK(header.key_id == "k");
  CHECK(Jws::AgreesWith(header, KeyFormat::kJwtEdDsa));
}

TEST_CASE("unknown parameters are ignored, their order is free") {
  TokenHeader header;
  CHECK_FALSE(ReadHeader(
      R"({"kid":"k","x":{"y":[]},"cty":"z","typ":"AT+jwt","alg":"EdDSA"})",
      header));
  CHECK(header.key_id == "k");
}

TEST_CASE("the type is at+jwt in any case, with or without application/") {
  auto with = [](std::string_view type) {
    return R"({"alg":"EdDSA","kid":"k","typ":)" + std::string(type) + "}";
  };
  TokenHeader header;
  for (std::string_view good :
       {"\"at+jwt\"", "\"AT+JWT\"", "\"At+Jwt\"", "\"application/at+jwt\"",
        "\"Application/AT+JWT\""}) {
    CHECK_FALSE(ReadHeader(with(good), header));
  }
  for (std::string_view bad :
       {"\"\"", "\"JWT\"", "\"jwt\"", "\"at+jwt \"", "\"at-jwt\"",
        "\"application/jwt\"", "\"text/at+jwt\"", "\"dpop+jwt\"",
        "\"logout+jwt\"", "\"application/application/at+jwt\"", "\"at+jw\"",
        "\"at+jwt\\u0000\""}) {
    ExpectHeader(with(bad), RefusalCode::kWrongType, "typ");
  }
  for (std::string_view bad : {"1", "null", "[\"at+jwt\"]", "{}"}) {
    ExpectHeader(with(bad), RefusalCode::kBadClaim, "typ");
  }
  ExpectHeader(R"({"alg":"EdDSA","kid":"k"})", RefusalCode::kWrongType, "typ");
}

TEST_CASE("an algorithm other than the key's does not agree with it") {
  for (std::string_view other : {"HS256", "ES256", "RS256", "PS256", "eddsa",
                                 "EDDSA", "Ed25519", "EdDSA ", "ES256K"}) {
    CAPTURE(other);
    TokenHeader header;
    CHECK_FALSE(ReadHeader(
        R"({"typ":"at+jwt","kid":"k","alg":")" + std::string(other) + "\"}",
        header));
    CHECK_FALSE(Jws::AgreesWith(header, KeyFormat::kJwtEdDsa));
  }
  for (std::string_view none : {"none", "None", "NONE", "nOnE"}) {
    ExpectHeader(
        R"({"typ":"at+jwt","kid":"k","alg":")" + std::string(none) + "\"}",
        RefusalCode::kUnsupported, "alg");
  }
  for (std::string_view bad : {"1", "null", "[]", "{}", "\"\"", "true"}) {
    ExpectHeader(R"({"typ":"at+jwt","kid":"k","alg":)" + std::string(bad) + "}",
                 RefusalCode::kBadClaim, "alg");
  }
  ExpectHeader(R"({"typ":"at+jwt","kid":"k"})", RefusalCode::kMissingClaim,
               "alg");
}

TEST_CASE("a key id is a text that is there") {
  ExpectHeader(R"({"alg":"EdDSA","typ":"at+jwt"})", RefusalCode::kMissingClaim,
               "kid");
  for (std::string_view bad : {"1", "null", "[\"k\"]", "{}", "\"\"", "true"}) {
    ExpectHeader(
        R"({"alg":"EdDSA","typ":"at+jwt","kid":)" + std::string(bad) + "}",
        RefusalCode::kBadClaim, "kid");
  }
}

TEST_CASE("parameters by which a sender could choose the rules are refused") {
  for (std::string name : {"crit", "b64", "zip", "enc", "jwk", "jku", "x5u",
                           "x5c", "x5t", "x5t#S256"}) {
    for (std::string value :
         {"null", "[]", "\"exp\"", "{}", "false", "[\"x\"]",
          "[\"exp\",\"exp\"]", "\"https://evil.example\""}) {
      ExpectHeader(R"({"alg":"EdDSA","typ":"at+jwt","kid":"k",")" + name +
                       "\":" + value + "}",
                   RefusalCode::kUnsupported, name);
    }
  }
}

TEST_CASE("a header that is not one strict JSON object is malformed") {
  for (std::string_view bad :
       {"[]", "null", "\"x\"", "{", "{}{}", "\xef\xbb\xbf{}",
        R"({"alg":"EdDSA","\u0061lg":"none"})", "{\"alg\":\"\xc0\x80\"}"}) {
    ExpectHeader(bad, RefusalCode::kMalformed, "header");
  }
}

TEST_CASE("a header of 1024 bytes is read, one of 1025 is not") {
  auto sized = [](size_t size) {
    std::string header = JwtHeader("k");
    return header.insert(1, size - header.size(), ' ');
  };
  TokenHeader header;
  CHECK_FALSE(ReadHeader(sized(1024), header).has_value());
  ExpectHeader(sized(1025), RefusalCode::kMalformed, "header");
}

}  // namespace
}  // namespace signet
