// Statements: JWTs that are no access tokens (RFC 8417, RFC 8725 section 3.11).

#include "signet/statement.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::kNow;
using testing::NewRing;

constexpr std::string_view kType = "secevent+jwt";
constexpr std::string_view kPayload = R"({"iss":"https://auth.example"})";

JwsKeys KeysOf(const SigningRing& ring) {
  auto keys = JwsKeys::Parse(ring.Public().Jwks(Time(kNow)));
  REQUIRE_MESSAGE(keys.ok(), keys.error().message);
  return *std::move(keys);
}

std::string Read(const JwsKeys& keys, const std::string& text,
                 std::string_view type = kType) {
  const auto read = ReadStatement(keys, type, text);
  return read.ok() ? *read : read.error().ToString();
}

std::string SignWithHeader(const SigningRing& ring, const std::string& header) {
  return SignJws(ring.keys()[0].key, header, kPayload);
}

TEST_CASE("a statement is read by whoever has the keys") {
  for (const KeyFormat format : {KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256,
                                 KeyFormat::kJwtRs256, KeyFormat::kJwtPs256}) {
    CAPTURE(KeyFormatName(format));
    const SigningRing ring = NewRing(format, KeyPurpose::kStatements);
    const auto text = SignStatement(ring, kType, kPayload, Time(kNow));
    REQUIRE(text.ok());
    CHECK(Read(KeysOf(ring), *text) == kPayload);
    CHECK(Read(KeysOf(ring), *text, "statuslist+jwt") ==
          "wrong_type at header (typ)");
    const SigningRing other = NewRing(format, KeyPurpose::kStatements);
    CHECK(Read(KeysOf(other), *text) == "unknown_key at key (kid)");
  }
}

TEST_CASE("a statement is no access token, and none is a statement") {
  const SigningRing ring =
      NewRing(KeyFormat::kJwtEs256, KeyPurpose::kStatements);
  const std::string id = ring.keys()[0].key.id();
  CHECK(Read(KeysOf(ring), SignWithHeader(ring, JwtHeader(id, "ES256"))) ==
        "wrong_type at header (typ)");
  CHECK(Read(KeysOf(ring), SignWithHeader(ring, R"({"alg":"ES256"})")) ==
        "missing_claim at header (typ)");
  // The ring's purpose keeps the issuer from signing with it.
  const ManualClock clock{Time(kNow)};
  const auto minted = Issuer(ring, clock).Mint(testing::GoodClaims());
  REQUIRE_FALSE(minted.ok());
  CHECK(minted.error().message.find("not one for access tokens") !=
        std::string::npos);
  const SigningRing access = NewRing(KeyFormat::kJwtEs256);
  const auto refused = SignStatement(access, kType, kPayload, Time(kNow));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kInvalid);
}

TEST_CASE("media types compare without regard to case and prefix") {
  const SigningRing ring =
      NewRing(KeyFormat::kJwtEs256, KeyPurpose::kStatements);
  const JwsKeys keys = KeysOf(ring);
  for (const char* type :
       {"secevent+jwt", "SecEvent+JWT", "application/secevent+jwt",
        "Application/SECEVENT+jwt"}) {
    CAPTURE(type);
    const std::string header = std::string(R"({"alg":"ES256","typ":")") + type;
    CHECK(Read(keys, SignWithHeader(ring, header + "\"}")) == kPayload);
  }
  for (const char* type : {"application/", "application/jwt", "jwt",
                           "secevent+jwt ", "text/secevent+jwt"}) {
    CAPTURE(type);
    const std::string header = std::string(R"({"alg":"ES256","typ":")") + type;
    CHECK(Read(keys, SignWithHeader(ring, header + "\"}")) ==
          "wrong_type at header (typ)");
  }
}

TEST_CASE("what the sender of a statement may not choose is refused") {
  const SigningRing ring =
      NewRing(KeyFormat::kJwtEs256, KeyPurpose::kStatements);
  const JwsKeys keys = KeysOf(ring);
  const auto header = [](const std::string& alg, const std::string& more) {
    return R"({"alg":")" + alg + R"(","typ":"secevent+jwt")" + more + "}";
  };
  const auto read = [&](const std::string& alg, const std::string& more) {
    return Read(keys, SignWithHeader(ring, header(alg, more)));
  };
  CHECK(read("none", "") == "unsupported at header (alg)");
  CHECK(read("HS256", "") == "unsupported at header (alg)");
  CHECK(read("EdDSA", "") == "unknown_key at key (kid)");
  CHECK(read("ES256", R"(,"crit":["x"])") == "unsupported at header (crit)");
  CHECK(read("ES256", R"(,"jku":"https://evil.example")") ==
        "unsupported at header (jku)");
  CHECK(read("ES256", R"(,"kid":"other")") == "unknown_key at key (kid)");
  CHECK(read("ES256", R"(,"kid":7)") == "bad_claim at header (kid)");
  CHECK(read("ES256", R"(,"unknown":7)") == kPayload);
  std::string good = SignWithHeader(ring, header("ES256", ""));
  good.back() = good.back() == 'A' ? 'Q' : 'A';
  CHECK(Read(keys, good) == "bad_signature at signature");
  CHECK(Read(keys, "a.b") == "malformed at format");
  CHECK(Read(keys, std::string(kMaxStatementLength + 1, 'a')) ==
        "too_long at length");
}

TEST_CASE("a statement that nobody would read is not signed") {
  const SigningRing ring =
      NewRing(KeyFormat::kJwtEs256, KeyPurpose::kStatements);
  const std::string huge(kMaxStatementLength, 'a');
  CHECK_FALSE(SignStatement(ring, kType, huge, Time(kNow)).ok());
  const auto early =
      SignStatement(ring, kType, kPayload, Time(kNow) - std::chrono::days(1));
  REQUIRE_FALSE(early.ok());
  CHECK(early.error().code == ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace signet
