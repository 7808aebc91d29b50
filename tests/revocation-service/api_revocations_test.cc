// POST and GET /v1/revocations.

#include <doctest/doctest.h>

#include <set>
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

constexpr char kPath[] = "/v1/revocations";

http::Response Post(ServiceUnderTest& service, const std::string& body) {
  return service.Json("dev", kPath, body);
}

boost::json::object Log(ServiceUnderTest& service, const std::string& query) {
  const http::Response response = service.Send("GET", "feeder", kPath + query);
  CHECK_MESSAGE(response.status == 200, response.body);
  return JsonOf(response);
}

TEST_CASE("a revocation is answered 201 with its place in the log") {
  ServiceUnderTest service;
  const http::Response response =
      Post(service, R"({"kind":"subject","value":"alice"})");
  CHECK(response.status == 201);
  CHECK(HeaderOf(response, "Cache-Control") == "no-store");
  const auto body = JsonOf(response);
  CHECK(NumberOf(body, "seq") == 1);
  CHECK(NumberOf(body, "epoch") ==
        static_cast<int64_t>(service.publisher->position().epoch));
}

TEST_CASE("each kind voids the token that it names, at once") {
  ServiceUnderTest service;
  const auto body_for = [](const std::string& kind, const std::string& value) {
    return R"({"kind":")" + kind + R"(","value":")" + value + "\"}";
  };
  for (const std::string kind :
       {"token", "session", "subject", "client", "key", "all"}) {
    CAPTURE(kind);
    const auto session = service.Open("alice-" + kind);
    const std::string token = TextOf(session, "access_token");
    const auto claims = service.Introspect(token);
    std::string body = body_for("subject", TextOf(claims, "sub"));
    if (kind == "token") body = body_for(kind, TextOf(claims, "jti"));
    if (kind == "session") body = body_for(kind, TextOf(claims, "sid"));
    if (kind == "client") body = body_for(kind, "dev");
    if (kind == "all") body = R"({"kind":"all"})";
    if (kind == "key") {
      const auto verified = service.verifier->Verify(token);
      REQUIRE(verified.ok());
      // Of another key: this one has to sign what follows.
      body = body_for(kind, "k4.pid.of-another-key");
      CHECK(Post(service, body).status == 201);
      CHECK(service.IsActive(token));
      continue;
    }
    CHECK(Post(service, body).status == 201);
    CHECK_FALSE(service.IsActive(token));
    service.clock.Advance(std::chrono::seconds(2));
  }
}

TEST_CASE("a cutoff voids what was issued before it and nothing later") {
  ServiceUnderTest service;
  const auto before = service.Open("alice");
  service.clock.Advance(std::chrono::seconds(10));
  const auto after = service.Open("alice");
  CHECK(Post(service, R"({"kind":"subject","value":"alice",)"
                      R"("not_before":"2025-11-22T00:00:05Z"})")
            .status == 201);
  CHECK_FALSE(service.IsActive(TextOf(before, "access_token")));
  CHECK(service.IsActive(TextOf(after, "access_token")));
}

TEST_CASE("what is wrong with a revocation is named") {
  ServiceUnderTest service;
  const auto refuse = [&](const std::string& body) {
    const http::Response response = Post(service, body);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
    return DescriptionOf(response);
  };
  CHECK(refuse("{}").starts_with("kind "));
  CHECK(refuse(R"({"kind":"user","value":"a"})").starts_with("kind must be "));
  CHECK(refuse(R"({"kind":"subject"})") == "value is missing or empty");
  CHECK(refuse(R"({"kind":"subject","value":1})").starts_with("value "));
  CHECK(refuse(R"({"kind":"all","value":"x"})").starts_with("value "));
  CHECK(refuse(R"({"kind":"token","value":"x","not_before":1})")
            .starts_with("not_before "));
  CHECK(refuse(R"({"kind":"subject","value":"a","not_before":"tomorrow"})")
            .starts_with("not_before "));
  CHECK(refuse(R"({"kind":"subject","value":"a","because":"x"})") ==
        "the member 'because' is not known here");
  CHECK_FALSE(
      refuse(R"({"kind":"session","value":"not a session id"})").empty());
  CHECK(service.publisher->position().sequence == 0);
}

