#include "signet/jwk.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <vector>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::NewKey;
using testing::ReplaceFirst;

constexpr KeyFormat kAllFormats[] = {
    KeyFormat::kPasetoV4Public, KeyFormat::kJwtEdDsa,
    KeyFormat::kRefreshMac,     KeyFormat::kFeedEd25519,
    KeyFormat::kPasetoV4Local,  KeyFormat::kJwtEs256,
    KeyFormat::kJwtRs256,       KeyFormat::kJwtPs256,
    KeyFormat::kJwtHs256,       KeyFormat::kJweDir,
    KeyFormat::kJweP256,        KeyFormat::kJweX25519};

// WhyNot is the error, with its code if that is not kInvalid.
template <class T>
std::string WhyNot(const Result<T>& result) {
  if (result.ok()) return "accepted";
  return (result.error().code == ErrorCode::kInvalid       ? ""
          : result.error().code == ErrorCode::kUnsupported ? "unsupported: "
                                                           : "other: ") +
         result.error().message;
}

std::string WhyNotPublic(std::string_view json,
                         std::optional<KeyFormat> format = std::nullopt) {
  return WhyNot(ReadJwk(json, format));
}
std::string WhyNotSecret(std::string_view json,
                         std::optional<KeyFormat> format = std::nullopt) {
  return WhyNot(ReadSecretJwk(json, format));
}

std::string Wrong(std::string_view member, std::string_view problem) {
  return "JWK: member " + std::string(member) + " " + std::string(problem);
}
std::string NotSupported(std::string_view member) {
  return "unsupported: JWK: member " + std::string(member) +
         " names something that is not supported";
}
constexpr std::string_view kLeaked =
    "JWK: a private or symmetric key where a public one is due";

// Public is a good public JWK of a format, without alg, use or kid.
std::string Bare(std::string jwk) {
  const auto object = boost::json::parse(jwk).as_object();
  std::string out;
  for (std::string_view name : {"kty", "crv", "x", "y", "n", "e", "k", "d", "p",
                                "q", "dp", "dq", "qi"}) {
    if (const auto* value = object.if_contains(name)) {
      out += (out.empty() ? "{\"" : ",\"") + std::string(name) +
             "\":" + boost::json::serialize(*value);
    }
  }
  return out + "}";
}

std::string With(const std::string& jwk, std::string_view members) {
  return jwk.substr(0, jwk.size() - 1) + "," + std::string(members) + "}";
}

// ---- Thumbprints and forms. ----

// The RSA key of RFC 7638 section 3.1.
constexpr std::string_view kRfc7638Jwk =
    R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4)"
    R"(cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W)"
    R"(-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaS)"
    R"(qzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQF)"
    R"(h6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDK)"
    R"(gw","e":"AQAB","alg":"RS256","kid":"2011-04-29"})";

