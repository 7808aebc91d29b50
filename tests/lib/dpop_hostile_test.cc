#include <vector>

#include "hazmat.h"
#include "signet/jwk.h"
#include "tests/lib/dpop_fixture.h"

namespace signet {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

// Each case is a proof that is good but for the one thing that its name says.
class Hostile {
 public:
  std::string operator()(std::string_view proof) const {
    return VerdictOf(verifier_.Verify(proof, kTokenRequest));
  }

  // WithHeader and WithClaims sign other texts with the same good key.
  std::string WithHeader(std::string_view header) const {
    return (*this)(SignJws(ProofKey(), header, ProofClaimsText()));
  }
  std::string WithClaims(std::string_view claims) const {
    return (*this)(SignJws(ProofKey(), ProofHeader(), claims));
  }
  std::string WithKey(std::string_view jwk,
                      const SecretKey& key = ProofKey()) const {
    return (*this)(SignJws(key, ReplaceFirst(ProofHeader(key), JwkOf(key), jwk),
                           ProofClaimsText()));
  }
  // WithClaim replaces the value of a claim, or adds it.
  std::string WithClaim(std::string_view name, std::string_view value) const {
    std::string claims = ProofClaimsText();
    const std::string member = '"' + std::string(name) + "\":";
    const size_t at = claims.find(member);
    if (at == std::string::npos) {
      return WithClaims(
          ReplaceFirst(claims, "{", "{" + member + std::string(value) + ","));
    }
    const size_t from = at + member.size();
    const size_t to = claims.find_first_of(",}", from);
    return WithClaims(claims.replace(from, to - from, value));
  }

 private:
  DpopFixture fixture_;
  DpopVerifier verifier_ = fixture_.MakeForgetful();
};

// Hmac signs with HMAC-SHA256 under any key.
std::string HmacProof(std::string_view header, Bytes key) {
  std::string text = Base64UrlEncode(AsBytes(header)) + "." +
                     Base64UrlEncode(AsBytes(ProofClaimsText()));
  std::array<uint8_t, 32> mac;
  hazmat::HmacSha256(key).Compute(AsBytes(text), mac);
  return text + "." + Base64UrlEncode(mac);
}

std::string Unsigned(std::string_view header, std::string_view signature) {
  return Base64UrlEncode(AsBytes(header)) + "." +
         Base64UrlEncode(AsBytes(ProofClaimsText())) + "." +
         std::string(signature);
}

TEST_CASE("the good proof of these tests is proven") {
  const Hostile verdict;
  CHECK(verdict.WithHeader(ProofHeader()) == "proven");
  CHECK(verdict.WithClaims(ProofClaimsText()) == "proven");
  for (const KeyFormat format : kProofFormats) {
    CHECK(verdict.WithKey(JwkOf(ProofKey(format)), ProofKey(format)) ==
          "proven");
  }
}

TEST_CASE("alg none is refused, however it is written") {
  const Hostile verdict;
  for (const char* alg : {"none", "None", "NONE", "nOnE"}) {
    const std::string header = ReplaceFirst(ProofHeader(), "ES256", alg);
    CHECK(verdict(Unsigned(header, "")) == "malformed");
    CHECK(verdict(Unsigned(header, "AA")) == "unsupported (alg)");
    CHECK(verdict.WithHeader(header) == "unsupported (alg)");
  }
}

TEST_CASE("a MAC is no proof, under the public key or one from the header") {
  const Hostile verdict;
  const std::string header = ReplaceFirst(ProofHeader(), "ES256", "HS256");
  const VerifyKey key = ProofKey().Public();
  CHECK(verdict(HmacProof(header, key.bytes())) == "unsupported (alg)");
  CHECK(verdict(HmacProof(header, AsBytes(JwkOf(ProofKey())))) ==
        "unsupported (alg)");
  CHECK(verdict(HmacProof(header, {})) == "unsupported (alg)");
  const std::string secret(32, 'k');
  const std::string oct =
      R"({"kty":"oct","k":")" + Base64UrlEncode(AsBytes(secret)) + "\"}";
  const std::string with_oct = ReplaceFirst(header, JwkOf(ProofKey()), oct);
  CHECK(verdict(HmacProof(with_oct, AsBytes(secret))) == "unsupported (alg)");
  // The alg of a signature does not help.
  CHECK(verdict(HmacProof(ReplaceFirst(with_oct, "HS256", "ES256"),
                          AsBytes(secret))) == "bad_key (jwk)");
}

