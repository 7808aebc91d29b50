#include "paserk.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "signet/keys.h"
#include "tests/lib/hex.h"

namespace signet {
namespace {

namespace json = boost::json;

std::string Text(const json::object& test, const char* member) {
  const json::value& value = test.at(member);
  if (value.is_null()) return {};
  const json::string& text = value.as_string();
  return std::string(text.data(), text.size());
}

using Check = std::function<void(const json::object&, bool expect_fail)>;

// ForEachVector runs `check` on the cases of one file of the folder that the
// environment variable SIGNET_VECTORS names.
void ForEachVector(const std::string& name, const Check& check) {
  const char* folder = std::getenv("SIGNET_VECTORS");
  if (folder == nullptr) {
    MESSAGE("skipped ", name, ": SIGNET_VECTORS is not set");
    return;
  }
  std::ifstream file(std::string(folder) + "/paserk/" + name + ".json");
  REQUIRE_MESSAGE(file, name, ".json is missing");
  std::stringstream text;
  text << file.rdbuf();
  const json::value root = json::parse(text.str());
  const json::array& tests = root.at("tests").as_array();
  REQUIRE(!tests.empty());
  for (const json::value& value : tests) {
    const json::object& test = value.as_object();
    const std::string test_name = Text(test, "name");
    CAPTURE(test_name);
    for (const auto& member : test) {
      const json::string_view key = member.key();
      const bool known = key == "name" || key == "expect-fail" ||
                         key == "key" || key == "paserk" || key == "comment" ||
                         key == "unwrapped" || key == "wrapping-key";
      REQUIRE_MESSAGE(known, "a vector has an unknown member");
    }
    check(test, test.at("expect-fail").as_bool());
  }
}

TEST_CASE("k4.pid agrees with the published vectors") {
  ForEachVector("k4.pid", [](const json::object& test, bool expect_fail) {
    const std::string key = FromHex(Text(test, "key"));
    // Another length can't be said: the type takes 32 bytes.
    CHECK((key.size() == 32) == !expect_fail);
    if (expect_fail) return;
    CHECK(paserk::PublicId(AsBytes(key).first<32>()) == Text(test, "paserk"));
  });
}

TEST_CASE("k4.lid agrees with the published vectors") {
  ForEachVector("k4.lid", [](const json::object& test, bool expect_fail) {
    const std::string key = FromHex(Text(test, "key"));
    CHECK((key.size() == 32) == !expect_fail);
    if (expect_fail) return;
    CHECK(paserk::LocalId(AsBytes(key).first<32>()) == Text(test, "paserk"));
  });
}

TEST_CASE("k4.public agrees with the published vectors") {
  ForEachVector("k4.public", [](const json::object& test, bool expect_fail) {
    const std::string key = FromHex(Text(test, "key"));
    CHECK((key.size() == 32) == !expect_fail);
    if (expect_fail) return;
    const std::string paserk = Text(test, "paserk");
    CHECK(paserk::EncodePublic(AsBytes(key).first<32>()) == paserk);
    std::array<uint8_t, 32> decoded;
    REQUIRE(paserk::DecodePublic(paserk, decoded));
    CHECK(AsText(decoded) == key);
  });
}

TEST_CASE("k4.local-wrap.pie agrees with the published vectors") {
  ForEachVector("k4.local-wrap.pie",
                [](const json::object& test, bool expect_fail) {
                  const std::string kek = FromHex(Text(test, "wrapping-key"));
                  std::array<uint8_t, 32> key{};
                  const Status s = paserk::UnwrapLocal(
                      Text(test, "paserk"), AsBytes(kek).first<32>(), key);
                  CHECK(s.ok() == !expect_fail);
                  if (expect_fail) return;
                  CHECK(AsText(key) == FromHex(Text(test, "unwrapped")));
                });
}

TEST_CASE("k4.secret-wrap.pie agrees with the published vectors") {
  ForEachVector("k4.secret-wrap.pie",
                [](const json::object& test, bool expect_fail) {
                  const std::string kek = FromHex(Text(test, "wrapping-key"));
                  std::array<uint8_t, 64> key{};
                  const Status s = paserk::UnwrapSecret(
                      Text(test, "paserk"), AsBytes(kek).first<32>(), key);
                  CHECK(s.ok() == !expect_fail);
                  if (expect_fail) return;
                  CHECK(AsText(key) == FromHex(Text(test, "unwrapped")));
                });
}

// The format's key, as kept in a file, in a few forms that must be refused.
TEST_CASE("a public key has one spelling") {
  const VerifyKey key =
      SecretKey::Generate(KeyFormat::kPasetoV4Public).Public();
  const std::string good = paserk::EncodePublic(key.bytes());
  std::array<uint8_t, 32> out;
  CHECK(paserk::DecodePublic(good, out));
  CHECK(out == key.bytes());
  const std::string body = good.substr(10);
  for (const std::string& bad :
       {good + "=", good + "A", good + " ", " " + good, "K4.public." + body,
        "k3.public." + body, "k4.local." + body, "k4.secret." + body,
        "k4.pid." + body, "k4.public" + body, good.substr(0, good.size() - 1),
        std::string("k4.public."), std::string()}) {
    CAPTURE(bad);
    CHECK(!paserk::DecodePublic(bad, out));
  }
}

TEST_CASE("wrapping twice gives two texts that unwrap to one key") {
  std::array<uint8_t, 32> kek{7};
  std::array<uint8_t, 32> key{9};
  const std::string a = paserk::WrapLocal(key, kek);
  const std::string b = paserk::WrapLocal(key, kek);
  CHECK(a != b);
  std::array<uint8_t, 32> out{};
  REQUIRE(paserk::UnwrapLocal(a, kek, out).ok());
  CHECK(out == key);
  out = {};
  REQUIRE(paserk::UnwrapLocal(b, kek, out).ok());
  CHECK(out == key);
}

TEST_CASE("another wrapping key is denied, and gives no byte of the key") {
  const std::array<uint8_t, 32> kek{7};
  const std::array<uint8_t, 32> other{8};
  std::array<uint8_t, 64> key{9};
  const std::string text = paserk::WrapSecret(key, kek);
  std::array<uint8_t, 64> out{};
  const Status s = paserk::UnwrapSecret(text, other, out);
  REQUIRE(!s.ok());
  CHECK(s.error().code == ErrorCode::kDenied);
  CHECK(out == std::array<uint8_t, 64>{});
}

TEST_CASE("no character of a wrapped key can be changed") {
  const std::array<uint8_t, 32> kek{7};
  const std::array<uint8_t, 32> key{9};
  const std::string good = paserk::WrapLocal(key, kek);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    std::array<uint8_t, 32> out{};
    CHECK(!paserk::UnwrapLocal(bad, kek, out).ok());
    CHECK(out == std::array<uint8_t, 32>{});
  }
}

TEST_CASE("a wrapped key of one kind is not one of the other") {
  const std::array<uint8_t, 32> kek{7};
  const std::string local = paserk::WrapLocal(std::array<uint8_t, 32>{}, kek);
  const std::string secret = paserk::WrapSecret(std::array<uint8_t, 64>{}, kek);
  std::array<uint8_t, 32> out32{};
  std::array<uint8_t, 64> out64{};
  CHECK(paserk::UnwrapLocal(secret, kek, out32).error().code ==
        ErrorCode::kInvalid);
  CHECK(paserk::UnwrapSecret(local, kek, out64).error().code ==
        ErrorCode::kInvalid);
  // The prefix is authenticated: the body alone does not carry over.
  const std::string forged =
      "k4.secret-wrap.pie." + local.substr(local.rfind('.') + 1);
  CHECK(!paserk::UnwrapSecret(forged, kek, out64).ok());
}

}  // namespace
}  // namespace signet
