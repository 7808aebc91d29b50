#include "jwe.h"

#include <doctest/doctest.h>

#include "signet/jwk.h"
#include "tests/lib/jwe_forge.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::ForgeTo;
using testing::JweParts;

// The keys of RFC 7518 appendix C, RFC 8037 appendix A.6 and RFC 7520
// section 3.6.
constexpr std::string_view kP256Jwk =
    R"({"kty":"EC","crv":"P-256",)"
    R"("x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",)"
    R"("y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",)"
    R"("d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"})";
constexpr std::string_view kX25519Jwk =
    R"({"kty":"OKP","crv":"X25519",)"
    R"("x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08",)"
    R"("d":"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os"})";
constexpr std::string_view kDirJwk =
    R"({"kty":"oct","k":"AAPapAv4LbFbiVawEjagUBluYqN5rhna-8nuldDvOx8"})";

SecretKey KeyOf(std::string_view jwk, KeyFormat format) {
  Result<SecretKey> key = ReadSecretJwk(jwk, format);
  REQUIRE_MESSAGE(key.ok(), (key.ok() ? "" : key.error().message));
  return *std::move(key);
}

// Opened is what a token holds: nothing unless form, header and key are good.
std::optional<std::string> Opened(std::string_view token,
                                  const VerifyKey& key) {
  auto jwe = Jwe::Split(token);
  TokenHeader header;
  if (!jwe || jwe->ReadHeader(header) ||
      !Jwe::AgreesWith(header, key.format()) || !jwe->Verify(key, {})) {
    return std::nullopt;
  }
  return std::string(jwe->message());
}

void ExpectHeader(std::string_view token, const Refusal& expected) {
  auto jwe = Jwe::Split(token);
  REQUIRE(jwe.has_value());
  TokenHeader header;
  const auto refusal = jwe->ReadHeader(header);
  REQUIRE(refusal.has_value());
  CHECK(*refusal == expected);
}

// ---- Known answers, made by another implementation (jose 6.2.17). ----

TEST_CASE("an ECDH-ES+A256KW token on P-256, with apu and apv, is opened") {
  const std::string token =
      "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJjdHkiOiJKV1QiLCJr"
      "aWQiOiJib2IiLCJlcGsiOnsieCI6Im1tX21ObWJaLUNYYVhRZXQ5NEFCNFVJSFVVdjZka0lu"
      "cHI2dEp6UGJZR2MiLCJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieSI6Im10b2ttZ3NPam1G"
      "V1BGdFFUV19EWkVMcDE0Mk9TMTFXbWNwV3R0VEg1M0kifSwiYXB1IjoiUVd4cFkyVSIsImFw"
      "diI6IlFtOWkifQ.1YMVhZN1t0wHPmL2Pq7c2hL6ISRpcRYpcN29LngMfUoxP8HbG3dbog.W2"
      "HXbddjiSPv9S3q.k47BMznJsB7U.3eJ2DVBDqE3YCVwkL-GHNg";
  const SecretKey key = KeyOf(kP256Jwk, KeyFormat::kJweP256);
  CHECK(Opened(token, key.ForVerifier()) == "a message");
}

TEST_CASE("an ECDH-ES+A256KW token on X25519 is opened") {
  const std::string token =
      "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJjdHkiOiJKV1QiLCJr"
      "aWQiOiJib2IiLCJlcGsiOnsieCI6IlVVUTRjdlpVMWpvbnlDeU1TRGZXdHFkdXZaNk8wN25v"
      "d0Jzb3NLSUZBUVkiLCJjcnYiOiJYMjU1MTkiLCJrdHkiOiJPS1AifX0.o4Tt1xgkHePj77uX"
      "O2ERVpS-mEtCmxnAR2CjGJEB7mzVXjofU7kaIw.MXkWMqcn0eZ5op0y.VeRD8VzKjyZk.Da7"
      "Ihyzf1ODcRjiZCpnLXw";
  const SecretKey key = KeyOf(kX25519Jwk, KeyFormat::kJweX25519);
  CHECK(Opened(token, key.ForVerifier()) == "a message");
}

TEST_CASE("a token under a shared key is opened") {
  const std::string token =
      "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwidHlwIjoiYXQrand0Iiwia2lkIjoiMWU1"
      "NzE3NzQifQ..eXRcGdOeJIu4Y8v6.RrF-VOv-JE3J.vTlu9NizAHdh-Fp5TdCb4w";
  const SecretKey key = KeyOf(kDirJwk, KeyFormat::kJweDir);
  CHECK(Opened(token, key.ForVerifier()) == "a message");
}

// ---- What Signet seals. ----

