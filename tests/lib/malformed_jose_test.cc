// Malformed JWS and JWE, made one flaw at a time under a good key, so that
// nothing but the flaw can be the reason: each header parameter of every type,
// each segment in every other spelling. malformed_jwk_test.cc has the keys.

#include <doctest/doctest.h>

#include "tests/lib/hostile_cases.h"
#include "tests/lib/jwe_forge.h"
#include "tests/lib/malformed.h"

namespace signet {
namespace {

using testing::Cut;
using testing::Es256Fixture;
using testing::ExpectRefusal;
using testing::ForgeDir;
using testing::ForgeTo;
using testing::GoodClaims;
using testing::Hs256Fixture;
using testing::Joined;
using testing::JweFixture;
using testing::JweParts;
using testing::JwtFixture;
using testing::Members;
using testing::Ps256Fixture;
using testing::Quoted;
using testing::ReplaceFirst;
using testing::Rs256Fixture;

constexpr Refusal kMalformedText{RefusalCode::kMalformed, Stage::kFormat};

constexpr Refusal Header(RefusalCode code, std::string_view name) {
  return {code, Stage::kHeader, name};
}
constexpr Refusal kMalformedHeader = Header(RefusalCode::kMalformed, "header");

// What no header of a token may hold, whatever its value.
constexpr std::string_view kNeverAllowed[] = {
    "crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"};

std::string GoodJwtClaims() {
  return *WriteClaims(GoodClaims(), ClaimsForm::kJwt);
}

// Trial asks a verifier with a cache and one without, and counts.
class Trial {
 public:
  template <class F>
  explicit Trial(const F& fixture, const LiveRing* opening = nullptr)
      : verifiers_{fixture.MakeVerifier(), fixture.MakeVerifier(Uncached())} {
    if (opening == nullptr) return;
    for (Verifier& verifier : verifiers_) verifier.DecryptWith(*opening);
  }

  void Refuses(const std::string& token, const Refusal& expected,
               std::string_view what) {
    CAPTURE(what);
    ++count_;
    for (const Verifier& verifier : verifiers_) {
      ExpectRefusal(verifier, token, expected);
    }
  }

  void Accepts(const std::string& token) const {
    for (const Verifier& verifier : verifiers_) {
      REQUIRE(verifier.Verify(token).ok());
    }
  }

  size_t count() const { return count_; }

 private:
  static Policy Uncached() {
    Policy policy = testing::GoodPolicy();
    policy.cache_bytes = 0;
    return policy;
  }

  Verifier verifiers_[2];
  size_t count_ = 0;
};

// ---- Headers. ----

// Headers is every header that differs from a good one by one flaw. Make turns
// a header into a token.
template <class Make>
struct Headers {
  Trial& trial;
  const Members& good;
  Make make;

  void Refuses(const Members& header, const Refusal& expected) {
    const std::string text = testing::Written(header);
    trial.Refuses(make(text), expected, text);
  }

  // WrongTypes: a text parameter that is no text.
  void WrongTypes(std::string_view name) {
    const std::string value = testing::ValueOf(good, name);
    for (const std::string& other : testing::NoStrings(value)) {
      Refuses(testing::Replaced(good, name, other),
              Header(RefusalCode::kBadClaim, name));
    }
  }

  void Absent(std::string_view name, const Refusal& expected) {
    Refuses(testing::Without(good, name), expected);
  }

  void Twice(std::string_view name) {
    Refuses(testing::With(good, name, testing::ValueOf(good, name)),
            kMalformedHeader);
    Refuses(testing::With(good, name, "null"), kMalformedHeader);
    // The same name, written otherwise.
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", name[0]);
    Refuses(testing::With(good, escaped + std::string(name.substr(1)), "1"),
            kMalformedHeader);
  }

  void NeverAllowed(std::string_view name) {
    for (const std::string& value : testing::NoStrings("\"a\"")) {
      Refuses(testing::With(good, name, value),
              Header(RefusalCode::kUnsupported, name));
    }
    for (const std::string_view text : {"", "a", "DEF", "https://a.example"}) {
      Refuses(testing::With(good, name, Quoted(text)),
              Header(RefusalCode::kUnsupported, name));
    }
  }