TEST_CASE("a revocation takes the permission, and JSON") {
  ServiceUnderTest service;
  CHECK(service.Json("gate", kPath, R"({"kind":"all"})").status == 403);
  CHECK(service.Form(kPath, "kind=all", {Basic("dev", "dev-secret")}).status ==
        415);
  CHECK(service.Call(MakeRequest("POST", kPath)).status == 401);
  CHECK(service.publisher->position().sequence == 0);
}

TEST_CASE("a revocation that is not stored is 503") {
  ServiceUnderTest service;
  service.fault = Fault::kUnavailable;
  const http::Response response =
      Post(service, R"({"kind":"subject","value":"alice"})");
  CHECK(response.status == 503);
  CHECK(HeaderOf(response, "Retry-After") == "1");
}

TEST_CASE("the log tells what was revoked, when and why") {
  ServiceUnderTest service;
  Post(service, R"({"kind":"subject","value":"al\"ice","reason":"theft",)"
                R"("not_before":1763769000})");
  Post(service, R"({"kind":"token","value":"some-jti"})");
  const auto log = Log(service, "?after=0");
  CHECK(NumberOf(log, "last") == 2);
  const auto& entries = log.at("entries").as_array();
  REQUIRE(entries.size() == 2);
  const auto& first = entries[0].as_object();
  CHECK(NumberOf(first, "seq") == 1);
  CHECK(TextOf(first, "kind") == "subject");
  CHECK(TextOf(first, "value") == "al\"ice");
  CHECK(TextOf(first, "reason") == "theft");
  CHECK(TextOf(first, "at") == "2025-11-22T00:00:00Z");
  CHECK(TextOf(first, "not_before") == "2025-11-21T23:50:00Z");
  CHECK(TextOf(first, "drop_after") > "2025-11-21T23:50:00Z");
  const auto& second = entries[1].as_object();
  CHECK(TextOf(second, "kind") == "token");
  CHECK_FALSE(second.contains("not_before"));
}

TEST_CASE("a reader goes on from where it stopped") {
  ServiceUnderTest service;
  for (const char* name : {"a", "b", "c"}) {
    Post(service, R"({"kind":"token","value":")" + std::string(name) + "\"}");
  }
  const auto page = Log(service, "?after=1&limit=1");
  CHECK(NumberOf(page, "last") == 3);
  REQUIRE(page.at("entries").as_array().size() == 1);
  CHECK(NumberOf(page.at("entries").as_array()[0].as_object(), "seq") == 2);
  CHECK(Log(service, "?after=3").at("entries").as_array().empty());
  CHECK(Log(service, "").at("entries").as_array().size() == 3);
}

TEST_CASE("a long poll is answered by the next revocation") {
  ServiceUnderTest service;
  const auto waiting =
      service.Start(MakeRequest("GET", std::string(kPath) + "?after=0&wait=60",
                                {Basic("feeder", "feeder-secret")}));
  CHECK_FALSE(waiting->Answered());
  Post(service, R"({"kind":"token","value":"x"})");
  const http::Response response = waiting->Wait();
  CHECK(response.status == 200);
  CHECK(NumberOf(JsonOf(response), "last") == 1);
  CHECK(JsonOf(response).at("entries").as_array().size() == 1);
}

TEST_CASE("a long poll that has something to tell does not wait") {
  ServiceUnderTest service;
  Post(service, R"({"kind":"token","value":"x"})");
  CHECK(NumberOf(Log(service, "?after=0&wait=60"), "last") == 1);
}

TEST_CASE("the log's parameters are whole numbers in range") {
  ServiceUnderTest service;
  for (const char* query : {"?after=-1", "?after=x", "?after=", "?wait=61",
                            "?limit=0", "?limit=1001", "?after=1&after=2",
                            "?since=1", "?after=18446744073709551616"}) {
    CAPTURE(query);
    CHECK(service.Send("GET", "feeder", kPath + std::string(query)).status ==
          400);
  }
  CHECK(service.Send("GET", "gate", kPath).status == 403);
}

