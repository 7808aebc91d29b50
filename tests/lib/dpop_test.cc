#include "signet/dpop.h"

#include <atomic>
#include <thread>
#include <vector>

#include "dpop_text.h"
#include "tests/lib/dpop_fixture.h"

namespace signet {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kMoment{1};

// The examples of RFC 9449: one key, one header.
constexpr std::string_view kRfcHeader =
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6"
    "Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZF"
    "NGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2"
    "In19.";
// Figure 2: a token request.
constexpr std::string_view kRfcTokenRequest =
    "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8v"
    "c2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vf"
    "rg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3L"
    "g";
// Section 5: a refresh.
constexpr std::string_view kRfcRefresh =
    "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8v"
    "c2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De"
    "6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapU"
    "A";
// Section 7.1: a request of a protected resource.
constexpr std::string_view kRfcResource =
    "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9y"
    "ZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYx"
    "OCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9"
    ".2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-"
    "jfxSYoMxhAJpLjA";
constexpr std::string_view kRfcAccessToken =
    "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
constexpr std::string_view kRfcJkt =
    "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

Time At(int64_t epoch_seconds) { return Time(seconds(epoch_seconds)); }

TEST_CASE("Ed25519 is another name of EdDSA (RFC 9864)") {
  const DpopFixture fixture;
  const SecretKey& key = testing::ProofKey(KeyFormat::kJwtEdDsa);
  std::string header = testing::ProofHeader(key);
  header.replace(header.find("EdDSA"), 5, "Ed25519");
  const auto proof = fixture.MakeForgetful().Verify(
      SignJws(key, header, testing::ProofClaimsText()), testing::kTokenRequest);
  REQUIRE(proof.ok());
  CHECK(proof->jkt() == key.id());
}

TEST_CASE("the proofs of RFC 9449 verify at the time they were made") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeVerifier();
  fixture.clock.SetWall(At(1562262616));
  auto proof = verifier.Verify(
      std::string(kRfcHeader) + std::string(kRfcTokenRequest), kTokenRequest);
  REQUIRE(VerdictOf(proof) == "proven");
  CHECK(proof->jkt() == kRfcJkt);
  CHECK(proof->jti() == "-BwC3ESc6acc2lTc");
  CHECK(proof->issued_at() == EpochSeconds(seconds(1562262616)));
  CHECK_FALSE(proof->wants_new_nonce());

  // It has the jti of the first, which is worthless by now.
  fixture.clock.SetWall(At(1562265296));
  CHECK(VerdictOf(
            verifier.Verify(std::string(kRfcHeader) + std::string(kRfcRefresh),
                            kTokenRequest)) == "proven");
}

TEST_CASE("the refresh and the resource request of RFC 9449 verify") {
  DpopFixture fixture;
  fixture.clock.SetWall(At(1562265296));
  CHECK(VerdictOf(fixture.MakeVerifier().Verify(
            std::string(kRfcHeader) + std::string(kRfcRefresh),
            kTokenRequest)) == "proven");

  fixture.clock.SetWall(At(1562262618));
  const std::string resource =
      std::string(kRfcHeader) + std::string(kRfcResource);
  const DpopVerifier verifier = fixture.MakeForgetful();
  const DpopRequest request{
      "GET", "https://resource.example.org/protectedresource", kRfcAccessToken};
  CHECK(VerdictOf(verifier.Verify(resource, request, kRfcJkt)) == "proven");
  CHECK(VerdictOf(verifier.Verify(
            resource, {"GET", request.uri, kRfcAccessToken.substr(1)})) ==
        "wrong_token (ath)");
}

