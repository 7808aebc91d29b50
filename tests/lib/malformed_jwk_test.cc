// Malformed JWKs and sets of them, made one flaw at a time from good keys of
// every kind. None is ever read: alone, in a set, public or secret. See
// malformed_jose_test.cc for tokens.

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "signet/jwk.h"
#include "tests/lib/malformed.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using testing::Members;
using testing::NewKey;
using testing::Quoted;
using testing::Replaced;
using testing::With;
using testing::Without;
using testing::Written;

constexpr KeyFormat kPublicFormats[] = {
    KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256, KeyFormat::kJwtRs256,
    KeyFormat::kJwtPs256, KeyFormat::kJweP256,  KeyFormat::kJweX25519};
constexpr KeyFormat kSecretFormats[] = {
    KeyFormat::kJwtEdDsa, KeyFormat::kJwtEs256,  KeyFormat::kJwtRs256,
    KeyFormat::kJweP256,  KeyFormat::kJweX25519, KeyFormat::kJwtHs256,
    KeyFormat::kJweDir};

Members MembersOf(const std::string& jwk) {
  Members out;
  const boost::json::value object = boost::json::parse(jwk);
  for (const auto& member : object.as_object()) {
    out.emplace_back(std::string(member.key()),
                     boost::json::serialize(member.value()));
  }
  return out;
}

bool IsIn(std::string_view name, std::string_view among) {
  const std::string words = " " + std::string(among) + " ";
  return words.find(" " + std::string(name) + " ") != words.npos;
}

// Trial reads keys of one format, public or secret, and counts.
struct Trial {
  KeyFormat format;
  bool secret;
  size_t count = 0;

  // Refuses: the error is one of those that are documented, and says which
  // member was wrong if `member` is not empty.
  void Refuses(const std::string& jwk, std::string_view member) {
    CAPTURE(jwk);
    CAPTURE(KeyFormatName(format));
    ++count;
    // Told what the key is for, and not.
    for (const std::optional<KeyFormat> asked :
         {std::optional(format), std::optional<KeyFormat>()}) {
      const Error error = secret ? ErrorOf(ReadSecretJwk(jwk, asked))
                                 : ErrorOf(ReadJwk(jwk, asked));
      CHECK((error.code == ErrorCode::kInvalid ||
             error.code == ErrorCode::kUnsupported));
      CHECK(error.message.starts_with("JWK: "));
      if (member.empty() || !asked) continue;
      CHECK(error.message.starts_with("JWK: member " + std::string(member) +
                                      " "));
    }
    // Nor in a set, where a key for something else is passed over.
    if (secret || !IsJws(format)) return;
    CHECK_FALSE(ReadJwks("{\"keys\":[" + jwk + "]}", format, 1).ok());
  }

  template <class Key>
  static Error ErrorOf(const Result<Key>& key) {
    REQUIRE_FALSE(key.ok());
    return key.error();
  }

  bool Reads(const std::string& jwk) const {
    return secret ? ReadSecretJwk(jwk, format).ok() : ReadJwk(jwk, format).ok();
  }
};

// Bytes of base64url, with `change` made to them.
template <class Change>
std::string Changed(std::string_view quoted, Change change) {
  std::string bytes = *Base64UrlDecode(quoted.substr(1, quoted.size() - 2));
  change(bytes);
  return Quoted(Base64UrlEncode(AsBytes(bytes)));
}