TEST_CASE("algs that Signet does not have are refused") {
  const Hostile verdict;
  for (const char* alg : {"ES384", "ES512", "ES256K", "RS384", "PS512", "HS512",
                          "es256", "ES256 ", "A256GCM", "ECDH-ES+A256KW"}) {
    CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "ES256", alg)) ==
          "unsupported (alg)");
  }
  CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "\"ES256\"", "256")) ==
        "bad_claim (alg)");
  CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "\"ES256\"", "\"\"")) ==
        "bad_claim (alg)");
  CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "\"alg\"", "\"gla\"")) ==
        "missing_claim (alg)");
}

TEST_CASE("a key must be of the alg that the header says") {
  const Hostile verdict;
  for (const KeyFormat format : kProofFormats) {
    for (const KeyFormat other : kProofFormats) {
      if (format == other) continue;
      const SecretKey& key = ProofKey(format);
      const std::string seen =
          verdict(SignJws(key,
                          ReplaceFirst(ProofHeader(key), JoseAlgorithm(format),
                                       JoseAlgorithm(other)),
                          ProofClaimsText()));
      // RS256 and PS256 have the same keys, and not the same signatures.
      const bool is_rsa =
          format >= KeyFormat::kJwtRs256 && other >= KeyFormat::kJwtRs256;
      CHECK(seen == (is_rsa ? "bad_signature" : "bad_key (jwk)"));
    }
  }
}

TEST_CASE("a private key in the header has leaked") {
  const Hostile verdict;
  for (const KeyFormat format : kProofFormats) {
    const SecretKey& key = ProofKey(format);
    CHECK(verdict.WithKey(WriteSecretJwk(key), key) == "bad_key (jwk)");
  }
  // One private member is enough, in any type of key.
  for (const std::string_view member :
       {"d", "k", "p", "q", "dp", "dq", "qi", "oth"}) {
    const std::string with = R"({")" + std::string(member) + R"(":"AQAB",)";
    for (const KeyFormat format : kProofFormats) {
      const SecretKey& key = ProofKey(format);
      CHECK_MESSAGE(verdict.WithKey(ReplaceFirst(JwkOf(key), "{", with), key) ==
                        "bad_key (jwk)",
                    member);
    }
  }
}

TEST_CASE("a header without a sound key is refused") {
  const Hostile verdict;
  const std::string jwk = JwkOf(ProofKey());
  for (const std::string_view other :
       {"null", "\"key\"", "[]", "{}", "1", R"({"kty":"EC"})",
        R"({"kty":"EC","crv":"P-256"})", R"({"kty":"XX"})",
        // Not on the curve.
        R"({"kty":"EC","crv":"P-256",)"
        R"("x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",)"
        R"("y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})"}) {
    CHECK_MESSAGE(verdict.WithKey(other) == "bad_key (jwk)", other);
  }
  CHECK(verdict.WithKey(ReplaceFirst(jwk, "P-256", "P-384")) ==
        "bad_key (jwk)");
  CHECK(verdict.WithKey(ReplaceFirst(jwk, "\"x\":\"", "\"x\":\"AA")) ==
        "bad_key (jwk)");
  CHECK(verdict.WithKey(ReplaceFirst(jwk, "{", R"({"use":"enc",)")) ==
        "bad_key (jwk)");
  CHECK(verdict.WithKey(ReplaceFirst(jwk, "{", R"({"alg":"ES384",)")) ==
        "bad_key (jwk)");
  CHECK(verdict.WithKey(ReplaceFirst(jwk, "{", R"({"key_ops":["encrypt"],)")) ==
        "bad_key (jwk)");
  // What may stand beside it.
  CHECK(verdict.WithKey(ReplaceFirst(
            jwk, "{",
            R"({"use":"sig","alg":"ES256","kid":"a","key_ops":["verify"],)")) ==
        "proven");
  CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "\"jwk\"", "\"kwj\"")) ==
        "missing_claim (jwk)");
  // Small order, in EdDSA: the identity.
  CHECK(verdict.WithKey(R"({"kty":"OKP","crv":"Ed25519",)"
                        R"("x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})",
                        ProofKey(KeyFormat::kJwtEdDsa)) == "bad_key (jwk)");
}

