// Runs the public test vectors in the folder that SIGNET_VECTORS names:
// paseto/v4.json and v3.json of the PASETO project, and the JOSE cookbook
// (RFC 7520, 7797, 8037). They are not part of this tree. Every file and every
// case is named here: what is run, and what is refused by design and how.

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "signet/jwk.h"
#include "tests/lib/hex.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllFixtures;

// VectorsFolder is empty, and says so, where the vectors are not at hand.
fs::path VectorsFolder() {
  const char* folder = std::getenv("SIGNET_VECTORS");
  if (folder != nullptr && *folder != '\0') return folder;
  std::cout << "SKIPPED: SIGNET_VECTORS is not set, no public vectors were run"
            << std::endl;
  return {};
}

json::value ReadJson(const fs::path& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.good(), "cannot read " << path.string());
  std::stringstream text;
  text << file.rdbuf();
  json::error_code error;
  json::value value = json::parse(text.str(), error);
  REQUIRE_FALSE(error.failed());
  return value;
}

std::string TextOf(const json::value& object, std::string_view name) {
  const json::value* member = object.as_object().if_contains(name);
  if (member == nullptr || !member->is_string()) return {};
  return json::value_to<std::string>(*member);
}

// RefusedByAll: no verifier of any format accepts the text, and up to the key,
// where their rings differ, each says the same.
Refusal RefusedByAll(std::string_view token) {
  static const AllFixtures fixtures;
  std::optional<Refusal> first;
  const auto refused_by = [&](const Verifier& verifier) {
    const auto verdict = verifier.Verify(token);
    REQUIRE_FALSE(verdict.ok());
    if (!first) first = verdict.error();
    if (first->stage < Stage::kKey) CHECK(verdict.error() == *first);
  };
  std::apply(
      [&](const auto&... fixture) {
        (refused_by(fixture.MakeVerifier()), ...);
      },
      fixtures);
  return *first;
}

// ---- PASETO. --------------------------------------------------------------

VerifyKey PublicKeyOf(const json::value& test) {
  const std::string bytes = FromHex(TextOf(test, "public-key"));
  auto key = VerifyKey::Create(KeyFormat::kPasetoV4Public, AsBytes(bytes));
  REQUIRE(key.ok());
  return *std::move(key);
}

SecretKey LocalKeyOf(const json::value& test) {
  const std::string bytes = FromHex(TextOf(test, "key"));
  auto key = SecretKey::FromSecret(KeyFormat::kPasetoV4Local, AsBytes(bytes));
  REQUIRE(key.ok());
  return *std::move(key);
}

// ExpectSigned runs a case of v4.public, both ways.
void ExpectSigned(const json::value& test) {
  const std::string token = TextOf(test, "token");
  const std::string assertion = TextOf(test, "implicit-assertion");
  const VerifyKey key = PublicKeyOf(test);
  auto paseto = Paseto::Split(token);
  REQUIRE(paseto.has_value());
  CHECK(paseto->message() == TextOf(test, "payload"));
  CHECK(paseto->footer() == TextOf(test, "footer"));
  CHECK(paseto->Verify(key, assertion));
  CHECK_FALSE(paseto->Verify(key, assertion + "x"));

  const std::string seed = FromHex(TextOf(test, "secret-key-seed"));
  const auto secret =
      SecretKey::FromSecret(KeyFormat::kPasetoV4Public, AsBytes(seed));
  REQUIRE(secret.ok());
  CHECK(secret->Public() == key);
  CHECK(SignPaseto(*secret, TextOf(test, "payload"), TextOf(test, "footer"),
                   assertion) == token);
  const auto pem = ReadPem(TextOf(test, "public-key-pem"), key.format());
  const auto secret_pem =
      ReadSecretPem(TextOf(test, "secret-key-pem"), key.format());
  REQUIRE(pem.ok());
  REQUIRE(secret_pem.ok());
  CHECK(*pem == key);
  CHECK(secret_pem->Public() == key);
}

