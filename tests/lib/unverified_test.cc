#include "signet/unverified.h"

#include <doctest/doctest.h>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::JweFixture;
using testing::JwtFixture;
using testing::LocalFixture;
using testing::PasetoFixture;

TEST_CASE("a PASETO is shown with its footer") {
  PasetoFixture fixture;
  auto seen = InspectUnverified(fixture.Sign("{\"sub\":\"x\"}"));
  REQUIRE(seen.ok());
  CHECK(seen->format == "v4.public");
  CHECK(seen->header.empty());
  CHECK(seen->key_id == fixture.key().id());
  CHECK(seen->footer == PasetoFooter(fixture.key().id()));
  CHECK(seen->claims == "{\"sub\":\"x\"}");
}

TEST_CASE("a JWT is shown with its header") {
  JwtFixture fixture;
  auto seen = InspectUnverified(fixture.Sign("{\"sub\":\"x\"}"));
  REQUIRE(seen.ok());
  CHECK(seen->format == "jwt");
  CHECK(seen->header == JwtHeader(fixture.key().id()));
  CHECK(seen->key_id == fixture.key().id());
  CHECK(seen->footer.empty());
  CHECK(seen->claims == "{\"sub\":\"x\"}");
}

TEST_CASE("of an encrypted token only the outside is shown") {
  LocalFixture local;
  auto seen = InspectUnverified(local.Mint());
  REQUIRE(seen.ok());
  CHECK(seen->format == "v4.local");
  CHECK(seen->header.empty());
  CHECK(seen->footer == R"({"kid":")" + local.key().id() + "\"}");
  CHECK(seen->key_id == local.key().id());
  CHECK(seen->claims.empty());

  JweFixture jwe;
  seen = InspectUnverified(jwe.Mint());
  REQUIRE(seen.ok());
  CHECK(seen->format == "jwe");
  CHECK(seen->header ==
        R"({"alg":"dir","enc":"A256GCM","typ":"at+jwt","kid":")" +
            jwe.key().id() + "\"}");
  CHECK(seen->footer.empty());
  CHECK(seen->key_id == jwe.key().id());
  CHECK(seen->claims.empty());
}

TEST_CASE("a token of a kind that no verifier takes can still be looked at") {
  // {"alg":"none"}.{} with some signature.
  auto seen = InspectUnverified("eyJhbGciOiJub25lIn0.e30.AAAA");
  REQUIRE(seen.ok());
  CHECK(seen->header == "{\"alg\":\"none\"}");
  CHECK(seen->key_id.empty());
  PasetoFixture fixture;
  auto footer = InspectUnverified(SignPaseto(fixture.key(), "{}", "free", {}));
  REQUIRE(footer.ok());
  CHECK(footer->footer == "free");
  CHECK(footer->key_id.empty());
}

TEST_CASE("what would harm a terminal is not shown") {
  PasetoFixture fixture;
  CHECK_FALSE(
      InspectUnverified(SignPaseto(fixture.key(), "{}", "\x1b[2J", {})).ok());
  auto seen = InspectUnverified(
      SignPaseto(fixture.key(), "{}", R"({"kid":"\u001b[2J"})", {}));
  REQUIRE(seen.ok());
  CHECK(seen->key_id.empty());
}

TEST_CASE("text that is no token is invalid") {
  PasetoFixture paseto;
  JwtFixture jwt;
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string("a.b"),
        std::string("a.b.c.d"), std::string("v4.public."), paseto.Sign("[]"),
        std::string("v4.local.AAAA"), std::string("e30.A.A.A.A"),
        std::string("W10.AAAA.AAAA.AAAA.AAAA"), jwt.Sign("[]"), jwt.Sign("x"),
        paseto.Sign("{}") + ".", SignJws(jwt.key(), "[]", "{}"),
        std::string(8193, 'a')}) {
    CAPTURE(bad);
    auto seen = InspectUnverified(bad);
    REQUIRE_FALSE(seen.ok());
    CHECK(seen.error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("tokens that Signet does not read are unsupported") {
  for (std::string_view other :
       {"v3.public.AAAA", "v3.local.AAAA", "v1.local.AAAA.e30"}) {
    auto seen = InspectUnverified(other);
    REQUIRE_FALSE(seen.ok());
    CHECK(seen.error().code == ErrorCode::kUnsupported);
  }
}

}  // namespace
}  // namespace signet
