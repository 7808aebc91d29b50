// POST, GET and DELETE /v1/sessions.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/revocation-service/service_under_test.h"

namespace signet::service {
namespace {

using testing::Basic;
using testing::DescriptionOf;
using testing::ErrorOf;
using testing::HeaderOf;
using testing::JsonOf;
using testing::MakeRequest;
using testing::NumberOf;
using testing::ServiceUnderTest;
using testing::TextOf;

constexpr char kAlice[] = "/v1/sessions?subject=alice";

boost::json::object OpenAs(ServiceUnderTest& service, const std::string& client,
                           const std::string& subject) {
  const http::Response response =
      service.Json(client, "/v1/sessions", R"({"subject":")" + subject + "\"}");
  CHECK(response.status == 201);
  return JsonOf(response);
}

size_t CountSessions(ServiceUnderTest& service, const std::string& client) {
  const http::Response response = service.Send("GET", client, kAlice);
  CHECK(response.status == 200);
  return JsonOf(response).at("sessions").as_array().size();
}

TEST_CASE("an opened session is answered 201 with its tokens and id") {
  ServiceUnderTest service;
  const http::Response response =
      service.Json("dev", "/v1/sessions",
                   R"({"subject":"alice","audience":"orders","scope":"read",)"
                   R"("device":"phone","claims":{"tenant":"blue"}})");
  CHECK(response.status == 201);
  CHECK(HeaderOf(response, "Cache-Control") == "no-store");
  const auto body = JsonOf(response);
  CHECK(TextOf(body, "token_type") == "Bearer");
  CHECK(NumberOf(body, "expires_in") == 600);
  CHECK(TextOf(body, "scope") == "read");
  CHECK(TextOf(body, "session_id").size() == 22);
  CHECK(TextOf(body, "refresh_token").starts_with("srt1."));
  CHECK(service.IsActive(TextOf(body, "access_token")));
  CHECK(service.Refresh(TextOf(body, "refresh_token")).status == 200);
}

TEST_CASE("a session belongs to the caller, or to an app it may act for") {
  ServiceUnderTest service;
  const auto open = [&](const char* client, const char* owner) {
    return service.Json(
        client, "/v1/sessions",
        R"({"subject":"alice","client_id":")" + std::string(owner) + "\"}");
  };
  CHECK(open("dev", "dev").status == 201);
  const auto session = JsonOf(open("dev", "app"));
  CHECK(service.Refresh(TextOf(session, "refresh_token"), "client_id=app")
            .status == 200);
  for (const char* owner : {"rival", "other", "nobody"}) {
    CAPTURE(owner);
    const http::Response response = open("dev", owner);
    CHECK(response.status == 403);
    CHECK(ErrorOf(response) == "unauthorized_client");
  }
  CHECK(open("other", "app").status == 403);
}

TEST_CASE("what is wrong with a new session is named") {
  ServiceUnderTest service;
  const auto refuse = [&](const std::string& body) {
    const http::Response response = service.Json("dev", "/v1/sessions", body);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
    return DescriptionOf(response);
  };
  CHECK(refuse("{}") == "subject is missing or empty");
  CHECK(refuse(R"({"subject":7})") == "subject must be a string");
  CHECK(refuse(R"({"subject":"a","audience":[1]})").starts_with("audience "));
  CHECK(refuse(R"({"subject":"a","scope":"a  b"})").starts_with("scope "));
  CHECK(refuse(R"({"subject":"a","device":{}})").starts_with("device "));
  CHECK(refuse(R"({"subject":"a","claims":[]})").starts_with("claims "));
  CHECK(refuse(R"({"subject":"a","aud":"b"})") ==
        "the member 'aud' is not known here");
  CHECK(refuse(R"({"subject":"a","subject":"b"})") ==
        "the member 'subject' stands twice");
  CHECK(refuse("subject=a") == "the body must be one JSON object");
  // Issuer::Mint refuses it, so the session does not open.
  CHECK_FALSE(refuse(R"({"subject":"a","claims":{"sub":"b"}})").empty());
  CHECK(refuse(R"({"subject":")" + std::string(256, 'a') + "\"}")
            .starts_with("subject is longer"));
  CHECK(CountSessions(service, "dev") == 0);
}