// Numbers breaks a member that holds bytes.
void Numbers(Trial& trial, const Members& good, const std::string& name) {
  const std::string value = testing::ValueOf(good, name);
  const std::string text = value.substr(1, value.size() - 2);
  trial.Refuses(Written(Without(good, name)), name);
  trial.Refuses(Written(Replaced(good, name, "\"\"")), name);
  for (const std::string& other : testing::OtherSpellings(text)) {
    // A control character makes it no JSON, which is another flaw.
    const bool is_text =
        other.find_first_of(std::string("\0\t\n\r\v", 5)) == other.npos;
    trial.Refuses(Written(Replaced(good, name, Quoted(other))),
                  is_text ? name : "");
  }
  // RFC 7518 6.2.1.2, 6.3.1: full length, and no leading zero.
  trial.Refuses(Written(Replaced(good, name,
                                 Changed(value,
                                         [](std::string& bytes) {
                                           bytes.insert(0, 1, '\0');
                                         }))),
                IsIn(name, "k") ? "" : name);
  for (const size_t fewer : {1, 2, 16}) {
    const std::string cut = Changed(value, [fewer](std::string& bytes) {
      bytes.resize(bytes.size() - std::min(bytes.size() - 1, fewer));
    });
    if (cut != value) trial.Refuses(Written(Replaced(good, name, cut)), "");
  }
}

// Descriptions breaks what says what the key is for.
void Descriptions(Trial& trial, const Members& good) {
  for (const std::string name : {"kty", "crv", "alg", "use", "kid"}) {
    const std::string value = testing::ValueOf(good, name);
    if (value.empty()) continue;
    for (const std::string& other : testing::NoStrings(value)) {
      trial.Refuses(Written(Replaced(good, name, other)), name);
    }
    trial.Refuses(Written(Replaced(good, name, "\"\"")), name);
    if (name == "kid") continue;
    const std::string text = value.substr(1, value.size() - 2);
    for (const std::string& other :
         {" " + text, text + " ", text + "\\u0000", text + "x",
          text.substr(1) + "-", "x" + text}) {
      trial.Refuses(Written(Replaced(good, name, Quoted(other))), name);
    }
  }
  for (const std::string_view kty : {"RSA", "EC", "OKP", "oct", "AKP", "rsa"}) {
    if (Quoted(kty) == testing::ValueOf(good, "kty")) continue;
    trial.Refuses(Written(Replaced(good, "kty", Quoted(kty))), "");
  }
  for (const std::string_view crv :
       {"P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448", "X25519",
        "X448", "p-256", "P256", "prime256v1"}) {
    const std::string own = testing::ValueOf(good, "crv");
    if (own.empty() || Quoted(crv) == own) continue;
    trial.Refuses(Written(Replaced(good, "crv", Quoted(crv))), "");
  }
  for (const std::string_view alg :
       {"none",    "HS256",          "HS384",
        "RS256",   "RS384",          "RS512",
        "PS256",   "PS384",          "ES256",
        "ES384",   "ES512",          "ES256K",
        "EdDSA",   "RSA-OAEP",       "RSA1_5",
        "A128KW",  "A256GCMKW",      "dir",
        "ECDH-ES", "ECDH-ES+A256KW", "PBES2-HS256+A128KW"}) {
    // What another format of the same key type says is good without a format.
    if (alg == JoseAlgorithm(trial.format)) continue;
    ++trial.count;
    CAPTURE(alg);
    const std::string jwk = Written(Replaced(good, "alg", Quoted(alg)));
    CHECK_FALSE(trial.Reads(jwk));
  }
}

// Uses breaks use and key_ops.
void Uses(Trial& trial, const Members& good) {
  const bool encrypts = IsJwe(trial.format);
  trial.Refuses(
      Written(Replaced(good, "use", encrypts ? "\"sig\"" : "\"enc\"")), "use");
  const Members bare = Without(good, "use");
  REQUIRE(trial.Reads(Written(bare)));
  const std::string right = encrypts ? "deriveKey"
                            : trial.secret && !IsSymmetric(trial.format)
                                ? "sign"
                                : "verify";
  const std::string wrong = encrypts          ? "verify"
                            : right == "sign" ? "verify"
                                              : "sign";
  REQUIRE(trial.Reads(Written(With(bare, "key_ops", "[\"" + right + "\"]"))));
  REQUIRE(trial.Reads(Written(With(good, "key_ops", "[\"" + right + "\"]"))));
  // WebCrypto's spelling of the public half of a key for agreement.
  if (encrypts && !trial.secret) {
    REQUIRE(trial.Reads(Written(With(bare, "key_ops", "[]"))));
  } else {
    trial.Refuses(Written(With(bare, "key_ops", "[]")), "key_ops");
  }
  for (const std::string& ops :
       {"[\"" + wrong + "\"]", "[\"" + right + "\",\"" + right + "\"]",
        "[\"" + right + "\",1]", "[\"" + right + "\",null]",
        "[[\"" + right + "\"]]", "\"" + right + "\"", std::string("null"),
        std::string("{}"), "{\"" + right + "\":true}", std::string("true"),
        std::string("[\"wrapKey\"]"), std::string("[\"x\"]"),
        "[\"" + right + " \"]"}) {
    trial.Refuses(Written(With(bare, "key_ops", ops)), "key_ops");
  }
  // RFC 7517 4.3: use and key_ops must not contradict each other.
  trial.Refuses(
      Written(With(good, "key_ops",
                   "[\"" + right + "\",\"" +
                       std::string(encrypts ? "sign" : "encrypt") + "\"]")),
      "key_ops");
}

