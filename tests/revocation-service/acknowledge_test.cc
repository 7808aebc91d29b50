// Revocations that are answered when the verifiers enforce them: service and
// followers are the real ones, over HTTP.
#include <doctest/doctest.h>
#include <httplib.h>

#include <boost/json.hpp>
#include <future>
#include <thread>

#include "tests/revocation-service/live_service.h"
#include "tests/revocation-service/raw_client.h"

namespace signet::service {
namespace {

using signet::testing::RawClient;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Basic;
using testing::Eventually;
using testing::LiveService;
using testing::NumberOf;
using testing::Tokens;

constexpr auto kToken = RevocationKind::kToken;
constexpr char kFormType[] = "application/x-www-form-urlencoded";
constexpr char kId[] = "AAAAAAAAAAAAAAAAAAAAAA";

bool Revokes(const RevocationFeed& feed, const std::string& token) {
  TokenIdentity identity;
  identity.has_token = true;
  identity.token = MakeRevocationId(kToken, token);
  return feed.revocations().IsRevoked(identity);
}

struct Reply {
  int status = 0;
  boost::json::object body;
  int64_t Number(std::string_view name) const { return NumberOf(body, name); }
  boost::json::object Verifiers() const {
    const auto* found = body.if_contains("verifiers");
    REQUIRE(found != nullptr);
    return found->as_object();
  }
};

Reply ReplyOf(const httplib::Result& result) {
  REQUIRE(result);
  Reply reply{result->status, {}};
  if (!result->body.empty()) {
    reply.body = boost::json::parse(result->body).as_object();
  }
  return reply;
}

httplib::Client ClientOf(const LiveService& service, const std::string& id) {
  httplib::Client client("127.0.0.1", service.port);
  client.set_basic_auth(id.c_str(), (id + "-secret").c_str());
  client.set_read_timeout(70);
  return client;
}

Reply Post(const LiveService& service, const std::string& token,
           const std::string& query) {
  return ReplyOf(ClientOf(service, "dev")
                     .Post(("/v1/revocations" + query).c_str(),
                           R"({"kind":"token","value":")" + token + R"("})",
                           "application/json"));
}

Reply Census(const LiveService& service, const std::string& query = "") {
  return ReplyOf(
      ClientOf(service, "feeder").Get(("/v1/verifiers" + query).c_str()));
}

int Ack(const LiveService& service, const std::string& form,
        const std::string& client = "feeder") {
  return ReplyOf(ClientOf(service, client).Post("/feed/ack", form, kFormType))
      .status;
}

// RawStream subscribes and acknowledges nothing by itself.
RawClient RawStream(const LiveService& service, const std::string& id,
                    const std::string& cursor = "") {
  RawClient client(service.port);
  std::string request = "GET /feed/stream HTTP/1.1\r\nHost: t\r\n";
  request +=
      "Authorization: " + Basic("feeder", "feeder-secret").second + "\r\n";
  if (!id.empty()) request += "Feed-Verifier: " + id + "\r\n";
  if (!cursor.empty()) request += "Last-Event-ID: " + cursor + "\r\n";
  REQUIRE(client.Send(request + "\r\n"));
  REQUIRE(client.ReadUntil("data: ").find(" 200 ") != std::string::npos);
  return client;
}

TEST_CASE("a revocation is answered when every verifier enforces it") {
  LiveService service;
  std::vector<std::unique_ptr<RevocationFeed>> feeds;
  for (int i = 0; i < 3; ++i) {
    feeds.push_back(
        service.Follow(service.ClientOptions(FeedMode::kSubscribe)));
  }
  feeds.push_back(service.Follow(service.ClientOptions(FeedMode::kPoll)));
  for (int i = 0; i < 5; ++i) {
    const std::string token = "t" + std::to_string(i);
    const Reply reply = Post(service, token, "?wait=55");
    REQUIRE(reply.status == 201);
    CHECK(reply.Number("seq") == i + 1);
    const auto verifiers = reply.Verifiers();
    CHECK(NumberOf(verifiers, "connected") == 4);
    CHECK(NumberOf(verifiers, "enforcing") == 4);
    CHECK(verifiers.at("p50_ms").to_number<double>() <=
          verifiers.at("p99_ms").to_number<double>());
    CHECK(verifiers.at("p99_ms").to_number<double>() <=
          verifiers.at("max_ms").to_number<double>());
    // What was answered is true: nobody has to wait here.
    for (const auto& feed : feeds) CHECK(Revokes(*feed, token));
  }
  CHECK(feeds[0]->status().acks > 0);
  CHECK(feeds[3]->status().acks == 0);
}

TEST_CASE("a wait is 0 to 55 seconds, and without one nothing is said") {
  LiveService service;
  const auto feed = service.Follow(service.ClientOptions(FeedMode::kSubscribe));
  const Reply plain = Post(service, "a", "");
  CHECK(plain.status == 201);
  CHECK_FALSE(plain.body.contains("verifiers"));
  const Reply at_once = Post(service, "b", "?wait=0");
  CHECK(at_once.status == 201);
  CHECK(NumberOf(at_once.Verifiers(), "connected") == 1);
  for (const char* query : {"?wait=56", "?wait=-1", "?wait=x",
                            "?wait=", "?wait=1&wait=1", "?weit=1"}) {
    CAPTURE(query);
    CHECK(Post(service, "c", query).status == 400);
  }
  CHECK(service.publisher->position().sequence == 2);
}

std::string OpenSession(const LiveService& service, const std::string& client,
                        const std::string& subject) {
  const Reply reply =
      ReplyOf(ClientOf(service, client)
                  .Post("/v1/sessions",
                        R"({"subject":")" + subject + R"(","audience":"x"})",
                        "application/json"));
  REQUIRE(reply.status == 201);
  return reply.body.at("session_id").as_string().c_str();
}

Reply Delete(const LiveService& service, const std::string& client,
             const std::string& what) {
  return ReplyOf(
      ClientOf(service, client).Delete(("/v1/sessions" + what).c_str()));
}

TEST_CASE("a logout is answered when every verifier enforces it") {
  LiveService service;
  const auto feed = service.Follow(service.ClientOptions(FeedMode::kSubscribe));
  const auto poller = service.Follow(service.ClientOptions(FeedMode::kPoll));
  const auto check = [&](const Reply& reply, int64_t ended) {
    CHECK(reply.status == 200);
    CHECK(reply.Number("revoked") == ended);
    CHECK(reply.Number("epoch") == 1);
    CHECK(NumberOf(reply.Verifiers(), "connected") == 2);
    CHECK(NumberOf(reply.Verifiers(), "enforcing") == 2);
    // What was answered is true: nobody has to wait here.
    const auto sequence = static_cast<uint64_t>(reply.Number("seq"));
    CHECK(feed->status().position.sequence >= sequence);
    CHECK(poller->status().position.sequence >= sequence);
  };
  // One session; a subject's, of every client; all but one; a client's own.
  const std::string one = OpenSession(service, "dev", "alice");
  check(Delete(service, "dev", "/" + one + "?wait=55"), 1);
  CHECK(service.publisher->position().sequence == 1);
  OpenSession(service, "dev", "alice");
  check(Delete(service, "dev", "?subject=alice&wait=55"), 1);
  const std::string kept = OpenSession(service, "dev", "bob");
  OpenSession(service, "dev", "bob");
  check(Delete(service, "dev", "?subject=bob&wait=55&except=" + kept), 1);
  OpenSession(service, "other", "carol");
  OpenSession(service, "other", "carol");
  check(Delete(service, "other", "?subject=carol&wait=55"), 2);
  // With nothing to end, what there is holds.
  check(Delete(service, "other", "?subject=carol&wait=55"), 0);
}

TEST_CASE("a logout without a wait, or with a wrong one, is as ever") {
  LiveService service;
  const std::string id = OpenSession(service, "dev", "alice");
  for (const char* query :
       {"wait=56", "wait=-1", "wait=x", "wait=", "wait=1&wait=1", "weit=1"}) {
    CAPTURE(query);
    CHECK(Delete(service, "dev", "/" + id + "?" + query).status == 400);
    CHECK(
        Delete(service, "dev", std::string("?subject=alice&") + query).status ==
        400);
  }
  CHECK(service.publisher->position().sequence == 0);
  const Reply plain = Delete(service, "dev", "/" + id);
  CHECK(plain.status == 204);
  CHECK(plain.body.empty());
  CHECK(Delete(service, "dev", "/" + id + "?wait=55").status == 404);
  CHECK_FALSE(
      Delete(service, "dev", "?subject=alice").body.contains("verifiers"));
}

TEST_CASE("where nobody follows the answer comes at once") {
  LiveService service;
  const Reply reply = Post(service, "a", "?wait=55");
  CHECK(reply.status == 201);
  CHECK(NumberOf(reply.Verifiers(), "connected") == 0);
  CHECK_FALSE(reply.Verifiers().contains("p50_ms"));
}

TEST_CASE("a verifier that stalls is told of, and the rest holds") {
  LiveService service;
  const auto feed = service.Follow(service.ClientOptions(FeedMode::kSubscribe));
  const RawClient stalled = RawStream(service, kId);
  REQUIRE(Eventually([&] { return service.publisher->subscribers() == 2; }));
  const Reply reply = Post(service, "a", "?wait=1");
  CHECK(reply.status == 201);
  CHECK(NumberOf(reply.Verifiers(), "connected") == 2);
  CHECK(Revokes(*feed, "a"));
  const Reply census = Census(service);
  CHECK(census.Number("connected") == 2);
  CHECK(census.Number("furthest_behind") == 1);
  const auto first = census.body.at("verifiers").as_array().at(0).as_object();
  CHECK(first.at("id").as_string() == kId);
  CHECK(first.at("client").as_string() == "feeder");
  CHECK(first.at("transport").as_string() == "stream");
  CHECK(NumberOf(first, "behind") == 1);
}

TEST_CASE("a follower that gives no id counts, and never as enforcing") {
  LiveService service;
  const auto feed = service.Follow(service.ClientOptions(FeedMode::kSubscribe));
  RawClient old = RawStream(service, "");
  REQUIRE(Eventually([&] { return service.publisher->subscribers() == 2; }));
  const Reply reply = Post(service, "a", "?wait=55");
  CHECK(NumberOf(reply.Verifiers(), "connected") == 2);
  CHECK(NumberOf(reply.Verifiers(), "enforcing") == 1);
  CHECK(Census(service).Number("without_id") == 1);
  // It gets the revocation in the form that it knows.
  const std::string text = old.ReadUntil("id: 1.1\ndata: ");
  CHECK(text.ends_with("id: 1.1\ndata: "));
  CHECK(text.find("event:") == std::string::npos);
}

TEST_CASE("a stream is asked with the very event, and only while one waits") {
  LiveService service(std::chrono::hours(1));
  RawClient stream = RawStream(service, kId);
  REQUIRE(Post(service, "a", "").status == 201);
  const std::string quiet = stream.ReadUntil("id: 1.1\ndata: ");
  CHECK(quiet.find("event:") == std::string::npos);
  auto answer = std::async(std::launch::async,
                           [&] { return Post(service, "b", "?wait=55"); });
  const std::string asked = stream.ReadUntil("id: 1.2\ndata: ");
  CHECK(asked.ends_with("\n\nevent: ack\nid: 1.2\ndata: "));
  CHECK(Ack(service, std::string("verifier=") + kId + "&epoch=1&seq=2") == 204);
  CHECK(NumberOf(answer.get().Verifiers(), "enforcing") == 1);
}

TEST_CASE("where there is nothing new a head asks") {
  LiveService service(std::chrono::hours(1));
  const auto feed = service.Follow(service.ClientOptions(FeedMode::kSubscribe));
  REQUIRE(Eventually([&] { return service.publisher->subscribers() == 1; }));
  service.Revoke(Tokens(5, "t"));
  REQUIRE(Eventually([&] { return Revokes(*feed, "t4"); }));
  const Reply census = Census(service, "?wait=55");
  const auto acknowledged = census.body.at("acknowledged").as_object();
  CHECK(NumberOf(acknowledged, "connected") == 1);
  CHECK(NumberOf(acknowledged, "enforcing") == 1);
  CHECK(census.Number("furthest_behind") == 0);
  const auto& row = census.body.at("verifiers").as_array().at(0).as_object();
  CHECK(row.at("id").as_string() == feed->status().verifier_id);
  CHECK(NumberOf(row, "seq") == 5);
}

// Polls follows the log by long polls until `through`, as a client of another
// make does.
void Polls(const LiveService& service, const std::string& id,
           uint64_t through) {
  httplib::Client client = ClientOf(service, "feeder");
  uint64_t after = 0;
  for (bool last = false; !last;) {
    last = after >= through;
    const auto result = client.Get(
        ("/feed/log?epoch=1&wait=30&after=" + std::to_string(after)).c_str(),
        httplib::Headers{{"Feed-Verifier", id}});
    if (!result || result->status != 200) return;
    const std::string tag = result->get_header_value("ETag");
    after = std::stoull(tag.substr(3));
  }
}

TEST_CASE("a long poller acknowledges with its next question") {
  LiveService service;
  std::thread poller([&] { Polls(service, kId, 1); });
  REQUIRE(Eventually([&] { return Census(service).Number("connected") == 1; }));
  const Reply reply = Post(service, "a", "?wait=55");
  CHECK(NumberOf(reply.Verifiers(), "connected") == 1);
  CHECK(NumberOf(reply.Verifiers(), "enforcing") == 1);
  service.publisher->EndWaits();
  poller.join();
}

TEST_CASE("who leaves during the wait enforces only if it comes back") {
  LiveService service;
  RawClient leaves = RawStream(service, kId);
  auto answer = std::async(std::launch::async,
                           [&] { return Post(service, "a", "?wait=55"); });
  leaves.ReadUntil("event: ack\nid: 1.1\n");
  leaves.Close();
  REQUIRE(Eventually([&] { return service.publisher->subscribers() == 0; }));
  CHECK(answer.wait_for(milliseconds(50)) == std::future_status::timeout);
  const RawClient back = RawStream(service, kId, "1.1");
  CHECK(NumberOf(answer.get().Verifiers(), "enforcing") == 1);
}

TEST_CASE("who leaves for good is counted as one that does not enforce") {
  LiveService service;
  RawClient leaves = RawStream(service, kId);
  auto answer = std::async(std::launch::async,
                           [&] { return Post(service, "a", "?wait=1"); });
  leaves.ReadUntil("event: ack\nid: 1.1\n");
  leaves.Close();
  const Reply reply = answer.get();
  CHECK(reply.status == 201);
  CHECK(NumberOf(reply.Verifiers(), "connected") == 1);
  CHECK(NumberOf(reply.Verifiers(), "enforcing") == 0);
}

TEST_CASE("an acknowledgement that cannot be true is refused") {
  LiveService service;
  const RawClient stream = RawStream(service, kId);
  service.Revoke(Tokens(2, "t"));
  const std::string mine = std::string("verifier=") + kId;
  CHECK(Ack(service, mine + "&epoch=1&seq=2") == 204);
  CHECK(Ack(service, mine + "&epoch=1&seq=3") == 409);
  CHECK(Ack(service, mine + "&epoch=2&seq=1") == 409);
  CHECK(Ack(service, "verifier=AAAAAAAAAAAAAAAAAAAAAQ&epoch=1&seq=1") == 404);
  CHECK(Ack(service, mine + "&epoch=1&seq=1", "dev") == 403);
  CHECK(Ack(service, mine + "&epoch=1&seq=1", "gate") == 403);
  for (const char* form :
       {"", "verifier=x&epoch=1&seq=1", "verifier=AAAAAAAAAAAAAAAAAAAAAA",
        "verifier=AAAAAAAAAAAAAAAAAAAAAA&epoch=1&seq=-1",
        "verifier=AAAAAAAAAAAAAAAAAAAAAA&epoch=x&seq=1"}) {
    CAPTURE(form);
    CHECK(Ack(service, form) == 400);
  }
  CHECK(service.publisher->verifiers().acknowledgements() == 1);
  // The store has no part in it.
  service.fault = Fault::kUnavailable;
  CHECK(Ack(service, mine + "&epoch=1&seq=2") == 204);
}

TEST_CASE("an id that is none is refused, and a watcher does not count") {
  LiveService service;
  auto client = ClientOf(service, "feeder");
  for (const char* id : {"x", "AAAAAAAAAAAAAAAAAAAAAAA", "NONE"}) {
    CAPTURE(id);
    const httplib::Headers headers{{"Feed-Verifier", id}};
    CHECK(client.Get("/feed/log", headers)->status == 400);
    CHECK(client.Get("/feed/stream", headers)->status == 400);
  }
  const httplib::Headers watcher{{"Feed-Verifier", "none"}};
  CHECK(client.Get("/feed/log", watcher)->status == 200);
  CHECK(Census(service).Number("connected") == 0);
}

TEST_CASE("waits are answered when the service drains") {
  LiveService service;
  const RawClient stalled = RawStream(service, kId);
  auto answer = std::async(std::launch::async,
                           [&] { return Post(service, "a", "?wait=55"); });
  REQUIRE(
      Eventually([&] { return service.publisher->position().sequence == 1; }));
  service.publisher->EndWaits();
  const Reply reply = answer.get();
  CHECK(reply.status == 201);
  CHECK(NumberOf(reply.Verifiers(), "enforcing") == 0);
}

TEST_CASE("a revocation that is not stored is 503, whoever would wait") {
  LiveService service;
  const auto feed = service.Follow(service.ClientOptions(FeedMode::kSubscribe));
  service.fault = Fault::kUnavailable;
  CHECK(Post(service, "a", "?wait=55").status == 503);
  service.fault = Fault::kNone;
  // The wait goes with what has answered, a moment after the answer.
  CHECK(Eventually([&] { return !service.publisher->verifiers().asking(); }));
}

TEST_CASE("two hundred subscribers enforce what many callers revoke") {
  constexpr size_t kFollowers = 200;
  LiveService service(seconds(2));
  std::vector<std::unique_ptr<RevocationFeed>> feeds;
  for (size_t i = 0; i < kFollowers; ++i) {
    FeedOptions options = service.ClientOptions(FeedMode::kSubscribe);
    options.timeout = seconds(60);
    auto started = RevocationFeed::Start(options, service.clock);
    REQUIRE(started.ok());
    feeds.push_back(std::move(started).value());
  }
  for (const auto& feed : feeds) {
    REQUIRE(feed->WaitUntilFresh(seconds(60)).ok());
  }
  std::vector<std::future<Reply>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(std::async(std::launch::async, [&service, i] {
      return Post(service, "t" + std::to_string(i), "?wait=55");
    }));
  }
  for (auto& answer : answers) {
    const Reply reply = answer.get();
    CHECK(reply.status == 201);
    CHECK(NumberOf(reply.Verifiers(), "connected") == kFollowers);
    CHECK(NumberOf(reply.Verifiers(), "enforcing") == kFollowers);
  }
  for (const auto& feed : feeds) {
    for (int i = 0; i < 8; ++i) {
      CHECK(Revokes(*feed, "t" + std::to_string(i)));
    }
  }
}

}  // namespace
}  // namespace signet::service