TEST_CASE("what is sealed under a shared key is opened by it alone") {
  const SecretKey key = SecretKey::Generate(KeyFormat::kJweDir);
  const std::string token = SealJweDir(key, "{\"sub\":\"alice\"}");
  CHECK(Opened(token, key.ForVerifier()) == "{\"sub\":\"alice\"}");
  CHECK(Jwe::Split(token)->header() ==
        R"({"alg":"dir","enc":"A256GCM","typ":"at+jwt","kid":")" + key.id() +
            "\"}");
  CHECK(token.find("..") != std::string::npos);  // no encrypted key
  CHECK(token != SealJweDir(key, "{\"sub\":\"alice\"}"));
  const SecretKey other = SecretKey::Generate(KeyFormat::kJweDir);
  CHECK_FALSE(Opened(token, other.ForVerifier()).has_value());
  const SecretKey mac =
      *SecretKey::FromSecret(KeyFormat::kJwtHs256, key.ExposeSecret());
  CHECK_FALSE(Jwe::Split(token)->Verify(mac.ForVerifier(), {}));
}

TEST_CASE("what is sealed to a public key is opened by its secret half") {
  for (KeyFormat format : {KeyFormat::kJweP256, KeyFormat::kJweX25519}) {
    const SecretKey key = SecretKey::Generate(format);
    const std::string token = SealJweTo(key.Public(), "a.b.c");
    CHECK(Opened(token, key.ForVerifier()) == "a.b.c");
    CHECK(token != SealJweTo(key.Public(), "a.b.c"));
    auto jwe = Jwe::Split(token);
    TokenHeader header;
    REQUIRE_FALSE(jwe->ReadHeader(header).has_value());
    CHECK(jwe->nested());
    CHECK(header.key_id == key.id());
    CHECK(header.algorithm == "ECDH-ES+A256KW");
    CHECK(jwe->message().empty());  // not before it is authenticated
    // Neither another key, nor the public half, nor an assertion.
    CHECK_FALSE(jwe->Verify(SecretKey::Generate(format).ForVerifier(), {}));
    CHECK_FALSE(jwe->Verify(key.Public(), {}));
    CHECK_FALSE(jwe->Verify(key.ForVerifier(), "x"));
    CHECK(jwe->message().empty());
    CHECK(jwe->Verify(key.ForVerifier(), {}));
  }
}

TEST_CASE("the ephemeral key is another for every token, on the key's curve") {
  const SecretKey p256 = SecretKey::Generate(KeyFormat::kJweP256);
  const SecretKey x25519 = SecretKey::Generate(KeyFormat::kJweX25519);
  const std::string to_p256 = SealJweTo(p256.Public(), "m");
  const std::string to_x25519 = SealJweTo(x25519.Public(), "m");
  CHECK(Jwe::Split(to_p256)->header().find(R"("crv":"P-256")") !=
        std::string_view::npos);
  CHECK(Jwe::Split(to_x25519)->header().find(R"("crv":"X25519")") !=
        std::string_view::npos);
  CHECK_FALSE(Opened(to_p256, x25519.ForVerifier()).has_value());
  CHECK_FALSE(Opened(to_x25519, p256.ForVerifier()).has_value());
  CHECK(Jwe::Split(to_p256)->header() !=
        Jwe::Split(SealJweTo(p256.Public(), "m"))->header());
}

TEST_CASE("apu and apv enter the key: 128 bytes of each, and not one more") {
  for (KeyFormat format : {KeyFormat::kJweP256, KeyFormat::kJweX25519}) {
    const SecretKey key = SecretKey::Generate(format);
    for (const auto& [apu, apv] :
         {std::pair<std::string, std::string>{"", ""},
          {"Alice", ""},
          {"", "Bob"},
          {"Alice", "Bob"},
          {std::string(128, 'u'), std::string(128, 'v')}}) {
      const JweParts parts = ForgeTo(key.Public(), "m", apu, apv);
      CHECK(Opened(parts.Token(), key.ForVerifier()) == "m");
    }
    ExpectHeader(ForgeTo(key.Public(), "m", std::string(129, 'u'), "").Token(),
                 {RefusalCode::kBadClaim, Stage::kHeader, "apu"});
    ExpectHeader(ForgeTo(key.Public(), "m", "", std::string(129, 'v')).Token(),
                 {RefusalCode::kBadClaim, Stage::kHeader, "apv"});
  }
}

TEST_CASE("text that is not five canonical segments is not split") {
  const std::string good =
      SealJweDir(SecretKey::Generate(KeyFormat::kJweDir), "{}");
  REQUIRE(Jwe::Split(good).has_value());
  for (const std::string& bad :
       {std::string(), std::string("...."), std::string(".A.A.A.A"),
        std::string("e30"), std::string("e30.AAAA.AAAA.AAAA"), good + ".",
        "." + good, good + ".AAAA", good + "=", good + "\n", " " + good,
        std::string("e30.AAAA.AAAA.AAAA.A"),
        std::string("e30.AAAA.AAAA.AA=.AAAA"),
        std::string("e30.AAAA.A+AA.AAAA.AAAA"),
        std::string("e31.AAAA.AAAA.AAAA.AAAA"),
        std::string("e30.AB.AAAA.AAAA.AAAA")}) {
    CAPTURE(bad);
    CHECK_FALSE(Jwe::Split(bad).has_value());
  }
}

TEST_CASE("a JWE of no content, or of an empty one, is opened to nothing") {
  const SecretKey key = SecretKey::Generate(KeyFormat::kJweDir);
  CHECK(Opened(SealJweDir(key, ""), key.ForVerifier()) == "");
}

}  // namespace
}  // namespace signet
