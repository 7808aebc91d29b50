// The limits of the rates, at a real signetd. The rates are so low, and the
// bursts so small, that no machine is too slow to pass them.
#include <doctest/doctest.h>

#include "tests/revocation-service/operations_fixture.h"

namespace signet::testing {
namespace {

namespace json = boost::json;

constexpr char kBad[] = "grant_type=x&client_id=dev&client_secret=wrong";

// SlowAnswer checks the form of a 429.
void CheckLimited(const httplib::Result& answer) {
  REQUIRE(answer);
  CHECK(answer->status == 429);
  CHECK(answer->get_header_value("Content-Type") == "application/json");
  const std::string after = answer->get_header_value("Retry-After");
  REQUIRE_FALSE(after.empty());
  CHECK(after.find_first_not_of("0123456789") == std::string::npos);
  CHECK(std::stoi(after) >= 1);
  const auto body = json::parse(answer->body).as_object();
  CHECK(RunningSignetd::Text(body, "error") == "rate_limited");
}

// UntilLimited repeats a request until it is limited; it returns how many
// were not.
int UntilLimited(const std::function<httplib::Result()>& send, int most) {
  for (int i = 0; i < most; ++i) {
    const httplib::Result answer = send();
    REQUIRE(answer);
    if (answer->status == 429) return i;
  }
  return most;
}

TEST_CASE("failed authentications shed the address, but never revocation") {
  RunningSignetd signetd(
      "[limits]\nfailures_per_second = 1\nfailures_burst = 20\n");
  const auto opened = signetd.Open("alice");
  const std::string session = RunningSignetd::Text(opened, "session_id");
  const int passed =
      UntilLimited([&] { return signetd.As("/token", kBad); }, 10'000);
  CHECK(passed >= 20);
  CHECK(passed < 10'000);
  // They go on failing, so that the address stays in debt whatever the time.
  const auto fail = [&] {
    for (int i = 0; i < 20; ++i) signetd.As("/revoke", kBad);
  };
  fail();
  CheckLimited(signetd.Form("/token", "grant_type=x"));
  fail();
  CHECK(signetd.Form("/revoke", "token=junk")->status == 200);
  CHECK(signetd.Json("/v1/revocations", R"({"kind":"key","value":"k"})")
            ->status == 201);
  CHECK(signetd.client->Delete("/v1/sessions/" + session, signetd.AsDev())
            ->status == 204);
  CHECK(signetd.client->Delete("/v1/sessions?subject=alice", signetd.AsDev())
            ->status == 200);
  CHECK(signetd.Get("/feed/head")->status == 200);
  const std::string metrics = signetd.Admin("/metrics")->body;
  CHECK(metrics.find("signet_rate_limited_total{limit=\"failures\"}") !=
        std::string::npos);
}

TEST_CASE("junk tokens of a public client count against its address") {
  RunningSignetd signetd(
      "[limits]\nfailures_per_second = 1\nfailures_burst = 5\n");
  const std::string junk =
      "grant_type=refresh_token&refresh_token=junk&client_id=dev-app";
  CHECK(UntilLimited([&] { return signetd.As("/token", junk); }, 10'000) <
        10'000);
}

TEST_CASE("an authenticated client has a rate of its own") {
  RunningSignetd signetd(
      "[limits]\nclient_per_second = 1\nclient_burst = 10\n");
  CHECK(UntilLimited([&] { return signetd.Form("/introspect", "token=x"); },
                     10'000) < 10'000);
  // The public client is another.
  CHECK(signetd
            .As("/token",
                "grant_type=refresh_token&refresh_token=x&client_id=dev-app")
            ->status == 400);
}

TEST_CASE("a subject that exchanges too often waits, and others do not") {
  RunningSignetd signetd(
      "[limits]\nsubject_per_second = 1\nsubject_burst = 10\n");
  std::string refresh =
      RunningSignetd::Text(signetd.Open("alice"), "refresh_token");
  const auto rotate = [&] {
    auto answer = signetd.Form(
        "/token", "grant_type=refresh_token&refresh_token=" + refresh);
    if (answer && answer->status == 200) {
      refresh = RunningSignetd::Text(json::parse(answer->body).as_object(),
                                     "refresh_token");
    }
    return answer;
  };
  CHECK(UntilLimited(rotate, 10'000) < 10'000);
  signetd.Open("bob");
  // Nothing was lost: later it goes on with the same token.
  CHECK(Eventually([&] { return rotate()->status == 200; }));
}

TEST_CASE("behind a trusted proxy each client has its own limit") {
  RunningSignetd signetd(
      "[proxy]\ntrusted = \"127.0.0.0/8\"\n"
      "[limits]\nfailures_per_second = 1\nfailures_burst = 5\n");
  const auto from = [&](const std::string& address) {
    return signetd.As("/token", kBad, {{"X-Forwarded-For", address}});
  };
  CHECK(UntilLimited([&] { return from("198.51.100.7"); }, 10'000) < 10'000);
  CHECK(from("198.51.100.8")->status == 401);
  // A client cannot choose who it is: what it says stands further out.
  CHECK(UntilLimited(
            [&, i = 0]() mutable {
              return from("203.0.113." + std::to_string(++i % 250) +
                          ", 198.51.100.9");
            },
            10'000) < 10'000);
}

TEST_CASE("without a trusted proxy the header is nobody's word") {
  RunningSignetd signetd(
      "[limits]\nfailures_per_second = 1\nfailures_burst = 5\n");
  int next = 0;
  CHECK(UntilLimited(
            [&] {
              return signetd.As(
                  "/token", kBad,
                  {{"X-Forwarded-For",
                    "198.51.100." + std::to_string(++next % 250)}});
            },
            10'000) < 10'000);
}

}  // namespace
}  // namespace signet::testing
