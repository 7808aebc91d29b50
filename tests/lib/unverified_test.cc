#include "signet/unverified.h"

#include <doctest/doctest.h>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::JwtFixture;
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
        jwt.Sign("[]"), jwt.Sign("x"), paseto.Sign("{}") + ".",
        SignJws(jwt.key(), "[]", "{}"), std::string(8193, 'a')}) {
    CAPTURE(bad);
    auto seen = InspectUnverified(bad);
    REQUIRE_FALSE(seen.ok());
    CHECK(seen.error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("tokens that Signet does not read are unsupported") {
  for (std::string_view other :
       {"v4.local.AAAA", "v3.public.AAAA", "v1.local.AAAA.e30",
        "e30.AAAA.AAAA.AAAA.AAAA", "e30..AAAA.AAAA.AAAA"}) {
    auto seen = InspectUnverified(other);
    REQUIRE_FALSE(seen.ok());
    CHECK(seen.error().code == ErrorCode::kUnsupported);
  }
}

}  // namespace
}  // namespace signet