TEST_CASE("a JWT ring's session needs an audience") {
  ServiceUnderTest service({.format = KeyFormat::kJwtEdDsa});
  const http::Response response =
      service.Json("dev", "/v1/sessions", R"({"subject":"alice"})");
  CHECK(response.status == 400);
  CHECK(DescriptionOf(response).starts_with("audience is missing"));
}

TEST_CASE("a session is opened by JSON, and by those who may") {
  ServiceUnderTest service;
  CHECK(service.Json("gate", "/v1/sessions", "{}").status == 403);
  CHECK(service
            .Call(MakeRequest("POST", "/v1/sessions",
                              {Basic("dev", "dev-secret")},
                              R"({"subject":"alice"})"))
            .status == 415);
  CHECK(service
            .Form("/v1/sessions",
                  "client_id=dev&client_secret=dev-secret&subject=alice")
            .status == 415);
  CHECK(service.Call(MakeRequest("POST", "/v1/sessions")).status == 401);
}

TEST_CASE("a subject with all the sessions it may have is refused") {
  SessionLimits limits;
  limits.max_per_subject = 1;
  limits.evict_oldest = false;
  ServiceUnderTest service({.limits = limits});
  service.Open("alice");
  const http::Response response =
      service.Json("dev", "/v1/sessions", R"({"subject":"alice"})");
  CHECK(response.status == 409);
  CHECK(ErrorOf(response) == "too_many_sessions");
  service.Open("bob");
}

TEST_CASE("a list shows the caller's sessions and its apps', no others") {
  ServiceUnderTest service;
  const auto first = service.Open("alice", R"(,"device":"phone")");
  service.clock.Advance(std::chrono::seconds(10));
  const auto second =
      service.Open("alice", R"(,"client_id":"app","scope":"read")");
  OpenAs(service, "other", "alice");
  service.Open("bob");
  const http::Response response = service.Send("GET", "dev", kAlice);
  CHECK(HeaderOf(response, "Cache-Control") == "no-store");
  const auto body = JsonOf(response);
  const auto& list = body.at("sessions").as_array();
  REQUIRE(list.size() == 2);
  const auto& one = list[0].as_object();
  CHECK(TextOf(one, "session_id") == TextOf(first, "session_id"));
  CHECK(TextOf(one, "client_id") == "dev");
  CHECK(TextOf(one, "device") == "phone");
  CHECK(TextOf(one, "created_at") == "2025-11-22T00:00:00Z");
  CHECK(TextOf(one, "last_seen_at") == "2025-11-22T00:00:00Z");
  CHECK(TextOf(one, "expires_at") == "2025-12-22T00:00:00Z");
  CHECK(TextOf(list[1].as_object(), "session_id") ==
        TextOf(second, "session_id"));
  CHECK(TextOf(list[1].as_object(), "scope") == "read");
  CHECK(CountSessions(service, "other") == 1);
}

TEST_CASE("a list needs one subject and the permission") {
  ServiceUnderTest service;
  CHECK(service.Send("GET", "dev", "/v1/sessions").status == 400);
  CHECK(service.Send("GET", "dev", "/v1/sessions?subject=").status == 400);
  CHECK(service.Send("GET", "dev", "/v1/sessions?user=a").status == 400);
  CHECK(service.Send("GET", "gate", kAlice).status == 403);
  service.fault = Fault::kUnavailable;
  CHECK(service.Send("GET", "dev", kAlice).status == 503);
}

TEST_CASE("a session that is ended is gone with its tokens") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const std::string path = "/v1/sessions/" + TextOf(session, "session_id");
  const http::Response response = service.Send("DELETE", "dev", path);
  CHECK(response.status == 204);
  CHECK(response.body.empty());
  CHECK(HeaderOf(response, "Cache-Control") == "no-store");
  CHECK_FALSE(service.IsActive(TextOf(session, "access_token")));
  CHECK(service.Refresh(TextOf(session, "refresh_token")).status == 400);
  CHECK(service.Send("DELETE", "dev", path).status == 404);
}

TEST_CASE("a session of another client is as absent as none") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const http::Response foreign = service.Send(
      "DELETE", "other", "/v1/sessions/" + TextOf(session, "session_id"));
  const http::Response absent =
      service.Send("DELETE", "other", "/v1/sessions/AAAAAAAAAAAAAAAAAAAAAA");
  const http::Response junk =
      service.Send("DELETE", "other", "/v1/sessions/junk");
  CHECK(foreign.status == 404);
  CHECK(foreign.body == absent.body);
  CHECK(foreign.body == junk.body);
  CHECK(service.IsActive(TextOf(session, "access_token")));
}