void Objects(Trial& trial, const Members& good) {
  for (const std::string& text : testing::NoObjects(Written(good))) {
    trial.Refuses(text, "");
  }
  for (const auto& member : good) {
    trial.Refuses(Written(With(good, member.first, member.second)), "");
    trial.Refuses(Written(With(good, member.first, "null")), "");
  }
}

TEST_CASE("family 33: a public JWK with one flaw is refused by its name") {
  for (const KeyFormat format : kPublicFormats) {
    CAPTURE(KeyFormatName(format));
    const Members good = MembersOf(WriteJwk(NewKey(format).Public()));
    Trial trial{format, false};
    REQUIRE(trial.Reads(Written(good)));
    for (const std::string name : {"x", "y", "n", "e"}) {
      if (testing::ValueOf(good, name).empty()) continue;
      Numbers(trial, good, name);
      for (const std::string& other :
           testing::NoStrings(testing::ValueOf(good, name))) {
        trial.Refuses(Written(Replaced(good, name, other)), name);
      }
    }
    Descriptions(trial, good);
    Uses(trial, good);
    Objects(trial, good);
    for (const std::string_view leak :
         {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}) {
      for (const std::string_view value :
           {"\"AQAB\"", "\"\"", "null", "1", "[]", "{}"}) {
        trial.Refuses(Written(With(good, leak, value)), "");
      }
    }
    CHECK(trial.count > 250);
  }
}

TEST_CASE("family 33: a secret JWK with one flaw is refused by its name") {
  for (const KeyFormat format : kSecretFormats) {
    CAPTURE(KeyFormatName(format));
    const Members good = MembersOf(WriteSecretJwk(NewKey(format)));
    Trial trial{format, true};
    REQUIRE(trial.Reads(Written(good)));
    for (const std::string name :
         {"x", "y", "n", "e", "d", "p", "q", "dp", "dq", "qi"}) {
      const std::string value = testing::ValueOf(good, name);
      if (value.empty()) continue;
      Numbers(trial, good, name);
      for (const std::string& other : testing::NoStrings(value)) {
        trial.Refuses(Written(Replaced(good, name, other)), name);
      }
    }
    if (IsSymmetric(format)) {
      trial.Refuses(Written(Without(good, "k")), "k");
      for (const std::string& other :
           testing::NoStrings(testing::ValueOf(good, "k"))) {
        trial.Refuses(Written(Replaced(good, "k", other)), "k");
      }
    } else {
      Descriptions(trial, good);
    }
    if (format != KeyFormat::kJweDir) Uses(trial, good);
    Objects(trial, good);
    CHECK(trial.count > 60);
  }
}