TEST_CASE("an RSA key has the thumbprint of RFC 7638 section 3.1") {
  const Result<VerifyKey> key = ReadJwk(kRfc7638Jwk);
  REQUIRE(key.ok());
  CHECK(key->format() == KeyFormat::kJwtRs256);
  CHECK(key->id() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST_CASE("an Ed25519 key is read from RFC 8037 and written byte for byte") {
  const std::string jwk =
      R"({"crv":"Ed25519","kty":"OKP",)"
      R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",)"
      R"("kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",)"
      R"("use":"sig","alg":"EdDSA"})";
  const Result<VerifyKey> key = ReadJwk(jwk);
  REQUIRE(key.ok());
  CHECK(key->format() == KeyFormat::kJwtEdDsa);
  CHECK(WriteJwk(*key) == jwk);
}

TEST_CASE("every public key comes back from its JWK") {
  for (KeyFormat format : kAllFormats) {
    if (IsSymmetric(format)) continue;
    CAPTURE(KeyFormatName(format));
    const VerifyKey key = NewKey(format).Public();
    const std::string jwk = WriteJwk(key);
    const Result<VerifyKey> read = ReadJwk(jwk, format);
    REQUIRE_MESSAGE(read.ok(), WhyNot(read));
    CHECK(*read == key);
    CHECK(WriteJwk(*read) == jwk);
    if (JoseAlgorithm(format).empty()) continue;
    REQUIRE(ReadJwk(jwk).ok());  // it says itself what it does
    CHECK(ReadJwk(jwk)->format() == format);
  }
}

TEST_CASE("every secret key comes back from its JWK") {
  for (KeyFormat format : kAllFormats) {
    CAPTURE(KeyFormatName(format));
    const SecretKey key = NewKey(format);
    const std::string jwk = WriteSecretJwk(key);
    const Result<SecretKey> read = ReadSecretJwk(jwk, format);
    REQUIRE_MESSAGE(read.ok(), WhyNot(read));
    CHECK(read->id() == key.id());
    CHECK(read->format() == format);
    CHECK(WriteSecretJwk(*read) == jwk);
    CHECK(WhyNotPublic(jwk, format) == kLeaked);
    if (JoseAlgorithm(format).empty()) continue;
    REQUIRE(ReadSecretJwk(jwk).ok());
    CHECK(ReadSecretJwk(jwk)->format() == format);
  }
}

TEST_CASE("a written JWK says kid, use and alg, and a public one no secret") {
  for (KeyFormat format : kAllFormats) {
    if (JoseAlgorithm(format).empty()) continue;
    CAPTURE(KeyFormatName(format));
    const SecretKey key = NewKey(format);
    const auto secret = boost::json::parse(WriteSecretJwk(key)).as_object();
    CHECK(secret.at("kid").as_string() == std::string(key.id()));
    CHECK(secret.at("alg").as_string() == std::string(JoseAlgorithm(format)));
    CHECK(secret.at("use").as_string() ==
          std::string(IsJwe(format) ? "enc" : "sig"));
    if (IsSymmetric(format)) {
      CHECK(secret.size() == 5);
      continue;
    }
    const auto open = boost::json::parse(WriteJwk(key.Public())).as_object();
    for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "k"}) {
      CHECK_FALSE(open.contains(member));
    }
    for (const auto& [name, value] : open) CHECK(secret.at(name) == value);
    CHECK(secret.contains("d"));
    CHECK(WriteJwk(key.Public().WithId("a name")).find("\"kid\":\"a name\"") !=
          std::string::npos);
  }
}

TEST_CASE("unknown members are ignored, and kid is not the id") {
  const std::string jwk = WriteJwk(NewKey(KeyFormat::kJwtEs256).Public());
  const std::string more = With(jwk, R"("x5t":"AA","ext":true)");
  REQUIRE(ReadJwk(more).ok());
  CHECK(*ReadJwk(more) == *ReadJwk(jwk));
  const std::string named = With(Bare(jwk), R"("kid":"a","alg":"ES256")");
  CHECK(ReadJwk(named)->id() == ReadJwk(jwk)->id());
}

// ---- What a key is for. ----

TEST_CASE("a key without alg says by its curve what it does, or is told") {
  const auto bare = [](KeyFormat format) {
    return Bare(WriteJwk(NewKey(format).Public()));
  };
  const std::string untold = Wrong("alg", "is missing, and no format is given");
  CHECK(ReadJwk(bare(KeyFormat::kJwtEdDsa))->format() == KeyFormat::kJwtEdDsa);
  for (KeyFormat format :
       {KeyFormat::kJwtEs256, KeyFormat::kJwtRs256, KeyFormat::kJwtPs256,
        KeyFormat::kJweP256, KeyFormat::kJweX25519}) {
    CHECK(WhyNotPublic(bare(format)) == untold);
    CHECK(ReadJwk(bare(format), format)->format() == format);
  }
  // A key of P-256 or RSA that does not say is what the caller says.
  CHECK(ReadJwk(bare(KeyFormat::kJwtEs256), KeyFormat::kJweP256).ok());
  CHECK(ReadJwk(bare(KeyFormat::kJwtRs256), KeyFormat::kJwtPs256).ok());
  CHECK(WhyNotSecret(R"({"kty":"oct","k":")" + std::string(43, 'A') + "\"}") ==
        untold);
}

