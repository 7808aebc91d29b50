// The whole path on real parts: a real signetd on RocksDB, and edges that are
// a RevocationFeed and a Verifier each, one polling and one subscribed.

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <random>
#include <set>
#include <thread>

#include "backend_client.h"
#include "signet/feed.h"
#include "signet/ring_store.h"
#include "signet/verifier.h"
#include "signetd_process.h"

namespace signet::testing {
namespace {

constexpr const char* kIssuer = "http://127.0.0.1:8420";

// Eventually waits for a condition, generously, and ends early.
bool Eventually(const std::function<bool()>& condition) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return condition();
}

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

// Belief is what a client was told about its session.
struct Belief {
  std::string id, refresh, access;
  bool ended = false;      // acknowledged
  bool uncertain = false;  // the end was asked for and not answered
};

// Live is one client's life until the service stops answering: it opens a
// session, exchanges, and ends every other one.
void Live(uint16_t port, int number, std::vector<Belief>& beliefs) {
  BackendClient client(port);
  for (int n = 0;; ++n) {
    // A subject of its own: past a hundred sessions the oldest would be ended.
    Answer opened = client.Open("user" + std::to_string(number) + "-" +
                                std::to_string(beliefs.size()));
    if (opened.status != 201) return;
    Belief& belief = beliefs.emplace_back();
    belief.id = opened.Text("session_id");
    belief.refresh = opened.Text("refresh_token");
    belief.access = opened.Text("access_token");
    for (int i = 0; i < 3; ++i) {
      Answer next = client.Refresh(belief.refresh);
      if (next.status != 200) return;
      belief.refresh = next.Text("refresh_token");
      belief.access = next.Text("access_token");
    }
    if (n % 2 == 0) continue;
    belief.uncertain = true;
    if (client.End(belief.id).status != 204) return;
    belief.uncertain = false;
    belief.ended = true;
  }
}

void CheckBeliefs(BackendClient& client, std::vector<Belief>& beliefs) {
  for (Belief& belief : beliefs) {
    if (belief.uncertain) continue;
    Answer next = client.Refresh(belief.refresh);
    CAPTURE(belief.id);
    if (belief.ended) {
      CHECK(next.status == 400);
      CHECK(next.Text("error") == "invalid_grant");
    } else {
      CHECK(next.status == 200);
      belief.refresh = next.Text("refresh_token");
    }
  }
}

TEST_CASE("what was acknowledged before SIGKILL is true after it") {
  Stand stand;
  Edge polling = stand.NewEdge(FeedMode::kPoll);
  Edge subscribed = stand.NewEdge(FeedMode::kSubscribe);
  std::mt19937 random(20261122);
  std::vector<std::vector<Belief>> beliefs(4);
  size_t ended = 0;

  for (int round = 0; round < 3; ++round) {
    std::vector<std::thread> clients;
    for (size_t i = 0; i < beliefs.size(); ++i) {
      clients.emplace_back(Live, stand.port(), static_cast<int>(i),
                           std::ref(beliefs[i]));
    }
    std::this_thread::sleep_for(
        std::chrono::milliseconds(200 + random() % 300));
    stand.KillHard();
    for (std::thread& client : clients) client.join();
    stand.Restart();

    BackendClient client(stand.port());
    for (auto& one : beliefs) CheckBeliefs(client, one);
  }
  for (const auto& one : beliefs) {
    for (const Belief& belief : one) {
      if (!belief.ended) continue;
      ++ended;
      for (Edge* edge : {&polling, &subscribed}) {
        CHECK(Eventually(
            [&] { return edge->Says(belief.access, RefusalCode::kRevoked); }));
      }
    }
  }
  CHECK(ended > 0);
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
