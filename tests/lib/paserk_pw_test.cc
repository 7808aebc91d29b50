#include <doctest/doctest.h>

#include "signet/keys.h"
#include "signet/paserk.h"
#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using paserk::PasswordCost;

constexpr PasswordCost kCheap{1, 8u << 10};
constexpr std::array<uint8_t, 32> kKey{9};

std::string Lock(std::string_view password) {
  auto text = paserk::WrapLocalWithPassword(kKey, password, kCheap);
  REQUIRE(text.ok());
  return *text;
}

// WithCost is a text whose header asks for that much; its tag is then wrong.
std::string WithCost(uint64_t memory, uint64_t passes, uint64_t lanes) {
  const std::string prefix = "k4.local-pw.";
  auto body = Base64UrlDecode(Lock("secret").substr(prefix.size()));
  REQUIRE(body.ok());
  auto put = [&](size_t at, size_t size, uint64_t value) {
    for (size_t i = size; i-- > 0; value >>= 8) {
      (*body)[at + i] = static_cast<char>(value);
    }
  };
  put(16, 8, memory);
  put(24, 4, passes);
  put(28, 4, lanes);
  return prefix + Base64UrlEncode(AsBytes(*body));
}

TEST_CASE("a password opens what it locked, another does not") {
  const std::string text = Lock("secret");
  auto key = paserk::UnwrapLocalWithPassword(text, "secret");
  REQUIRE(key.ok());
  CHECK(AsText(key->span()) == AsText(kKey));
  for (std::string_view wrong :
       {"Secret", "secret ", "", "secre", "secret\n"}) {
    CAPTURE(wrong);
    auto denied = paserk::UnwrapLocalWithPassword(text, wrong);
    REQUIRE_FALSE(denied.ok());
    CHECK(denied.error().code == ErrorCode::kDenied);
  }
  CHECK(Lock("secret") != text);
}

TEST_CASE("a password may hold any bytes, a NUL too") {
  const std::string password("a\0b\xff", 4);
  const std::string text = Lock(password);
  CHECK(paserk::UnwrapLocalWithPassword(text, password).ok());
  CHECK_FALSE(paserk::UnwrapLocalWithPassword(text, "a").ok());
}

TEST_CASE("a secret key under a password is the same key again") {
  const SecretKey key = SecretKey::Generate(KeyFormat::kPasetoV4Public);
  auto text = paserk::WrapSecretWithPassword(key.ExposeSecret().first<32>(),
                                             "pw", kCheap);
  REQUIRE(text.ok());
  auto seed = paserk::UnwrapSecretWithPassword(*text, "pw");
  REQUIRE(seed.ok());
  auto again = SecretKey::FromSecret(KeyFormat::kPasetoV4Public, seed->span());
  REQUIRE(again.ok());
  CHECK(again->id() == key.id());
}

TEST_CASE("the body does not carry over from one password type to the other") {
  const std::string local = Lock("secret");
  auto forged = paserk::UnwrapSecretWithPassword(
      "k4.secret-pw." + local.substr(local.rfind('.') + 1), "secret");
  REQUIRE_FALSE(forged.ok());
  CHECK(forged.error().code == ErrorCode::kInvalid);
}

TEST_CASE("an empty password and a cost out of range lock nothing") {
  auto locked = [](std::string_view password, const PasswordCost& cost) {
    auto text = paserk::WrapLocalWithPassword(kKey, password, cost);
    return text.ok() ? Status() : Status(text.error());
  };
  CHECK(locked("", kCheap).error().message ==
        "an empty password protects no key");
  for (const PasswordCost& bad :
       {PasswordCost{0, 8u << 10}, PasswordCost{17, 8u << 10},
        PasswordCost{1, 0}, PasswordCost{1, (8u << 10) - 1},
        PasswordCost{1, (1u << 30) + 1}, PasswordCost{1, UINT64_MAX}}) {
    const Status status = locked("secret", bad);
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().code == ErrorCode::kInvalid);
  }
  CHECK(locked("secret", kCheap).ok());
}

// The tags of these texts are wrong: had anything been hashed, the answer
// were kDenied, and of most of them there would be none.
TEST_CASE("family 38: what a text asks for is looked at before any hashing") {
  constexpr uint64_t kMemory = 8u << 10;
  auto read = [](const std::string& text) {
    auto key = paserk::UnwrapLocalWithPassword(text, "secret");
    REQUIRE_FALSE(key.ok());
    return key.error();
  };
  CHECK(read(WithCost(kMemory, 2, 1)).code == ErrorCode::kDenied);
  for (uint64_t memory :
       {uint64_t{0}, kMemory - 1, (uint64_t{1} << 30) + 1, uint64_t{1} << 31,
        uint64_t{1} << 32, uint64_t{1} << 63, UINT64_MAX}) {
    CAPTURE(memory);
    CHECK(read(WithCost(memory, 1, 1)).code == ErrorCode::kInvalid);
  }
  for (uint64_t passes :
       {uint64_t{0}, uint64_t{5}, uint64_t{1} << 31, uint64_t{UINT32_MAX}}) {
    CAPTURE(passes);
    CHECK(read(WithCost(kMemory, passes, 1)).code == ErrorCode::kInvalid);
  }
  for (uint64_t lanes :
       {uint64_t{0}, uint64_t{2}, uint64_t{1} << 31, uint64_t{UINT32_MAX}}) {
    CAPTURE(lanes);
    CHECK(read(WithCost(kMemory, 1, lanes)) ==
          Error{ErrorCode::kUnsupported, "the password hash asks for " +
                                             std::to_string(lanes) +
                                             " lanes, only 1 is supported"});
  }
  CHECK(read(WithCost(uint64_t{1} << 63, 1, 1)).message ==
        "the password hash asks for 9223372036854775808 bytes of memory, the "
        "limit is 1073741824");
}

TEST_CASE("a reader may set a lower limit, or a higher one up to 16 passes") {
  auto text = paserk::WrapLocalWithPassword(kKey, "secret", {5, 16u << 10});
  REQUIRE(text.ok());
  auto read = [&](const PasswordCost& limit) {
    auto key = paserk::UnwrapLocalWithPassword(*text, "secret", limit);
    return key.ok() ? Status() : Status(key.error());
  };
  CHECK(read({5, 16u << 10}).ok());
  CHECK(read({4, 16u << 10}).error().message ==
        "the password hash asks for 5 passes, the limit is 4");
  CHECK(read({5, (16u << 10) - 1}).error().message ==
        "the password hash asks for 16384 bytes of memory, the limit is 16383");
  auto most = paserk::UnwrapLocalWithPassword(
      WithCost(8u << 10, 17, 1), "secret", {UINT32_MAX, UINT64_MAX});
  REQUIRE_FALSE(most.ok());
  CHECK(most.error().code == ErrorCode::kInvalid);
}

}  // namespace
}  // namespace signet