TEST_CASE("family 33: points that are none, or of another key, or swapped") {
  const auto refused = [](const Members& jwk, KeyFormat format) {
    CAPTURE(Written(jwk));
    CHECK_FALSE(ReadJwk(Written(jwk), format).ok());
  };
  const auto filled = [](size_t size, char byte) {
    return Quoted(Base64UrlEncode(AsBytes(std::string(size, byte))));
  };
  for (const KeyFormat format : {KeyFormat::kJwtEs256, KeyFormat::kJweP256}) {
    const Members one = MembersOf(WriteJwk(NewKey(format).Public()));
    const Members two = MembersOf(WriteJwk(NewKey(format).Public()));
    const std::string x = testing::ValueOf(one, "x");
    const std::string y = testing::ValueOf(one, "y");
    refused(Replaced(Replaced(one, "x", y), "y", x), format);
    for (const char* name : {"x", "y"}) {
      refused(Replaced(one, name, testing::ValueOf(two, name)), format);
      for (const char byte : {'\0', '\1', '\x7f', '\xff'}) {
        refused(Replaced(one, name, filled(32, byte)), format);
      }
      // Coordinates of other curves.
      for (const size_t size : {28, 31, 33, 48, 66}) {
        refused(Replaced(one, name, filled(size, '\1')), format);
      }
      // Every bit of a coordinate counts: the curve has two y for an x.
      for (size_t bit = 0; bit < 256; ++bit) {
        refused(Replaced(one, name,
                         Changed(testing::ValueOf(one, name),
                                 [bit](std::string& bytes) {
                                   char& byte = bytes[bit / 8];
                                   byte =
                                       static_cast<char>(byte ^ (1 << bit % 8));
                                 })),
                format);
      }
    }
    refused(
        Replaced(Replaced(one, "x", filled(32, '\0')), "y", filled(32, '\0')),
        format);
  }
}

TEST_CASE("family 33: the member keys of a set, and the set's generation") {
  const std::string good = WriteJwk(NewKey(KeyFormat::kJwtEs256).Public());
  const auto error_of = [](const std::string& set, uint64_t generation = 1) {
    CAPTURE(set);
    const auto ring = ReadJwks(set, KeyFormat::kJwtEs256, generation);
    REQUIRE_FALSE(ring.ok());
    return ring.error();
  };
  const std::string set = "{\"keys\":[" + good + "]}";
  REQUIRE(ReadJwks(set, KeyFormat::kJwtEs256, 1).ok());
  for (const std::string& text : testing::NoObjects(set)) {
    CHECK(error_of(text).code == ErrorCode::kInvalid);
  }
  for (const std::string value : {"null", "true", "1", "\"a\"", "{}", "\"\""}) {
    CHECK(error_of("{\"keys\":" + value + "}").message ==
          "JWK set: member keys is not an array");
    if (value == "{}") continue;  // a key of another kind
    CHECK(error_of("{\"keys\":[" + good + "," + value + "]}").message ==
          "JWK: member keys holds no objects");
  }
  for (const uint64_t generation :
       {uint64_t{0}, uint64_t{1} << 53, ~uint64_t{0}}) {
    CHECK(error_of(set, generation).message ==
          "JWK set: the generation is not between 1 and 2^53 - 1");
  }
  CHECK(ReadJwks(set, KeyFormat::kJwtEs256, (uint64_t{1} << 53) - 1).ok());
}

TEST_CASE("family 2: the text of a public key is the secret of no MAC") {
  for (const std::string start :
       {"-----BEGIN PUBLIC KEY-----\n", "-----BEGIN CERTIFICATE-----\n",
        "---- BEGIN SSH2 PUBLIC KEY ----", "ssh-ed25519 AAAA", "ssh-rsa AAAA",
        "ecdsa-sha2-nistp256 AAAA"}) {
    std::string text = start;
    text.resize(64, 'A');
    CAPTURE(text);
    const auto key = SecretKey::FromSecret(KeyFormat::kJwtHs256, AsBytes(text));
    REQUIRE_FALSE(key.ok());
    CHECK(key.error().message == "secret key that is the text of a public key");
    const auto jwk = ReadSecretJwk(R"({"kty":"oct","alg":"HS256","k":")" +
                                   Base64UrlEncode(AsBytes(text)) + "\"}");
    REQUIRE_FALSE(jwk.ok());
    CHECK(jwk.error().code == ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace signet
