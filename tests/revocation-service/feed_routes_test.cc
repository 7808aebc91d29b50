#include <doctest/doctest.h>

#include <vector>

#include "revocation-service/oauth/endpoints.h"
#include "tests/revocation-service/feed_fixture.h"

namespace signet::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::Basic;
using testing::Catcher;
using testing::DescriptionOf;
using testing::Entry;
using testing::ErrorOf;
using testing::Eventually;
using testing::HeaderOf;
using testing::JsonOf;
using testing::MakeRequest;
using testing::ModelReplica;
using testing::NumberOf;
using testing::ServiceUnderTest;
using testing::Tokens;

constexpr const char* kPaths[] = {"/feed/head",           "/feed/log",
                                  "/feed/stream",         "/feed/snapshot",
                                  "/feed/snapshot/1.0.x", "/feed/rings"};

// FakeStream is the client's end of a stream.
class FakeStream final : public http::EventStream {
 public:
  bool Send(std::shared_ptr<const std::string> data) override {
    MutexLock lock(mutex_);
    if (closed_) return false;
    events_.push_back(*data);
    return true;
  }
  void Close() override { HangUp(); }
  void OnClose(std::function<void()> hook) override {
    MutexLock lock(mutex_);
    hook_ = std::move(hook);
  }

  void HangUp() {
    MutexLock lock(mutex_);
    closed_ = true;
    auto hook = std::exchange(hook_, nullptr);
    lock.Unlock();
    if (hook) hook();
  }
  std::vector<std::string> Take() {
    MutexLock lock(mutex_);
    return std::exchange(events_, {});
  }

 private:
  Mutex mutex_;
  bool closed_ = false;
  std::vector<std::string> events_;
  std::function<void()> hook_;
};

class StreamCatcher final : public http::Responder {
 public:
  void Send(http::Response response) override { answer = response; }
  std::shared_ptr<http::EventStream> Stream(http::Response response) override {
    head = response;
    return stream;
  }
  std::optional<http::Response> answer;
  std::optional<http::Response> head;
  std::shared_ptr<FakeStream> stream = std::make_shared<FakeStream>();
};

class FeedUnderTest : public ServiceUnderTest {
 public:
  ~FeedUnderTest() { feed_router.reset(); }

  void Revoke(const std::vector<LogEntry>& entries) {
    testing::Append(engine, entries);
    REQUIRE(publisher->CatchUp().ok());
  }
  std::shared_ptr<Catcher> Ask(const std::string& target,
                               http::Headers headers = {}) {
    headers.push_back(Basic("feeder", "feeder-secret"));
    auto catcher = std::make_shared<Catcher>();
    feed_router->Handle(MakeRequest("GET", target, std::move(headers)),
                        catcher);
    return catcher;
  }
  http::Response Get(const std::string& target, http::Headers headers = {}) {
    return Ask(target, std::move(headers))->Wait();
  }
  std::shared_ptr<StreamCatcher> OpenStream(const std::string& target,
                                            http::Headers headers = {}) {
    headers.push_back(Basic("feeder", "feeder-secret"));
    auto catcher = std::make_shared<StreamCatcher>();
    feed_router->Handle(MakeRequest("GET", target, std::move(headers)),
                        catcher);
    return catcher;
  }
  ModelReplica NewReplica(FeedPosition at = {}) const {
    return ModelReplica(rings->feed()->Public(), clock, at);
  }

  std::unique_ptr<Router> feed_router =
      std::make_unique<Router>(FeedRoutes(*services), metrics);
};

void CheckFrames(const http::Response& response) {
  CHECK(response.status == 200);
  CHECK(HeaderOf(response, "Content-Type") == "application/octet-stream");
}

