// What holds for tokens of every format, from Issuer to Verifier.

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "signet/unverified.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::AllFixtures;
using testing::Cut;
using testing::ExpectRefusal;
using testing::GoodClaims;
using testing::GoodPolicy;
using testing::kNow;
using testing::NewRing;
using testing::SignClaims;

constexpr KeyFormat kAccessFormats[] = {
    KeyFormat::kPasetoV4Public, KeyFormat::kPasetoV4Local, KeyFormat::kJwtEdDsa,
    KeyFormat::kJwtEs256,       KeyFormat::kJwtRs256,      KeyFormat::kJwtPs256,
    KeyFormat::kJwtHs256,       KeyFormat::kJweDir,
};
static_assert(std::size(kAccessFormats) == std::tuple_size_v<AllFixtures>);

TEST_CASE_TEMPLATE_DEFINE("a token of any format comes back as it was minted",
                          F, comes_back) {
  F fixture;
  Claims claims = GoodClaims();
  claims.not_before = kNow;
  claims.audience = {"other", "api.example"};
  claims.cnf_jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  claims.custom = R"({"tenant":7,"roles":["a"]})";
  Policy policy = GoodPolicy();
  policy.caller_checks_binding = true;
  const auto verdict =
      fixture.MakeVerifier(policy).Verify(fixture.Mint(claims));
  REQUIRE(verdict.ok());
  CHECK(verdict->claims() == claims);
  CHECK(verdict->key_id() == fixture.key().id());
  CHECK_FALSE(verdict->stale());
}
TEST_CASE_TEMPLATE_APPLY(comes_back, AllFixtures);

TEST_CASE_TEMPLATE_DEFINE("the outside of a token names format and key", F,
                          outside) {
  F fixture;
  const auto seen = InspectUnverified(fixture.Mint());
  REQUIRE(seen.ok());
  CHECK(seen->key_id == fixture.key().id());
  CHECK(seen->format == (F::kFormat == KeyFormat::kJweDir ? "jwe"
                         : F::kIsJwt                      ? "jwt"
                                     : KeyFormatName(F::kFormat)));
  const bool encrypted = F::kFormat == KeyFormat::kJweDir ||
                         F::kFormat == KeyFormat::kPasetoV4Local;
  CHECK(seen->claims.empty() == encrypted);
  if (IsJws(F::kFormat)) {
    CHECK(seen->header ==
          JwtHeader(fixture.key().id(), JoseAlgorithm(F::kFormat)));
  }
}
TEST_CASE_TEMPLATE_APPLY(outside, AllFixtures);

TEST_CASE_TEMPLATE_DEFINE("an assertion binds a PASETO and is none of a JWT's",
                          F, assertions) {
  F fixture;
  const Verifier verifier = fixture.MakeVerifier();
  constexpr Refusal kForged{RefusalCode::kBadSignature, Stage::kSignature};
  CHECK(verifier.Verify(fixture.Mint(), "x").error() == kForged);
  const auto bound = fixture.issuer.Mint(GoodClaims(), "x");
  CHECK(bound.ok() == !F::kIsJwt);
  if (!bound.ok()) {
    CHECK(bound.error().message ==
          "minting a token: a JWT has no implicit assertion");
    return;
  }
  CHECK(verifier.Verify(*bound, "x").ok());
  CHECK(verifier.Verify(*bound, "y").error() == kForged);
  CHECK(verifier.Verify(*bound).error() == kForged);
}
TEST_CASE_TEMPLATE_APPLY(assertions, AllFixtures);

TEST_CASE_TEMPLATE_DEFINE("a key of any format turns without a refusal", F,
                          turns) {
  F fixture;
  Policy policy = GoodPolicy();
  policy.max_staleness = hours(1);
  const Verifier verifier = fixture.MakeVerifier(policy);
  REQUIRE(fixture.ring.Rotate(fixture.clock.Now()).ok());
  REQUIRE(fixture.live.Publish(fixture.ring.ForVerifier()).ok());
  Claims claims = GoodClaims();
  std::string last;
  std::set<std::string> keys_seen;
  for (int i = 0; i < 12; ++i) {
    claims.issued_at = ToSeconds(fixture.clock.Now());
    claims.expires_at = claims.issued_at + minutes(5);
    const std::string token = fixture.Mint(claims);
    const auto verdict = verifier.Verify(token);
    REQUIRE(verdict.ok());
    keys_seen.insert(verdict->key_id());
    if (!last.empty()) CHECK(verifier.Verify(last).ok());
    last = token;
    fixture.clock.Advance(Seconds(10));
  }
  CHECK(keys_seen.size() == 2);
}
TEST_CASE_TEMPLATE_APPLY(turns, AllFixtures);

