#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "revocation-service/http/server.h"
#include "tests/revocation-service/raw_client.h"

namespace signet::service::http {
namespace {

using signet::testing::Eventually;
using signet::testing::RawClient;
using signet::testing::StatusOf;

constexpr std::string_view kGet = "GET /s HTTP/1.1\r\nHost: a\r\n\r\n";

std::shared_ptr<const std::string> Text(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

// Streams is a server whose every answer is a stream that the test holds.
class Streams {
 public:
  explicit Streams(size_t max_backlog = 256 * 1024) {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.max_stream_backlog = max_backlog;
    auto started = Server::Start(
        options, [this](Request, std::shared_ptr<Responder> responder) {
          auto stream = responder->Stream(
              {200, {{"Content-Type", "text/event-stream"}}, {}});
          std::lock_guard lock(mutex_);
          streams_.push_back(std::move(stream));
        });
    REQUIRE(started.ok());
    server = std::move(*started);
  }

  std::shared_ptr<EventStream> Take(size_t index) {
    REQUIRE(Eventually([&] {
      std::lock_guard lock(mutex_);
      return streams_.size() > index;
    }));
    std::lock_guard lock(mutex_);
    return std::move(streams_[index]);
  }
  std::shared_ptr<EventStream> Open(RawClient& client) {
    client.Send(kGet);
    return Take(opened_++);
  }

  std::unique_ptr<Server> server;

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<EventStream>> streams_;
  size_t opened_ = 0;
};

TEST_CASE("what is sent on a stream arrives in order, as it is sent") {
  Streams streams;
  RawClient client(streams.server->port());
  auto stream = streams.Open(client);
  const std::string head = client.ReadUntil("\r\n\r\n");
  CHECK(StatusOf(head) == 200);
  CHECK(head.find("Connection: close\r\n") != std::string::npos);
  CHECK(head.find("Content-Length") == std::string::npos);
  CHECK(stream->Send(Text("one;")));
  CHECK(client.ReadUntil(";") == "one;");
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string event = std::to_string(i) + ";";
    REQUIRE(stream->Send(Text(event)));
    expected += event;
  }
  CHECK(client.ReadUntil("999;") == expected);
  CHECK(streams.server->stats().streams == 1);
}

TEST_CASE("closing a stream sends what waits, then ends the connection") {
  Streams streams;
  RawClient client(streams.server->port());
  auto stream = streams.Open(client);
  CHECK(stream->Send(Text("last")));
  stream->Close();
  CHECK_FALSE(stream->Send(Text("more")));
  bool closed = false;
  CHECK(client.ReadAll(&closed).ends_with("\r\n\r\nlast"));
  CHECK(closed);
  client.Close();
  CHECK(Eventually([&] { return streams.server->stats().streams == 0; }));
}

TEST_CASE("dropping a stream closes it") {
  Streams streams;
  RawClient client(streams.server->port());
  streams.Open(client).reset();
  bool closed = false;
  client.ReadAll(&closed);
  CHECK(closed);
}

TEST_CASE("the hook runs once when the client goes, at once if it has gone") {
  Streams streams;
  RawClient client(streams.server->port());
  auto stream = streams.Open(client);
  std::atomic<int> ends{0};
  stream->OnClose([&] { ++ends; });
  client.ReadUntil("\r\n\r\n");
  client.Close();
  CHECK(Eventually([&] { return ends == 1; }));
  CHECK_FALSE(stream->Send(Text("x")));
  stream->OnClose([&] { ++ends; });
  CHECK(ends == 2);
  stream.reset();
  CHECK(Eventually([&] { return streams.server->stats().connections == 0; }));
  CHECK(ends == 2);
}

TEST_CASE("a client that speaks during a stream is cut") {
  Streams streams;
  RawClient client(streams.server->port());
  auto stream = streams.Open(client);
  client.ReadUntil("\r\n\r\n");
  client.Send(kGet);
  bool closed = false;
  client.ReadAll(&closed);
  CHECK(closed);
}

TEST_CASE("a slow reader is cut and does not hold up the others") {
  Streams streams(64 * 1024);
  RawClient slow(streams.server->port(), 4096);
  RawClient quick(streams.server->port());
  auto to_slow = streams.Open(slow);
  auto to_quick = streams.Open(quick);
  std::atomic<bool> ended{false};
  to_slow->OnClose([&] { ended = true; });
  std::atomic<size_t> received{0};
  std::thread reader([&] {
    while (!quick.ReadUntil(";").ends_with("end;")) ++received;
  });
  const auto event = Text(std::string(8 * 1024 - 1, 'e') + ";");
  // Each event waits for the quick reader; the slow one never reads.
  size_t sent = 0;
  while (to_slow->Send(event) && sent < 10'000) {
    REQUIRE(to_quick->Send(event));
    ++sent;
    REQUIRE(Eventually([&] { return received >= sent; }));
  }
  CHECK(sent < 10'000);
  CHECK(Eventually([&] { return ended.load(); }));
  CHECK(streams.server->stats().streams_cut == 1);
  CHECK(to_quick->Send(Text("end;")));
  reader.join();
}

TEST_CASE("an event larger than the backlog reaches a reader that is level") {
  Streams streams(1024);
  RawClient client(streams.server->port());
  auto stream = streams.Open(client);
  CHECK(stream->Send(Text(std::string(500'000, 'x') + ";")));
  CHECK(client.ReadUntil(";").size() > 500'000);
}

TEST_CASE("HEAD of a stream is its head alone, and the stream is closed") {
  Streams streams;
  RawClient client(streams.server->port());
  client.Send("HEAD /s HTTP/1.1\r\nHost: a\r\n\r\n");
  auto stream = streams.Take(0);
  CHECK_FALSE(stream->Send(Text("x")));
  bool closed = false;
  CHECK(client.ReadAll(&closed).ends_with("\r\n\r\n"));
  CHECK(closed);
}

TEST_CASE("drain sends what waits on streams and ends them") {
  Streams streams;
  RawClient client(streams.server->port());
  auto stream = streams.Open(client);
  std::atomic<bool> ended{false};
  stream->OnClose([&] { ended = true; });
  CHECK(stream->Send(Text("last")));
  std::thread drain([&] { streams.server->Drain(std::chrono::seconds(30)); });
  CHECK(client.ReadAll().ends_with("last"));
  client.Close();
  drain.join();
  CHECK(ended);
  CHECK_FALSE(stream->Send(Text("x")));
}

TEST_CASE("a stream may outlive its server") {
  Streams streams;
  RawClient client(streams.server->port());
  auto stream = streams.Open(client);
  streams.server.reset();
  CHECK_FALSE(stream->Send(Text("x")));
  stream->Close();
}

TEST_CASE("senders, closers and leaving clients may race") {
  Streams streams(32 * 1024);
  std::atomic<bool> stop{false};
  std::vector<RawClient> clients;
  std::vector<std::shared_ptr<EventStream>> open;
  for (int i = 0; i < 50; ++i) {
    clients.emplace_back(streams.server->port());
    open.push_back(streams.Open(clients.back()));
  }
  std::vector<std::thread> senders;
  for (int t = 0; t < 2; ++t) {
    senders.emplace_back([&] {
      const auto event = Text(std::string(100, 'e'));
      while (!stop) {
        for (auto& stream : open) stream->Send(event);
      }
    });
  }
  for (size_t i = 0; i < clients.size(); ++i) {
    if (i % 3 == 0) clients[i].Close();
    if (i % 3 == 1) open[i]->Close();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  stop = true;
  for (auto& sender : senders) sender.join();
  open.clear();
  clients.clear();
  CHECK(Eventually([&] { return streams.server->stats().connections == 0; }));
  CHECK(streams.server->stats().streams == 0);
}

// Sanitizers keep shadow memory of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

// ResidentBytes is what the process holds in memory.
size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

TEST_CASE("an idle subscriber costs at most 8 KiB") {
  constexpr size_t kSubscribers = 1500;
  REQUIRE(signet::testing::AllowDescriptors(4000));
  Streams streams;
  std::vector<RawClient> clients;
  std::vector<std::shared_ptr<EventStream>> open;
  for (size_t i = 0; i < 100; ++i) {  // warm up
    clients.emplace_back(streams.server->port());
    open.push_back(streams.Open(clients.back()));
  }
  const size_t before = ResidentBytes();
  for (size_t i = 0; i < kSubscribers; ++i) {
    clients.emplace_back(streams.server->port());
    open.push_back(streams.Open(clients.back()));
  }
  const size_t each = (ResidentBytes() - before) / kSubscribers;
  MESSAGE("bytes per subscriber: " << each);
  if (!kSanitized) CHECK(each <= 8192);
}

}  // namespace
}  // namespace signet::service::http
