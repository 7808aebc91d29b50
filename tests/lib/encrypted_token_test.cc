// Signed tokens inside encrypted ones, and plain JWTs.

#include <doctest/doctest.h>

#include "jose_header.h"
#include "jwe.h"
#include "jwt.h"
#include "signet/issuer.h"
#include "signet/jwk.h"
#include "signet/verifier.h"
#include "tests/lib/token_fixture.h"

namespace signet::testing {
namespace {

const Time kStart = Time(GoodClaims().issued_at);

SigningRing NewRing(KeyPurpose purpose, KeyFormat format) {
  return *SigningRing::New({.purpose = purpose, .format = format}, kStart);
}

// A Desk is an issuer that encrypts, and a verifier that can open it.
struct Desk {
  explicit Desk(KeyFormat encryption,
                Policy policy = {.any_issuer = true, .any_audience = true})
      : opening(NewRing(KeyPurpose::kEncryption, encryption)),
        recipients(opening.Public()),
        live_access(access.Public()),
        live_opening(opening.ForVerifier()),
        verifier(
            *Verifier::CreateWithoutRevocation(policy, live_access, clock)) {
    issuer.EncryptTo(recipients);
    verifier.DecryptWith(live_opening);
  }

  Refusal RefusalOf(std::string_view token) {
    auto verdict = verifier.Verify(token);
    REQUIRE_FALSE(verdict.ok());
    return verdict.error();
  }