  void NoObjects() {
    for (const std::string& text : testing::NoObjects(testing::Written(good))) {
      trial.Refuses(make(text), kMalformedHeader, text);
    }
  }
};
template <class Make>
Headers(Trial&, const Members&, Make) -> Headers<Make>;

TEST_CASE_TEMPLATE("a JWS whose header has one flaw is refused by its name", F,
                   JwtFixture, Es256Fixture, Rs256Fixture, Ps256Fixture,
                   Hs256Fixture) {
  F fixture;
  Trial trial(fixture);
  const std::string alg(JoseAlgorithm(F::kFormat));
  const Members good = {{"alg", Quoted(alg)},
                        {"typ", "\"at+jwt\""},
                        {"kid", Quoted(fixture.key().id())}};
  Headers headers{trial, good, [&](const std::string& header) {
                    return SignJws(fixture.key(), header, GoodJwtClaims());
                  }};
  trial.Accepts(headers.make(testing::Written(good)));
  for (const std::string_view name : {"alg", "typ", "kid"}) {
    headers.WrongTypes(name);
    headers.Twice(name);
  }
  headers.Absent("alg", Header(RefusalCode::kMissingClaim, "alg"));
  headers.Absent("typ", Header(RefusalCode::kWrongType, "typ"));
  headers.Absent("kid", Header(RefusalCode::kMissingClaim, "kid"));
  for (const std::string_view name : kNeverAllowed) headers.NeverAllowed(name);
  headers.NeverAllowed("enc");
  headers.NoObjects();
  for (const std::string& other :
       {" " + alg, alg + " ", alg + "\\u0000", alg + "," + alg, alg.substr(1),
        alg + "x", "\\ufeff" + alg}) {
    headers.Refuses(testing::Replaced(good, "alg", Quoted(other)),
                    {RefusalCode::kWrongAlgorithm, Stage::kKey, "alg"});
  }
  const std::string kid = fixture.key().id();
  for (const std::string& other :
       {" " + kid, kid + " ", kid + "\\u0000", kid + "=", kid.substr(1)}) {
    headers.Refuses(testing::Replaced(good, "kid", Quoted(other)),
                    {RefusalCode::kUnknownKey, Stage::kKey, "kid"});
  }
  for (const std::string_view name : {"alg", "kid"}) {
    headers.Refuses(testing::Replaced(good, name, "\"\""),
                    Header(RefusalCode::kBadClaim, name));
  }
  CHECK(trial.count() > 250);
}

TEST_CASE("a JWS that says to hold a token again is refused") {
  JwtFixture fixture;
  Trial trial(fixture);
  const Members good = {{"alg", "\"EdDSA\""},
                        {"typ", "\"at+jwt\""},
                        {"kid", Quoted(fixture.key().id())}};
  const auto sign = [&](std::string_view type) {
    return SignJws(fixture.key(),
                   testing::Written(testing::With(good, "cty", type)),
                   GoodJwtClaims());
  };
  for (const std::string_view type :
       {"\"JWT\"", "\"jwt\"", "\"application/jwt\"", "\"application/JWT\""}) {
    trial.Refuses(sign(type), Header(RefusalCode::kUnsupported, "cty"), type);
  }
  for (const std::string& other : testing::NoStrings("\"JWT\"")) {
    trial.Refuses(sign(other), Header(RefusalCode::kBadClaim, "cty"), other);
  }
  trial.Accepts(sign("\"json\""));
}

TEST_CASE("a JWE under a shared key with one flaw in its header is refused") {
  JweFixture fixture;
  Trial trial(fixture);
  const Members good = {{"alg", "\"dir\""},
                        {"enc", "\"A256GCM\""},
                        {"typ", "\"at+jwt\""},
                        {"kid", Quoted(fixture.key().id())}};
  Headers headers{
      trial, good, [&](const std::string& header) {
        return ForgeDir(fixture.key(), header, GoodJwtClaims()).Token();
      }};
  trial.Accepts(headers.make(testing::Written(good)));
  for (const std::string_view name : {"alg", "enc", "typ", "kid"}) {
    headers.WrongTypes(name);
    headers.Twice(name);
  }
  for (const std::string_view name : {"alg", "enc", "kid"}) {
    headers.Absent(name, Header(RefusalCode::kMissingClaim, name));
  }
  headers.Absent("typ", Header(RefusalCode::kWrongType, "typ"));
  for (const std::string_view name : kNeverAllowed) headers.NeverAllowed(name);
  for (const std::string_view name : {"p2c", "p2s", "iv", "tag", "cty"}) {
    headers.NeverAllowed(name);
  }
  headers.NoObjects();
  CHECK(trial.count() > 300);
}

TEST_CASE_TEMPLATE("a JWE to a key with one flaw in its header is refused", F,
                   JwtFixture, Es256Fixture) {
  F fixture;
  for (const KeyFormat format : {KeyFormat::kJweP256, KeyFormat::kJweX25519}) {
    CAPTURE(KeyFormatName(format));
    const SigningRing ring = testing::NewRing(format, KeyPurpose::kEncryption);
    const LiveRing opening(ring.ForVerifier());
    Trial trial(fixture, &opening);
    const JweParts whole =
        ForgeTo(ring.keys().front().key.Public(), fixture.Mint());
    const size_t start = whole.header.find("{\"kty\"");
    const std::string epk =
        whole.header.substr(start, whole.header.find('}') + 1 - start);
    const Members good = {{"alg", "\"ECDH-ES+A256KW\""},
                          {"enc", "\"A256GCM\""},
                          {"cty", "\"JWT\""},
                          {"kid", Quoted(ring.keys().front().key.id())},
                          {"epk", epk}};
    REQUIRE(testing::Written(good) == whole.header);
    trial.Accepts(whole.Token());
    // A header's flaw is found before anything is decrypted.
    Headers headers{trial, good, [&](const std::string& header) {
                      JweParts parts = whole;
                      parts.header = header;
                      return parts.Token();
                    }};
    for (const std::string_view name : {"alg", "enc", "cty", "kid"}) {
      headers.WrongTypes(name);
      headers.Absent(name, Header(RefusalCode::kMissingClaim, name));
    }
    for (const std::string_view name : {"alg", "enc", "cty", "kid", "epk"}) {
      headers.Twice(name);
    }
    headers.Absent("epk", Header(RefusalCode::kMissingClaim, "epk"));
    const Refusal bad_epk = Header(RefusalCode::kBadClaim, "epk");
    for (const std::string& other : testing::NoStrings("\"a\"")) {
      headers.Refuses(testing::Replaced(good, "epk", other), bad_epk);
      for (const std::string_view name : {"apu", "apv", "typ"}) {
        headers.Refuses(testing::With(good, name, other),
                        Header(RefusalCode::kBadClaim, name));
      }
    }
    for (const std::string& text : testing::OtherSpellings("QUJD")) {
      // In JSON a control character is no part of any text.
      if (text.find_first_of(std::string("\0\t\n\r\v", 5)) != text.npos) {
        continue;
      }
      for (const std::string_view name : {"apu", "apv"}) {
        headers.Refuses(testing::With(good, name, Quoted(text)),
                        Header(RefusalCode::kBadClaim, name));
      }
    }
    for (const std::string_view name : kNeverAllowed) {
      headers.NeverAllowed(name);
    }
    for (const std::string_view name : {"p2c", "p2s", "iv", "tag"}) {
      headers.NeverAllowed(name);
    }
    headers.NoObjects();
    CHECK(trial.count() > 350);
  }
}

// ---- Segments. ----

// EachSegment breaks one segment after the other.
void EachSegment(Trial& trial, const std::string& good) {
  trial.Accepts(good);
  const std::vector<std::string> segments = Cut(good);
  for (size_t i = 0; i < segments.size(); ++i) {
    CAPTURE(i);
    for (const std::string& text : testing::OtherSpellings(segments[i])) {
      std::vector<std::string> changed = segments;
      changed[i] = text;
      trial.Refuses(Joined(changed), kMalformedText, text);
    }
    std::vector<std::string> fewer = segments;
    fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
    trial.Refuses(Joined(fewer), kMalformedText, "a segment is gone");
    std::vector<std::string> more = segments;
    more.insert(more.begin() + static_cast<ptrdiff_t>(i), segments[i]);
    trial.Refuses(Joined(more), kMalformedText, "a segment twice");
    more[i].clear();
    trial.Refuses(Joined(more), kMalformedText, "an empty segment more");
  }
}

TEST_CASE_TEMPLATE("each segment of a JWS has one spelling, and its place", F,
                   JwtFixture, Es256Fixture, Rs256Fixture, Ps256Fixture,
                   Hs256Fixture) {
  F fixture;
  Trial trial(fixture);
  const std::string good = fixture.Mint();
  EachSegment(trial, good);
  const std::vector<std::string> segments = Cut(good);
  for (size_t i = 0; i < segments.size(); ++i) {
    std::vector<std::string> changed = segments;
    changed[i].clear();
    trial.Refuses(Joined(changed), kMalformedText, "an empty segment");
  }
  // Claims where the header is due: JSON, but none of its members.
  trial.Refuses(Joined({segments[1], segments[0], segments[2]}),
                Header(RefusalCode::kMissingClaim, "alg"), "swapped");
  CHECK(trial.count() > 150);
}

TEST_CASE("each segment of a JWE has one spelling, and its place") {
  JweFixture dir;
  Trial direct(dir);
  EachSegment(direct, dir.Mint());

  JwtFixture fixture;
  const SigningRing ring =
      testing::NewRing(KeyFormat::kJweX25519, KeyPurpose::kEncryption);
  const LiveRing opening(ring.ForVerifier());
  Trial wrapped(fixture, &opening);
  const JweParts parts =
      ForgeTo(ring.keys().front().key.Public(), fixture.Mint());
  EachSegment(wrapped, parts.Token());
  // Every segment of every other size: refused by size or by its tag.
  for (std::string JweParts::*part :
       {&JweParts::encrypted_key, &JweParts::nonce, &JweParts::ciphertext,
        &JweParts::tag}) {
    const bool is_sized = part == &JweParts::nonce || part == &JweParts::tag;
    for (size_t size = 0; size <= 64; ++size) {
      JweParts changed = parts;
      if ((changed.*part).size() == size) continue;
      (changed.*part).resize(size, '\1');
      wrapped.Refuses(
          changed.Token(),
          is_sized ? kMalformedText
                   : Refusal{RefusalCode::kBadSignature, Stage::kSignature},
          "a size");
    }
  }
  CHECK(direct.count() + wrapped.count() > 700);
}

// ---- Serializations. ----

TEST_CASE("family 24: the JSON serializations are no tokens") {
  JwtFixture jwt;
  Trial jws(jwt);
  const std::vector<std::string> s = Cut(jwt.Mint());
  JweFixture dir;
  Trial jwe(dir);
  const std::vector<std::string> e = Cut(dir.Mint());
  // RFC 7515 7.2 and RFC 7516 7.2, with the parts of good tokens.
  const std::string signature =
      R"("protected":")" + s[0] + R"(","signature":")" + s[2] + "\"";
  const std::string sealed = R"(,"iv":")" + e[2] + R"(","ciphertext":")" +
                             e[3] + R"(","tag":")" + e[4] + "\"}";
  const std::string texts[] = {
      R"({"payload":")" + s[1] + "\"," + signature + "}",
      R"({"payload":")" + s[1] + R"(","signatures":[{)" + signature + "}]}",
      R"({"payload":")" + s[1] + R"(","header":{"alg":"none"},)" + signature +
          "}",
      R"({"protected":")" + e[0] + "\"" + sealed,
      R"({"protected":")" + e[0] + R"(","recipients":[{"encrypted_key":""}])" +
          sealed,
      R"({"protected":")" + e[0] + R"(","unprotected":{"zip":"DEF"})" + sealed};
  for (const std::string& text : texts) {
    jws.Refuses(text, kMalformedText, text);
    jwe.Refuses(text, kMalformedText, text);
  }
  // RFC 7515 appendix F and RFC 7797: the payload is somewhere else.
  jws.Refuses(s[0] + ".." + s[2], kMalformedText, "detached");
}

}  // namespace
}  // namespace signet