TEST_CASE("what a key says of itself agrees with what it is read for") {
  const std::string es256 = WriteJwk(NewKey(KeyFormat::kJwtEs256).Public());
  const std::string rs256 = WriteJwk(NewKey(KeyFormat::kJwtRs256).Public());
  CHECK(WhyNotPublic(es256, KeyFormat::kJwtEdDsa) ==
        Wrong("kty", "is not that of a jwt-eddsa key"));
  CHECK(WhyNotPublic(es256, KeyFormat::kJwtRs256) ==
        Wrong("kty", "is not that of a jwt-rs256 key"));
  CHECK(WhyNotPublic(es256, KeyFormat::kJweX25519) ==
        Wrong("kty", "is not that of a jwe-x25519 key"));
  CHECK(WhyNotPublic(es256, KeyFormat::kJwtHs256) ==
        Wrong("kty", "is not that of a jwt-hs256 key"));
  CHECK(WhyNotPublic(es256, KeyFormat::kJweP256) ==
        Wrong("alg", "is not that of a jwe-p256 key"));
  CHECK(WhyNotPublic(rs256, KeyFormat::kJwtPs256) ==
        Wrong("alg", "is not that of a jwt-ps256 key"));
  CHECK(WhyNotPublic(ReplaceFirst(es256, "ES256", "ES384")) ==
        NotSupported("alg"));
  CHECK(WhyNotPublic(ReplaceFirst(es256, "ES256", "RS256")) ==
        NotSupported("alg"));
  CHECK(WhyNotPublic(ReplaceFirst(es256, "ES256", "none")) ==
        NotSupported("alg"));
  // RFC 9864 has a name of its own for EdDSA on this curve.
  const std::string ed = WriteJwk(NewKey(KeyFormat::kJwtEdDsa).Public());
  CHECK(WhyNotPublic(ReplaceFirst(ed, "EdDSA", "Ed25519"),
                     KeyFormat::kJwtEdDsa) == "accepted");
}

TEST_CASE("family 33: use and key_ops allow what the key is for") {
  const std::string sig =
      With(Bare(WriteJwk(NewKey(KeyFormat::kJwtEs256).Public())),
           R"("alg":"ES256")");
  const std::string enc =
      With(Bare(WriteJwk(NewKey(KeyFormat::kJweP256).Public())),
           R"("alg":"ECDH-ES+A256KW")");
  const std::string bad_use =
      Wrong("use", "does not allow what the key is for");
  const std::string bad_ops =
      Wrong("key_ops", "does not allow what the key is for");
  CHECK(WhyNotPublic(With(sig, R"("use":"sig")")) == "accepted");
  CHECK(WhyNotPublic(With(enc, R"("use":"enc")")) == "accepted");
  CHECK(WhyNotPublic(With(sig, R"("use":"enc")")) == bad_use);
  CHECK(WhyNotPublic(With(enc, R"("use":"sig")")) == bad_use);
  CHECK(WhyNotPublic(With(sig, R"("use":"SIG")")) == bad_use);
  CHECK(WhyNotPublic(With(sig, R"("key_ops":["verify"])")) == "accepted");
  CHECK(WhyNotPublic(With(sig, R"("key_ops":["x","verify"])")) == "accepted");
  CHECK(WhyNotPublic(With(sig, R"("key_ops":["sign"])")) == bad_ops);
  CHECK(WhyNotPublic(With(enc, R"("key_ops":["deriveBits"])")) == "accepted");
  CHECK(WhyNotPublic(With(enc, R"("key_ops":[])")) == "accepted");
  for (std::string_view ops : {"[]", "[\"encrypt\"]", "[\"deriveKey\"]",
                               "[\"wrapKey\",\"decrypt\"]"}) {
    CHECK(WhyNotPublic(With(sig, "\"key_ops\":" + std::string(ops))) ==
          bad_ops);
  }
  CHECK(WhyNotPublic(With(enc, R"("key_ops":["verify","sign"])")) == bad_ops);
  CHECK(WhyNotPublic(With(sig, R"("key_ops":"verify")")) ==
        Wrong("key_ops", "is no array"));
  CHECK(WhyNotPublic(With(sig, R"("key_ops":["verify",1])")) ==
        Wrong("key_ops", "is not an array of strings"));
  for (std::string_view value : {"1", "null", "[]", "\"\""}) {
    CHECK(WhyNotPublic(With(sig, "\"use\":" + std::string(value))) ==
          Wrong("use", "is not a string, or empty"));
  }
}

