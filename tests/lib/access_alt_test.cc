// Access tokens of two formats at one verifier: a ring of kAccess and one of
// kAccessAlt beside each other.

#include <doctest/doctest.h>

#include "live_ring_access.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::ExpectRefusal;
using testing::GoodClaims;
using testing::NewRing;
using testing::PasetoFixture;

// TwoFormats is a verifier of PASETO tokens that has learnt a JWT ring too.
struct TwoFormats : PasetoFixture {
  TwoFormats() { REQUIRE(live.Publish(alt.Public()).ok()); }

  std::string MintAlt() const {
    const auto token = Issuer(alt, clock).Mint(GoodClaims());
    REQUIRE(token.ok());
    return *token;
  }

  SigningRing alt = NewRing(KeyFormat::kJwtEs256, KeyPurpose::kAccessAlt);
};

TEST_CASE("a second access ring is in force beside the first") {
  const TwoFormats both;
  const Verifier verifier = both.MakeVerifier();
  CHECK(verifier.Verify(both.Mint()).ok());
  CHECK(verifier.Verify(both.MintAlt()).ok());
  CHECK(verifier.Verify(both.MintAlt()).ok());  // from the cache or not
  CHECK(both.live.Copy() == both.ring.Public());
  CHECK(both.live.Copy(KeyPurpose::kAccess) == both.ring.Public());
  CHECK(both.live.Copy(KeyPurpose::kAccessAlt) == both.alt.Public());
  CHECK_FALSE(both.live.Copy(KeyPurpose::kFeed).has_value());
}

TEST_CASE("each of two rings is replaced by its own successor") {
  TwoFormats both;
  const Verifier verifier = both.MakeVerifier();
  const std::string old = both.MintAlt();
  CHECK(verifier.Verify(old).ok());
  const uint64_t identity =
      LiveRingAccess::Read(both.live)->Find(both.key().id())->identity;
  REQUIRE(both.alt.Rotate(Time(testing::kNow)).ok());
  REQUIRE(both.live.Publish(both.alt.Public()).ok());
  CHECK(verifier.Verify(old).ok());
  // Generations count for each ring by itself.
  CHECK(both.live.Publish(both.ring.Public()).ok());
  const SigningRing first =
      NewRing(KeyFormat::kJwtEs256, KeyPurpose::kAccessAlt);
  CHECK(both.live.Publish(first.Public()).error().code == ErrorCode::kRollback);
  CHECK(LiveRingAccess::Read(both.live)->Find(both.key().id())->identity ==
        identity);
  // A revoked key of the second ring is refused, remembered token or not.
  REQUIRE(both.alt.Revoke(both.alt.keys().front().key.id(), Time(testing::kNow))
              .ok());
  REQUIRE(both.live.Publish(both.alt.Public()).ok());
  ExpectRefusal(verifier, old,
                {RefusalCode::kKeyNotUsable, Stage::kKey, "kid"});
  CHECK(verifier.Verify(both.Mint()).ok());
}

TEST_CASE("a key of one ring makes no token of the other's format") {
  const TwoFormats both;
  const Verifier verifier = both.MakeVerifier();
  // A JWT whose header names the PASETO key, and the other way round.
  const SecretKey& jwt_key = both.alt.keys().front().key;
  const auto claims = R"({"iss":"https://login.example"})";
  const std::string jwt =
      SignJws(jwt_key, JwtHeader(both.key().id(), "ES256"), claims);
  ExpectRefusal(verifier, jwt,
                {RefusalCode::kWrongAlgorithm, Stage::kKey, "alg"});
  // Neither does the header's algorithm choose.
  const std::string other =
      SignJws(jwt_key, JwtHeader(jwt_key.id(), "EdDSA"), claims);
  ExpectRefusal(verifier, other,
                {RefusalCode::kWrongAlgorithm, Stage::kKey, "alg"});
  // A format that no ring has.
  const SigningRing sealed = NewRing(KeyFormat::kPasetoV4Local);
  const auto local = Issuer(sealed, both.clock).Mint(GoodClaims());
  REQUIRE(local.ok());
  ExpectRefusal(verifier, *local,
                {RefusalCode::kWrongAlgorithm, Stage::kKey, {}});
}

TEST_CASE("the second ring alone serves a verifier too") {
  const TwoFormats both;
  const LiveRing live(both.alt.Public());
  const auto verifier = Verifier::Create(testing::GoodPolicy(), live,
                                         both.revocations, both.clock);
  REQUIRE(verifier.ok());
  CHECK(verifier->Verify(both.MintAlt()).ok());
  ExpectRefusal(*verifier, both.Mint(),
                {RefusalCode::kWrongAlgorithm, Stage::kKey, {}});
}

TEST_CASE("rings of two purposes that both hold a key are refused") {
  const SecretKey key = testing::NewKey(KeyFormat::kJwtRs256);
  const auto ring_of = [&](KeyFormat format, KeyPurpose purpose) {
    const Time since = Time(testing::kNow) - std::chrono::hours(1);
    std::vector<SigningRing::Key> keys;
    keys.push_back({*SecretKey::FromSecret(format, key.ExposeSecret()),
                    {.created_at = since, .activates_at = since}});
    auto ring = SigningRing::Create({.purpose = purpose, .format = format},
                                    std::move(keys));
    REQUIRE(ring.ok());
    return ring->Public();
  };
  LiveRing live(ring_of(KeyFormat::kJwtRs256, KeyPurpose::kAccess));
  const Status published =
      live.Publish(ring_of(KeyFormat::kJwtPs256, KeyPurpose::kAccessAlt));
  REQUIRE_FALSE(published.ok());
  CHECK(published.error().code == ErrorCode::kConflict);
  CHECK_FALSE(live.Copy(KeyPurpose::kAccessAlt).has_value());
}

TEST_CASE("Explain names the ring of the token's key") {
  const TwoFormats both;
  const Verifier verifier = both.MakeVerifier();
  const std::string text = verifier.Explain(both.MintAlt()).ToString();
  CHECK(text.find(both.alt.keys().front().key.id()) != std::string::npos);
}

}  // namespace
}  // namespace signet