TEST_CASE_TEMPLATE_DEFINE("a key of any format is revoked with its tokens", F,
                          revoked) {
  F fixture;
  const Verifier verifier = fixture.MakeVerifier();
  const std::string token = fixture.Mint();
  CHECK(verifier.Verify(token).ok());
  REQUIRE(fixture.ring.Revoke(fixture.key().id(), fixture.clock.Now()).ok());
  REQUIRE(fixture.live.Publish(fixture.ring.ForVerifier()).ok());
  ExpectRefusal(verifier, token,
                {RefusalCode::kKeyNotUsable, Stage::kKey, "kid"});
  CHECK(fixture.issuer.Mint(GoodClaims()).error().code ==
        ErrorCode::kUnavailable);
}
TEST_CASE_TEMPLATE_APPLY(revoked, AllFixtures);

TEST_CASE_TEMPLATE_DEFINE("an entry of the list voids tokens of any format", F,
                          voided) {
  F fixture;
  const Verifier verifier = fixture.MakeVerifier();
  const std::string token = fixture.Mint();
  CHECK(verifier.Verify(token).ok());
  const Revocation entry =
      Cut(RevocationKind::kKey, fixture.key().id(), kNow + Seconds(1));
  fixture.revocations.Apply({&entry, 1});
  ExpectRefusal(verifier, token, {RefusalCode::kRevoked, Stage::kRevocation});
}
TEST_CASE_TEMPLATE_APPLY(voided, AllFixtures);

TEST_CASE_TEMPLATE_DEFINE("claims that were not signed are not believed", F,
                          believed) {
  F fixture;
  F stranger;
  const std::string claims = *WriteClaims(GoodClaims(), F::kForm);
  const Verifier verifier = fixture.MakeVerifier();
  CHECK(verifier.Verify(SignClaims(fixture.key(), claims)).ok());
  ExpectRefusal(verifier, SignClaims(stranger.key(), claims),
                {RefusalCode::kUnknownKey, Stage::kKey, "kid"});
}
TEST_CASE_TEMPLATE_APPLY(believed, AllFixtures);

// MintBy is a good token of a ring.
std::string MintBy(const SigningRing& ring, const Clock& clock) {
  const auto token = Issuer(ring, clock).Mint(GoodClaims());
  REQUIRE(token.ok());
  return *token;
}

TEST_CASE("a token of one format is refused by the rings of all others") {
  const ManualClock clock{Time(kNow)};
  std::vector<SigningRing> rings;
  for (KeyFormat format : kAccessFormats) rings.push_back(NewRing(format));
  for (const SigningRing& ring : rings) {
    const LiveRing live(ring.ForVerifier());
    const auto verifier =
        Verifier::CreateWithoutRevocation(GoodPolicy(), live, clock);
    REQUIRE(verifier.ok());
    const KeyFormat own = ring.info().format;
    for (const SigningRing& other : rings) {
      const KeyFormat format = other.info().format;
      CAPTURE(KeyFormatName(own));
      CAPTURE(KeyFormatName(format));
      const auto verdict = verifier->Verify(MintBy(other, clock));
      CHECK(verdict.ok() == (own == format));
      if (own == format) continue;
      const Refusal expected =
          IsJws(own) && IsJws(format)
              ? Refusal{RefusalCode::kUnknownKey, Stage::kKey, "kid"}
              : Refusal{RefusalCode::kWrongAlgorithm, Stage::kKey};
      CHECK(verdict.error() == expected);
    }
  }
}