// ExpectSealed runs a case of v4.local, both ways.
void ExpectSealed(const json::value& test) {
  const std::string token = TextOf(test, "token");
  const std::string assertion = TextOf(test, "implicit-assertion");
  const std::string nonce = FromHex(TextOf(test, "nonce"));
  const SecretKey key = LocalKeyOf(test);
  REQUIRE(nonce.size() == 32);
  CHECK(SealPasetoWithNonce(key, TextOf(test, "payload"),
                            TextOf(test, "footer"), assertion,
                            AsBytes(nonce).first<32>()) == token);
  auto paseto = PasetoLocal::Split(token);
  REQUIRE(paseto.has_value());
  CHECK(paseto->footer() == TextOf(test, "footer"));
  CHECK_FALSE(paseto->Verify(key.ForVerifier(), assertion + "x"));
  CHECK(paseto->Verify(key.ForVerifier(), assertion));
  CHECK(paseto->message() == TextOf(test, "payload"));
}

// HoldsUnder tells whether the token is good under the case's key. 4-F-1 is
// sealed under the bytes of a public key: its purpose is what stops it.
bool HoldsUnder(const json::value& test) {
  const std::string token = TextOf(test, "token");
  const std::string assertion = TextOf(test, "implicit-assertion");
  const VerifyKey key = TextOf(test, "key").empty()
                            ? PublicKeyOf(test)
                            : LocalKeyOf(test).ForVerifier();
  auto local = PasetoLocal::Split(token);
  auto paseto = Paseto::Split(token);
  return (local && local->Verify(key, assertion)) ||
         (paseto && paseto->Verify(key, assertion));
}

TEST_CASE("the PASETO v4 vectors come out as they say") {
  const fs::path folder = VectorsFolder();
  if (folder.empty()) return;
  const json::value file = ReadJson(folder / "paseto" / "v4.json");
  // What verifiers say of tokens that must fail.
  const std::map<std::string, Refusal> failing = {
      // Both have good forms, and a footer that is no key id of Signet's.
      {"4-F-1", {RefusalCode::kMalformed, Stage::kHeader, "footer"}},
      {"4-F-2", {RefusalCode::kUnknownKey, Stage::kKey, "kid"}},
      {"4-F-3", {RefusalCode::kUnsupported, Stage::kFormat}},  // v3.local
      {"4-F-4", {RefusalCode::kMalformed, Stage::kFormat}},    // stray bits
      {"4-F-5", {RefusalCode::kMalformed, Stage::kFormat}},    // padded
  };
  size_t sealed = 0, signed_cases = 0, failed = 0;
  for (const json::value& test : file.at("tests").as_array()) {
    const std::string name = TextOf(test, "name");
    CAPTURE(name);
    const std::string token = TextOf(test, "token");
    const Refusal refusal = RefusedByAll(token);
    if (test.at("expect-fail").as_bool()) {
      ++failed;
      CHECK_FALSE(HoldsUnder(test));
      REQUIRE(failing.contains(name));
      CHECK(refusal == failing.at(name));
    } else if (name.starts_with("4-S-")) {
      ++signed_cases;
      ExpectSigned(test);
    } else {
      REQUIRE(name.starts_with("4-E-"));
      ++sealed;
      ExpectSealed(test);
    }
  }
  CHECK(sealed == 9);
  CHECK(signed_cases == 3);
  CHECK(failed == failing.size());
}

TEST_CASE("every PASETO of version 3 is unsupported") {
  const fs::path folder = VectorsFolder();
  if (folder.empty()) return;
  const json::value file = ReadJson(folder / "paseto" / "v3.json");
  size_t cases = 0, of_version_3 = 0;
  for (const json::value& test : file.at("tests").as_array()) {
    const std::string name = TextOf(test, "name");
    CAPTURE(name);
    const std::string token = TextOf(test, "token");
    ++cases;
    const Refusal refusal = RefusedByAll(token);
    if (token.starts_with("v4.")) {  // 3-F-3 is of the other version
      CHECK(test.at("expect-fail").as_bool());
      CHECK_FALSE(HoldsUnder(test));
      continue;
    }
    ++of_version_3;
    CHECK(refusal == Refusal{RefusalCode::kUnsupported, Stage::kFormat});
  }
  CHECK(cases == 17);
  CHECK(of_version_3 == 16);
}

