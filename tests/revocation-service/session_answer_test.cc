// What an exchange looks at before it changes anything.

#include <doctest/doctest.h>

#include <string>

#include "tests/revocation-service/session_fixture.h"

namespace signet::service {
namespace {

using Outcome = ExchangeOutcome;
using std::chrono::hours;

TEST_CASE("what cannot be answered is not rotated, opened or stepped up") {
  SessionFixture f;
  bool possible = true;
  f.store.CheckGrants([&possible](const Grant& grant) {
    REQUIRE(!grant.session.subject.empty());
    if (possible) return Status();
    return Status(Error{ErrorCode::kInvalid, "no such token can be made"});
  });
  const Grant opened = f.Open();
  possible = false;
  const ExchangeResult refused = f.Exchange(opened.refresh_token);
  CHECK(refused.outcome == Outcome::kUnavailable);
  CHECK(refused.reason == "no such token can be made");
  CHECK(f.TryOpen({.subject = "bob", .client_id = "app"}).error().code ==
        ErrorCode::kUnavailable);
  CHECK(f.StepUp({.id = opened.session.id}).error().code ==
        ErrorCode::kUnavailable);
  CHECK(f.CountSessions() == 1);
  // Long after any grace the token is still the live one.
  f.clock.Advance(hours(2));
  possible = true;
  CHECK(f.Exchange(opened.refresh_token).outcome == Outcome::kRotated);
}

TEST_CASE("a stale token shows as one, whatever it asks for") {
  for (const bool scope : {false, true}) {
    SessionFixture f;
    const Grant opened = f.Open();
    const std::string live = f.Rotate(f.Rotate(opened.refresh_token));
    CHECK(f.Exchange({.refresh_token = opened.refresh_token,
                      .client_id = "app",
                      .scope = scope ? "everything" : "",
                      .resource = scope ? "" : "https://elsewhere.example"})
              .outcome == Outcome::kReuseStale);
    CHECK(f.Exchange(live).outcome == Outcome::kRevoked);
  }
}

}  // namespace
}  // namespace signet::service