TEST_CASE("what the prover makes verifies, for every key and request") {
  DpopFixture fixture;
  for (const KeyFormat format : kProofFormats) {
    const DpopProver prover = fixture.MakeProver(format);
    for (const char* method : {"GET", "POST", "M-SEARCH"}) {
      for (const std::string_view uri :
           {"https://api.example/a?b=c#d", "http://LOCALHOST:80",
            "https://[::1]:8443/%7Ea/../b%2Fc\\\"d"}) {
        for (const bool with_token : {false, true}) {
          DpopRequest request{method, uri};
          if (with_token) request.access_token = "v4.public.abc";
          auto proof = prover.Prove(request, "a/nonce,[it]is");
          REQUIRE(proof.ok());
          auto verified =
              fixture.MakeVerifier().Verify(*proof, request, prover.jkt());
          REQUIRE(VerdictOf(verified) == "proven");
          CHECK(verified->jkt() == ProofKey(format).id());
          CHECK(verified->issued_at() == kNow);
        }
      }
    }
  }
  // Each of them was a proof of its own.
  CHECK(fixture.memory.size() == 4 * 3 * 3 * 2);
}

TEST_CASE("a proof of which one character is another is refused") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeForgetful();
  for (const KeyFormat format : {KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256}) {
    auto proof = fixture.MakeProver(format).Prove(kTokenRequest);
    REQUIRE(proof.ok());
    REQUIRE(VerdictOf(verifier.Verify(*proof, kTokenRequest)) == "proven");
    for (size_t i = 0; i < proof->size(); ++i) {
      std::string changed = *proof;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      CHECK_FALSE(verifier.Verify(changed, kTokenRequest).ok());
      CHECK_FALSE(verifier.Verify(proof->substr(0, i), kTokenRequest).ok());
    }
  }
}

TEST_CASE("a request has one proof, not none and not two") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeVerifier();
  const std::string one = fixture.Prove();
  const std::string other = fixture.Prove();
  const auto verdict = [&](const std::vector<std::string_view>& fields) {
    return VerdictOf(verifier.Verify(fields, kTokenRequest));
  };
  CHECK(verdict({}) == "absent");
  CHECK(verdict({one, other}) == "several");
  CHECK(verdict({one, one}) == "several");
  CHECK(verdict({one, ""}) == "several");
  // As a proxy may join them.
  CHECK(verdict({one + ", " + other}) == "malformed");
  CHECK(verdict({one + "," + other}) == "malformed");
  CHECK(verdict({one}) == "proven");
}

TEST_CASE("a proof is for its method, and methods have a case") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeForgetful();
  const std::string proof = fixture.Prove();
  for (const char* method : {"GET", "post", "Post", "POST ", "", "POS"}) {
    CHECK(VerdictOf(verifier.Verify(proof, {method, kTokenUri})) ==
          "wrong_method (htm)");
  }
}

TEST_CASE("a proof is for its URI, in any equivalent spelling") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeForgetful();
  const auto verdict = [&](std::string_view claimed, std::string_view uri) {
    const std::string proof =
        SignJws(ProofKey(), ProofHeader(),
                ReplaceFirst(ProofClaimsText(), kTokenUri, claimed));
    return VerdictOf(verifier.Verify(proof, {"POST", uri}));
  };
  for (const std::string_view same :
       {"https://server.example.com/token", "HTTPS://SERVER.example.com/token",
        "https://server.example.com:443/token",
        "https://server.example.com:/token",
        "https://server.example.com/%74oken",
        "https://server.example.com/a/../token",
        "https://server.example.com/./token",
        "https://server.example.com/token?a=b",
        "https://server.example.com/token#a"}) {
    CHECK_MESSAGE(verdict(same, kTokenUri) == "proven", same);
    CHECK_MESSAGE(verdict(kTokenUri, same) == "proven", same);
  }
  for (const std::string_view other :
       {"http://server.example.com/token", "https://server.example.com/Token",
        "https://server.example.com/token/", "https://server.example.com/",
        "https://server.example.com", "https://server.example.com:8443/token",
        "https://server.example.com:80/token",
        "https://server.example.com./token", "https://example.com/token",
        "https://server.example.com.evil/token",
        "https://server.example.com@evil/token",
        "https://user@server.example.com/token",
        "https://server.example.com/tok%65n%2F", "/token",
        "server.example.com/token", "https://server.example.com/token%",
        "https://server.example.com/token "}) {
    CHECK_MESSAGE(verdict(other, kTokenUri) == "wrong_uri (htu)", other);
    CHECK_MESSAGE(verdict(kTokenUri, other) == "wrong_uri (htu)", other);
  }
  // Two texts that are the same are no URI for that.
  CHECK(verdict("/token", "/token") == "wrong_uri (htu)");
  CHECK(verdict(kTokenUri, "") == "wrong_uri (htu)");
}