// ---- The JOSE cookbook. ---------------------------------------------------

fs::path Cookbook() {
  const fs::path folder = VectorsFolder();
  return folder.empty() ? folder : folder / "jose-cookbook";
}

constexpr Refusal Header(RefusalCode code, std::string_view name) {
  return {code, Stage::kHeader, name};
}
constexpr Refusal kMalformedText{RefusalCode::kMalformed, Stage::kFormat};
// None of the cookbook's tokens says that it is an access token.
constexpr Refusal kNoAccessToken = Header(RefusalCode::kWrongType, "typ");
constexpr Refusal kOtherAlg = Header(RefusalCode::kUnsupported, "alg");

// CookbookFile is what verifiers say of the compact texts in a file, in the
// order in which they stand. Without any it has the JSON serialization only,
// or a key.
struct CookbookFile {
  std::string_view path;
  std::vector<Refusal> compact = {};
};

const std::vector<CookbookFile>& AllFiles() {
  static const std::vector<CookbookFile> files = {
      {"6.nesting_signatures_and_encryption.json",
       {kNoAccessToken, kOtherAlg}},             // PS256 inside RSA-OAEP
      {"curve25519/ecdh-es.json", {kOtherAlg}},  // ECDH-ES without key wrap
      {"curve25519/jws.json", {kNoAccessToken}},
      {"jwe/5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2.json",
       {kOtherAlg}},
      {"jwe/5_10.including_additional_authentication_data.json"},
      {"jwe/5_11.protecting_specific_header_fields.json"},
      {"jwe/5_12.protecting_content_only.json"},
      {"jwe/5_13.encrypting_to_multiple_recipients.json"},
      {"jwe/5_2.key_encryption_using_rsa-oaep_with_aes-gcm.json", {kOtherAlg}},
      {"jwe/5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2.json",
       {Header(RefusalCode::kUnsupported, "p2s")}},
      {"jwe/5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_"
       "with_aes-gcm.json",
       {kOtherAlg}},  // ECDH-ES+A128KW
      {"jwe/5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2.json",
       {kOtherAlg}},
      {"jwe/5_6.direct_encryption_using_aes-gcm.json",
       {Header(RefusalCode::kUnsupported, "enc")}},  // A128GCM
      {"jwe/5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2.json",
       {Header(RefusalCode::kUnsupported, "tag")}},
      {"jwe/5_8.key_wrap_using_aes-keywrap_with_aes-gcm.json", {kOtherAlg}},
      {"jwe/5_9.compressed_content.json",
       {Header(RefusalCode::kUnsupported, "zip")}},
      {"jwk/3_1.ec_public_key.json"},
      {"jwk/3_2.ec_private_key.json"},
      {"jwk/3_3.rsa_public_key.json"},
      {"jwk/3_4.rsa_private_key.json"},
      {"jwk/3_5.symmetric_key_mac_computation.json"},
      {"jwk/3_6.symmetric_key_encryption.json"},
      {"jws/4_1.rsa_v15_signature.json", {kNoAccessToken}},
      {"jws/4_2.rsa-pss_signature.json", {kNoAccessToken}},  // PS384
      {"jws/4_3.ecdsa_signature.json", {kNoAccessToken}},    // ES512
      {"jws/4_4.hmac-sha2_integrity_protection.json", {kNoAccessToken}},
      {"jws/4_5.signature_with_detached_content.json", {kMalformedText}},
      {"jws/4_6.protecting_specific_header_fields.json"},
      {"jws/4_7.protecting_content_only.json"},
      {"jws/4_8.multiple_signatures.json"},
      {"rfc7797/4.2.hmac-sha2_b64_false.json"},
      {"rfc7797/hmac-sha2_b64_false.json", {kMalformedText}},
  };
  return files;
}

