#include "paseto.h"

#include <doctest/doctest.h>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

SecretKey NewKey() { return SecretKey::Generate(KeyFormat::kPasetoV4Public); }

std::optional<Refusal> ReadFooter(std::string_view footer,
                                  TokenHeader& header) {
  auto paseto = Paseto::Split(SignPaseto(NewKey(), "{}", footer, {}));
  REQUIRE(paseto.has_value());
  return paseto->ReadHeader(header);
}

void ExpectFooter(std::string_view footer, RefusalCode code,
                  std::string_view claim) {
  CAPTURE(footer);
  TokenHeader header;
  auto refusal = ReadFooter(footer, header);
  REQUIRE(refusal.has_value());
  CHECK(*refusal == Refusal{code, Stage::kHeader, claim});
}

TEST_CASE("a PASETO is split into what was signed") {
  SecretKey key = NewKey();
  for (std::string_view footer : {"", "f", "{\"kid\":\"x\"}"}) {
    for (std::string_view assertion : {"", "bound"}) {
      std::string token = SignPaseto(key, "message", footer, assertion);
      auto paseto = Paseto::Split(token);
      REQUIRE(paseto.has_value());
      CHECK(paseto->message() == "message");
      CHECK(paseto->footer() == footer);
      CHECK(paseto->Verify(key.Public(), assertion));
      // Looking twice does not change the answer.
      CHECK_FALSE(paseto->Verify(key.Public(), "other"));
      CHECK_FALSE(paseto->Verify(NewKey().Public(), assertion));
      CHECK(paseto->Verify(key.Public(), assertion));
    }
  }
}

TEST_CASE("bytes do not move between message, footer and assertion") {
  SecretKey key = NewKey();
  std::string token = SignPaseto(key, "m", "ab", "cd");
  std::string body = token.substr(0, token.find('.', 10));
  auto with_footer = [&](std::string_view footer) {
    return Paseto::Split(body + "." + Base64UrlEncode(AsBytes(footer)));
  };
  CHECK(with_footer("ab")->Verify(key.Public(), "cd"));
  CHECK_FALSE(with_footer("abc")->Verify(key.Public(), "d"));
  CHECK_FALSE(with_footer("a")->Verify(key.Public(), "bcd"));
  CHECK_FALSE(Paseto::Split(body)->Verify(key.Public(), "abcd"));
  CHECK_FALSE(with_footer("ab")->Verify(key.Public(), ""));
}

TEST_CASE("text that is not a canonical v4.public token is not split") {
  SecretKey key = NewKey();
  std::string good = SignPaseto(key, "{}", {}, {});
  REQUIRE(Paseto::Split(good).has_value());
  std::string body = good.substr(10);
  for (const std::string& bad : {std::string("v4.public."),
                                 std::string("v4.public"),
                                 std::string(),
                                 "V4.public." + body,
                                 "v4.PUBLIC." + body,
                                 "v4.local." + body,
                                 "v3.public." + body,
                                 good + ".",
                                 good + "..",
                                 good + ".e30.",
                                 good + ".e30.e30",
                                 good + ".e30=",
                                 good + "=",
                                 good + "\n",
                                 " " + good,
                                 good + ".e3 0",
                                 good + ".e3_+",
                                 good + "A",
                                 "v4.public.." + body,
                                 good + ".A",
                                 good + ".AB",
                                 "v4.public." + std::string(84, 'A')}) {
    CAPTURE(bad);
    CHECK_FALSE(Paseto::Split(bad).has_value());
  }
}

TEST_CASE("a message may be empty, a signature may not be cut") {
  SecretKey key = NewKey();
  auto empty = Paseto::Split(SignPaseto(key, {}, {}, {}));
  REQUIRE(empty.has_value());
  CHECK(empty->message().empty());
  CHECK(empty->Verify(key.Public(), {}));
  std::string short_body = Base64UrlEncode(std::vector<uint8_t>(63));
  CHECK_FALSE(Paseto::Split("v4.public." + short_body).has_value());
}

TEST_CASE("the footer that is minted is read") {
  TokenHeader header;
  CHECK(PasetoFooter("k4.pid.x") == R"({"kid":"k4.pid.x"})");
  CHECK_FALSE(ReadFooter(PasetoFooter("k4.pid.x"), header).has_value());
  CHECK(header.key_id == "k4.pid.x");
  CHECK(header.algorithm.empty());
}

TEST_CASE("a footer is one JSON object with a key id and nothing else") {
  ExpectFooter("", RefusalCode::kMissingClaim, "kid");
  ExpectFooter("{}", RefusalCode::kMissingClaim, "kid");
  for (std::string_view bad : {"x", "[]", "null", "\"kid\"", "{\"kid\":\"a\"}x",
                               "{\"kid\":\"\xff\"}", R"({"kid":"a","kid":"b"})",
                               R"({"kid":"a","\u006bid":"b"})", "k4.pid"}) {
    ExpectFooter(bad, RefusalCode::kMalformed, "footer");
  }
  for (std::string_view bad :
       {"1", "null", "[]", "{}", "true", "\"\"", "[\"a\"]"}) {
    ExpectFooter("{\"kid\":" + std::string(bad) + "}", RefusalCode::kBadClaim,
                 "kid");
  }
  for (std::string_view type :
       {"k4.local.x", "k4.public.x", "k4.secret.x", "k4.local-pw.x",
        "k4.secret-pw.x", "k4.local-wrap.pie.x", "k4.seal.x"}) {
    ExpectFooter("{\"wpk\":\"" + std::string(type) + "\",\"kid\":\"a\"}",
                 RefusalCode::kUnsupported, "wpk");
  }
  ExpectFooter(R"({"kid":"a","x":1})", RefusalCode::kUnsupported, "footer");
}

TEST_CASE("a footer of 512 bytes is read, one of 513 is not") {
  TokenHeader header;
  auto sized = [](size_t size) {
    return "{\"kid\":\"" + std::string(size - 10, 'k') + "\"}";
  };
  REQUIRE(sized(512).size() == 512);
  CHECK_FALSE(ReadFooter(sized(512), header).has_value());
  CHECK(header.key_id.size() == 502);
  ExpectFooter(sized(513), RefusalCode::kMalformed, "footer");
}

}  // namespace
}  // namespace signet
