// Runs the public test vectors in the folder that SIGNET_VECTORS names:
// paseto/v4.json and v3.json of the PASETO project, and the JOSE cookbook
// (RFC 7520, 7797, 8037). They are not part of this tree.

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::JwtFixture;
using testing::PasetoFixture;

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

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(
        std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// RefusedByAll: no verifier accepts the text, and up to the key, where their
// rings differ, each says the same.
RefusalCode RefusedByAll(std::string_view token) {
  static const PasetoFixture paseto;
  static const JwtFixture jwt;
  auto first = paseto.MakeVerifier().Verify(token);
  auto second = jwt.MakeVerifier().Verify(token);
  REQUIRE_FALSE(first.ok());
  REQUIRE_FALSE(second.ok());
  if (first.error().stage < Stage::kKey) {
    CHECK(first.error() == second.error());
  }
  return first.error().code;
}

// ExpectPasetoFailure: a case that must fail does, at the form or under every
// key that it could mean.
void ExpectPasetoFailure(const json::value& test) {
  auto paseto = Paseto::Split(TextOf(test, "token"));
  if (!paseto) return;
  std::string bytes = FromHex(TextOf(test, "public-key"));
  if (bytes.empty()) bytes = FromHex(TextOf(test, "key"));
  auto key = VerifyKey::Create(KeyFormat::kPasetoV4Public, AsBytes(bytes));
  if (!key) return;
  CHECK_FALSE(paseto->Verify(*key, TextOf(test, "implicit-assertion")));
}

void ExpectPasetoSuccess(const json::value& test) {
  std::string token = TextOf(test, "token");
  std::string assertion = TextOf(test, "implicit-assertion");
  std::string bytes = FromHex(TextOf(test, "public-key"));
  auto key = VerifyKey::Create(KeyFormat::kPasetoV4Public, AsBytes(bytes));
  REQUIRE(key.ok());
  auto paseto = Paseto::Split(token);
  REQUIRE(paseto.has_value());
  CHECK(paseto->message() == TextOf(test, "payload"));
  CHECK(paseto->footer() == TextOf(test, "footer"));
  CHECK(paseto->Verify(*key, assertion));
  CHECK_FALSE(paseto->Verify(*key, assertion + "x"));

  std::string seed = FromHex(TextOf(test, "secret-key-seed"));
  auto secret =
      SecretKey::FromSecret(KeyFormat::kPasetoV4Public, AsBytes(seed));
  REQUIRE(secret.ok());
  CHECK(secret->Public() == *key);
  CHECK(SignPaseto(*secret, TextOf(test, "payload"), TextOf(test, "footer"),
                   assertion) == token);
}

TEST_CASE("the PASETO v4 vectors come out as they say") {
  fs::path folder = VectorsFolder();
  if (folder.empty()) return;
  json::value file = ReadJson(folder / "paseto" / "v4.json");
  int signed_cases = 0, local = 0, failing = 0;
  for (const json::value& test : file.at("tests").as_array()) {
    std::string name = TextOf(test, "name");
    CAPTURE(name);
    std::string token = TextOf(test, "token");
    if (test.at("expect-fail").as_bool()) {
      ++failing;
      ExpectPasetoFailure(test);
      RefusedByAll(token);
    } else if (name.starts_with("4-S-")) {
      ++signed_cases;
      ExpectPasetoSuccess(test);
      // Strangers' footers and keys: refused before the signature.
      RefusedByAll(token);
    } else {
      REQUIRE(name.starts_with("4-E-"));
      ++local;
      CHECK(RefusedByAll(token) == RefusalCode::kUnsupported);
    }
  }
  CHECK(signed_cases > 0);
  CHECK(local > 0);
  CHECK(failing > 0);
}

TEST_CASE("every PASETO of version 3 is unsupported") {
  fs::path folder = VectorsFolder();
  if (folder.empty()) return;
  json::value file = ReadJson(folder / "paseto" / "v3.json");
  int cases = 0;
  for (const json::value& test : file.at("tests").as_array()) {
    ++cases;
    CHECK(RefusedByAll(TextOf(test, "token")) == RefusalCode::kUnsupported);
  }
  CHECK(cases > 0);
}

TEST_CASE("the Ed25519 JWS of RFC 8037 signs and verifies") {
  fs::path folder = VectorsFolder();
  if (folder.empty()) return;
  json::value test =
      ReadJson(folder / "jose-cookbook" / "curve25519" / "jws.json");
  const json::value& jwk = test.at("input").at("key");
  auto point = Base64UrlDecode(TextOf(jwk, "x"));
  auto seed = Base64UrlDecode(TextOf(jwk, "d"));
  REQUIRE(point.ok());
  REQUIRE(seed.ok());
  auto key = VerifyKey::Create(KeyFormat::kJwtEdDsa, AsBytes(*point));
  auto secret = SecretKey::FromSecret(KeyFormat::kJwtEdDsa, AsBytes(*seed));
  REQUIRE(key.ok());
  REQUIRE(secret.ok());
  CHECK(secret->Public() == *key);
  // RFC 8037 appendix A.3 gives the thumbprint of this very key.
  CHECK(key->id() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");

  std::string token = TextOf(test.at("output"), "compact");
  auto jws = Jws::Split(token);
  REQUIRE(jws.has_value());
  CHECK(jws->message() == TextOf(test.at("input"), "payload"));
  CHECK(jws->Verify(*key, {}));
  CHECK(SignJws(*secret, jws->header(), jws->message()) == token);
  // No kid, no type: never an access token.
  CHECK(RefusedByAll(token) == RefusalCode::kWrongType);
}

// CollectCompact finds every member `compact` of a document.
void CollectCompact(const json::value& value, std::vector<std::string>& out) {
  if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) CollectCompact(element, out);
  }
  if (const json::object* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (name == "compact" && member.is_string()) {
        out.push_back(json::value_to<std::string>(member));
      } else {
        CollectCompact(member, out);
      }
    }
  }
}

TEST_CASE("every JWS and JWE of the JOSE cookbook is refused") {
  fs::path folder = VectorsFolder();
  if (folder.empty()) return;
  std::vector<std::string> tokens;
  for (const auto& entry :
       fs::recursive_directory_iterator(folder / "jose-cookbook")) {
    if (entry.path().extension() != ".json") continue;
    CollectCompact(ReadJson(entry.path()), tokens);
  }
  int encrypted = 0, detached = 0, with_algorithm = 0;
  for (const std::string& token : tokens) {
    CAPTURE(token);
    RefusalCode code = RefusedByAll(token);
    auto dots = std::count(token.begin(), token.end(), '.');
    if (dots == 4) {
      ++encrypted;
      CHECK(code == RefusalCode::kUnsupported);
    } else if (token.find("..") != std::string::npos ||
               token.find(' ') != std::string::npos) {
      ++detached;  // RFC 7515 appendix F, RFC 7797 section 5.2
      CHECK(code == RefusalCode::kMalformed);
    } else {
      ++with_algorithm;
      CHECK((code == RefusalCode::kWrongType ||
             code == RefusalCode::kUnsupported));
    }
  }
  CHECK(encrypted > 0);
  CHECK(detached > 0);
  CHECK(with_algorithm > 0);
}

}  // namespace
}  // namespace signet