// Collect finds the members of one name, at any depth, in document order.
void Collect(const json::value& value, std::string_view wanted,
             std::vector<json::value>& out) {
  if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) Collect(element, wanted, out);
  }
  if (const json::object* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (std::string_view(name) == wanted) out.push_back(member);
      Collect(member, wanted, out);
    }
  }
}

TEST_CASE("every file of the JOSE cookbook is here, and no other") {
  const fs::path folder = Cookbook();
  if (folder.empty()) return;
  std::set<std::string> found, known;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) continue;
    found.insert(fs::relative(entry.path(), folder).generic_string());
  }
  for (const CookbookFile& file : AllFiles()) known.emplace(file.path);
  CHECK(found == known);
  CHECK(known.size() == AllFiles().size());
}

TEST_CASE("no compact text of the JOSE cookbook is an access token") {
  const fs::path folder = Cookbook();
  if (folder.empty()) return;
  size_t texts = 0;
  for (const CookbookFile& file : AllFiles()) {
    CAPTURE(file.path);
    std::vector<json::value> compact;
    Collect(ReadJson(folder / file.path), "compact", compact);
    REQUIRE(compact.size() == file.compact.size());
    for (size_t i = 0; i < compact.size(); ++i) {
      ++texts;
      const std::string_view text = compact[i].as_string();
      CHECK(RefusedByAll(text) == file.compact[i]);
    }
  }
  CHECK(texts == 19);
}

TEST_CASE("no JSON serialization of the JOSE cookbook is a token") {
  const fs::path folder = Cookbook();
  if (folder.empty()) return;
  size_t texts = 0;
  for (const CookbookFile& file : AllFiles()) {
    CAPTURE(file.path);
    for (std::string_view form : {"json", "json_flat"}) {
      std::vector<json::value> found;
      Collect(ReadJson(folder / file.path), form, found);
      for (const json::value& value : found) {
        ++texts;
        CHECK(RefusedByAll(json::serialize(value)) == kMalformedText);
      }
    }
  }
  CHECK(texts == 53);
}

SecretKey KeyOf(const json::value& jwk, KeyFormat format) {
  auto key = ReadSecretJwk(json::serialize(jwk), format);
  REQUIRE_MESSAGE(key.ok(), (key.ok() ? "" : key.error().message));
  CHECK(key->format() == format);
  return *std::move(key);
}

// CheckSignature runs one signature at the level of keys: `signing` holds
// what was signed and the signature.
void CheckSignature(const SecretKey& key, const json::value& signing,
                    bool reproducible) {
  const std::string input = TextOf(signing, "sig-input");
  const auto signature = Base64UrlDecode(TextOf(signing, "sig"));
  REQUIRE(signature.ok());
  const VerifyKey verifier = key.ForVerifier();
  CHECK(verifier.Verify(AsBytes(input), AsBytes(*signature)));
  CHECK_FALSE(verifier.Verify(AsBytes(input + "x"), AsBytes(*signature)));
  if (reproducible) CHECK(key.Sign(AsBytes(input)) == *signature);
  CHECK(verifier.Verify(AsBytes(input), AsBytes(key.Sign(AsBytes(input)))));
}

TEST_CASE("the signatures of the JOSE cookbook verify under its keys") {
  const fs::path folder = Cookbook();
  if (folder.empty()) return;
  struct Signed {
    std::string_view path;
    KeyFormat format;
  };
  for (const Signed& one : {
           Signed{"curve25519/jws.json", KeyFormat::kJwtEdDsa},
           Signed{"jws/4_1.rsa_v15_signature.json", KeyFormat::kJwtRs256},
           Signed{"jws/4_4.hmac-sha2_integrity_protection.json",
                  KeyFormat::kJwtHs256},
           Signed{"jws/4_5.signature_with_detached_content.json",
                  KeyFormat::kJwtHs256},
           Signed{"jws/4_6.protecting_specific_header_fields.json",
                  KeyFormat::kJwtHs256},
           Signed{"jws/4_7.protecting_content_only.json", KeyFormat::kJwtHs256},
           Signed{"rfc7797/4.2.hmac-sha2_b64_false.json", KeyFormat::kJwtHs256},
       }) {
    CAPTURE(one.path);
    const json::value test = ReadJson(folder / one.path);
    CheckSignature(KeyOf(test.at("input").at("key"), one.format),
                   test.at("signing"), test.at("reproducible").as_bool());
  }
}

