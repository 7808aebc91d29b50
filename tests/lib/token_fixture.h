#ifndef SIGNET_TESTS_LIB_TOKEN_FIXTURE_H_
#define SIGNET_TESTS_LIB_TOKEN_FIXTURE_H_

#include <doctest/doctest.h>

#include <string>
#include <tuple>

#include "jwe.h"
#include "jwt.h"
#include "paseto.h"
#include "paseto_local.h"
#include "signet/issuer.h"
#include "signet/verifier.h"

// Lets doctest print what a failed comparison saw.
namespace signet {
inline std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
  return out << refusal.ToString();
}
inline std::ostream& operator<<(std::ostream& out, RefusalCode code) {
  return out << RefusalCodeName(code);
}
inline std::ostream& operator<<(std::ostream& out, ErrorCode code) {
  return out << "error " << static_cast<int>(code);
}
}  // namespace signet

namespace signet::testing {

// 2026-11-22T10:00:00Z.
inline constexpr EpochSeconds kNow{Seconds(1'795'341'600)};
inline constexpr std::string_view kNowText = "2026-11-22T10:00:00Z";

// NewKey is a new key. RSA keys take long to make: there, two take turns.
inline SecretKey NewKey(KeyFormat format) {
  if (format != KeyFormat::kJwtRs256 && format != KeyFormat::kJwtPs256) {
    return SecretKey::Generate(format);
  }
  static const SecretKey keys[] = {SecretKey::Generate(KeyFormat::kJwtRs256),
                                   SecretKey::Generate(KeyFormat::kJwtRs256)};
  static size_t next = 0;
  return *SecretKey::FromSecret(format, keys[next++ % 2].ExposeSecret());
}

// The ring of a fixture has been active for an hour.
inline SigningRing NewRing(KeyFormat format,
                           KeyPurpose purpose = KeyPurpose::kAccess) {
  const Time since = Time(kNow) - std::chrono::hours(1);
  std::vector<SigningRing::Key> keys;
  keys.push_back(
      {NewKey(format), {.created_at = since, .activates_at = since}});
  auto ring = SigningRing::Create({.purpose = purpose, .format = format},
                                  std::move(keys));
  REQUIRE(ring.ok());
  return std::move(ring).value();
}

// SignClaims makes a token of any claims text, with a good header or footer,
// by a key of a format of access tokens.
inline std::string SignClaims(const SecretKey& key, std::string_view claims) {
  if (IsJwe(key.format())) return SealJweDir(key, claims);
  if (IsJws(key.format())) {
    return SignJws(key, JwtHeader(key.id(), JoseAlgorithm(key.format())),
                   claims);
  }
  if (IsSymmetric(key.format())) {
    return SealPaseto(key, claims, PasetoFooter(key.id()), {});
  }
  return SignPaseto(key, claims, PasetoFooter(key.id()), {});
}

inline Claims GoodClaims() {
  Claims claims;
  claims.issuer = "https://login.example";
  claims.subject = "alice";
  claims.audience = {"api.example"};
  claims.issued_at = kNow;
  claims.expires_at = kNow + std::chrono::minutes(5);
  claims.token_id = "AAAAAAAAAAAAAAAAAAAAAA";
  claims.client_id = "app";
  claims.scope = "read write";
  claims.session_id = "BBBBBBBBBBBBBBBBBBBBBA";
  return claims;
}

inline Policy GoodPolicy() {
  Policy policy;
  policy.issuer = "https://login.example";
  policy.audience = "api.example";
  return policy;
}

// Fixture is an issuer and a verifier over one ring, at kNow, with a fresh
// and empty revocation list.
template <KeyFormat kFormatOfRing>
struct Fixture {
  static constexpr KeyFormat kFormat = kFormatOfRing;
  static constexpr bool kIsJwt = kFormat != KeyFormat::kPasetoV4Public &&
                                 kFormat != KeyFormat::kPasetoV4Local;
  static constexpr ClaimsForm kForm =
      kIsJwt ? ClaimsForm::kJwt : ClaimsForm::kPaseto;

  ManualClock clock{Time(kNow)};
  SigningRing ring = NewRing(kFormat);
  LiveRing live{ring.ForVerifier()};
  RevocationList revocations;
  Issuer issuer{ring, clock};

  Fixture() { revocations.Confirm(clock.Now(), clock.MonotonicNow()); }

  const SecretKey& key() const { return ring.keys().front().key; }

  Verifier MakeVerifier(const Policy& policy = GoodPolicy()) const {
    auto verifier = Verifier::Create(policy, live, revocations, clock);
    REQUIRE(verifier.ok());
    return std::move(verifier).value();
  }

  std::string Mint(const Claims& claims = GoodClaims()) const {
    auto token = issuer.Mint(claims);
    REQUIRE_MESSAGE(token.ok(), (token.ok() ? "" : token.error().message));
    return *token;
  }

  // Sign makes a token of any claims text, with a good header or footer.
  std::string Sign(std::string_view claims) const {
    return SignClaims(key(), claims);
  }
};

using PasetoFixture = Fixture<KeyFormat::kPasetoV4Public>;
using JwtFixture = Fixture<KeyFormat::kJwtEdDsa>;
using LocalFixture = Fixture<KeyFormat::kPasetoV4Local>;
using Es256Fixture = Fixture<KeyFormat::kJwtEs256>;
using Rs256Fixture = Fixture<KeyFormat::kJwtRs256>;
using Ps256Fixture = Fixture<KeyFormat::kJwtPs256>;
using Hs256Fixture = Fixture<KeyFormat::kJwtHs256>;
using JweFixture = Fixture<KeyFormat::kJweDir>;

// AllFixtures has one of every format of access tokens, for
// TEST_CASE_TEMPLATE_APPLY.
using AllFixtures =
    std::tuple<PasetoFixture, LocalFixture, JwtFixture, Es256Fixture,
               Rs256Fixture, Ps256Fixture, Hs256Fixture, JweFixture>;

// Cut is a revocation that lives for an hour.
inline Revocation Cut(RevocationKind kind, std::string_view value,
                      EpochSeconds not_before) {
  Revocation entry;
  entry.kind = kind;
  entry.id = MakeRevocationId(kind, value);
  entry.at = kNow;
  entry.not_before = not_before;
  entry.drop_after = kNow + std::chrono::hours(1);
  return entry;
}

// ExpectRefusal checks the verdict down to the claim.
inline void ExpectRefusal(const Verifier& verifier, std::string_view token,
                          const Refusal& expected) {
  auto verdict = verifier.Verify(token);
  REQUIRE_MESSAGE(!verdict.ok(), "accepted, expected " << expected.ToString());
  CHECK(verdict.error() == expected);
}

// ReplaceFirst returns `text` with the first `what` replaced.
inline std::string ReplaceFirst(std::string text, std::string_view what,
                                std::string_view with) {
  size_t at = text.find(what);
  REQUIRE_MESSAGE(at != std::string::npos, "no " << what << " in " << text);
  return text.replace(at, what.size(), with);
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_LIB_TOKEN_FIXTURE_H_
