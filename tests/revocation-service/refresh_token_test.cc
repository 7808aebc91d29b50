#include "revocation-service/session/refresh_token.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/revocation-service/session_fixture.h"

namespace signet::service {
namespace {

constexpr SessionId kSession = {1, 2,  3,  4,  5,  6,  7,  8,
                                9, 10, 11, 12, 13, 14, 15, 16};
constexpr SessionSalt kSalt = {0xff, 0xee};

struct TokenFixture {
  SigningRing ring = NewRefreshRing(kNoon);
  const SecretKey& key = ring.keys()[0].key;
  std::string token = MakeRefreshToken(key, kSession, 7, kSalt);

  std::optional<RefreshToken> Parse(std::string_view text) const {
    return ParseRefreshToken(text, ring, kNoon);
  }
};

TEST_CASE("a token has its prefix and 59 characters") {
  TokenFixture f;
  CHECK(f.token.starts_with("srt1."));
  CHECK(f.token.size() == 64);
}

TEST_CASE("a token that was made is parsed, and its mac is right") {
  TokenFixture f;
  const auto token = f.Parse(f.token);
  REQUIRE(token);
  CHECK(token->session == kSession);
  CHECK(token->generation == 7);
  CHECK(token->key_id == f.key.id());
  CHECK(CheckRefreshMac(*token, f.ring, kSalt));
}

TEST_CASE("the same inputs make the same token, any other input another") {
  TokenFixture f;
  SessionId other_session = kSession;
  other_session[0] ^= 1;
  SessionSalt other_salt = kSalt;
  other_salt[15] ^= 1;
  const SigningRing other_ring = NewRefreshRing(kNoon);
  const std::set<std::string> tokens = {
      f.token,
      MakeRefreshToken(f.key, kSession, 7, kSalt),
      MakeRefreshToken(f.key, other_session, 7, kSalt),
      MakeRefreshToken(f.key, kSession, 8, kSalt),
      MakeRefreshToken(f.key, kSession, 7, other_salt),
      MakeRefreshToken(other_ring.keys()[0].key, kSession, 7, kSalt),
  };
  CHECK(tokens.size() == 5);
}

TEST_CASE("the generation is kept to its last bit") {
  TokenFixture f;
  for (const uint32_t generation : {0u, 1u, 0x01020304u, 0xffffffffu}) {
    const auto token =
        f.Parse(MakeRefreshToken(f.key, kSession, generation, kSalt));
    REQUIRE(token);
    CHECK(token->generation == generation);
  }
}

TEST_CASE("a token with any one character changed is junk or has a bad mac") {
  TokenFixture f;
  for (size_t i = 0; i < f.token.size(); ++i) {
    std::string changed = f.token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto token = f.Parse(changed);
    CHECK((!token || !CheckRefreshMac(*token, f.ring, kSalt)));
    // Session, generation and tag stand in the first 38 characters.
    if (i < 5 + 37) CHECK_FALSE(token);
  }
}

TEST_CASE("a text that is not exactly a token is junk") {
  TokenFixture f;
  const std::string body = f.token.substr(5);
  for (const std::string& text :
       {std::string(), std::string("srt1."), body, "srt2." + body,
        "SRT1." + body, f.token + "A", f.token + "=", f.token + "\n",
        " " + f.token, f.token.substr(0, 63), f.token + std::string(1, '\0'),
        "srt1." + std::string(59, 'A'), std::string(1'000'000, 'A')}) {
    CHECK_FALSE(f.Parse(text));
  }
}

TEST_CASE("a second spelling of a token's last character is junk") {
  TokenFixture f;
  // 44 bytes leave two bits of the last character unused: four spellings.
  const std::string alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const size_t last = alphabet.find(f.token.back());
  REQUIRE(last % 4 == 0);
  for (size_t stray = 1; stray < 4; ++stray) {
    std::string changed = f.token;
    changed.back() = alphabet[last + stray];
    CHECK_FALSE(f.Parse(changed));
  }
}

TEST_CASE("another ring's token is junk") {
  TokenFixture f;
  const SigningRing other = NewRefreshRing(kNoon);
  CHECK_FALSE(ParseRefreshToken(f.token, other, kNoon));
}

TEST_CASE("another session's salt makes the mac wrong") {
  TokenFixture f;
  const auto token = f.Parse(f.token);
  REQUIRE(token);
  CHECK_FALSE(CheckRefreshMac(*token, f.ring, SessionSalt{}));
}

TEST_CASE("a key that stopped signing verifies until it retires") {
  TokenFixture f;
  REQUIRE(f.ring.Rotate(kNoon).ok());
  const auto retires_at = f.ring.keys()[0].schedule.retires_at;
  REQUIRE(retires_at);
  const Duration skew = f.ring.info().policy.clock_skew;
  CHECK(ParseRefreshToken(f.token, f.ring, *retires_at));
  CHECK_FALSE(
      ParseRefreshToken(f.token, f.ring, *retires_at + skew + Duration(1)));
}

TEST_CASE("a key of the ring that is gone makes every mac wrong") {
  TokenFixture f;
  const auto token = f.Parse(f.token);
  REQUIRE(token);
  CHECK_FALSE(CheckRefreshMac(*token, NewRefreshRing(kNoon), kSalt));
}

TEST_CASE("a session id is 22 characters of canonical base64url") {
  const std::string text = SessionIdText(kSession);
  CHECK(text.size() == 22);
  CHECK(ParseSessionId(text) == kSession);
  CHECK_FALSE(ParseSessionId(text + "A"));
  CHECK_FALSE(ParseSessionId(text.substr(0, 21)));
  CHECK_FALSE(ParseSessionId(text.substr(0, 21) + "B"));
  CHECK_FALSE(ParseSessionId(""));
}

}  // namespace
}  // namespace signet::service
