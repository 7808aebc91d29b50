// GET, PATCH and POST of /v1/sessions/{id}: what a session is, changes of its
// claims, and changes of its privileges.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/revocation-service/proof_fixture.h"
#include "tests/revocation-service/service_under_test.h"
#include "tests/revocation-service/session_fixture.h"

namespace signet::service {
namespace {

using testing::Basic;
using testing::DescriptionOf;
using testing::ErrorOf;
using testing::JsonOf;
using testing::MakeRequest;
using testing::ServiceUnderTest;
using testing::TextOf;

constexpr char kSessions[] = "/v1/sessions/";

http::Response Send(ServiceUnderTest& service, const std::string& method,
                    const std::string& id, const std::string& body,
                    const std::string& client = "dev") {
  return service.Call(MakeRequest(
      method, kSessions + id,
      {Basic(client, client + "-secret"), {"Content-Type", "application/json"}},
      body));
}

Claims ClaimsOf(ServiceUnderTest& service, const boost::json::object& answer) {
  const auto verified =
      service.verifier->Verify(TextOf(answer, "access_token"));
  REQUIRE(verified.ok());
  return verified->claims();
}

TEST_CASE("a session is shown whole to those who may use it") {
  ServiceUnderTest service;
  const auto opened =
      service.Open("alice", R"(,"audience":["a","b"],"scope":"read",)"
                            R"("device":"phone","claims":{"tenant":"blue"})");
  const std::string id = TextOf(opened, "session_id");
  const http::Response response = service.Send("GET", "dev", kSessions + id);
  CHECK(response.status == 200);
  const auto body = JsonOf(response);
  CHECK(TextOf(body, "session_id") == id);
  CHECK(TextOf(body, "subject") == "alice");
  CHECK(TextOf(body, "device") == "phone");
  CHECK(body.at("audience") == boost::json::array{"a", "b"});
  CHECK(TextOf(body.at("claims").as_object(), "tenant") == "blue");
  for (const std::string& absent : {id + "x", std::string(22, 'A')}) {
    CHECK(service.Send("GET", "dev", kSessions + absent).status == 404);
  }
  CHECK(DescriptionOf(service.Send("GET", "dev", kSessions + id + "?x=1")) ==
        "the query parameter 'x' is not known here");
  CHECK(service.Send("GET", "other", kSessions + id).status == 404);
  CHECK(service.Send("GET", "gate", kSessions + id).status == 403);
}

TEST_CASE("changed claims stand in the next access token") {
  ServiceUnderTest service;
  const auto opened =
      service.Open("alice", R"(,"device":"phone","claims":{"tenant":"blue"})");
  const std::string id = TextOf(opened, "session_id");
  const http::Response response =
      Send(service, "PATCH", id, R"({"claims":{"tenant":"red"}})");
  CHECK(response.status == 200);
  CHECK(TextOf(JsonOf(response), "device") == "phone");
  // The tokens from before are good still.
  CHECK(service.IsActive(TextOf(opened, "access_token")));
  const auto next = JsonOf(service.Refresh(TextOf(opened, "refresh_token")));
  CHECK(ClaimsOf(service, next).custom.find("red") != std::string::npos);
  CHECK(ClaimsOf(service, next).session_id == id);
  CHECK(Send(service, "PATCH", id, R"({"claims":{},"device":"desk"})").status ==
        200);
  const auto last = JsonOf(service.Refresh(TextOf(next, "refresh_token")));
  CHECK(ClaimsOf(service, last).custom.empty());
}

TEST_CASE("what is wrong with a change is named") {
  ServiceUnderTest service;
  const std::string id = TextOf(service.Open("alice"), "session_id");
  for (const char* body :
       {"", "[]", R"({"scope":"admin"})", R"({"claims":{"sub":"bob"}})",
        R"({"claims":7})", R"({"device":"\u0007"})"}) {
    CAPTURE(body);
    const http::Response response = Send(service, "PATCH", id, body);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
  }
  CHECK(Send(service, "PATCH", id, "{}").status == 200);
  CHECK(Send(service, "PATCH", id, "{}", "gate").status == 403);
  CHECK(Send(service, "PATCH", id, "{}", "other").status == 404);
  service.commit_fault = Fault::kUnavailable;
  CHECK(Send(service, "PATCH", id, R"({"device":"x"})").status == 503);
}

TEST_CASE("a step-up gives a new session, and the old one is over") {
  ServiceUnderTest service;
  const auto opened =
      service.Open("alice", R"(,"audience":"orders","scope":"read",)"
                            R"("device":"phone","claims":{"acr":"1"})");
  service.clock.Advance(std::chrono::seconds(2));
  const std::string id = TextOf(opened, "session_id");
  const http::Response response =
      Send(service, "POST", id, R"({"scope":"read pay","claims":{"acr":"2"}})");
  REQUIRE(response.status == 201);
  const auto body = JsonOf(response);
  CHECK(TextOf(body, "session_id") != id);
  CHECK(TextOf(body, "scope") == "read pay");
  const Claims claims = ClaimsOf(service, body);
  CHECK(claims.subject == "alice");
  CHECK(claims.audience == std::vector<std::string>{"orders"});
  CHECK(claims.session_id == TextOf(body, "session_id"));
  CHECK(claims.custom == R"({"acr":"2"})");

  CHECK_FALSE(service.IsActive(TextOf(opened, "access_token")));
  CHECK(ErrorOf(service.Refresh(TextOf(opened, "refresh_token"))) ==
        "invalid_grant");
  CHECK(service.Send("GET", "dev", kSessions + id).status == 404);
  CHECK(Send(service, "POST", id, "{}").status == 404);
  CHECK(service.Refresh(TextOf(body, "refresh_token")).status == 200);
}

TEST_CASE("a step-up needs the permission, and a session of the caller's") {
  ServiceUnderTest service;
  const std::string id = TextOf(service.Open("alice"), "session_id");
  CHECK(Send(service, "POST", id, "{}", "gate").status == 403);
  CHECK(Send(service, "POST", id, "{}", "other").status == 404);
  CHECK(Send(service, "POST", id, R"({"subject":"bob"})").status == 400);
  service.commit_fault = Fault::kUnavailable;
  CHECK(Send(service, "POST", id, "{}").status == 503);
  service.commit_fault = Fault::kNone;
  CHECK(service.Send("GET", "dev", kSessions + id).status == 200);
}

TEST_CASE("a bound session stays bound, or is bound to the key it names") {
  ServiceUnderTest service;
  const DpopProver first = signet::testing::NewProver(service.clock);
  const DpopProver second = signet::testing::NewProver(service.clock);
  const auto opened = service.Open(
      "alice", R"(,"client_id":"app","dpop_jkt":")" + first.jkt() + "\"");
  const auto kept = JsonOf(
      Send(service, "POST", TextOf(opened, "session_id"), R"({"scope":"a"})"));
  CHECK(TextOf(kept, "token_type") == "DPoP");
  CHECK(ClaimsOf(service, kept).cnf_jkt == first.jkt());
  const auto moved = JsonOf(Send(service, "POST", TextOf(kept, "session_id"),
                                 R"({"dpop_jkt":")" + second.jkt() + "\"}"));
  CHECK(ClaimsOf(service, moved).cnf_jkt == second.jkt());
  const auto refresh = [&](const DpopProver& prover) {
    return service.Form(
        "/token",
        "grant_type=refresh_token&client_id=app&refresh_token=" +
            TextOf(moved, "refresh_token"),
        {{"DPoP",
          signet::testing::Prove(prover, "https://auth.example/token")}});
  };
  CHECK(ErrorOf(refresh(first)) == "invalid_grant");
  CHECK(refresh(second).status == 200);
}