TEST_CASE("iat may lie max_age back and max_ahead ahead, and no moment more") {
  DpopFixture fixture;
  const DpopVerifier verifier =
      fixture.MakeForgetful({.max_age = seconds(60), .max_ahead = seconds(30)});
  const std::string proof = fixture.Prove();
  const auto verdict = [&](Duration after) {
    fixture.clock.SetWall(Time(kNow) + after);
    return VerdictOf(verifier.Verify(proof, kTokenRequest));
  };
  CHECK(verdict(Duration(0)) == "proven");
  CHECK(verdict(seconds(60) - kMoment) == "proven");
  CHECK(verdict(seconds(60)) == "too_old (iat)");
  CHECK(verdict(seconds(-30)) == "proven");
  CHECK(verdict(seconds(-30) - kMoment) == "too_new (iat)");
}

TEST_CASE("exp and nbf hold where a client sets them") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeForgetful();
  const auto verdict = [&](const char* claim, int64_t after_now) {
    const int64_t at = kNow.time_since_epoch().count() + after_now;
    const std::string with =
        R"({")" + std::string(claim) + R"(":)" + std::to_string(at) + ",";
    return VerdictOf(
        verifier.Verify(SignJws(ProofKey(), ProofHeader(),
                                ReplaceFirst(ProofClaimsText(), "{", with)),
                        kTokenRequest));
  };
  CHECK(verdict("exp", 1) == "proven");
  CHECK(verdict("exp", 0) == "too_old (exp)");
  CHECK(verdict("nbf", 30) == "proven");
  CHECK(verdict("nbf", 31) == "too_new (nbf)");
}

TEST_CASE("with an access token the proof must name it") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeForgetful();
  const DpopRequest request{"GET", "https://api.example/", "token"};
  const DpopRequest without{"GET", "https://api.example/"};
  const std::string proof = fixture.Prove(request);
  CHECK(VerdictOf(verifier.Verify(proof, request)) == "proven");
  for (const std::string_view other : {"token2", "toke", "Token", ""}) {
    CHECK(VerdictOf(verifier.Verify(proof, {request.method, request.uri,
                                            other})) == "wrong_token (ath)");
  }
  CHECK(VerdictOf(verifier.Verify(fixture.Prove(without), request)) ==
        "missing_claim (ath)");
  // Where no token is presented ath says nothing.
  CHECK(VerdictOf(verifier.Verify(proof, without)) == "proven");
  CHECK(AccessTokenHash(kRfcAccessToken) ==
        "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
}

TEST_CASE("a bound token needs the proof of its own key") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeVerifier();
  const std::string jkt = ProofKey().id();
  for (const std::string& other :
       {std::string(), ProofKey(KeyFormat::kJwtEdDsa).id(), jkt.substr(1),
        jkt + "A", std::string(kRfcJkt)}) {
    CHECK(VerdictOf(verifier.Verify(fixture.Prove(), kTokenRequest, other)) ==
          "wrong_key (jwk)");
  }
  // A proof for which no token is bound takes no room.
  CHECK(fixture.memory.size() == 0);
  auto proof = verifier.Verify(fixture.Prove(), kTokenRequest, jkt);
  REQUIRE(VerdictOf(proof) == "proven");
  CHECK(CheckBinding(jkt, *proof).ok());
  CHECK(CheckBinding("", *proof).error() ==
        DpopRefusal{DpopRefusalCode::kWrongKey, "jwk"});
  CHECK_FALSE(CheckBinding(kRfcJkt, *proof).ok());
}