// ---- What is no key. ----

TEST_CASE("family 33: a JWK is one strict JSON object of a known kind") {
  constexpr std::string_view kNoObject =
      "JWK: not one JSON object, or a member is repeated";
  for (std::string_view bad :
       {"", "x", "[]", "null", "{", "{}{}", "\xef\xbb\xbf{}",
        R"({"kty":"OKP","kty":"EC"})", R"({"kty":"OKP","\u006bty":"EC"})"}) {
    CHECK(WhyNotPublic(bad) == kNoObject);
    CHECK(WhyNotSecret(bad) == kNoObject);
  }
  CHECK(WhyNotPublic("{}") == Wrong("kty", "is missing"));
  CHECK(WhyNotPublic(R"({"kty":1})") ==
        Wrong("kty", "is not a string, or empty"));
  CHECK(WhyNotPublic(R"({"kty":""})") ==
        Wrong("kty", "is not a string, or empty"));
  CHECK(WhyNotPublic(R"({"kty":"AKP"})") == NotSupported("kty"));
  CHECK(WhyNotPublic(R"({"kty":"ec"})") == NotSupported("kty"));
  CHECK(WhyNotPublic(R"({"kty":"EC"})") == Wrong("crv", "is missing"));
  for (std::string_view curve :
       {"P-384", "P-521", "secp256k1", "Ed25519", "X25519", "p-256"}) {
    CHECK(WhyNotPublic(R"({"kty":"EC","crv":")" + std::string(curve) + "\"}") ==
          NotSupported("crv"));
  }
  for (std::string_view curve : {"Ed448", "X448", "P-256", "ed25519"}) {
    CHECK(WhyNotPublic(R"({"kty":"OKP","crv":")" + std::string(curve) +
                       "\"}") == NotSupported("crv"));
  }
}

TEST_CASE("family 33: coordinates have their length and lie on the curve") {
  const std::string good = WriteJwk(NewKey(KeyFormat::kJwtEs256).Public());
  const auto object = boost::json::parse(good).as_object();
  const std::string x(object.at("x").as_string());
  const std::string y(object.at("y").as_string());
  const auto with_x = [&](std::string_view text) {
    return WhyNotPublic(ReplaceFirst(good, "\"" + x + "\"", std::string(text)));
  };
  const std::string off = "JWK: not a key, or no point of its curve";
  CHECK(WhyNotPublic(ReplaceFirst(good, x, y)) == off);
  CHECK(with_x("\"" + std::string(43, 'A') + "\"") == off);
  CHECK(with_x("\"" + x.substr(0, 40) + "\"") ==
        Wrong("x", "does not have 32 bytes"));
  CHECK(with_x("\"AAAA" + x + "\"") == Wrong("x", "does not have 32 bytes"));
  CHECK(with_x("\"" + x + "=\"") == Wrong("x", "is not canonical base64url"));
  CHECK(with_x("\"" + x + " \"") == Wrong("x", "is not canonical base64url"));
  CHECK(with_x("\"\"") == Wrong("x", "is not a string, or empty"));
  CHECK(with_x("1") == Wrong("x", "is not a string, or empty"));
  CHECK(WhyNotPublic(ReplaceFirst(good, "\"x\"", "\"z\"")) ==
        Wrong("x", "is missing"));
  CHECK(WhyNotPublic(ReplaceFirst(good, "\"y\"", "\"z\"")) ==
        Wrong("y", "is missing"));
  // Ed25519: the identity, and an encoding that is not canonical.
  const auto ed = [](std::string_view point) {
    return WhyNotPublic(R"({"kty":"OKP","crv":"Ed25519","x":")" +
                        std::string(point) + "\"}");
  };
  constexpr std::string_view kNoPoint =
      "JWK: public key is not a canonical point of Ed25519's group";
  CHECK(ed("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") == kNoPoint);
  CHECK(ed("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") == kNoPoint);
  CHECK(ed("__________________________________________8") == kNoPoint);
  CHECK(ed("AAAA") == Wrong("x", "does not have 32 bytes"));
}

