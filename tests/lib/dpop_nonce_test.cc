#include "signet/dpop_nonce.h"

#include <doctest/doctest.h>

#include "tests/lib/token_fixture.h"

namespace signet {

inline std::ostream& operator<<(std::ostream& out, DpopNonceState state) {
  constexpr std::string_view kNames[] = {"current", "aging", "unknown"};
  return out << kNames[static_cast<size_t>(state)];
}

namespace {

using std::chrono::minutes;

constexpr std::string_view kSecret = "a secret of exactly 32 bytes....";
constexpr Duration kSlot = minutes(5);
constexpr Duration kMoment{1};
// A slot begins here.
constexpr Time kStart{kSlot * 6'000'000};

SlotNonces Nonces(std::string_view secret = kSecret, Duration slot = kSlot) {
  auto nonces = SlotNonces::Create(AsBytes(secret), slot);
  REQUIRE(nonces.ok());
  return *std::move(nonces);
}

TEST_CASE("a nonce is good in its slot and the next, and not after that") {
  const SlotNonces nonces = Nonces();
  const std::string nonce = nonces.Make(kStart);
  CHECK(nonces.Check(nonce, kStart) == DpopNonceState::kCurrent);
  CHECK(nonces.Check(nonce, kStart + kSlot - kMoment) ==
        DpopNonceState::kCurrent);
  CHECK(nonces.Check(nonce, kStart + kSlot) == DpopNonceState::kAging);
  CHECK(nonces.Check(nonce, kStart + 2 * kSlot - kMoment) ==
        DpopNonceState::kAging);
  CHECK(nonces.Check(nonce, kStart + 2 * kSlot) == DpopNonceState::kUnknown);
}

TEST_CASE(
    "a nonce of an instance whose clock is ahead by less than a slot is "
    "good") {
  const SlotNonces nonces = Nonces();
  const std::string nonce = nonces.Make(kStart);
  CHECK(nonces.Check(nonce, kStart - kMoment) == DpopNonceState::kCurrent);
  CHECK(nonces.Check(nonce, kStart - kSlot) == DpopNonceState::kCurrent);
  CHECK(nonces.Check(nonce, kStart - kSlot - kMoment) ==
        DpopNonceState::kUnknown);
}

TEST_CASE("every moment of a slot has one nonce, every slot its own") {
  const SlotNonces nonces = Nonces();
  CHECK(nonces.Make(kStart) == nonces.Make(kStart + kSlot - kMoment));
  CHECK(nonces.Make(kStart) != nonces.Make(kStart + kSlot));
  CHECK(nonces.Make(kStart) != nonces.Make(kStart - kMoment));
}

TEST_CASE("instances of one secret and slot agree, others do not") {
  const std::string nonce = Nonces().Make(kStart);
  CHECK(Nonces().Check(nonce, kStart) == DpopNonceState::kCurrent);
  const std::string other(kSecret.rbegin(), kSecret.rend());
  CHECK(Nonces(other).Check(nonce, kStart) == DpopNonceState::kUnknown);
  CHECK(Nonces(kSecret, minutes(10)).Check(nonce, kStart) ==
        DpopNonceState::kUnknown);
}

TEST_CASE("a nonce has 22 characters that may stand in a header and in JSON") {
  const std::string nonce = Nonces().Make(kStart);
  CHECK(nonce.size() == 22);
  CHECK(Base64UrlDecode(nonce).ok());
}

TEST_CASE("any other text is unknown") {
  const SlotNonces nonces = Nonces();
  const std::string nonce = nonces.Make(kStart);
  for (const std::string& text :
       {std::string(), nonce.substr(1), nonce + "A", nonce + "=",
        std::string(22, 'A'), std::string(65536, 'A'), '\0' + nonce}) {
    CHECK(nonces.Check(text, kStart) == DpopNonceState::kUnknown);
  }
  for (size_t i = 0; i < nonce.size(); ++i) {
    std::string changed = nonce;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK(nonces.Check(changed, kStart) == DpopNonceState::kUnknown);
  }
}

TEST_CASE("a secret that is too short or a slot out of range is refused") {
  const auto make = [](size_t size, Duration slot) {
    return SlotNonces::Create(AsBytes(std::string(size, 's')), slot).ok();
  };
  CHECK(make(32, std::chrono::seconds(10)));
  CHECK(make(64, std::chrono::hours(1)));
  CHECK_FALSE(make(31, kSlot));
  CHECK_FALSE(make(65, kSlot));
  CHECK_FALSE(make(0, kSlot));
  CHECK_FALSE(make(32, std::chrono::seconds(10) - kMoment));
  CHECK_FALSE(make(32, std::chrono::hours(1) + kMoment));
  CHECK_FALSE(make(32, Duration::zero()));
}

}  // namespace
}  // namespace signet