TEST_CASE("a P-256 key is one spelling of a finite point of its curve") {
  const auto is_key = [](std::string_view algorithm, std::string_view point) {
    std::string der(algorithm);
    der += static_cast<char>(0x03);
    der += static_cast<char>(point.size() + 1);
    der += '\0';
    der += point;
    der.insert(0, {0x30, static_cast<char>(der.size())});
    return VerifyKey::Create(KeyFormat::kJwtEs256, AsBytes(der)).ok();
  };
  const VerifyKey key = ProofKey().Public();
  const std::string_view good = AsText(key.bytes());
  const std::string_view algorithm = good.substr(2, 21);
  const std::string_view point = good.substr(good.size() - 65);
  const std::string_view y = point.substr(33);
  CHECK(is_key(algorithm, point));
  // SEC 1 section 2.3.3: infinity, the compressed form and the hybrid one.
  CHECK_FALSE(is_key(algorithm, std::string(1, '\0')));
  const char sign = static_cast<char>(y.back() & 1);
  CHECK_FALSE(is_key(algorithm, static_cast<char>(2 + sign) +
                                    std::string(point.substr(1, 32))));
  CHECK_FALSE(is_key(
      algorithm, static_cast<char>(6 + sign) + std::string(point.substr(1))));
  CHECK_FALSE(is_key(algorithm, ""));
  CHECK_FALSE(is_key(algorithm, point.substr(0, 64)));
  CHECK_FALSE(is_key(algorithm, std::string(point) + "a"));
  std::string off(point);
  off.back() = static_cast<char>(off.back() ^ 1);
  CHECK_FALSE(is_key(algorithm, off));
}

TEST_CASE("an RSA key that is too small, too large or weak is refused") {
  const Hostile verdict;
  const auto jwk = [](size_t bytes, uint8_t last, const char* e) {
    std::string n(bytes, '\xa5');
    n.back() = static_cast<char>(last);
    return R"({"kty":"RSA","n":")" + Base64UrlEncode(AsBytes(n)) +
           R"(","e":")" + e + "\"}";
  };
  const SecretKey& key = ProofKey(KeyFormat::kJwtRs256);
  CHECK(verdict.WithKey(jwk(128, 0xa5, "AQAB"), key) == "bad_key (jwk)");
  CHECK(verdict.WithKey(jwk(255, 0xa5, "AQAB"), key) == "bad_key (jwk)");
  CHECK(verdict.WithKey(jwk(513, 0xa5, "AQAB"), key) == "bad_key (jwk)");
  CHECK(verdict.WithKey(jwk(256, 0xa4, "AQAB"), key) == "bad_key (jwk)");
  CHECK(verdict.WithKey(jwk(256, 0xa5, "AQ"), key) == "bad_key (jwk)");
  CHECK(verdict.WithKey(jwk(256, 0xa5, "Aw"), key) == "bad_key (jwk)");
  // Sound, as far as anyone can see, and another one.
  CHECK(verdict.WithKey(jwk(256, 0xa5, "AQAB"), key) == "bad_signature");
  CHECK(verdict.WithKey(jwk(512, 0xa5, "AQAB"), key) == "bad_signature");
}

TEST_CASE("parameters by which a sender steers the check are refused") {
  const Hostile verdict;
  for (const char* name :
       {"crit", "b64", "zip", "jku", "x5u", "x5c", "x5t", "x5t#S256", "enc"}) {
    for (const char* value :
         {"\"a\"", "[]", "[\"b64\"]", "true", "false", "null", "{}"}) {
      const std::string with =
          R"({")" + std::string(name) + "\":" + value + ",";
      CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "{", with)) ==
            "unsupported (" + std::string(name) + ")");
    }
  }
  // Others say nothing (RFC 7515 section 4).
  CHECK(verdict.WithHeader(ReplaceFirst(
            ProofHeader(), "{", R"({"kid":"../../etc","x":[1],)")) == "proven");
}