TEST_CASE("family 33: integers of RSA have no leading zeros") {
  const std::string good(kRfc7638Jwk);
  const auto with_e = [&good](std::string_view e) {
    return WhyNotPublic(ReplaceFirst(good, "AQAB", e));
  };
  CHECK(with_e("AAEAAQ") == Wrong("e", "has a leading zero"));
  CHECK(with_e("AA") == Wrong("e", "has a leading zero"));
  CHECK(with_e("Aw") ==
        "JWK: an RSA exponent that is even, below 65537 or above 2^32");
  CHECK(WhyNotPublic(ReplaceFirst(good, "\"0vx7", "\"ANL8ew")) ==
        Wrong("n", "has a leading zero"));
  CHECK(WhyNotPublic(ReplaceFirst(good, "\"n\"", "\"m\"")) ==
        Wrong("n", "is missing"));
  CHECK(WhyNotPublic(ReplaceFirst(good, "\"e\"", "\"f\"")) ==
        Wrong("e", "is missing"));
}

TEST_CASE(
    "family 33: a member of a private key is a leak where it is due not") {
  const std::string rsa(kRfc7638Jwk);
  for (std::string_view member :
       {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    CAPTURE(member);
    CHECK(WhyNotPublic(With(rsa, "\"" + std::string(member) + "\":\"AQAB\"")) ==
          kLeaked);
    CHECK(WhyNotPublic(With(rsa, "\"" + std::string(member) + "\":null")) ==
          kLeaked);
  }
  CHECK(WhyNotPublic(R"({"kty":"oct","k":"AAAA"})") == kLeaked);
  CHECK(WhyNotPublic(R"({"kty":"oct","alg":"HS256"})") == kLeaked);
}

TEST_CASE("the halves of a private JWK belong together") {
  for (KeyFormat format :
       {KeyFormat::kPasetoV4Public, KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256,
        KeyFormat::kJweP256, KeyFormat::kJweX25519}) {
    CAPTURE(KeyFormatName(format));
    const std::string one = WriteSecretJwk(NewKey(format));
    const std::string two = WriteSecretJwk(NewKey(format));
    const auto d = [](const std::string& jwk) {
      return std::string(boost::json::parse(jwk).at("d").as_string());
    };
    CHECK(WhyNotSecret(ReplaceFirst(one, d(one), d(two)), format) ==
          Wrong("d", "does not belong to the public half"));
    CHECK(WhyNotSecret(ReplaceFirst(one, d(one), d(one).substr(0, 40)),
                       format) == Wrong("d", "does not have 32 bytes"));
  }
  const std::string zero(43, 'A');
  const std::string ec = WriteSecretJwk(NewKey(KeyFormat::kJwtEs256));
  CHECK(WhyNotSecret(ReplaceFirst(
            ec, boost::json::parse(ec).at("d").as_string(), zero)) ==
        "JWK: the scalar is not between 1 and the order of P-256");
}

TEST_CASE("a private RSA key brings all of its numbers, and no third prime") {
  const std::string good = WriteSecretJwk(NewKey(KeyFormat::kJwtRs256));
  for (std::string_view member : {"d", "p", "q", "dp", "dq", "qi"}) {
    const std::string name = "\"" + std::string(member) + "\"";
    CHECK(WhyNotSecret(ReplaceFirst(good, name, "\"z\"")) ==
          Wrong(member, "is missing"));
  }
  CHECK(WhyNotSecret(With(good, R"("oth":[{"r":"AQAB"}])")) ==
        NotSupported("oth"));
  const std::string other = WriteSecretJwk(NewKey(KeyFormat::kJwtRs256));
  for (const char* member : {"d", "p", "q", "dp", "dq", "qi"}) {
    const auto value = [member](const std::string& jwk) {
      return std::string(boost::json::parse(jwk).at(member).as_string());
    };
    CHECK(WhyNotSecret(ReplaceFirst(good, value(good), value(other))) ==
          "JWK: the parts of the private key do not belong together");
  }
}

TEST_CASE("family 23: a symmetric JWK has 32 bytes, of HS256 up to 128") {
  const auto oct = [](size_t size) {
    return R"({"kty":"oct","k":")" +
           Base64UrlEncode(std::vector<uint8_t>(size, 7)) + "\"}";
  };
  for (size_t size : {size_t{1}, size_t{16}, size_t{31}, size_t{129}}) {
    CHECK(WhyNotSecret(oct(size), KeyFormat::kJwtHs256) ==
          "JWK: secret key of " + std::to_string(size) +
              " bytes, it must be 32 to 128");
  }
  for (size_t size : {size_t{32}, size_t{64}, size_t{128}}) {
    CHECK(WhyNotSecret(oct(size), KeyFormat::kJwtHs256) == "accepted");
  }
  for (size_t size : {size_t{16}, size_t{31}, size_t{33}, size_t{64}}) {
    CHECK(WhyNotSecret(oct(size), KeyFormat::kJweDir) ==
          "JWK: secret key of " + std::to_string(size) +
              " bytes, it must be 32");
  }
  CHECK(WhyNotSecret(oct(32), KeyFormat::kJwtRs256) ==
        Wrong("kty", "is not that of a jwt-rs256 key"));
  CHECK(WhyNotSecret(R"({"kty":"oct"})", KeyFormat::kJweDir) ==
        Wrong("k", "is missing"));
}

