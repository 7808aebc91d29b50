// The poller of docs/pollers.md against a real signetd that is restarted and
// restored.
#include <doctest/doctest.h>

#include "tests/poller_process.h"
#include "tests/revocation-service/backend_client.h"
#include "tests/tools/house.h"

namespace signet::testing {
namespace {

// ClaimsOf is what a verifier reads from the token, as the service tells it.
boost::json::object ClaimsOf(BackendClient& client, const Answer& opened) {
  const Answer answer = client.Introspect(opened.Text("access_token"));
  REQUIRE(answer.body.at("active") == true);
  return answer.body;
}

TEST_CASE("the printed poller refuses what is revoked, of every kind") {
  House house;
  BackendClient client(house.port());
  PollerProcess poller("http://127.0.0.1:" + std::to_string(house.port()));
  const auto alice = ClaimsOf(client, client.Open("alice"));
  const auto bob = ClaimsOf(client, client.Open("bob"));
  const auto carol = ClaimsOf(client, client.Open("carol"));
  CHECK(poller.Becomes("good", alice, "some-key", 60));
  const auto text = [](const boost::json::object& claims, const char* name) {
    return std::string(claims.at(name).as_string().c_str());
  };
  REQUIRE(client.Revoke("token", text(alice, "jti")).status == 201);
  CHECK(poller.Becomes("revoked", alice));
  REQUIRE(client.Revoke("session", text(bob, "sid")).status == 201);
  CHECK(poller.Becomes("revoked", bob));
  CHECK(poller.Verdict(carol) == "good");
  REQUIRE(client.Revoke("key", "a stolen key").status == 201);
  CHECK(poller.Becomes("revoked", carol, "a stolen key"));
  CHECK(poller.Verdict(carol) == "good");
  REQUIRE(client.Revoke("subject", "carol").status == 201);
  CHECK(poller.Becomes("revoked", carol));
  const auto again = ClaimsOf(client, client.Open("carol"));
  CHECK(poller.Verdict(again) == "good");
  REQUIRE(client.Revoke("client", "dev").status == 201);
  CHECK(poller.Becomes("revoked", again));
}

TEST_CASE("the printed poller lives through a restart and a restore") {
  House house;
  BackendClient client(house.port());
  PollerProcess poller("http://127.0.0.1:" + std::to_string(house.port()));
  const auto alice = ClaimsOf(client, client.Open("alice"));
  CHECK(poller.Becomes("good", alice));
  REQUIRE(house.Run("signet backup --out copy").exit == 0);
  REQUIRE(client.Revoke("token", "lost with the restore").status == 201);
  REQUIRE(client.Revoke("subject", "alice").status == 201);
  CHECK(poller.Becomes("revoked", alice));

  house.MoveTo("data");
  BackendClient restarted(house.port());
  const auto bob = ClaimsOf(restarted, restarted.Open("bob"));
  CHECK(poller.Becomes("good", bob, "some-key", 60));
  REQUIRE(restarted.Revoke("subject", "bob").status == 201);
  CHECK(poller.Becomes("revoked", bob));

  REQUIRE(house.Run("signet restore --from copy --data restored").exit == 0);
  house.MoveTo("restored");
  BackendClient restored(house.port());
  const auto carol = ClaimsOf(restored, restored.Open("carol"));
  auto lost = carol;
  lost["jti"] = "lost with the restore";
  CHECK(poller.Becomes("good", carol, "some-key", 60));
  REQUIRE(restored.Revoke("subject", "carol").status == 201);
  CHECK(poller.Becomes("revoked", carol));
  CHECK(poller.next().find("epoch=1&") == std::string::npos);
  // What the service no longer knows, the poller does.
  CHECK(poller.Verdict(lost) == "revoked");

  // Without a service nothing is good for ever, and what was revoked stays so.
  house.process().Kill(SIGKILL);
  house.process().Wait();
  auto stranger = carol;
  stranger["sub"] = "dave";
  stranger["iat"] = 4'000'000'000;
  CHECK(poller.Becomes("stale", stranger, "some-key", 2));
  CHECK(poller.Verdict(carol, "some-key", 2) == "revoked");
}

}  // namespace
}  // namespace signet::testing