TEST_CASE("a log that cannot be read is 503, never empty") {
  ServiceUnderTest service;
  Post(service, R"({"kind":"token","value":"x"})");
  service.fault = Fault::kUnavailable;
  CHECK(service.Send("GET", "feeder", std::string(kPath) + "?after=0").status ==
        503);
}

TEST_CASE("a log that was trimmed past the cursor is 410") {
  ServiceUnderTest service;
  Post(service, R"({"kind":"token","value":"x"})");
  service.clock.Advance(std::chrono::hours(48));
  Post(service, R"({"kind":"token","value":"y"})");
  auto trimmed = std::make_shared<testing::Catcher>();
  service.publisher->Trim(
      *service.committer, 100, [trimmed](const Result<size_t>& count) {
        trimmed->Send({count && *count > 0 ? 200 : 500, {}, ""});
      });
  REQUIRE(trimmed->Wait().status == 200);
  const http::Response response =
      service.Send("GET", "feeder", std::string(kPath) + "?after=0");
  CHECK(response.status == 410);
  CHECK(ErrorOf(response) == "gone");
  CHECK(TextOf(JsonOf(response), "next") == "/v1/revocations/live");
  CHECK(NumberOf(Log(service, "?after=1"), "last") == 2);
}

// ---- Pollers ----

http::Response Get(ServiceUnderTest& service, const std::string& target) {
  return service.Send("GET", "feeder", target);
}

// Follow asks for what `next` names, as a poller does.
boost::json::object Follow(ServiceUnderTest& service,
                           const boost::json::object& answer) {
  const http::Response response = Get(service, TextOf(answer, "next"));
  CHECK_MESSAGE(response.status == 200, response.body);
  return JsonOf(response);
}

TEST_CASE("an entry has the id by which a verifier finds it") {
  ServiceUnderTest service;
  Post(service, R"({"kind":"token","value":"AAAAAAAAAAAAAAAAAAAAAQ"})");
  Post(service, R"({"kind":"subject","value":"alice"})");
  const auto log = Log(service, "?after=0");
  const auto& entries = log.at("entries").as_array();
  CHECK(TextOf(entries[0].as_object(), "id") == "AAAAAAAAAAAAAAAAAAAAAQ");
  CHECK(TextOf(entries[1].as_object(), "id") ==
        Base64UrlEncode(MakeRevocationId(RevocationKind::kSubject, "alice")));
}

TEST_CASE("a poller begins with what is live and goes on with the log") {
  ServiceUnderTest service;
  Post(service, R"({"kind":"token","value":"x"})");
  Post(service, R"({"kind":"subject","value":"alice"})");
  const auto live = JsonOf(Get(service, "/v1/revocations/live?wait=20"));
  CHECK(live.at("entries").as_array().size() == 2);
  CHECK(TextOf(live, "time") == "2025-11-22T00:00:00.000Z");
  CHECK(TextOf(live, "next") == "/v1/revocations?epoch=1&after=2&wait=20");
  const auto& subject = live.at("entries").as_array()[1].as_object();
  CHECK(TextOf(subject, "kind") == "subject");
  CHECK(TextOf(subject, "not_before") == "2025-11-22T00:00:01Z");
  CHECK_FALSE(subject.contains("value"));
  Post(service, R"({"kind":"token","value":"y"})");
  service.clock.Advance(std::chrono::seconds(5));
  const auto log = Follow(service, live);
  CHECK(log.at("entries").as_array().size() == 1);
  CHECK(TextOf(log, "time") == "2025-11-22T00:00:05.000Z");
  CHECK(TextOf(log, "next") == "/v1/revocations?epoch=1&after=3&wait=20");
}