TEST_CASE("a public JWK is no secret one") {
  for (KeyFormat format :
       {KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256, KeyFormat::kJwtRs256}) {
    const std::string jwk = WriteJwk(NewKey(format).Public());
    CHECK(WhyNotSecret(jwk) == Wrong("d", "is missing"));
  }
}

// ---- PEM. ----

TEST_CASE("PEM is read for the format that the caller names") {
  // RFC 8410 section 10.1 and 10.3.
  constexpr std::string_view kPublic =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
      "-----END PUBLIC KEY-----\n";
  constexpr std::string_view kSecret =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n";
  const Result<VerifyKey> open = ReadPem(kPublic, KeyFormat::kJwtEdDsa);
  const Result<SecretKey> secret = ReadSecretPem(kSecret, KeyFormat::kJwtEdDsa);
  REQUIRE(open.ok());
  REQUIRE(secret.ok());
  CHECK(secret->Public() == *open);
  CHECK(ReadPem(kPublic, KeyFormat::kPasetoV4Public)
            ->id()
            .starts_with("k4.pid."));
  CHECK(WhyNot(ReadPem(kSecret, KeyFormat::kJwtEdDsa)) ==
        "a private key where a public is due");
  CHECK(WhyNot(ReadSecretPem(kPublic, KeyFormat::kJwtEdDsa)) ==
        "the key has no private half");
  CHECK(WhyNot(ReadPem(kPublic, KeyFormat::kJwtEs256)) ==
        "the key is of another type than jwt-es256 needs");
  CHECK(WhyNot(ReadSecretPem(kSecret, KeyFormat::kJweX25519)) ==
        "the key is of another type than jwe-x25519 needs");
  for (KeyFormat format : {KeyFormat::kJwtHs256, KeyFormat::kPasetoV4Local}) {
    const std::string other = "the key is of another type than " +
                              std::string(KeyFormatName(format)) + " needs";
    CHECK(WhyNot(ReadPem(kPublic, format)) == other);
    CHECK(WhyNot(ReadSecretPem(kSecret, format)) == other);
  }
}

// ---- Sets. ----

std::string WhyNotSet(const std::string& keys,
                      KeyFormat format = KeyFormat::kJwtEs256) {
  return WhyNot(ReadJwks("{\"keys\":[" + keys + "]}", format, 1));
}

std::string Named(const SecretKey& key, std::string_view kid) {
  return WriteJwk(key.Public().WithId(std::string(kid)));
}

