// Policy::Validate, and the names of refusals.

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/lib/token_fixture.h"

namespace signet {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::GoodPolicy;
using testing::PasetoFixture;

void ExpectPolicy(const Policy& policy, std::string_view message) {
  auto status = policy.Validate();
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::kInvalid);
  CHECK(status.error().message == "verifier policy: " + std::string(message));
}

TEST_CASE("a policy names issuer and audience or waives each by name") {
  CHECK(GoodPolicy().Validate().ok());
  ExpectPolicy(Policy{},
               "issuer is not set: name it, or set any_issuer; "
               "audience is not set: name it, or set any_audience");
  Policy policy = GoodPolicy();
  policy.any_issuer = policy.any_audience = true;
  ExpectPolicy(policy,
               "issuer is set, and any_issuer too; "
               "audience is set, and any_audience too");
}

TEST_CASE("a cache is off or of a size that holds tokens") {
  Policy policy = GoodPolicy();
  for (size_t good : {size_t{0}, size_t{64} << 10, size_t{64} << 30}) {
    policy.cache_bytes = good;
    CHECK(policy.Validate().ok());
  }
  policy.cache_bytes = 65'535;
  ExpectPolicy(policy,
               "cache_bytes is 65535, which is neither 0 nor 64 KiB to 64 GiB");
  policy.cache_bytes = (size_t{64} << 30) + 1;
  CHECK_FALSE(policy.Validate().ok());
}

TEST_CASE_TEMPLATE("the preset policies are valid and accept their tokens", F,
                   PasetoFixture, testing::JwtFixture) {
  F fixture;
  for (const Policy& policy :
       {Policy::Rfc9068("https://login.example", "api.example"),
        Policy::Paseto("https://login.example", "api.example")}) {
    CHECK(policy.Validate().ok());
    Verifier verifier = fixture.MakeVerifier(policy);
    CHECK(verifier.Verify(fixture.Mint()).ok());
    Claims other = testing::GoodClaims();
    other.audience = {"mail.example"};
    CHECK_FALSE(verifier.Verify(fixture.Mint(other)).ok());
  }
  ExpectPolicy(Policy::Rfc9068("", "api.example"),
               "issuer is not set: name it, or set any_issuer");
  ExpectPolicy(Policy::Paseto("https://login.example", ""),
               "audience is not set: name it, or set any_audience");
}

TEST_CASE("the preset policies differ in what they allow for clocks") {
  const Policy oauth = Policy::Rfc9068("i", "a");
  CHECK(oauth.clock_skew == minutes(1));
  CHECK(oauth.max_lifetime == hours(1));
  const Policy paseto = Policy::Paseto("i", "a");
  CHECK(paseto.clock_skew == Seconds(5));
  CHECK(paseto.max_lifetime == minutes(15));
}

TEST_CASE("a policy's numbers are bounded, and the bounds pass") {
  Policy policy = GoodPolicy();
  policy.clock_skew = minutes(5);
  policy.max_lifetime = hours(24);
  policy.max_staleness = hours(24);
  CHECK(policy.Validate().ok());
  policy.clock_skew = Duration::zero();
  policy.max_lifetime = Seconds(1);
  policy.max_staleness = Duration(100);
  CHECK(policy.Validate().ok());
  policy.clock_skew = minutes(15);
  policy.max_lifetime = Duration(999);
  policy.max_staleness = Duration(99);
  ExpectPolicy(policy,
               "clock_skew is 900s, the limit is 300s; "
               "max_lifetime is 999ms, the limit is 1s; "
               "max_staleness is 99ms, the limit is 100ms");
  policy = GoodPolicy();
  policy.clock_skew = Duration(-1);
  ExpectPolicy(policy, "clock_skew is -1ms, the limit is 0s");
}

TEST_CASE("hard_staleness goes with accept_until, and is the harder bound") {
  Policy policy = GoodPolicy();
  policy.hard_staleness = minutes(1);
  ExpectPolicy(policy,
               "hard_staleness is set, but when_stale is not "
               "accept_until");
  policy.when_stale = WhenStale::kAcceptUntil;
  CHECK(policy.Validate().ok());
  policy.hard_staleness = Seconds(10);
  ExpectPolicy(policy,
               "hard_staleness is 10s, not longer than max_staleness, "
               "10s");
  policy.hard_staleness = hours(25);
  ExpectPolicy(policy, "hard_staleness is 90000s, the limit is 86400s");
}

TEST_CASE("a verifier is not made from a policy with problems") {
  PasetoFixture fixture;
  auto verifier = Verifier::Create(Policy{}, fixture.live, fixture.revocations,
                                   fixture.clock);
  REQUIRE_FALSE(verifier.ok());
  CHECK(verifier.error().code == ErrorCode::kInvalid);
  CHECK_FALSE(
      Verifier::CreateWithoutRevocation(Policy{}, fixture.live, fixture.clock)
          .ok());
}

TEST_CASE("codes and stages have names of their own") {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(RefusalCode::kStale); ++i) {
    names.push_back(RefusalCodeName(static_cast<RefusalCode>(i)));
  }
  for (int i = 0; i <= static_cast<int>(Stage::kFreshness); ++i) {
    names.push_back(StageName(static_cast<Stage>(i)));
  }
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK(RefusalCodeName(RefusalCode::kTooLong) == "too_long");
  CHECK(RefusalCodeName(RefusalCode::kLifetimeTooLong) == "lifetime_too_long");
  CHECK(RefusalCodeName(RefusalCode::kStale) == "stale");
  CHECK(RefusalCodeName(static_cast<RefusalCode>(200)) == "unknown");
  CHECK(StageName(Stage::kFreshness) == "freshness");
  CHECK(Refusal{RefusalCode::kExpired, Stage::kPolicy, "exp"}.ToString() ==
        "expired at policy (exp)");
  CHECK(Refusal{RefusalCode::kMalformed, Stage::kFormat}.ToString() ==
        "malformed at format");
}

TEST_CASE("a retry may help only where the verifier's state is the reason") {
  for (int i = 0; i <= static_cast<int>(RefusalCode::kStale); ++i) {
    auto code = static_cast<RefusalCode>(i);
    bool expected =
        code == RefusalCode::kNoKeys || code == RefusalCode::kUnknownKey ||
        code == RefusalCode::kStale || code == RefusalCode::kNotYetValid;
    CHECK(Refusal{code, Stage::kKey}.RetryMayHelp() == expected);
  }
}

}  // namespace
}  // namespace signet