TEST_CASE(
    "a token that was minted for a proof is taken with proofs of the "
    "same key") {
  DpopFixture fixture;
  const DpopVerifier dpop = fixture.MakeVerifier();
  const DpopProver prover = fixture.MakeProver();
  auto grant = dpop.Verify(*prover.Prove(kTokenRequest), kTokenRequest);
  REQUIRE(grant.ok());

  const PasetoFixture tokens;
  Claims claims = GoodClaims();
  claims.cnf_jkt = grant->jkt();
  const std::string text = tokens.Mint(claims);
  // Whoever does not ask for proofs must not take it.
  CHECK_FALSE(tokens.MakeVerifier().Verify(text).ok());
  Policy policy = GoodPolicy();
  policy.caller_checks_binding = true;
  auto token = tokens.MakeVerifier(policy).Verify(text);
  REQUIRE(token.ok());

  const DpopRequest request{"GET", "https://api.example/", text};
  auto proof = dpop.Verify(*prover.Prove(request), request);
  REQUIRE(proof.ok());
  CHECK(CheckBinding(*token, *proof).ok());
  auto thief = dpop.Verify(
      *fixture.MakeProver(KeyFormat::kJwtEdDsa).Prove(request), request);
  REQUIRE(thief.ok());
  CHECK_FALSE(CheckBinding(*token, *thief).ok());
}

TEST_CASE("a proof is good once, however it is sent again") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeVerifier();
  const std::string proof = fixture.Prove();
  CHECK(VerdictOf(verifier.Verify(proof, kTokenRequest)) == "proven");
  CHECK(VerdictOf(verifier.Verify(proof, kTokenRequest)) == "replayed (jti)");
  fixture.clock.Advance(seconds(60) - kMoment);
  CHECK(VerdictOf(verifier.Verify(proof, kTokenRequest)) == "replayed (jti)");
  fixture.clock.Advance(kMoment);
  CHECK(VerdictOf(verifier.Verify(proof, kTokenRequest)) == "too_old (iat)");

  // The same jti in another proof of the key is a replay, of another key not.
  fixture.clock.SetWall(Time(kNow));
  const auto sign = [](KeyFormat format, std::string_view iat) {
    return SignJws(ProofKey(format), ProofHeader(ProofKey(format)),
                   ReplaceFirst(ProofClaimsText(), "\"iat\":1795341600", iat));
  };
  CHECK(VerdictOf(verifier.Verify(
            sign(KeyFormat::kJwtEs256, "\"iat\":1795341601"), kTokenRequest)) ==
        "proven");
  CHECK(VerdictOf(verifier.Verify(
            sign(KeyFormat::kJwtEs256, "\"iat\":1795341602"), kTokenRequest)) ==
        "replayed (jti)");
  CHECK(VerdictOf(verifier.Verify(
            sign(KeyFormat::kJwtEdDsa, "\"iat\":1795341601"), kTokenRequest)) ==
        "proven");
}

TEST_CASE("a proof from a clock that is ahead is remembered for all its life") {
  DpopFixture fixture;
  const DpopVerifier verifier =
      fixture.MakeVerifier({.max_age = seconds(60), .max_ahead = seconds(30)});
  fixture.clock.SetWall(Time(kNow) + seconds(30));
  const std::string proof = fixture.Prove();
  fixture.clock.SetWall(Time(kNow));
  REQUIRE(VerdictOf(verifier.Verify(proof, kTokenRequest)) == "proven");
  for (const seconds after : {seconds(60), seconds(89)}) {
    fixture.clock.SetWall(Time(kNow) + after);
    CHECK(VerdictOf(verifier.Verify(fixture.Prove(), kTokenRequest)) ==
          "proven");
    CHECK(VerdictOf(verifier.Verify(proof, kTokenRequest)) == "replayed (jti)");
  }
  fixture.clock.SetWall(Time(kNow) + seconds(90));
  CHECK(VerdictOf(verifier.Verify(proof, kTokenRequest)) == "too_old (iat)");
}