TEST_CASE("a set gives the keys that are fit, by the names that it gives") {
  const SecretKey a = NewKey(KeyFormat::kJwtEs256);
  const SecretKey b = NewKey(KeyFormat::kJwtEs256);
  const std::string bare = Bare(WriteJwk(b.Public()));
  const std::string set = "{\"keys\":[" + Named(a, "2026-11") + "," +
                          Named(NewKey(KeyFormat::kJwtEdDsa), "ed") + "," +
                          Named(NewKey(KeyFormat::kJwtRs256), "rsa") + "," +
                          Named(NewKey(KeyFormat::kJweP256), "enc") + "," +
                          R"({"kty":"AKP","alg":"ML-DSA-65","pub":"AA"},)"
                          R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"},)" +
                          bare + "],\"other\":1}";
  const Result<KeyRing> ring = ReadJwks(set, KeyFormat::kJwtEs256, 7);
  REQUIRE_MESSAGE(ring.ok(), WhyNot(ring));
  CHECK(ring->info().generation == 7);
  CHECK(ring->info().format == KeyFormat::kJwtEs256);
  CHECK(ring->info().purpose == KeyPurpose::kAccess);
  REQUIRE(ring->keys().size() == 2);
  REQUIRE(ring->Find("2026-11") != nullptr);
  CHECK(ring->Find("2026-11")->key == a.Public().WithId("2026-11"));
  REQUIRE(ring->Find(b.id()) != nullptr);  // without kid: its thumbprint
  CHECK(ring->Active(Time(testing::kNow)) == nullptr);
  CHECK(ring->Find(b.id())->schedule.MayVerify(Time(testing::kNow),
                                               Duration::zero()));
}

TEST_CASE("a verifier takes the tokens of a set's keys under their names") {
  testing::Es256Fixture fixture;
  const std::string set = "{\"keys\":[" + Named(fixture.key(), "theirs") + "]}";
  const LiveRing live(*ReadJwks(set, KeyFormat::kJwtEs256, 1));
  const auto verifier = Verifier::Create(testing::GoodPolicy(), live,
                                         fixture.revocations, fixture.clock);
  const std::string claims =
      *WriteClaims(testing::GoodClaims(), ClaimsForm::kJwt);
  const std::string token =
      SignJws(fixture.key(), JwtHeader("theirs", "ES256"), claims);
  const auto verdict = verifier->Verify(token);
  REQUIRE(verdict.ok());
  CHECK(verdict->key_id() == "theirs");
  testing::ExpectRefusal(*verifier, fixture.Mint(),
                         {RefusalCode::kUnknownKey, Stage::kKey, "kid"});
}

TEST_CASE("a ring's own JWK set comes back as the keys that verify") {
  for (KeyFormat format : {KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256,
                           KeyFormat::kJwtRs256, KeyFormat::kJwtPs256}) {
    SigningRing ring = testing::NewRing(format);
    REQUIRE(ring.Rotate(Time(testing::kNow)).ok());
    const KeyRing open = ring.Public();
    const Result<KeyRing> read =
        ReadJwks(open.Jwks(Time(testing::kNow)), format, 1);
    REQUIRE_MESSAGE(read.ok(), WhyNot(read));
    REQUIRE(read->keys().size() == 2);
    for (const RingKey& key : open.keys()) {
      REQUIRE(read->Find(key.key.id()) != nullptr);
      CHECK(read->Find(key.key.id())->key == key.key);
    }
  }
}

