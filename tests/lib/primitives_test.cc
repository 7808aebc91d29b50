#include "signet/primitives.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

#include "hazmat.h"
#include "tests/lib/hex.h"

namespace signet {
namespace {

std::string RandomText(std::mt19937& random, size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST_CASE("base64url gives the test vectors of RFC 4648 section 10") {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "Zg"},
      {"fo", "Zm8"},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg"},
      {"fooba", "Zm9vYmE"},
      {"foobar", "Zm9vYmFy"},
      {"\xfb\xff", "-_8"},
  };
  for (const auto& [plain, encoded] : vectors) {
    CHECK(Base64UrlEncode(AsBytes(plain)) == encoded);
    const Result<std::string> decoded = Base64UrlDecode(encoded);
    REQUIRE(decoded.ok());
    CHECK(*decoded == plain);
  }
}

TEST_CASE("base64url refuses every text that is not canonical") {
  const std::string_view texts[] = {
      "Zg=",    "Zg==",    "Zm9v=", "Zm+v",      "Zm/v",
      "Zm9v\n", " Zm9v",   "Zm 9v", "Zm9\r",     "A",
      "Zm9vA",  "Zh",      "Zm9",   "Zm8\xff",   "\xc3\xa9Zg",
      ".",      "Zm9v.Zg", "====",  "Zm9vYmFyZ", "Zm9vYk",
  };
  for (std::string_view text : texts) {
    CAPTURE(text);
    const Result<std::string> decoded = Base64UrlDecode(text);
    REQUIRE(!decoded.ok());
    CHECK(decoded.error().code == ErrorCode::kInvalid);
  }
  CHECK(!Base64UrlDecode(std::string_view("Zm\0v", 4)).ok());
}

TEST_CASE("every text of up to three characters is refused, or is canonical") {
  // Two spellings of one value would give one token two identities.
  std::set<std::string> seen;
  const auto check = [&seen](const std::string& text) {
    const Result<std::string> decoded = Base64UrlDecode(text);
    if (!decoded.ok()) return true;
    return Base64UrlEncode(AsBytes(*decoded)) == text &&
           seen.insert(*decoded).second;
  };
  bool all = check("");
  for (int a = 0; a < 256; ++a) {
    all = all && check({static_cast<char>(a)});
    for (int b = 0; b < 256; ++b) {
      all = all && check({static_cast<char>(a), static_cast<char>(b)});
      for (int c = 0; c < 128; c += 3) {
        all = all && check({static_cast<char>(a), static_cast<char>(b),
                            static_cast<char>(c)});
      }
    }
  }
  CHECK(all);
  CHECK(seen.count("f") == 1);
}

TEST_CASE("base64url decodes what it encodes, at every length") {
  std::mt19937 random(1);
  for (size_t size = 0; size < 200; ++size) {
    const std::string bytes = RandomText(random, size);
    const Result<std::string> decoded =
        Base64UrlDecode(Base64UrlEncode(AsBytes(bytes)));
    REQUIRE(decoded.ok());
    CHECK(*decoded == bytes);
  }
}

TEST_CASE("Base64UrlDecodeTo wants exactly the size that it is given") {
  std::array<uint8_t, 3> three{};
  CHECK(Base64UrlDecodeTo("Zm9v", three));
  CHECK(AsText(three) == "foo");
  CHECK(!Base64UrlDecodeTo("Zm8", three));
  CHECK(!Base64UrlDecodeTo("Zm9vYg", three));
  CHECK(!Base64UrlDecodeTo("", three));
  CHECK(!Base64UrlDecodeTo("Zm9vA", three));  // length 1 mod 4
  CHECK(!Base64UrlDecodeTo("Zm9*", three));
  CHECK(Base64UrlDecodeTo("", {}));
}

TEST_CASE("Base64Decode wants its padding, and no more of it") {
  CHECK(*Base64Decode("") == "");
  CHECK(*Base64Decode("Zg==") == "f");
  CHECK(*Base64Decode("Zm8=") == "fo");
  CHECK(*Base64Decode("Zm9v") == "foo");
  CHECK(*Base64Decode("+/8=") == "\xfb\xff");
  for (std::string_view text :
       {"Zg", "Zg=", "Zm8", "Zm9v====", "Z===", "====", "Zg==Zg==", "Zh==",
        "Zm9=", "-_8=", "Zg==\n", "Zm=v", "=Zg=", "Zm9v=", "A=B="}) {
    CAPTURE(text);
    CHECK(!Base64Decode(text).ok());
  }
}

TEST_CASE("BLAKE2b agrees with RFC 7693 appendix A") {
  std::array<uint8_t, 64> digest;
  Blake2b(digest, AsBytes("abc"));
  CHECK(
      AsText(digest) ==
      FromHex(
          "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
          "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"));
}

TEST_CASE("a BLAKE2b stream does not tell how the message was cut") {
  std::mt19937 random(2);
  const std::string message = RandomText(random, 1000);
  const std::string key = RandomText(random, 32);
  std::array<uint8_t, 32> whole;
  Blake2b(whole, AsBytes(message), AsBytes(key));
  for (size_t cut : {size_t{0}, size_t{1}, size_t{128}, size_t{999}}) {
    std::array<uint8_t, 32> pieces;
    hazmat::Blake2bStream(32, AsBytes(key))
        .Update(AsBytes(message).first(cut))
        .Update(AsBytes(message).subspan(cut))
        .Finish(pieces);
    CHECK(pieces == whole);
  }
  std::array<uint8_t, 32> unkeyed;
  Blake2b(unkeyed, AsBytes(message));
  CHECK(unkeyed != whole);
}

TEST_CASE("XChaCha20 is its own inverse and depends on every input") {
  const std::string text =
      "some plain text of more than one block, "
      "some plain text of more than one block";
  std::array<uint8_t, 24> nonce{1};
  std::array<uint8_t, 32> key{2};
  std::string out(text.size(), '\0');
  const std::span<uint8_t> writable(reinterpret_cast<uint8_t*>(out.data()),
                                    out.size());
  hazmat::XChaCha20Xor(writable, AsBytes(text), nonce, key);
  CHECK(out != text);
  const std::string sealed = out;
  hazmat::XChaCha20Xor(writable, AsBytes(out), nonce, key);
  CHECK(out == text);
  nonce[23] = 1;
  hazmat::XChaCha20Xor(writable, AsBytes(text), nonce, key);
  CHECK(out != sealed);
}

TEST_CASE("Argon2id refuses a cost out of bounds before it hashes") {
  std::array<uint8_t, 32> out{};
  const std::array<uint8_t, 16> salt{};
  const hazmat::Argon2Cost bad[] = {
      {.passes = 0, .memory_bytes = 8192},
      {.passes = 17, .memory_bytes = 8192},
      {.passes = uint64_t{1} << 31, .memory_bytes = 8192},
      {.passes = 1, .memory_bytes = 8191},
      {.passes = 1, .memory_bytes = (1u << 30) + 1},
      {.passes = 1, .memory_bytes = uint64_t{1} << 63},
  };
  for (const hazmat::Argon2Cost& cost : bad) {
    const Status s = hazmat::Argon2id(out, AsBytes("passphrase"), salt, cost);
    REQUIRE(!s.ok());
    CHECK(s.error().code == ErrorCode::kInvalid);
  }
  CHECK(out == std::array<uint8_t, 32>{});
  const hazmat::Argon2Cost least{.passes = 1, .memory_bytes = 8192};
  CHECK(hazmat::Argon2id(out, AsBytes("passphrase"), salt, least).ok());
  CHECK(out != std::array<uint8_t, 32>{});
}

TEST_CASE("ConstantTimeEqual sees every difference, and the length") {
  CHECK(ConstantTimeEqual({}, {}));
  CHECK(ConstantTimeEqual(AsBytes("abc"), AsBytes("abc")));
  CHECK(!ConstantTimeEqual(AsBytes("abc"), AsBytes("abd")));
  CHECK(!ConstantTimeEqual(AsBytes("abc"), AsBytes("bbc")));
  CHECK(!ConstantTimeEqual(AsBytes("abc"), AsBytes("abcd")));
  CHECK(!ConstantTimeEqual(AsBytes("abc"), {}));
}

TEST_CASE("SecretBytes leaves zeros behind where it moved from") {
  SecretBytes<32> a;
  FillRandom(a.span());
  const std::string before(AsText(a.span()));
  SecretBytes<32> b = std::move(a);
  CHECK(AsText(b.span()) == before);
  CHECK(AsText(a.span()) == std::string(32, '\0'));
  a = std::move(b);
  CHECK(AsText(a.span()) == before);
  CHECK(AsText(b.span()) == std::string(32, '\0'));
}

TEST_CASE("FillRandom does not repeat itself") {
  std::array<uint8_t, 32> a{};
  std::array<uint8_t, 32> b{};
  FillRandom(a);
  FillRandom(b);
  CHECK(a != b);
}

}  // namespace
}  // namespace signet