// Families 2 and 4: the key is the ring's own, as far as its bytes go.
TEST_CASE("a secret does not carry a token from one format to another") {
  const ManualClock clock{Time(kNow)};
  for (KeyFormat own : kAccessFormats) {
    const SigningRing ring = NewRing(own);
    const SecretKey& key = ring.keys().front().key;
    const LiveRing live(ring.ForVerifier());
    const auto verifier =
        Verifier::CreateWithoutRevocation(GoodPolicy(), live, clock);
    for (KeyFormat other : kAccessFormats) {
      const auto forged = SecretKey::FromSecret(other, key.ExposeSecret());
      if (other == own || !forged) continue;
      CAPTURE(KeyFormatName(own));
      CAPTURE(KeyFormatName(other));
      const ClaimsForm form =
          IsPaseto(other) ? ClaimsForm::kPaseto : ClaimsForm::kJwt;
      const std::string claims = *WriteClaims(GoodClaims(), form);
      CHECK_FALSE(verifier->Verify(SignClaims(*forged, claims)).ok());
      if (!IsJws(own) || !IsJws(other)) continue;
      // Named as the ring names its key, in the words of either algorithm.
      for (KeyFormat said : {own, other}) {
        const std::string header = JwtHeader(key.id(), JoseAlgorithm(said));
        const std::string token = SignJws(*forged, header, claims);
        CHECK(
            verifier->Verify(token).error() ==
            (said == own
                 ? Refusal{RefusalCode::kBadSignature, Stage::kSignature}
                 : Refusal{RefusalCode::kWrongAlgorithm, Stage::kKey, "alg"}));
      }
    }
  }
}

TEST_CASE("a ring for encryption mints and verifies no access token") {
  for (KeyFormat format : {KeyFormat::kJweP256, KeyFormat::kJweX25519}) {
    const SigningRing ring = NewRing(format, KeyPurpose::kEncryption);
    const ManualClock clock{Time(kNow)};
    const auto token = Issuer(ring, clock).Mint(GoodClaims());
    REQUIRE_FALSE(token.ok());
    CHECK(token.error().message ==
          "minting a token: the ring is not one for access tokens");
  }
}

TEST_CASE("only a signed JWT is encrypted to a recipient") {
  const ManualClock clock{Time(kNow)};
  const SigningRing recipient =
      NewRing(KeyFormat::kJweX25519, KeyPurpose::kEncryption);
  const KeyRing open = recipient.Public();
  for (KeyFormat format : kAccessFormats) {
    const SigningRing ring = NewRing(format);
    Issuer issuer(ring, clock);
    issuer.EncryptTo(open);
    const auto token = issuer.Mint(GoodClaims());
    CHECK(token.ok() == IsJws(format));
    if (!token.ok()) {
      CHECK(token.error().code == ErrorCode::kInvalid);
      continue;
    }
    auto jwe = Jwe::Split(*token);
    TokenHeader header;
    REQUIRE_FALSE(jwe->ReadHeader(header).has_value());
    CHECK(header.key_id == recipient.keys().front().key.id());
    REQUIRE(jwe->Verify(recipient.keys().front().key.ForVerifier(), {}));
    const std::string inner(jwe->message());
    const LiveRing live(ring.ForVerifier());
    const auto verifier =
        Verifier::CreateWithoutRevocation(GoodPolicy(), live, clock);
    CHECK(verifier->Verify(inner).ok());
  }
}

TEST_CASE("a recipient's ring is one for encryption, with an active key") {
  const ManualClock clock{Time(kNow)};
  const SigningRing ring = NewRing(KeyFormat::kJwtEs256);
  Issuer issuer(ring, clock);
  const KeyRing other = NewRing(KeyFormat::kJwtEdDsa).Public();
  issuer.EncryptTo(other);
  CHECK(issuer.Mint(GoodClaims()).error().message ==
        "minting a token: the recipients' ring is not one for encryption");
  SigningRing gone = NewRing(KeyFormat::kJweP256, KeyPurpose::kEncryption);
  REQUIRE(gone.Revoke(gone.keys().front().key.id(), Time(kNow)).ok());
  const KeyRing revoked = gone.Public();
  issuer.EncryptTo(revoked);
  CHECK(issuer.Mint(GoodClaims()).error().code == ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace signet