TEST_CASE("family 33: a set that leaks, lies or is ambiguous gives no ring") {
  const SecretKey key = NewKey(KeyFormat::kJwtEs256);
  const std::string good = Named(key, "a");
  CHECK(WhyNotSet(good) == "accepted");
  CHECK(WhyNotSet("") == "other: key set: no key of format jwt-es256");
  CHECK(WhyNotSet(Named(NewKey(KeyFormat::kJwtEdDsa), "a")) ==
        "other: key set: no key of format jwt-es256");
  // A leak is a leak, even beside a good key and of another kind.
  CHECK(WhyNotSet(good + "," + WriteSecretJwk(key)) == kLeaked);
  CHECK(WhyNotSet(WriteSecretJwk(NewKey(KeyFormat::kJwtEdDsa)) + "," + good) ==
        kLeaked);
  CHECK(WhyNotSet(good + R"(,{"kty":"oct","k":"AAAA"})") == kLeaked);
  CHECK(WhyNotSet(good + R"(,{"kty":"AKP","priv":"AA","d":"AA"})") == kLeaked);
  // Names.
  CHECK(WhyNotSet(good + "," + Named(NewKey(KeyFormat::kJwtEs256), "a")) ==
        "key set: two keys of one id");
  CHECK(WhyNotSet(good + "," + good) == "key set: two keys of one id");
  CHECK(WhyNotSet(Named(key, std::string(256, 'k'))) == "accepted");
  CHECK(WhyNotSet(Named(key, std::string(257, 'k'))) ==
        Wrong("kid", "is too long, or not plain text"));
  CHECK(WhyNotSet(ReplaceFirst(good, "\"a\"", "\"a\\u0000b\"")) ==
        Wrong("kid", "is too long, or not plain text"));
  CHECK(WhyNotSet(ReplaceFirst(good, "\"a\"", "1")) ==
        Wrong("kid", "is not a string, or empty"));
  // A key that says that it is fit, and is broken.
  CHECK(WhyNotSet(ReplaceFirst(good, "\"y\"", "\"z\"") + "," + good) ==
        Wrong("y", "is missing"));
  // Keys for other uses are passed over.
  CHECK(WhyNotSet(ReplaceFirst(good, "\"sig\"", "\"enc\"")) ==
        "other: key set: no key of format jwt-es256");
  CHECK(WhyNotSet(With(good, R"("key_ops":["encrypt"])")) ==
        "other: key set: no key of format jwt-es256");
  CHECK(WhyNotSet(ReplaceFirst(good, "ES256", "ES384")) ==
        "other: key set: no key of format jwt-es256");
  for (std::string_view element : {"1", "null", "\"x\"", "[]"}) {
    CHECK(WhyNotSet(good + "," + std::string(element)) ==
          Wrong("keys", "holds no objects"));
  }
}

TEST_CASE("family 33: a set is one object of at most 100 keys and 1 MiB") {
  const auto why = [](const std::string& json) {
    return WhyNot(ReadJwks(json, KeyFormat::kJwtEdDsa, 1));
  };
  constexpr std::string_view kNoObject =
      "JWK set: not one JSON object, too large, or a member is repeated";
  const std::string good = WriteJwk(NewKey(KeyFormat::kJwtEdDsa).Public());
  for (const std::string& bad :
       {std::string(), std::string("[]"), "[" + good + "]",
        std::string("<!doctype html>"), "{\"keys\":[],\"keys\":[" + good + "]}",
        "{\"keys\":[" + good + "]}x",
        "{\"keys\":[" + good + "],\"x\":\"" + std::string(1 << 20, 'x') + "\"}",
        std::string(10 << 20, '[')}) {
    CHECK(why(bad) == kNoObject);
  }
  CHECK(why("{}") == "JWK set: member keys is not an array");
  CHECK(why(good) == "JWK set: member keys is not an array");
  CHECK(why("{\"keys\":" + good + "}") ==
        "JWK set: member keys is not an array");
  const auto keys = [](size_t count, bool distinct) {
    std::string set = "{\"keys\":[";
    for (size_t i = 0; i < count; ++i) {
      set += (i == 0 ? "" : ",") +
             (distinct ? WriteJwk(NewKey(KeyFormat::kJwtEdDsa).Public())
                       : std::string(R"({"kty":"x"})"));
    }
    return set + "]}";
  };
  CHECK(why(keys(100, true)) == "accepted");
  CHECK(why(keys(101, true)) == "JWK set: more than 100 keys");
  CHECK(why(keys(101, false)) == "JWK set: more than 100 keys");
  CHECK(why(keys(100'000, false)) == kNoObject);
}

TEST_CASE("a set publishes keys of signatures, and no others are asked of it") {
  const std::string set =
      "{\"keys\":[" + WriteJwk(NewKey(KeyFormat::kJweX25519).Public()) + "]}";
  for (KeyFormat format :
       {KeyFormat::kJwtHs256, KeyFormat::kJweDir, KeyFormat::kJweX25519,
        KeyFormat::kPasetoV4Public, KeyFormat::kPasetoV4Local,
        KeyFormat::kRefreshMac, KeyFormat::kFeedEd25519,
        static_cast<KeyFormat>(0), static_cast<KeyFormat>(99)}) {
    CHECK(WhyNot(ReadJwks(set, format, 1)) ==
          "JWK set: the key format is not one that a set publishes");
  }
}

}  // namespace
}  // namespace signet
