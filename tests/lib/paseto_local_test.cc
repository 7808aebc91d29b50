#include "paseto_local.h"

#include <doctest/doctest.h>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::ExpectRefusal;
using testing::GoodClaims;
using testing::LocalFixture;
using testing::PasetoFixture;

constexpr Refusal kForged{RefusalCode::kBadSignature, Stage::kSignature};
constexpr Refusal kMalformedText{RefusalCode::kMalformed, Stage::kFormat};

SecretKey NewKey() { return SecretKey::Generate(KeyFormat::kPasetoV4Local); }

std::string B64(std::string_view text) {
  return Base64UrlEncode(AsBytes(text));
}

// BodyOf is nonce ‖ ciphertext ‖ tag of a token with or without a footer.
std::string BodyOf(const std::string& token) {
  return *Base64UrlDecode(token.substr(9, token.find('.', 9) - 9));
}

std::string WithBody(const std::string& token, std::string_view body) {
  const size_t dot = token.find('.', 9);
  return "v4.local." + B64(body) +
         (dot == std::string::npos ? "" : token.substr(dot));
}

TEST_CASE("a v4.local token opens to what was sealed") {
  const SecretKey key = NewKey();
  const VerifyKey opener = key.ForVerifier();
  for (std::string_view message :
       {"", "m", "{\"a\":\"longer than a block\"}"}) {
    for (std::string_view footer : {"", "f", "{\"kid\":\"x\"}"}) {
      for (std::string_view assertion : {"", "bound"}) {
        const std::string token = SealPaseto(key, message, footer, assertion);
        auto paseto = PasetoLocal::Split(token);
        REQUIRE(paseto.has_value());
        CHECK(paseto->footer() == footer);
        CHECK(paseto->message().empty());  // not before it is authenticated
        CHECK_FALSE(paseto->Verify(opener, "other"));
        CHECK_FALSE(paseto->Verify(NewKey().ForVerifier(), assertion));
        CHECK(paseto->message().empty());
        CHECK(paseto->Verify(opener, assertion));
        CHECK(paseto->message() == message);
      }
    }
  }
}

TEST_CASE("a message is sealed anew each time, and is not seen from outside") {
  const SecretKey key = NewKey();
  const std::string one = SealPaseto(key, "a secret message", {}, {});
  CHECK(one != SealPaseto(key, "a secret message", {}, {}));
  CHECK(BodyOf(one).size() == 32 + 16 + 32);
  CHECK(BodyOf(one).find("secret") == std::string::npos);
}

TEST_CASE("bytes do not move between ciphertext, footer and assertion") {
  const SecretKey key = NewKey();
  const VerifyKey opener = key.ForVerifier();
  const std::string token = SealPaseto(key, "m", "ab", "cd");
  const std::string body = token.substr(0, token.find('.', 9));
  const auto with_footer = [&](std::string_view footer) {
    return PasetoLocal::Split(body + "." + B64(footer));
  };
  CHECK(with_footer("ab")->Verify(opener, "cd"));
  CHECK_FALSE(with_footer("abc")->Verify(opener, "d"));
  CHECK_FALSE(with_footer("a")->Verify(opener, "bcd"));
  CHECK_FALSE(PasetoLocal::Split(body)->Verify(opener, "abcd"));
  CHECK_FALSE(with_footer("ab")->Verify(opener, ""));
}

TEST_CASE("only a key of v4.local opens a v4.local token") {
  const std::string seed(32, 's');
  const auto key = [&seed](KeyFormat format) {
    return SecretKey::FromSecret(format, AsBytes(seed))->ForVerifier();
  };
  const SecretKey sealer =
      *SecretKey::FromSecret(KeyFormat::kPasetoV4Local, AsBytes(seed));
  const std::string token = SealPaseto(sealer, "m", {}, {});
  CHECK(PasetoLocal::Split(token)->Verify(key(KeyFormat::kPasetoV4Local), {}));
  for (KeyFormat other :
       {KeyFormat::kPasetoV4Public, KeyFormat::kJwtHs256,
        KeyFormat::kRefreshMac, KeyFormat::kJweDir, KeyFormat::kJwtEdDsa}) {
    CHECK_FALSE(PasetoLocal::Split(token)->Verify(key(other), {}));
  }
}

TEST_CASE("text that is not a canonical v4.local token is not split") {
  const std::string good = SealPaseto(NewKey(), "{}", {}, {});
  REQUIRE(PasetoLocal::Split(good).has_value());
  const std::string body = good.substr(9);
  for (const std::string& bad : {std::string(),
                                 std::string("v4.local"),
                                 std::string("v4.local."),
                                 "V4.local." + body,
                                 "v4.LOCAL." + body,
                                 "v4.public." + body,
                                 "v3.local." + body,
                                 "v4.local.." + body,
                                 good + ".",
                                 good + "..",
                                 good + ".e30.",
                                 good + ".e30.e30",
                                 good + ".e30=",
                                 good + "=",
                                 good + "\n",
                                 " " + good,
                                 good + ".A",
                                 good + ".AB",
                                 good + ".e3_+",
                                 "v4.local." + B64(std::string(63, 'x')),
                                 "v4.local.." + B64(std::string(64, 'x'))}) {
    CAPTURE(bad);
    CHECK_FALSE(PasetoLocal::Split(bad).has_value());
  }
  CHECK(PasetoLocal::Split("v4.local." + B64(std::string(64, 'x'))));
}