TEST_CASE("the PS256 token of RFC 7520 section 6 verifies under its key") {
  const fs::path folder = Cookbook();
  if (folder.empty()) return;
  const json::value test =
      ReadJson(folder / "6.nesting_signatures_and_encryption.json").at("sign");
  // Its alg stands beside its key, not in it.
  const SecretKey key = KeyOf(test.at("input").at("key"), KeyFormat::kJwtPs256);
  CheckSignature(key, test.at("signing"), false);
  const std::string token = TextOf(test.at("output"), "compact");
  const auto jws = Jws::Split(token);
  REQUIRE(jws.has_value());
  CHECK(jws->message() == TextOf(test.at("input"), "payload"));
  CHECK(jws->Verify(key.Public(), {}));
  const SecretKey pkcs =
      KeyOf(test.at("input").at("key"), KeyFormat::kJwtRs256);
  CHECK_FALSE(jws->Verify(pkcs.Public(), {}));
}

TEST_CASE("of three signatures of RFC 7520 section 4.8 two are of our kind") {
  const fs::path folder = Cookbook();
  if (folder.empty()) return;
  const json::value test =
      ReadJson(folder / "jws" / "4_8.multiple_signatures.json");
  const json::array& keys = test.at("input").at("key").as_array();
  const json::array& signing = test.at("signing").as_array();
  REQUIRE(keys.size() == 3);
  REQUIRE(signing.size() == 3);
  CheckSignature(KeyOf(keys[0], KeyFormat::kJwtRs256), signing[0], true);
  CHECK(ReadSecretJwk(json::serialize(keys[1])).error().code ==
        ErrorCode::kUnsupported);  // P-521
  CheckSignature(KeyOf(keys[2], KeyFormat::kJwtHs256), signing[2], true);
}