TEST_CASE("pages of what is live lack nothing that is revoked meanwhile") {
  ServiceUnderTest service;
  std::set<std::string> expected;
  const auto revoke = [&](int i) {
    const std::string id = "token-" + std::to_string(i);
    Post(service, R"({"kind":"token","value":")" + id + "\"}");
    expected.insert(
        Base64UrlEncode(MakeRevocationId(RevocationKind::kToken, id)));
  };
  for (int i = 0; i < 100; ++i) revoke(i);
  Post(service, R"({"kind":"all"})");
  std::set<std::string> got;
  bool all = false;
  const auto take = [&](const boost::json::object& answer) {
    for (const auto& value : answer.at("entries").as_array()) {
      const auto& entry = value.as_object();
      if (TextOf(entry, "kind") == "all") {
        all = true;
      } else {
        got.insert(TextOf(entry, "id"));
      }
    }
  };
  auto answer = JsonOf(Get(service, "/v1/revocations/live?wait=1&limit=7"));
  take(answer);
  int pages = 1;
  while (!answer.contains("time")) {
    CHECK(answer.at("entries").as_array().size() == 7);
    revoke(100 + pages++);
    answer = Follow(service, answer);
    take(answer);
  }
  CHECK(pages > 10);
  take(Follow(service, answer));
  CHECK(got == expected);
  CHECK(all);
}

TEST_CASE("an answer has a time only if it reaches the end of the log") {
  ServiceUnderTest service;
  for (const char* name : {"a", "b", "c"}) {
    Post(service, R"({"kind":"token","value":")" + std::string(name) + "\"}");
  }
  const auto first = Log(service, "?epoch=1&after=0&limit=2");
  CHECK_FALSE(first.contains("time"));
  CHECK(TextOf(first, "next") == "/v1/revocations?epoch=1&after=2&limit=2");
  const auto second = Follow(service, first);
  CHECK(second.contains("time"));
  CHECK(second.at("entries").as_array().size() == 1);
}

TEST_CASE("a place of another log is 409 at once, and says how to go on") {
  ServiceUnderTest service;
  Post(service, R"({"kind":"token","value":"x"})");
  for (const char* query :
       {"?epoch=2&after=1&wait=60", "?epoch=0&after=1&wait=60",
        "?epoch=1&after=2&wait=60"}) {
    CAPTURE(query);
    const http::Response response = Get(service, kPath + std::string(query));
    CHECK(response.status == 409);
    CHECK(ErrorOf(response) == "new_epoch");
    CHECK(TextOf(JsonOf(response), "next") == "/v1/revocations/live?wait=60");
    CHECK(NumberOf(JsonOf(response), "epoch") == 1);
  }
  // Without an epoch it is for the reader to see that there is another.
  const auto ahead = Log(service, "?after=2");
  CHECK(NumberOf(ahead, "last") == 1);
  CHECK_FALSE(ahead.contains("time"));
  const std::string id = ".2.AAAAAAAAAAAAAAAAAAAAAA";
  CHECK(Get(service, "/v1/revocations/live?from=1.1.1000" + id).status == 200);
  CHECK(Get(service, "/v1/revocations/live?from=1.2.1000" + id).status == 409);
  CHECK(Get(service, "/v1/revocations/live?from=2.1.1000" + id).status == 409);
}

TEST_CASE("the parameters of what is live are in their form and range") {
  ServiceUnderTest service;
  for (const char* query :
       {"?limit=0", "?limit=10001", "?wait=61", "?after=1", "?from=1",
        "?from=1.1.1000.2", "?from=1.1.1000.0.AAAAAAAAAAAAAAAAAAAAAA",
        "?from=1.1.1000.7.AAAAAAAAAAAAAAAAAAAAAA",
        "?from=1.1.1000.2.AAAAAAAAAAAAAAAAAAAAAB",
        "?from=1.1.1000.2.AAAAAAAAAAAAAAAAAAAAAA.",
        "?from=-1.1.1000.2.AAAAAAAAAAAAAAAAAAAAAA"}) {
    CAPTURE(query);
    CHECK(Get(service, "/v1/revocations/live" + std::string(query)).status ==
          400);
  }
  CHECK(service.Send("GET", "gate", "/v1/revocations/live").status == 403);
  service.fault = Fault::kUnavailable;
  const http::Response response = Get(service, "/v1/revocations/live");
  CHECK(response.status == 503);
  CHECK(HeaderOf(response, "Retry-After") == "1");
}

}  // namespace
}  // namespace signet::service
