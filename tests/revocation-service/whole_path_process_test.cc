// The whole path on real parts: a real signetd on RocksDB, and edges that are
// a RevocationFeed and a Verifier each, one polling and one subscribed.

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <set>
#include <thread>

#include "backend_client.h"
#include "signet/feed.h"
#include "signet/ring_store.h"
#include "signet/verifier.h"
#include "signetd_process.h"
#include "tests/eventually.h"

namespace signet::testing {
namespace {

constexpr const char* kIssuer = "http://127.0.0.1:8420";

// An Edge verifies as an edge service does.
class Edge {
 public:
  Edge(const std::string& url, const std::string& keys, FeedMode mode) {
    FeedOptions options;
    options.services = {url};
    options.client_id = "dev";
    options.client_secret = "dev-secret";
    options.feed_ring = *ReadPublicRing(keys + "/feed.pub.json");
    options.mode = mode;
    options.poll_interval = Duration(50);
    options.max_backoff = Duration(200);
    auto feed = RevocationFeed::Start(std::move(options));
    REQUIRE_MESSAGE(feed, feed.error().message);
    feed_ = std::move(feed).value();
    Policy policy;
    policy.issuer = kIssuer;
    policy.audience = "orders";
    policy.max_staleness = Duration(4000);
    auto verifier =
        Verifier::Create(policy, feed_->keys(), feed_->revocations());
    REQUIRE(verifier);
    verifier_.emplace(std::move(verifier).value());
    const Status fresh = feed_->WaitUntilFresh(Seconds(10));
    CHECK_MESSAGE(fresh, fresh.error().message);
  }

  bool Accepts(const std::string& token) const {
    return verifier_->Verify(token).ok();
  }
  bool Says(const std::string& token, RefusalCode code) const {
    auto verdict = verifier_->Verify(token);
    return !verdict && verdict.error().code == code;
  }
  FeedStatus status() const { return feed_->status(); }

 private:
  std::unique_ptr<RevocationFeed> feed_;
  std::optional<Verifier> verifier_;
};

// A Stand is one signetd with its folders, which can be killed and started
// again on the same port.
class Stand {
 public:
  Stand() : process_(Start("127.0.0.1:0")) { REQUIRE(process_.ready()); }

  void KillHard() {
    port_ = process_.port();
    process_.Kill(SIGKILL);
    process_.Wait();
  }
  void Restart() {
    process_ = Start("127.0.0.1:" + std::to_string(port_));
    REQUIRE_MESSAGE(process_.ready(), process_.log());
  }

  uint16_t port() const { return process_.port(); }
  SignetdProcess& process() { return process_; }
  Edge NewEdge(FeedMode mode) {
    return Edge(process_.url(), dir_ / "keys", mode);
  }

 private:
  SignetdProcess Start(const std::string& listen) {
    return SignetdProcess::Start({"--dev", "--data", dir_ / "data", "--keys",
                                  dir_ / "keys", "--issuer", kIssuer,
                                  "--listen", listen});
  }