TEST_CASE("typ is dpop+jwt") {
  const Hostile verdict;
  for (const char* type : {"JWT", "jwt", "at+jwt", "dpop", "dpop+jwt ",
                           "text/dpop+jwt", "dpop+jwts", ""}) {
    CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "dpop+jwt", type)) ==
          "wrong_type (typ)");
  }
  for (const char* type : {"null", "1", "[\"dpop+jwt\"]"}) {
    CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "\"dpop+jwt\"",
                                          type)) == "wrong_type (typ)");
  }
  CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "\"typ\"", "\"pyt\"")) ==
        "wrong_type (typ)");
  for (const char* type : {"DPoP+JWT", "application/dpop+jwt"}) {
    CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "dpop+jwt", type)) ==
          "proven");
  }
}

TEST_CASE("a proof has three segments of canonical base64url") {
  const Hostile verdict;
  const std::string proof =
      SignJws(ProofKey(), ProofHeader(), ProofClaimsText());
  const size_t first = proof.find('.');
  const size_t second = proof.rfind('.');
  const std::string header = proof.substr(0, first);
  const std::string claims = proof.substr(first + 1, second - first - 1);
  const std::string signature = proof.substr(second + 1);
  const std::vector<std::string> cases = {
      "", ".", "..", "...", header, header + "." + claims,
      header + claims + signature, header + claims + "." + signature,
      header + ".." + signature, "." + claims + "." + signature,
      header + "." + claims + ".", proof + ".", "." + proof,
      proof + "." + claims, proof + "=", proof + " ", " " + proof, proof + "\n",
      proof + "," + proof, "DPoP " + proof,
      header + "=." + claims + "." + signature,
      header + ". " + claims + "." + signature, proof + std::string(1, '\0'),
      // The JSON serializations of RFC 7515 section 7.2.
      R"({"protected":")" + header + R"(","payload":")" + claims +
          R"(","signature":")" + signature + "\"}"};
  for (const std::string& text : cases) {
    CHECK_MESSAGE(verdict(text) == "malformed", text);
  }
  std::string plus = proof;
  plus[first + 5] = '+';
  CHECK(verdict(plus) == "malformed");
}

TEST_CASE("a signature of another form or by another key is no proof") {
  const Hostile verdict;
  const std::string proof =
      SignJws(ProofKey(), ProofHeader(), ProofClaimsText());
  const std::string unsigned_part = proof.substr(0, proof.rfind('.') + 1);
  const auto with = [&](const std::string& signature) {
    return verdict(unsigned_part + Base64UrlEncode(AsBytes(signature)));
  };
  for (const size_t size : {1, 63, 64, 65, 72, 256}) {
    CHECK(with(std::string(size, '\0')) == "bad_signature");
    CHECK(with(std::string(size, '\xff')) == "bad_signature");
  }
  const SecretKey other = SecretKey::Generate(KeyFormat::kJwtEs256);
  CHECK(verdict(SignJws(other, ProofHeader(), ProofClaimsText())) ==
        "bad_signature");
  CHECK(verdict.WithKey(JwkOf(other)) == "bad_signature");
}

TEST_CASE("a proof that is too long is not looked at") {
  const Hostile verdict;
  const std::string proof =
      SignJws(ProofKey(), ProofHeader(), ProofClaimsText());
  CHECK(verdict(std::string(kMaxDpopProofLength, 'A')) == "malformed");
  CHECK(verdict(std::string(kMaxDpopProofLength + 1, 'A')) == "too_long");
  CHECK(verdict(std::string(100u << 20, '.')) == "too_long");
  CHECK(verdict(proof + std::string(1u << 20, 'A')) == "too_long");
  // A header has a bound of its own.
  const auto padded = [](size_t size) {
    const std::string header = ProofHeader();
    return ReplaceFirst(
        header, "{",
        R"({"a":")" + std::string(size - header.size() - 7, 'a') + "\",");
  };
  REQUIRE(padded(2048).size() == 2048);
  CHECK(verdict.WithHeader(padded(2048)) == "proven");
  CHECK(verdict.WithHeader(padded(2049)) == "malformed (header)");
}