TEST_CASE("family 35: nonce, ciphertext, tag and footer are bound") {
  LocalFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  const std::string token = fixture.Mint();
  const std::string body = BodyOf(token);
  REQUIRE(WithBody(token, body) == token);
  for (size_t bit = 0; bit < body.size() * 8; bit += 5) {
    std::string flipped = body;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    ExpectRefusal(verifier, WithBody(token, flipped), kForged);
  }
  for (const std::string& other :
       {body.substr(1), body.substr(0, body.size() - 1), body + '\0',
        '\0' + body, body.substr(32) + body.substr(0, 32), body.substr(0, 64),
        std::string(64, '\0'), std::string(200, '\0')}) {
    ExpectRefusal(verifier, WithBody(token, other), kForged);
  }
  for (size_t size : {size_t{1}, size_t{31}, size_t{32}, size_t{63}}) {
    ExpectRefusal(verifier, WithBody(token, body.substr(0, size)),
                  kMalformedText);
  }
  const std::string kid = fixture.key().id();
  const std::string spaced = "{ \"kid\":\"" + kid + "\"}";
  ExpectRefusal(verifier, token.substr(0, token.rfind('.') + 1) + B64(spaced),
                kForged);
  ExpectRefusal(verifier, token.substr(0, token.rfind('.')),
                {RefusalCode::kMissingClaim, Stage::kHeader, "kid"});
  const std::string claims = *WriteClaims(GoodClaims(), ClaimsForm::kPaseto);
  const std::string moved =
      SealPaseto(fixture.key(), claims, {}, PasetoFooter(kid));
  ExpectRefusal(verifier, moved + "." + B64(PasetoFooter(kid)), kForged);
}

TEST_CASE("family 35: a wrong or a missing assertion") {
  LocalFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  const auto token = fixture.issuer.Mint(GoodClaims(), "tenant-1");
  REQUIRE(token.ok());
  CHECK(verifier.Verify(*token, "tenant-1").ok());
  for (std::string_view wrong : {"", "tenant-2", "tenant-", "tenant-11"}) {
    CHECK(verifier.Verify(*token, wrong).error() == kForged);
  }
  CHECK(verifier.Verify(fixture.Mint(), "x").error() == kForged);
}

TEST_CASE("family 34: a token of one purpose is none of the other") {
  LocalFixture local;
  PasetoFixture open;
  constexpr Refusal kOther{RefusalCode::kWrongAlgorithm, Stage::kKey};
  ExpectRefusal(open.MakeVerifier(), local.Mint(), kOther);
  ExpectRefusal(local.MakeVerifier(), open.Mint(), kOther);
  ExpectRefusal(open.MakeVerifier(), "v4.public." + local.Mint().substr(9),
                {RefusalCode::kUnknownKey, Stage::kKey, "kid"});
  // The public key's bytes as a symmetric key: its id is that of a k4.lid.
  const std::string point(AsText(open.key().Public().bytes()));
  const auto forged =
      SecretKey::FromSecret(KeyFormat::kPasetoV4Local, AsBytes(point));
  REQUIRE(forged.ok());
  const std::string claims = *WriteClaims(GoodClaims(), ClaimsForm::kPaseto);
  ExpectRefusal(open.MakeVerifier(),
                SealPaseto(*forged, claims, PasetoFooter(open.key().id()), {}),
                kOther);
}

TEST_CASE("family 36: the footer of a v4.local token is read as strictly") {
  LocalFixture fixture;
  Verifier verifier = fixture.MakeVerifier();
  const std::string kid = fixture.key().id();
  const auto expect = [&](std::string_view footer, Refusal expected) {
    CAPTURE(footer);
    ExpectRefusal(verifier, SealPaseto(fixture.key(), "{}", footer, {}),
                  expected);
  };
  constexpr Refusal kBadFooter{RefusalCode::kMalformed, Stage::kHeader,
                               "footer"};
  expect("\xff\xfe", kBadFooter);
  expect(kid, kBadFooter);
  expect(PasetoFooter(kid) + std::string(512, ' '), kBadFooter);
  expect(R"({"kid":1})", {RefusalCode::kBadClaim, Stage::kHeader, "kid"});
  for (std::string_view wrapped :
       {"k4.local.AAAA", "k4.secret.AAAA", "k4.local-pw.AAAA",
        "k4.local-wrap.pie.AAAA", "k4.seal.AAAA"}) {
    expect("{\"kid\":\"" + kid + "\",\"wpk\":\"" + std::string(wrapped) + "\"}",
           {RefusalCode::kUnsupported, Stage::kHeader, "wpk"});
  }
}

}  // namespace
}  // namespace signet