TEST_CASE("the JWS of RFC 8037 appendix A signs and verifies as it stands") {
  const fs::path folder = Cookbook();
  if (folder.empty()) return;
  const json::value test = ReadJson(folder / "curve25519" / "jws.json");
  const SecretKey key = KeyOf(test.at("input").at("key"), KeyFormat::kJwtEdDsa);
  // Appendix A.3 gives the thumbprint of this very key.
  CHECK(key.id() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  const std::string token = TextOf(test.at("output"), "compact");
  const auto jws = Jws::Split(token);
  REQUIRE(jws.has_value());
  CHECK(jws->message() == TextOf(test.at("input"), "payload"));
  CHECK(jws->Verify(key.Public(), {}));
  CHECK(SignJws(key, jws->header(), jws->message()) == token);
}

TEST_CASE("signatures of other hashes and curves do not verify") {
  const fs::path folder = Cookbook();
  if (folder.empty()) return;
  const json::value ps384 =
      ReadJson(folder / "jws" / "4_2.rsa-pss_signature.json");
  for (KeyFormat format : {KeyFormat::kJwtPs256, KeyFormat::kJwtRs256}) {
    const SecretKey key = KeyOf(ps384.at("input").at("key"), format);
    const auto signature = Base64UrlDecode(TextOf(ps384.at("signing"), "sig"));
    CHECK_FALSE(
        key.Public().Verify(AsBytes(TextOf(ps384.at("signing"), "sig-input")),
                            AsBytes(*signature)));
  }
  const json::value es512 =
      ReadJson(folder / "jws" / "4_3.ecdsa_signature.json");
  const auto key = ReadSecretJwk(json::serialize(es512.at("input").at("key")));
  REQUIRE_FALSE(key.ok());
  CHECK(key.error().code == ErrorCode::kUnsupported);
  // RFC 7797: the payload of this one is no base64url, in a JWS it must be.
  const json::value b64 =
      ReadJson(folder / "rfc7797" / "hmac-sha2_b64_false.json");
  const std::string token = TextOf(b64.at("output"), "compact");
  const SecretKey mac = KeyOf(b64.at("input").at("key"), KeyFormat::kJwtHs256);
  const size_t dot = token.rfind('.');
  CHECK(mac.ForVerifier().Verify(
      AsBytes(token.substr(0, dot)),
      AsBytes(*Base64UrlDecode(token.substr(dot + 1)))));
  CHECK_FALSE(Jws::Split(token).has_value());
}

TEST_CASE("the keys of RFC 7520 section 3 are read, but for P-521") {
  const fs::path folder = Cookbook();
  if (folder.empty()) return;
  const auto text = [&folder](std::string_view name) {
    return json::serialize(ReadJson(folder / "jwk" / name));
  };
  const std::string ec = text("3_1.ec_public_key.json");
  const std::string ec_secret = text("3_2.ec_private_key.json");
  CHECK(ReadJwk(ec).error() ==
        Error{ErrorCode::kUnsupported,
              "JWK: member crv names something that is not supported"});
  CHECK(ReadSecretJwk(ec_secret).error() == ReadJwk(ec).error());

  const std::string rsa = text("3_3.rsa_public_key.json");
  const std::string rsa_secret = text("3_4.rsa_private_key.json");
  for (KeyFormat format : {KeyFormat::kJwtRs256, KeyFormat::kJwtPs256}) {
    const auto open = ReadJwk(rsa, format);
    const auto secret = ReadSecretJwk(rsa_secret, format);
    REQUIRE(open.ok());
    REQUIRE(secret.ok());
    CHECK(secret->Public() == *open);
    CHECK_FALSE(ReadJwk(rsa_secret, format).ok());
  }
  CHECK_FALSE(ReadJwk(rsa).ok());  // it does not say which of the two

  const std::string mac = text("3_5.symmetric_key_mac_computation.json");
  CHECK(ReadSecretJwk(mac)->format() == KeyFormat::kJwtHs256);
  CHECK_FALSE(ReadSecretJwk(mac, KeyFormat::kJweDir).ok());
  CHECK_FALSE(ReadJwk(mac).ok());

  const std::string shared = text("3_6.symmetric_key_encryption.json");
  CHECK(ReadSecretJwk(shared, KeyFormat::kJweDir).ok());
  CHECK_FALSE(ReadSecretJwk(shared, KeyFormat::kJwtHs256).ok());
}

TEST_CASE("keys of the cookbook's other algorithms are not taken for ours") {
  const fs::path folder = Cookbook();
  if (folder.empty()) return;
  size_t keys = 0;
  for (const CookbookFile& file : AllFiles()) {
    if (!file.path.starts_with("jwe/")) continue;
    CAPTURE(file.path);
    std::vector<json::value> found;
    Collect(ReadJson(folder / file.path), "key", found);
    for (const json::value& jwk : found) {
      if (!jwk.is_object()) continue;
      ++keys;
      const std::string text = json::serialize(jwk);
      CHECK_FALSE(ReadJwk(text).ok());
      CHECK_FALSE(ReadSecretJwk(text).ok());
      // Keys for encryption sign nothing, and A128KW is not dir.
      for (KeyFormat format :
           {KeyFormat::kJwtRs256, KeyFormat::kJwtPs256, KeyFormat::kJwtEs256,
            KeyFormat::kJwtHs256, KeyFormat::kJweDir}) {
        CHECK_FALSE(ReadSecretJwk(text, format).ok());
      }
    }
  }
  CHECK(keys == 11);
}

}  // namespace
}  // namespace signet