TEST_CASE("header and claims are JSON objects without doubtful members") {
  const Hostile verdict;
  for (const std::string_view text :
       {"null", "[]", "\"a\"", "1", "{", "{}x", "{}{}", "\xef\xbb\xbf{}",
        "{\"a\":1,}", "{a:1}", "{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}"}) {
    CHECK_MESSAGE(verdict.WithHeader(text) == "malformed (header)", text);
    CHECK_MESSAGE(verdict.WithClaims(text) == "malformed (claims)", text);
  }
  CHECK(verdict.WithHeader(ReplaceFirst(
            ProofHeader(), "{", R"({"alg":"none",)")) == "malformed (header)");
  CHECK(verdict.WithHeader(
            ReplaceFirst(ProofHeader(), "{", R"({"\u0061lg":"none",)")) ==
        "malformed (header)");
  CHECK(verdict.WithHeader(ReplaceFirst(ProofHeader(), "\"kty\"",
                                        R"("\u006bty":"oct","kty")")) ==
        "malformed (header)");
  CHECK(verdict.WithClaims(
            ReplaceFirst(ProofClaimsText(), "{", R"({"htm":"GET",)")) ==
        "malformed (claims)");
  CHECK(verdict.WithClaims(
            ReplaceFirst(ProofClaimsText(), "{", R"({"ht\u006d":"GET",)")) ==
        "malformed (claims)");
  std::string deep = "1";
  for (int i = 0; i < 20; ++i) deep = "[" + deep + "]";
  CHECK(verdict.WithClaim("a", deep) == "malformed (claims)");
}

TEST_CASE("jti, htm, htu and iat are all there") {
  const Hostile verdict;
  for (const std::string name : {"jti", "htm", "htu", "iat"}) {
    CHECK(verdict.WithClaims(ReplaceFirst(ProofClaimsText(), '"' + name + '"',
                                          "\"x" + name + '"')) ==
          "missing_claim (" + name + ")");
  }
  CHECK(verdict.WithClaims("{}") == "missing_claim (jti)");
}

TEST_CASE("a claim of another JSON type is refused") {
  const Hostile verdict;
  for (const std::string name : {"jti", "htm", "htu", "ath", "nonce"}) {
    for (const char* value : {"null", "1", "true", "[]", "{}", "\"\"",
                              "[\"POST\"]", "\"a\\u0000b\"", "\"a\\nb\""}) {
      CHECK_MESSAGE(
          verdict.WithClaim(name, value) == "bad_claim (" + name + ")",
          (name + value));
    }
  }
  for (const std::string name : {"iat", "exp", "nbf"}) {
    for (const char* value :
         {"null", "true", "[]", "\"1795341600\"", "1795341600.0",
          "1795341600.5", "1.7953416e9", "-1795341600", "-0", "0", "1e400",
          "9223372036854775808", "18446744073709551615", "253402300800"}) {
      CHECK_MESSAGE(
          verdict.WithClaim(name, value) == "bad_claim (" + name + ")",
          (name + value));
    }
  }
  CHECK(verdict.WithClaim("iat", "1") == "too_old (iat)");
  CHECK(verdict.WithClaim("iat", "253402300799") == "too_new (iat)");
}

TEST_CASE("a jti has 256 bytes, not one more") {
  const Hostile verdict;
  const auto of_size = [&](size_t size) {
    return verdict.WithClaim("jti", '"' + std::string(size, 'j') + '"');
  };
  CHECK(of_size(1) == "proven");
  CHECK(of_size(kMaxDpopIdLength) == "proven");
  CHECK(of_size(kMaxDpopIdLength + 1) == "bad_claim (jti)");
  CHECK(of_size(4096) == "bad_claim (jti)");
  CHECK(of_size(65536) == "too_long");
}

TEST_CASE("an access token is no proof, and a proof no access token") {
  const Hostile verdict;
  const JwtFixture tokens;
  CHECK(verdict(tokens.Mint()) == "wrong_type (typ)");
  CHECK(verdict(PasetoFixture().Mint()) == "malformed");
  const std::string proof = SignJws(
      tokens.key(),
      ReplaceFirst(ProofHeader(ProofKey(KeyFormat::kJwtEdDsa)),
                   JwkOf(ProofKey(KeyFormat::kJwtEdDsa)), JwkOf(tokens.key())),
      ProofClaimsText());
  CHECK(verdict(proof) == "proven");
  CHECK_FALSE(tokens.MakeVerifier().Verify(proof).ok());
}

}  // namespace
}  // namespace signet