TEST_CASE("all sessions of a client, or from before a moment, can be ended") {
  ServiceUnderTest service;
  const auto mine = service.Open("alice");
  const auto app = service.Open("alice", R"(,"client_id":"app")");
  const auto revoke = [&](const std::string& body) {
    return service.Json("dev", "/v1/revocations", body).status;
  };
  const auto count = [&] {
    return JsonOf(service.Send("GET", "dev", "/v1/sessions?subject=alice"))
        .at("sessions")
        .as_array()
        .size();
  };
  CHECK(revoke(R"({"kind":"client","value":"app"})") == 201);
  CHECK(count() == 1);
  CHECK(ErrorOf(service.Refresh(TextOf(app, "refresh_token"),
                                "client_id=app")) == "invalid_grant");
  CHECK_FALSE(service.IsActive(TextOf(app, "access_token")));
  CHECK(service.IsActive(TextOf(mine, "access_token")));

  service.clock.Advance(std::chrono::seconds(60));
  const auto later = service.Open("alice");
  const auto cutoff =
      ToSeconds(service.clock.Now()).time_since_epoch().count() - 30;
  CHECK(revoke(R"({"kind":"all","not_before":)" + std::to_string(cutoff) +
               "}") == 201);
  CHECK(count() == 1);
  CHECK(ErrorOf(service.Refresh(TextOf(mine, "refresh_token"))) ==
        "invalid_grant");
  CHECK(service.Refresh(TextOf(later, "refresh_token")).status == 200);
}

