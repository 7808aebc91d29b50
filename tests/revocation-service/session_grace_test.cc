// Which retries have the long grace, and what a session's key decides.

#include <doctest/doctest.h>

#include <string>

#include "tests/revocation-service/service_under_test.h"
#include "tests/revocation-service/session_fixture.h"

namespace signet::service {
namespace {

using Outcome = ExchangeOutcome;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr char kJkt[] = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
constexpr char kOtherJkt[] = "1ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
constexpr char kKey[] = "8e03978e-40d5-43dd-bc93-6894a57f9324";

Outcome OutcomeOf(SessionFixture& f, ExchangeRequest request) {
  request.client_id = "app";
  return f.Exchange(std::move(request)).outcome;
}

TEST_CASE("the same DPoP key proves a retry until the long grace ends") {
  SessionFixture f;
  const std::string token = f.Open().refresh_token;
  CHECK(OutcomeOf(f, {.refresh_token = token, .dpop_jkt = kJkt}) ==
        Outcome::kRotated);
  f.clock.Advance(minutes(60) - Duration(1));
  CHECK(OutcomeOf(f, {.refresh_token = token, .dpop_jkt = kJkt}) ==
        Outcome::kReplayed);
  f.clock.Advance(Duration(1));
  CHECK(OutcomeOf(f, {.refresh_token = token, .dpop_jkt = kJkt}) ==
        Outcome::kReuseRecent);
}

TEST_CASE("the same Idempotency-Key proves a retry until the long grace ends") {
  SessionFixture f;
  const std::string token = f.Open().refresh_token;
  CHECK(OutcomeOf(f, {.refresh_token = token, .idempotency_key = kKey}) ==
        Outcome::kRotated);
  f.clock.Advance(minutes(60) - Duration(1));
  CHECK(OutcomeOf(f, {.refresh_token = token, .idempotency_key = kKey}) ==
        Outcome::kReplayed);
  f.clock.Advance(Duration(1));
  CHECK(OutcomeOf(f, {.refresh_token = token, .idempotency_key = kKey}) ==
        Outcome::kReuseRecent);
}

TEST_CASE("another key, none, or one that came first now proves nothing") {
  for (const std::string key : {"", "another-key-of-a-retry"}) {
    SessionFixture f;
    const std::string token = f.Open().refresh_token;
    CHECK(OutcomeOf(f, {.refresh_token = token, .idempotency_key = kKey}) ==
          Outcome::kRotated);
    f.clock.Advance(seconds(29));
    CHECK(OutcomeOf(f, {.refresh_token = token, .idempotency_key = key}) ==
          Outcome::kReplayed);
    f.clock.Advance(seconds(1));
    CHECK(OutcomeOf(f, {.refresh_token = token, .idempotency_key = key}) ==
          Outcome::kReuseRecent);
  }
  SessionFixture f;
  const std::string token = f.Open().refresh_token;
  CHECK(OutcomeOf(f, {.refresh_token = token}) == Outcome::kRotated);
  f.clock.Advance(seconds(30));
  CHECK(OutcomeOf(f, {.refresh_token = token, .idempotency_key = kKey}) ==
        Outcome::kReuseRecent);
}

TEST_CASE("an Idempotency-Key proves the retry of its own request alone") {
  SessionFixture f;
  const ExchangeRequest request{.client_id = "app", .idempotency_key = kKey};
  ExchangeRequest first = request;
  first.refresh_token = f.Open().refresh_token;
  const ExchangeResult rotated = f.Exchange(first);
  REQUIRE(rotated.outcome == Outcome::kRotated);
  const std::string second = rotated.grant->refresh_token;
  CHECK(OutcomeOf(f, {.refresh_token = second}) == Outcome::kRotated);
  f.clock.Advance(seconds(30));
  CHECK(OutcomeOf(f, {.refresh_token = second, .idempotency_key = kKey}) ==
        Outcome::kReuseRecent);
}

TEST_CASE("the store does not hold the Idempotency-Key") {
  SessionFixture f;
  const Grant grant = f.Open();
  CHECK(OutcomeOf(f, {.refresh_token = grant.refresh_token,
                      .idempotency_key = kKey}) == Outcome::kRotated);
  const auto stored = f.store.Find(grant.session.id);
  REQUIRE(stored.ok());
  CHECK((*stored)->retry_proof.size() == 16);
  CHECK(EncodeSession(**stored).find(kKey) == std::string::npos);
}

TEST_CASE("two tokens of two keys are not one client: the session ends") {
  for (const std::string jkt : {"", kOtherJkt}) {
    SessionFixture f;
    const std::string token = f.Open().refresh_token;
    const auto stolen = f.Exchange(
        {.refresh_token = token, .client_id = "app", .dpop_jkt = kJkt});
    REQUIRE(stolen.outcome == Outcome::kRotated);
    // The owner of the token comes second, and has not the thief's key.
    CHECK(OutcomeOf(f, {.refresh_token = token, .dpop_jkt = jkt}) ==
          Outcome::kReuseRecent);
    CHECK(OutcomeOf(f, {.refresh_token = stolen.grant->refresh_token,
                        .dpop_jkt = kJkt}) == Outcome::kRevoked);
  }
}

TEST_CASE("without the key the live token is refused and stays alive") {
  SessionFixture f;
  const std::string token = f.Open().refresh_token;
  const auto bound = f.Exchange(
      {.refresh_token = token, .client_id = "app", .dpop_jkt = kJkt});
  REQUIRE(bound.outcome == Outcome::kRotated);
  const std::string live = bound.grant->refresh_token;
  CHECK(OutcomeOf(f, {.refresh_token = live}) == Outcome::kClientMismatch);
  CHECK(OutcomeOf(f, {.refresh_token = live, .dpop_jkt = kOtherJkt}) ==
        Outcome::kClientMismatch);
  CHECK(OutcomeOf(f, {.refresh_token = live, .dpop_jkt = kJkt}) ==
        Outcome::kRotated);
}

TEST_CASE("an authenticated client's tokens are bound to no key") {
  SessionFixture f;
  const std::string token = f.Open().refresh_token;
  const auto first = f.Exchange({.refresh_token = token,
                                 .client_id = "app",
                                 .proven = true,
                                 .dpop_jkt = kJkt});
  REQUIRE(first.outcome == Outcome::kRotated);
  CHECK(first.grant->dpop_jkt == kJkt);
  CHECK(first.grant->session.dpop_jkt.empty());
  CHECK(OutcomeOf(f, {.refresh_token = first.grant->refresh_token,
                      .proven = true,
                      .dpop_jkt = kOtherJkt}) == Outcome::kRotated);
}

TEST_CASE("a long row of graces is said before it ends the session") {
  SessionFixture f({.max_graces = 4});
  std::string token = f.Open().refresh_token;
  for (int row = 1; row <= 4; ++row) {
    const std::string next = f.Rotate(token);
    const ExchangeResult replay = f.Exchange(token);
    CHECK(replay.outcome == Outcome::kReplayed);
    CHECK(replay.reason.empty() == (row <= 2));
    token = next;
  }
}

TEST_CASE("a client's own limits hold in place of the service's") {
  SessionFixture f;
  const ClientLimits own{.access_lifetime = seconds(60),
                         .idle_timeout = hours(1),
                         .absolute_lifetime = hours(2),
                         .grace = seconds(5)};
  const auto opened =
      f.TryOpen({.subject = "alice", .client_id = "app", .limits = own});
  REQUIRE(opened.ok());
  CHECK(opened->expires_at - opened->issued_at == seconds(60));
  CHECK(opened->session.expires_at - opened->session.created_at == hours(2));
  CHECK(opened->session.idle_timeout == hours(1));
  const std::string token = opened->refresh_token;
  const auto next =
      f.Exchange({.refresh_token = token, .client_id = "app", .limits = own});
  REQUIRE(next.outcome == Outcome::kRotated);
  CHECK(next.grant->expires_at - next.grant->issued_at == seconds(60));
  f.clock.Advance(seconds(5));
  CHECK(OutcomeOf(f, {.refresh_token = token, .limits = own}) ==
        Outcome::kReuseRecent);
}

TEST_CASE("one audience of the session may be asked for, and no other") {
  SessionFixture f;
  const auto opened = f.TryOpen({.subject = "alice",
                                 .client_id = "app",
                                 .audience = {"orders", "stock"}});
  REQUIRE(opened.ok());
  CHECK(OutcomeOf(f, {.refresh_token = opened->refresh_token,
                      .resource = "billing"}) == Outcome::kBadTarget);
  const auto narrow = f.Exchange({.refresh_token = opened->refresh_token,
                                  .client_id = "app",
                                  .resource = "stock"});
  REQUIRE(narrow.outcome == Outcome::kRotated);
  CHECK(narrow.grant->audience == std::vector<std::string>{"stock"});
  const auto whole = f.Exchange(narrow.grant->refresh_token);
  REQUIRE(whole.outcome == Outcome::kRotated);
  CHECK(whole.grant->audience == opened->session.audience);
}

// ---- At the endpoint ----

using testing::ErrorOf;
using testing::JsonOf;
using testing::ServiceUnderTest;
using testing::TextOf;

TEST_CASE("resource narrows the token's audience (RFC 8707)") {
  ServiceUnderTest service;
  const auto session =
      service.Open("alice", R"(,"audience":["https://a","https://b"])");
  const std::string token = TextOf(session, "refresh_token");
  const auto refresh = [&](const std::string& resource) {
    return service.Refresh(
        token, std::string(service.kAsDev) + "&resource=" + resource);
  };
  const http::Response other = refresh("https%3A%2F%2Fc");
  CHECK(other.status == 400);
  CHECK(ErrorOf(other) == "invalid_target");
  const auto body = JsonOf(refresh("https%3A%2F%2Fb"));
  const auto verified = service.verifier->Verify(TextOf(body, "access_token"));
  REQUIRE(verified.ok());
  CHECK(verified->claims().audience == std::vector<std::string>{"https://b"});
}

TEST_CASE("an Idempotency-Key that could be guessed is refused") {
  ServiceUnderTest service;
  const auto session = service.Open("alice", R"(,"client_id":"app")");
  const std::string form =
      "grant_type=refresh_token&client_id=app&refresh_token=" +
      TextOf(session, "refresh_token");
  const auto send = [&](http::Headers headers) {
    return service.Form("/token", form, std::move(headers));
  };
  for (const std::string& key :
       {std::string("1"), std::string(256, 'a'), std::string(20, ' ')}) {
    const http::Response response = send({{"Idempotency-Key", key}});
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
  }
  CHECK(send({{"Idempotency-Key", kKey}, {"Idempotency-Key", kKey}}).status ==
        400);
  const auto first = JsonOf(send({{"Idempotency-Key", kKey}}));
  service.clock.Advance(minutes(30));
  const auto retry = JsonOf(send({{"idempotency-key", kKey}}));
  CHECK(TextOf(retry, "refresh_token") == TextOf(first, "refresh_token"));
}

TEST_CASE("a store that went back in time is counted by itself") {
  ServiceUnderTest service;
  const std::string token = TextOf(service.Open("alice"), "refresh_token");
  const auto pairs = service.memory->Scan("s/", "", 10);
  REQUIRE(pairs.ok());
  REQUIRE(pairs->size() == 1);
  const auto next = JsonOf(service.Refresh(token));
  Batch back;
  back.puts.push_back(pairs->front());
  REQUIRE(service.memory->Commit(std::span(&back, 1)).size() == 1);
  CHECK(service.Refresh(TextOf(next, "refresh_token")).status == 503);
  const std::string metrics = service.metrics.Print();
  CHECK(metrics.find("signet_store_rollbacks_total 1") != std::string::npos);
  CHECK(metrics.find("from_the_future") == std::string::npos);
}

}  // namespace
}  // namespace signet::service