TEST_CASE("an end that is not stored is 503") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  service.fault = Fault::kUnavailable;
  CHECK(service
            .Send("DELETE", "dev",
                  "/v1/sessions/" + TextOf(session, "session_id"))
            .status == 503);
  CHECK(service.Send("DELETE", "dev", kAlice).status == 503);
  CHECK(service.Send("DELETE", "other", kAlice).status == 503);
  service.fault = Fault::kNone;
  CHECK(service.IsActive(TextOf(session, "refresh_token")));
}

TEST_CASE("with the permission revoke a subject's every session ends") {
  ServiceUnderTest service;
  const auto mine = service.Open("alice");
  const auto foreign = OpenAs(service, "other", "alice");
  const auto bob = service.Open("bob");
  const http::Response response = service.Send("DELETE", "dev", kAlice);
  CHECK(response.status == 200);
  const auto body = JsonOf(response);
  CHECK(NumberOf(body, "revoked") == 2);
  CHECK(NumberOf(body, "seq") >= 1);
  CHECK(NumberOf(body, "epoch") >= 0);
  for (const auto& session : {mine, foreign}) {
    CHECK_FALSE(service.IsActive(TextOf(session, "access_token")));
  }
  CHECK(service.IsActive(TextOf(bob, "access_token")));
  CHECK(service.IsActive(TextOf(bob, "refresh_token")));
}

TEST_CASE("without it only sessions that the caller may act for end") {
  ServiceUnderTest service;
  const auto foreign = service.Open("alice");
  const auto first = OpenAs(service, "other", "alice");
  const auto second = OpenAs(service, "other", "alice");
  const auto body = JsonOf(service.Send("DELETE", "other", kAlice));
  CHECK(NumberOf(body, "revoked") == 2);
  CHECK(service.IsActive(TextOf(foreign, "refresh_token")));
  CHECK(service.IsActive(TextOf(foreign, "access_token")));
  CHECK_FALSE(service.IsActive(TextOf(first, "access_token")));
  CHECK_FALSE(service.IsActive(TextOf(second, "access_token")));
  CHECK(NumberOf(JsonOf(service.Send("DELETE", "other", kAlice)), "revoked") ==
        0);
}

TEST_CASE("all but one: the named session stays") {
  for (const std::string client : {"dev", "other"}) {
    CAPTURE(client);
    ServiceUnderTest service;
    const auto kept = OpenAs(service, client, "alice");
    const auto ended = OpenAs(service, client, "alice");
    const http::Response response = service.Send(
        "DELETE", client,
        std::string(kAlice) + "&except=" + TextOf(kept, "session_id"));
    CHECK(response.status == 200);
    CHECK(NumberOf(JsonOf(response), "revoked") == 1);
    CHECK(service.IsActive(TextOf(kept, "access_token")));
    CHECK_FALSE(service.IsActive(TextOf(ended, "access_token")));
    CHECK(CountSessions(service, client) == 1);
  }
}

TEST_CASE("except must be a live session of that subject") {
  ServiceUnderTest service;
  const auto session = service.Open("alice");
  const auto bob = service.Open("bob");
  const auto except = [&](const std::string& id) {
    return service.Send("DELETE", "dev", std::string(kAlice) + "&except=" + id)
        .status;
  };
  CHECK(except(TextOf(bob, "session_id")) == 404);
  CHECK(except("AAAAAAAAAAAAAAAAAAAAAA") == 404);
  CHECK(except("junk") == 404);
  CHECK(except("") == 400);
  CHECK(
      service.Send("DELETE", "dev", std::string(kAlice) + "&exept=x").status ==
      400);
  CHECK(service.IsActive(TextOf(session, "access_token")));
}

TEST_CASE("ending sessions needs the permission, and a subject") {
  ServiceUnderTest service;
  CHECK(service.Send("DELETE", "gate", kAlice).status == 403);
  CHECK(service.Send("DELETE", "dev", "/v1/sessions").status == 400);
  CHECK(service.Send("DELETE", "gate", "/v1/sessions/x").status == 403);
}

}  // namespace
}  // namespace signet::service