  TempDir dir_;
  SignetdProcess process_;
  uint16_t port_ = 0;
};

TEST_CASE("edges learn after a SIGKILL what was acknowledged before it") {
  Stand stand;
  Edge polling = stand.NewEdge(FeedMode::kPoll);
  Edge subscribed = stand.NewEdge(FeedMode::kSubscribe);
  std::vector<std::string> ended;
  for (int round = 0; round < 2; ++round) {
    BackendClient client(stand.port());
    const Answer opened = client.Open("user" + std::to_string(round));
    REQUIRE(opened.status == 201);
    ended.push_back(opened.Text("access_token"));
    REQUIRE(client.End(opened.Text("session_id")).status == 204);
    stand.KillHard();
    stand.Restart();
  }
  for (const std::string& access : ended) {
    for (Edge* edge : {&polling, &subscribed}) {
      CHECK(Eventually(
          [&] { return edge->Says(access, RefusalCode::kRevoked); }));
    }
  }
}

TEST_CASE("edges say stale while the service is down, and resume after") {
  Stand stand;
  Edge polling = stand.NewEdge(FeedMode::kPoll);
  Edge subscribed = stand.NewEdge(FeedMode::kSubscribe);
  BackendClient before(stand.port());
  const std::string revoked = before.Open("mallory").Text("access_token");
  const std::string good = before.Open("alice").Text("access_token");
  REQUIRE(before.Revoke("subject", "mallory").status == 201);
  for (Edge* edge : {&polling, &subscribed}) {
    REQUIRE(
        Eventually([&] { return edge->Says(revoked, RefusalCode::kRevoked); }));
  }

  stand.KillHard();
  for (Edge* edge : {&polling, &subscribed}) {
    CHECK(Eventually([&] { return edge->Says(good, RefusalCode::kStale); }));
    // What it knows it still knows.
    CHECK(edge->Says(revoked, RefusalCode::kRevoked));
  }
  const FeedPosition position = subscribed.status().position;

  stand.Restart();
  BackendClient after(stand.port());
  for (Edge* edge : {&polling, &subscribed}) {
    CHECK(Eventually([&] { return edge->Accepts(good); }));
    CHECK(edge->status().position.epoch == position.epoch);
    CHECK(edge->status().position >= position);
  }
  REQUIRE(after.Revoke("subject", "alice").status == 201);
  for (Edge* edge : {&polling, &subscribed}) {
    CHECK(Eventually([&] { return edge->Says(good, RefusalCode::kRevoked); }));
  }
}

TEST_CASE("ten clients with one refresh token get one successor") {
  Stand stand;
  const std::string first =
      BackendClient(stand.port()).Open("alice").Text("refresh_token");
  std::vector<Answer> answers(10);
  std::vector<std::thread> clients;
  for (Answer& answer : answers) {
    clients.emplace_back([&answer, &first, port = stand.port()] {
      answer = BackendClient(port).Refresh(first);
    });
  }
  for (std::thread& client : clients) client.join();

  std::set<std::string> successors;
  for (const Answer& answer : answers) {
    CHECK(answer.status == 200);
    successors.insert(answer.Text("refresh_token"));
  }
  CHECK(successors.size() == 1);
  BackendClient client(stand.port());
  const Answer next = client.Refresh(*successors.begin());
  CHECK(next.status == 200);
  CHECK(next.Text("refresh_token") != *successors.begin());
}

TEST_CASE("a replayed older refresh token ends the session at every edge") {
  Stand stand;
  Edge polling = stand.NewEdge(FeedMode::kPoll);
  Edge subscribed = stand.NewEdge(FeedMode::kSubscribe);
  BackendClient client(stand.port());
  const Answer first = client.Open("alice");
  const Answer second = client.Refresh(first.Text("refresh_token"));
  const Answer third = client.Refresh(second.Text("refresh_token"));
  const std::string access = third.Text("access_token");
  CHECK(polling.Accepts(access));
  CHECK(subscribed.Accepts(access));

  const Answer replay = client.Refresh(first.Text("refresh_token"));
  CHECK(replay.status == 400);
  CHECK(replay.Text("error") == "invalid_grant");
  CHECK(client.Refresh(third.Text("refresh_token")).status == 400);
  for (Edge* edge : {&polling, &subscribed}) {
    CHECK(
        Eventually([&] { return edge->Says(access, RefusalCode::kRevoked); }));
  }
}

TEST_CASE("junk on every endpoint gets an answer and the process lives on") {
  Stand stand;
  httplib::Client http("127.0.0.1", stand.port());
  http.set_basic_auth("dev", "dev-secret");
  http.set_read_timeout(10);
  const std::string binary("\x00\xff\xfe{\"a\":", 8);
  const std::string junk[] = {
      "",           "=", "&&&", "%",    "%zz=%",     "token",
      "token=\x01", "{", "[]",  "null", "{\"a\":1}", std::string(60'000, 'x'),
      binary};
  const char* paths[] = {"/token",
                         "/revoke",
                         "/introspect",
                         "/v1/sessions",
                         "/v1/sessions/x",
                         "/v1/revocations",
                         "/feed/head",
                         "/feed/log?epoch=x",
                         "/feed/stream?after=-1",
                         "/feed/snapshot",
                         "/feed/rings",
                         "/",
                         "/%00",
                         "/../",
                         "/v1/sessions?subject=%",
                         "/v1/revocations?wait=9e9"};
  for (const char* path : paths) {
    for (const std::string& body : junk) {
      for (const char* type : {"application/x-www-form-urlencoded",
                               "application/json", "text/plain", ""}) {
        auto answer = http.Post(path, body, type);
        CAPTURE(path);
        REQUIRE(answer);
        CHECK(answer->status < 500);
      }
    }
    if (std::string_view(path).starts_with("/feed/stream")) continue;
    CHECK(http.Get(path)->status < 500);
    CHECK(http.Delete(path)->status < 500);
    CHECK(http.Put(path)->status < 500);
  }
  httplib::Client admin("127.0.0.1", stand.process().admin_port());
  auto ready = admin.Get("/readyz");
  REQUIRE(ready);
  CHECK(ready->status == 200);
}

}  // namespace
}  // namespace signet::testing