// ---- In the store ----

Result<Grant> StepUp(SessionFixture& f, StepUpRequest request) {
  std::promise<Result<Grant>> promise;
  f.store.StepUp(std::move(request), [&](Result<Grant> grant) {
    promise.set_value(std::move(grant));
  });
  return promise.get_future().get();
}

TEST_CASE("a step-up is one commit that leaves one record and one entry") {
  SessionFixture f;
  const Grant opened = f.Open();
  const size_t keys = f.Keys().size();
  f.clock.Advance(std::chrono::hours(1));
  const auto stepped = StepUp(f, {.id = opened.session.id,
                                  .change = {.origin = {"backend"}},
                                  .scope = "read pay"});
  REQUIRE(stepped.ok());
  CHECK(f.Keys().size() == keys);
  const Session& session = stepped->session;
  CHECK(session.id != opened.session.id);
  CHECK(session.salt != opened.session.salt);
  CHECK(session.generation == 1);
  CHECK(session.device == "phone");
  // The absolute lifetime goes on.
  CHECK(session.expires_at == opened.session.expires_at);
  const auto log = f.Log();
  REQUIRE(log.size() == 1);
  CHECK(log[0].revocation.id == opened.session.id);
  CHECK(log[0].reason == "step_up");
  CHECK(log[0].actor == "backend");
}

TEST_CASE("a session that is over is neither changed nor stepped up") {
  SessionFixture f;
  const Grant opened = f.Open();
  REQUIRE(f.End(opened.session.id).ok());
  const auto stepped = StepUp(f, {.id = opened.session.id});
  REQUIRE_FALSE(stepped.ok());
  CHECK(stepped.error().code == ErrorCode::kNotFound);
  f.store.Change(opened.session.id, {.device = "x"},
                 [](const Result<Session>& changed) {
                   REQUIRE_FALSE(changed.ok());
                   CHECK(changed.error().code == ErrorCode::kNotFound);
                 });
}

TEST_CASE("a step-up after a cutoff is as dead as its session") {
  SessionFixture f;
  const Grant opened = f.Open();
  f.clock.Advance(std::chrono::seconds(5));
  REQUIRE(f.Revoke({.kind = RevocationKind::kClient, .value = "app"}).ok());
  const auto stepped = StepUp(f, {.id = opened.session.id});
  REQUIRE_FALSE(stepped.ok());
  CHECK(stepped.error().code == ErrorCode::kNotFound);
}

}  // namespace
}  // namespace signet::service