TEST_CASE("every endpoint demands the permission feed") {
  FeedUnderTest feed;
  for (const std::string path : kPaths) {
    CAPTURE(path);
    const auto status = [&](http::Headers headers) {
      auto catcher = std::make_shared<Catcher>();
      feed.feed_router->Handle(MakeRequest("GET", path, std::move(headers)),
                               catcher);
      return catcher->Wait().status;
    };
    CHECK(status({}) == 401);
    CHECK(status({Basic("feeder", "wrong")}) == 401);
    CHECK(status({Basic("app", "")}) == 401);
    CHECK(status({Basic("idler", "idler-secret")}) == 403);
  }
  CHECK(feed.publisher->subscribers() == 0);
}

TEST_CASE("without the store every endpoint answers 503, and when to retry") {
  FeedUnderTest feed;
  feed.fault = Fault::kUnavailable;
  for (const std::string path : kPaths) {
    CAPTURE(path);
    const http::Response response = feed.Get(path);
    CHECK(response.status == 503);
    CHECK(HeaderOf(response, "Retry-After") == "1");
  }
  CHECK(feed.Get("/feed/log?wait=5").status == 503);
}

TEST_CASE("the head is one frame that nobody may store") {
  FeedUnderTest feed;
  feed.Revoke(Tokens(2, "t"));
  const http::Response response = feed.Get("/feed/head");
  CheckFrames(response);
  CHECK(HeaderOf(response, "Cache-Control") == "no-store");
  ModelReplica replica = feed.NewReplica();
  replica.position = {1, 2};
  replica.list.Apply(
      std::vector{Tokens(2, "t")[0].revocation, Tokens(2, "t")[1].revocation});
  replica.ApplyBody(response.body);
  CHECK(replica.heads == 1);
}

TEST_CASE("the log is told from the beginning to whoever names no cursor") {
  FeedUnderTest feed;
  feed.Revoke(Tokens(3, "t"));
  for (const char* query : {"", "?epoch=1", "?epoch=1&after=0"}) {
    const http::Response response = feed.Get(std::string("/feed/log") + query);
    CheckFrames(response);
    CHECK(HeaderOf(response, "Cache-Control") == "no-store");
    CHECK(HeaderOf(response, "ETag") == "\"1.3\"");
    ModelReplica replica = feed.NewReplica({1, 0});
    replica.ApplyBody(response.body);
    CHECK(replica.position == FeedPosition{1, 3});
  }
}

TEST_CASE("an empty poll is a fresh head and never 304") {
  FeedUnderTest feed;
  feed.Revoke(Tokens(3, "t"));
  ModelReplica replica = feed.NewReplica({1, 0});
  replica.ApplyBody(feed.Get("/feed/log").body);
  feed.clock.Advance(std::chrono::seconds(3));
  const http::Response response =
      feed.Get("/feed/log?epoch=1&after=3", {{"If-None-Match", "\"1.3\""}});
  CheckFrames(response);
  replica.ApplyBody(response.body);
  CHECK(replica.heads == 1);
  CHECK(replica.head.time == feed.clock.Now());
}

TEST_CASE("a parameter that is malformed is named") {
  FeedUnderTest feed;
  const std::pair<const char*, const char*> bad[] = {
      {"epoch=x", "epoch"},
      {"epoch=-1", "epoch"},
      {"epoch=01", "epoch"},
      {"epoch=4294967296", "epoch"},
      {"after=1", "epoch"},
      {"epoch=1&after=x", "after"},
      {"epoch=1&after=1.5", "after"},
      {"epoch=1&after=9223372036854775808", "after"},
      {"epoch=1&after=%00", "after"},
      {"epoch=1&epoch=1", "epoch"},
      {"wait=56", "wait"},
      {"wait=-1", "wait"},
      {"wait=1s", "wait"},
      {"afterr=1", "afterr"},
  };
  for (const auto& [text, name] : bad) {
    const std::string query = text;
    CAPTURE(query);
    const http::Response response = feed.Get("/feed/log?" + query);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) == "invalid_request");
    CHECK(DescriptionOf(response).find(name) != std::string::npos);
  }
  CHECK(feed.Get("/feed/stream?epoch=x").status == 400);
  CHECK(feed.Get("/feed/stream?wait=1").status == 400);
}