TEST_CASE("a proof that is refused may come again for what it is good for") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeVerifier();
  const std::string proof = fixture.Prove();
  CHECK_FALSE(verifier.Verify(proof, {"GET", kTokenUri}).ok());
  CHECK_FALSE(verifier.Verify(proof, kTokenRequest, kRfcJkt).ok());
  CHECK(fixture.memory.size() == 0);
  CHECK(VerdictOf(verifier.Verify(proof, kTokenRequest)) == "proven");
}

TEST_CASE(
    "while the memory is full nothing is proven, and it is no fault of "
    "the client") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeVerifier();
  for (size_t i = 0; i < fixture.memory.capacity(); ++i) {
    REQUIRE(verifier.Verify(fixture.Prove(), kTokenRequest).ok());
  }
  auto verdict = verifier.Verify(fixture.Prove(), kTokenRequest);
  REQUIRE(VerdictOf(verdict) == "unknown (jti)");
  CHECK(verdict.error().OAuthError().empty());
  fixture.clock.Advance(seconds(60));
  CHECK(VerdictOf(verifier.Verify(fixture.Prove(), kTokenRequest)) == "proven");
}

TEST_CASE("of one proof that comes on many threads one is proven") {
  DpopFixture fixture;
  const DpopVerifier verifier = fixture.MakeVerifier();
  std::vector<std::string> proofs;
  for (int i = 0; i < 50; ++i) proofs.push_back(fixture.Prove());
  std::atomic<int> proven = 0;
  std::atomic<int> replayed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (const std::string& proof : proofs) {
        auto verdict = verifier.Verify(proof, kTokenRequest);
        if (verdict.ok()) {
          ++proven;
        } else if (verdict.error().code == DpopRefusalCode::kReplayed) {
          ++replayed;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(proven == 50);
  CHECK(replayed == 150);
}

TEST_CASE("a server that makes nonces wants one of them in every proof") {
  DpopFixture fixture;
  auto nonces = SlotNonces::Create(AsBytes(std::string(32, 's')), minutes(5));
  REQUIRE(nonces.ok());
  const DpopVerifier verifier = fixture.MakeVerifier({.nonces = &*nonces});
  const auto verify = [&](std::string_view nonce) {
    return verifier.Verify(fixture.Prove(kTokenRequest, nonce), kTokenRequest);
  };
  const std::string nonce = nonces->Make(fixture.clock.Now());
  CHECK(VerdictOf(verify({})) == "wants_nonce (nonce)");
  CHECK(VerdictOf(verify("eyJ7S_zG.eyJH0-Z.HX4w-7v")) == "wrong_nonce (nonce)");
  CHECK(verify({}).error().OAuthError() == "use_dpop_nonce");
  CHECK(verify("other").error().OAuthError() == "use_dpop_nonce");
  CHECK(fixture.memory.size() == 0);

  auto fresh = verify(nonce);
  REQUIRE(VerdictOf(fresh) == "proven");
  CHECK_FALSE(fresh->wants_new_nonce());
  fixture.clock.Advance(minutes(5));
  auto aging = verify(nonce);
  REQUIRE(VerdictOf(aging) == "proven");
  CHECK(aging->wants_new_nonce());
  fixture.clock.Advance(minutes(5));
  CHECK(VerdictOf(verify(nonce)) == "wrong_nonce (nonce)");
}

TEST_CASE("a server that makes no nonces does not look at them") {
  DpopFixture fixture;
  CHECK(VerdictOf(fixture.MakeVerifier().Verify(
            fixture.Prove(kTokenRequest, "another-servers"), kTokenRequest)) ==
        "proven");
}

TEST_CASE("every refusal has a name and an OAuth error") {
  for (int code = 0; code <= static_cast<int>(DpopRefusalCode::kUnknown);
       ++code) {
    const DpopRefusal refusal{static_cast<DpopRefusalCode>(code)};
    CHECK_FALSE(DpopRefusalCodeName(refusal.code).empty());
    CHECK(refusal.ToString() == DpopRefusalCodeName(refusal.code));
  }
  const auto error = [](DpopRefusalCode code) {
    return DpopRefusal{code}.OAuthError();
  };
  CHECK(error(DpopRefusalCode::kAbsent) == "invalid_dpop_proof");
  CHECK(error(DpopRefusalCode::kReplayed) == "invalid_dpop_proof");
  CHECK(error(DpopRefusalCode::kWrongToken) == "invalid_dpop_proof");
  CHECK(error(DpopRefusalCode::kWrongKey) == "invalid_token");
}

TEST_CASE("a policy out of range is refused with every problem") {
  const ManualClock clock{Time(kNow)};
  const auto problem = [&](DpopPolicy policy) -> std::string {
    auto made = DpopVerifier::CreateWithoutReplayMemory(policy, clock);
    return made ? "" : made.error().message;
  };
  CHECK(problem({.max_age = seconds(1), .max_ahead = seconds(0)}).empty());
  CHECK(problem({.max_age = minutes(10), .max_ahead = minutes(5)}).empty());
  CHECK(problem({.max_age = seconds(1) - kMoment}) ==
        "DPoP policy: max_age is 999 ms, the range is 1 s to 10 min");
  CHECK(problem({.max_age = minutes(11), .max_ahead = -kMoment}) ==
        "DPoP policy: max_age is 660000 ms, the range is 1 s to 10 min; "
        "max_ahead is -1 ms, the range is 0 s to 5 min");
  CHECK_FALSE(problem({.max_ahead = minutes(5) + kMoment}).empty());
}

TEST_CASE("a prover writes the URI without its query, and every proof anew") {
  const DpopFixture fixture;
  const std::string one =
      fixture.Prove({"GET", "HTTPS://Api.example:443/a?secret=1#b"});
  auto jws = Jws::Split(one);
  REQUIRE(jws.has_value());
  CHECK(jws->header() == ProofHeader());
  CHECK(jws->message().find(R"("htu":"https://api.example/a",)") !=
        std::string_view::npos);
  CHECK(jws->message().find("secret") == std::string_view::npos);
  CHECK(one != fixture.Prove({"GET", "https://api.example/a"}));
}

TEST_CASE("a prover refuses keys and requests that give no proof") {
  for (const KeyFormat format :
       {KeyFormat::kPasetoV4Public, KeyFormat::kJwtHs256, KeyFormat::kJweP256,
        KeyFormat::kFeedEd25519}) {
    CHECK_FALSE(DpopProver::Create(SecretKey::Generate(format)).ok());
  }
  const DpopFixture fixture;
  const DpopProver prover = fixture.MakeProver();
  CHECK_FALSE(prover.Prove({"", kTokenUri}).ok());
  CHECK_FALSE(prover.Prove({"GET /", kTokenUri}).ok());
  CHECK_FALSE(prover.Prove({"G\"T", kTokenUri}).ok());
  CHECK_FALSE(prover.Prove({"GET", "/token"}).ok());
  CHECK_FALSE(prover.Prove({"GET", "ftp://a/b"}).ok());
  for (const char* nonce :
       {"a b", "a\"b", "a\\b", "a\nb", "\x7f", "\xc3\xa9"}) {
    CHECK_FALSE(prover.Prove(kTokenRequest, nonce).ok());
  }
  const std::string far = "https://a/" + std::string(8192, 'b');
  CHECK_FALSE(prover.Prove({"GET", far}).ok());
}

}  // namespace
}  // namespace signet