  ManualClock clock{kStart};
  SigningRing access = NewRing(KeyPurpose::kAccess, KeyFormat::kJwtEs256);
  SigningRing opening;
  KeyRing recipients;
  LiveRing live_access;
  LiveRing live_opening;
  Issuer issuer{access, clock};
  Verifier verifier;
};

constexpr KeyFormat kEncryptions[] = {KeyFormat::kJweP256,
                                      KeyFormat::kJweX25519};

TEST_CASE("a signed token is encrypted to a ring, and its holder opens it") {
  for (const KeyFormat format : kEncryptions) {
    CAPTURE(KeyFormatName(format));
    Desk desk(format);
    auto token = desk.issuer.Mint(GoodClaims());
    REQUIRE(token.ok());
    CHECK(token->find(GoodClaims().subject) == std::string::npos);
    for (int again = 0; again < 2; ++again) {
      auto verified = desk.verifier.Verify(*token);
      REQUIRE(verified.ok());
      CHECK(verified->claims() == GoodClaims());
      CHECK(verified->key_id() == desk.access.keys()[0].key.id());
    }
    CHECK(desk.verifier.counters().authenticated == 1);
  }
}

TEST_CASE("a verifier without the opening ring has no keys for it") {
  Desk desk(KeyFormat::kJweP256);
  const std::string token = *desk.issuer.Mint(GoodClaims());
  auto stranger = Verifier::CreateWithoutRevocation(
      {.any_issuer = true, .any_audience = true}, desk.live_access, desk.clock);
  CHECK(stranger->Verify(token).error() ==
        Refusal{RefusalCode::kNoKeys, Stage::kKey});
  // The public half opens nothing.
  LiveRing outside(desk.opening.Public());
  stranger->DecryptWith(outside);
  CHECK(stranger->Verify(token).error() ==
        Refusal{RefusalCode::kBadSignature, Stage::kSignature});
  // An access ring is no ring for encryption.
  stranger->DecryptWith(desk.live_access);
  CHECK(stranger->Verify(token).error() ==
        Refusal{RefusalCode::kNoKeys, Stage::kKey});
}

TEST_CASE("what anyone can encrypt is worth nothing without a signature") {
  Desk desk(KeyFormat::kJweX25519);
  const VerifyKey recipient = desk.recipients.keys()[0].key;
  const std::string claims = R"({"iss":"x","sub":"root"})";
  CHECK(desk.RefusalOf(SealJweTo(recipient, claims)) ==
        Refusal{RefusalCode::kUnsupported, Stage::kFormat});
  // Nor is a token that is wrapped twice.
  const std::string once = *desk.issuer.Mint(GoodClaims());
  CHECK(desk.RefusalOf(SealJweTo(recipient, once)) ==
        Refusal{RefusalCode::kUnsupported, Stage::kFormat});
  // A stranger's signature inside is an unknown key.
  const SigningRing other = NewRing(KeyPurpose::kAccess, KeyFormat::kJwtEs256);
  const std::string foreign = *Issuer(other, desk.clock).Mint(GoodClaims());
  CHECK(desk.RefusalOf(SealJweTo(recipient, foreign)) ==
        Refusal{RefusalCode::kUnknownKey, Stage::kKey, "kid"});
  // alg none inside (RFC 8725 section 3.2).
  const std::string none =
      Base64UrlEncode(AsBytes(R"({"alg":"none","typ":"at+jwt","kid":"k"})")) +
      "." + Base64UrlEncode(AsBytes(claims)) + ".AA";
  CHECK(desk.RefusalOf(SealJweTo(recipient, none)) ==
        Refusal{RefusalCode::kUnsupported, Stage::kHeader, "alg"});
}

TEST_CASE("revoking the opening key stops tokens that were seen before") {
  Desk desk(KeyFormat::kJweP256);
  const std::string token = *desk.issuer.Mint(GoodClaims());
  REQUIRE(desk.verifier.Verify(token).ok());
  const std::string id(desk.opening.keys()[0].key.id());
  REQUIRE(desk.opening.Revoke(id, kStart).ok());
  REQUIRE(desk.live_opening.Publish(desk.opening.ForVerifier()).ok());
  CHECK(desk.RefusalOf(token) ==
        Refusal{RefusalCode::kKeyNotUsable, Stage::kKey, "kid"});
}

TEST_CASE("only a signed JWT is encrypted, and only to a ring for it") {
  const ManualClock clock(kStart);
  const SigningRing paseto =
      NewRing(KeyPurpose::kAccess, KeyFormat::kPasetoV4Public);
  const SigningRing jwt = NewRing(KeyPurpose::kAccess, KeyFormat::kJwtEdDsa);
  const KeyRing recipients =
      NewRing(KeyPurpose::kEncryption, KeyFormat::kJweP256).Public();
  Issuer of_paseto(paseto, clock);
  of_paseto.EncryptTo(recipients);
  CHECK(of_paseto.Mint(GoodClaims()).error().code == ErrorCode::kInvalid);
  const KeyRing wrong = jwt.Public();
  Issuer of_jwt(jwt, clock);
  of_jwt.EncryptTo(wrong);
  CHECK(of_jwt.Mint(GoodClaims()).error().code == ErrorCode::kInvalid);
}

// PlainToken signs a header of the caller's choice.
std::string PlainToken(const SigningRing& ring, std::string_view typ,
                       std::string_view claims) {
  const SecretKey& key = ring.keys()[0].key;
  const std::string header = R"({"alg":"EdDSA",)" + std::string(typ) +
                             R"("kid":")" + key.id() + R"("})";
  return SignJws(key, header, claims);
}

TEST_CASE("plain JWTs are taken by policy, and access tokens then are not") {
  const ManualClock clock(kStart);
  const SigningRing ring = NewRing(KeyPurpose::kAccess, KeyFormat::kJwtEdDsa);
  const LiveRing live(ring.Public());
  const std::string now =
      std::to_string(ToSeconds(kStart).time_since_epoch().count());
  const std::string later =
      std::to_string(ToSeconds(kStart).time_since_epoch().count() + 300);
  const std::string claims = R"({"iss":"https://i","sub":"alice","iat":)" +
                             now + R"(,"exp":)" + later + "}";
  const Policy any{.any_issuer = true, .any_audience = true};
  Policy plain = any;
  plain.token_type = TokenType::kPlainJwt;
  auto strict = Verifier::CreateWithoutRevocation(any, live, clock);
  auto lenient = Verifier::CreateWithoutRevocation(plain, live, clock);
  const Refusal wrong_type{RefusalCode::kWrongType, Stage::kHeader, "typ"};

  for (const char* typ : {"", R"("typ":"JWT",)", R"("typ":"jwt",)"}) {
    const std::string token = PlainToken(ring, typ, claims);
    auto verified = lenient->Verify(token);
    REQUIRE(verified.ok());
    CHECK(verified->claims().subject == "alice");
    CHECK(strict->Verify(token).error() == wrong_type);
  }
  for (const char* typ : {R"("typ":"at+jwt",)", R"("typ":"dpop+jwt",)",
                          R"("typ":"logout+jwt",)"}) {
    CHECK(lenient->Verify(PlainToken(ring, typ, claims)).error() == wrong_type);
  }
  CHECK(
      lenient->Verify(PlainToken(ring, "", R"({"iss":"https://i"})")).error() ==
      Refusal{RefusalCode::kMissingClaim, Stage::kClaims, "sub"});
}

TEST_CASE("tokens of another issuer verify by its JWK set") {
  const ManualClock clock(kStart);
  const SigningRing ring = NewRing(KeyPurpose::kAccess, KeyFormat::kJwtEs256);
  auto keys = ReadJwks(ring.Public().Jwks(kStart), KeyFormat::kJwtEs256, 1);
  REQUIRE(keys.ok());
  const LiveRing live(*std::move(keys));
  auto verifier = Verifier::CreateWithoutRevocation(
      {.any_issuer = true, .any_audience = true}, live, clock);
  CHECK(verifier->Verify(*Issuer(ring, clock).Mint(GoodClaims())).ok());
}

}  // namespace
}  // namespace signet::testing