TEST_CASE("another epoch is 409 with ours, and so is a cursor ahead of us") {
  FeedUnderTest feed;
  feed.Revoke(Tokens(3, "t"));
  for (const char* query : {"epoch=0&after=3", "epoch=2", "epoch=1&after=4",
                            "epoch=1&after=4&wait=55"}) {
    CAPTURE(query);
    const http::Response response = feed.Get(std::string("/feed/log?") + query);
    CHECK(response.status == 409);
    CHECK(ErrorOf(response) == "new_epoch");
    CHECK(NumberOf(JsonOf(response), "epoch") == 1);
  }
}

TEST_CASE("a cursor before the trim point is 410 with advice") {
  FeedUnderTest feed;
  feed.Revoke(Tokens(3, "t"));
  feed.clock.Advance(hours(2));
  std::atomic<bool> trimmed{false};
  feed.publisher->Trim(*feed.committer, 100, [&](auto) { trimmed = true; });
  REQUIRE(Eventually([&] { return trimmed.load(); }));
  for (const char* path :
       {"/feed/log?epoch=1&after=2", "/feed/log?epoch=1&after=2&wait=55",
        "/feed/log", "/feed/stream?epoch=1&after=0"}) {
    CAPTURE(path);
    const http::Response response = feed.Get(path);
    CHECK(response.status == 410);
    CHECK(ErrorOf(response) == "gone");
    CHECK(DescriptionOf(response).find("/feed/snapshot") != std::string::npos);
  }
  CHECK(feed.Get("/feed/log?epoch=1&after=3").status == 200);
}

TEST_CASE("a long poll waits for an entry") {
  FeedUnderTest feed;
  const auto catcher = feed.Ask("/feed/log?wait=55");
  CHECK_FALSE(catcher->Answered());
  feed.Revoke(Tokens(1, "t"));
  const http::Response response = catcher->Wait();
  CheckFrames(response);
  ModelReplica replica = feed.NewReplica({1, 0});
  replica.ApplyBody(response.body);
  CHECK(replica.list.size() == 1);
  CHECK(catcher->sent() == 1);
}

TEST_CASE("a long poll that waits in vain ends with a head") {
  FeedUnderTest feed;
  const http::Response response = feed.Get("/feed/log?wait=1");
  CheckFrames(response);
  ModelReplica replica = feed.NewReplica({1, 0});
  replica.ApplyBody(response.body);
  CHECK(replica.heads == 1);
}

TEST_CASE("a snapshot is sent under a name of its own, for caches to keep") {
  FeedUnderTest feed;
  feed.Revoke(Tokens(5, "t"));
  const http::Response redirect = feed.Get("/feed/snapshot");
  CHECK(redirect.status == 307);
  CHECK(HeaderOf(redirect, "Cache-Control") == "no-store");
  const std::string place = HeaderOf(redirect, "Location");
  CHECK(place.starts_with("snapshot/1.5."));

  const http::Response piece = feed.Get("/feed/" + place);
  CheckFrames(piece);
  CHECK(HeaderOf(piece, "Cache-Control") == "public, max-age=600, immutable");
  CHECK("snapshot/" + HeaderOf(piece, "ETag").substr(1) == place + '"');
  ModelReplica replica = feed.NewReplica();
  replica.ApplyBody(piece.body);
  CHECK(replica.list.size() == 5);
  CHECK(feed.Get("/feed/" + place).body == piece.body);
}

TEST_CASE("who asks for a piece that is gone is sent to the newest") {
  FeedUnderTest feed;
  feed.Revoke(Tokens(5, "t"));
  const std::string old = HeaderOf(feed.Get("/feed/snapshot"), "Location");
  feed.Revoke(Tokens(1, "u"));
  // For a while it is the newest, whatever comes.
  CHECK(feed.Get("/feed/" + old).status == 200);
  feed.clock.Advance(minutes(1));
  const http::Response gone = feed.Get("/feed/" + old);
  CHECK(gone.status == 307);
  const std::string name = HeaderOf(gone, "Location");
  CHECK(name.starts_with("1.6."));
  CHECK(feed.Get("/feed/snapshot/" + name).status == 200);
  CHECK(feed.Get("/feed/snapshot/junk").status == 307);
  CHECK(feed.Get("/feed/snapshot/").status == 404);
}

TEST_CASE("the rings are one frame") {
  FeedUnderTest feed;
  const http::Response response = feed.Get("/feed/rings");
  CheckFrames(response);
  ModelReplica replica = feed.NewReplica();
  replica.ApplyBody(response.body);
  CHECK(replica.rings.size() == 2);
}

TEST_CASE("a stream is server-sent events that no proxy may hold back") {
  FeedUnderTest feed;
  feed.Revoke(Tokens(2, "t"));
  const auto catcher = feed.OpenStream("/feed/stream?epoch=1&after=0");
  REQUIRE(catcher->head.has_value());
  CHECK(catcher->head->status == 200);
  CHECK(HeaderOf(*catcher->head, "Content-Type") == "text/event-stream");
  CHECK(HeaderOf(*catcher->head, "Cache-Control") == "no-store");
  CHECK(HeaderOf(*catcher->head, "X-Accel-Buffering") == "no");
  ModelReplica replica = feed.NewReplica({1, 0});
  const auto reaches = [&](uint64_t sequence) {
    return Eventually([&] {
      for (const auto& event : catcher->stream->Take()) {
        replica.ApplyEvent(event);
      }
      return replica.position.sequence == sequence;
    });
  };
  CHECK(reaches(2));
  feed.Revoke(Tokens(1, "u"));
  CHECK(reaches(3));
  catcher->stream->HangUp();
  CHECK(feed.publisher->subscribers() == 0);
}

TEST_CASE("Last-Event-ID wins over the query") {
  FeedUnderTest feed;
  feed.Revoke(Tokens(3, "t"));
  const auto catcher = feed.OpenStream("/feed/stream?epoch=7&after=9",
                                       {{"Last-Event-ID", "1.2"}});
  REQUIRE(catcher->head.has_value());
  std::vector<std::string> events;
  REQUIRE(Eventually([&] {
    events = catcher->stream->Take();
    return !events.empty();
  }));
  CHECK(events.front().starts_with("id: 1.3\n"));
}

TEST_CASE("a Last-Event-ID that is malformed or stands twice is refused") {
  FeedUnderTest feed;
  for (const char* id : {"", "1", "1.", ".1", "1.2.3", "1.x", "01.2", " 1.2",
                         "4294967296.1", "1.9223372036854775808"}) {
    CAPTURE(id);
    const auto catcher =
        feed.OpenStream("/feed/stream", {{"Last-Event-ID", id}});
    REQUIRE(catcher->answer.has_value());
    CHECK(catcher->answer->status == 400);
    CHECK_FALSE(catcher->head.has_value());
  }
  const auto twice = feed.OpenStream(
      "/feed/stream", {{"Last-Event-ID", "1.0"}, {"Last-Event-ID", "1.0"}});
  REQUIRE(twice->answer.has_value());
  CHECK(twice->answer->status == 400);
}

TEST_CASE("a stream that cannot begin is an error and not a stream") {
  FeedUnderTest feed;
  for (const char* query : {"?epoch=9", "?epoch=1&after=5"}) {
    const auto catcher = feed.OpenStream(std::string("/feed/stream") + query);
    CHECK_FALSE(catcher->head.has_value());
    REQUIRE(catcher->answer.has_value());
    CHECK(catcher->answer->status == 409);
  }
  CHECK(feed.publisher->subscribers() == 0);
}

}  // namespace
}  // namespace signet::service
