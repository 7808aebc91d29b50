#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <fstream>
#include <future>
#include <stdexcept>
#include <thread>

#include "revocation-service/http/server.h"
#include "tests/revocation-service/raw_client.h"

namespace signet::service::http {
namespace {

using signet::testing::Eventually;
using signet::testing::RawClient;
using signet::testing::StatusOf;
using std::chrono::milliseconds;

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

ServerOptions Local() {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  return options;
}

// Echo answers with what it got, at once.
void Echo(Request request, std::shared_ptr<Responder> responder) {
  Response response;
  response.body =
      request.method + " " + request.path + "?" + request.query + " ";
  response.body += request.body + " from " + request.remote;
  responder->Send(std::move(response));
}

std::unique_ptr<Server> Serve(ServerOptions options, Handler handler = Echo) {
  auto server = Server::Start(std::move(options), std::move(handler));
  REQUIRE(server.ok());
  return std::move(*server);
}

TEST_CASE("a connection serves one request after another") {
  auto server = Serve(Local());
  RawClient client(server->port());
  const std::string first = client.Request(kGet);
  CHECK(StatusOf(first) == 200);
  CHECK(first.ends_with("GET /x?  from 127.0.0.1"));
  CHECK(first.find("\r\nDate: ") != std::string::npos);
  CHECK(first.find("Connection:") == std::string::npos);
  const std::string second = client.Request(
      "POST /y?q HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  CHECK(second.ends_with("POST /y?q hi from 127.0.0.1"));
  CHECK(server->stats().connections == 1);
  CHECK(server->stats().accepted == 1);
}

TEST_CASE("pipelined requests are answered one at a time, in order") {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  auto server = Serve(
      Local(), [&](Request request, std::shared_ptr<Responder> responder) {
        most = std::max(most.load(), ++running);
        std::thread([&running, request, responder] {
          std::this_thread::sleep_for(milliseconds(1));
          --running;
          responder->Send({200, {}, request.path});
        }).detach();
      });
  RawClient client(server->port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  client.Send(all);
  for (int i = 0; i < 50; ++i) {
    CHECK(client.ReadResponse().ends_with("\r\n\r\n/" + std::to_string(i)));
  }
  CHECK(most == 1);
}

TEST_CASE("HEAD gets the length of the body and not the body") {
  auto server = Serve(Local());
  RawClient client(server->port());
  client.Send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string head = client.ReadResponse(false);
  CHECK(head.find("Content-Length: 24\r\n") != std::string::npos);
  CHECK(StatusOf(client.Request(kGet)) == 200);  // nothing in between
}

TEST_CASE("100-continue is answered before the body comes") {
  auto server = Serve(Local());
  RawClient client(server->port());
  client.Send(
      "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
      "Content-Length: 2\r\n\r\n");
  CHECK(client.ReadUntil("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.Request("hi").ends_with("POST /x? hi from 127.0.0.1"));
}

TEST_CASE("a body over the limit is refused instead of asked for") {
  auto server = Serve(Local());
  RawClient client(server->port());
  const std::string answer = client.Request(
      "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
      "Content-Length: 99999999\r\n\r\n");
  CHECK(StatusOf(answer) == 413);
}

TEST_CASE("a refusal by the server is a JSON error, and closes") {
  auto server = Serve(Local());
  RawClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n\r\n");
  bool closed = false;
  const std::string answer = client.ReadAll(&closed);
  CHECK(closed);
  CHECK(StatusOf(answer) == 415);
  CHECK(answer.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  CHECK(answer.ends_with(
      "{\"error\":\"invalid_request\","
      "\"error_description\":\"compressed bodies are not accepted\"}"));
  CHECK(server->stats().bad_requests == 1);
}

TEST_CASE("a client that sends on after a refusal still reads it") {
  auto server = Serve(Local());
  for (int i = 0; i < 20; ++i) {
    RawClient client(server->port());
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n");
    client.Send(std::string(500'000, 'x'));
    CHECK(StatusOf(client.ReadResponse()) == 413);
  }
}

TEST_CASE("what was smuggled behind a refused request is not served") {
  std::atomic<int> handled{0};
  auto server = Serve(
      Local(), [&](Request request, std::shared_ptr<Responder> responder) {
        ++handled;
        Echo(std::move(request), std::move(responder));
      });
  for (const char* framing :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: identity\r\n"}) {
    CAPTURE(framing);
    RawClient client(server->port());
    client.Send(std::string("POST / HTTP/1.1\r\nHost: a\r\n") + framing +
                "\r\n0\r\n\r\n" + std::string(kGet));
    const std::string all = client.ReadAll();
    CHECK(StatusOf(all) == 400);
    CHECK(all.find("HTTP/1.1 200") == std::string::npos);
  }
  CHECK(handled == 0);
}

TEST_CASE("endless headers end in 431 and chunk overflow in 413") {
  auto server = Serve(Local());
  RawClient headers(server->port());
  headers.Send("GET / HTTP/1.1\r\nHost: a\r\n");
  std::string line = "X: " + std::string(500, 'x') + "\r\n";
  for (int i = 0; i < 17; ++i) headers.Send(line);
  CHECK(StatusOf(headers.ReadResponse()) == 431);

  RawClient chunks(server->port());
  chunks.Send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  line = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  for (int i = 0; i < 5; ++i) chunks.Send(line);
  CHECK(StatusOf(chunks.ReadResponse()) == 413);
}

TEST_CASE("a request that drips in is cut at its deadline") {
  ServerOptions options = Local();
  options.request_timeout = milliseconds(200);
  auto server = Serve(options);
  RawClient client(server->port());
  const std::string_view head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  client.Send(head);
  // A byte now and then does not extend it.
  for (int i = 0; i < 1000 && server->stats().bad_requests == 0; ++i) {
    client.Send("x");
    std::this_thread::sleep_for(milliseconds(10));
  }
  CHECK(StatusOf(client.ReadResponse()) == 408);
}

TEST_CASE("a connection that says nothing is closed without a word") {
  ServerOptions options = Local();
  options.idle_timeout = milliseconds(100);
  auto server = Serve(options);
  RawClient fresh(server->port());
  bool closed = false;
  CHECK(fresh.ReadAll(&closed).empty());
  CHECK(closed);
  RawClient used(server->port());
  CHECK(StatusOf(used.Request(kGet)) == 200);
  CHECK(used.ReadAll(&closed).empty());
  CHECK(closed);
  CHECK(server->stats().bad_requests == 0);
  CHECK(Eventually([&] { return server->stats().connections == 0; }));
}

TEST_CASE("an answer that does not come is 503, and a late one is dropped") {
  ServerOptions options = Local();
  options.response_timeout = milliseconds(100);
  std::shared_ptr<Responder> kept;
  auto server = Serve(options, [&](Request, std::shared_ptr<Responder> r) {
    kept = std::move(r);
  });
  RawClient client(server->port());
  client.Send(kGet);
  const std::string answer = client.ReadResponse();
  CHECK(StatusOf(answer) == 503);
  CHECK(answer.find("Retry-After: 1\r\n") != std::string::npos);
  kept->Send({200, {}, "late"});
  CHECK(client.ReadAll().empty());
}

TEST_CASE("a responder that dies unused answers 500") {
  auto server = Serve(Local(), [](Request, std::shared_ptr<Responder>) {});
  RawClient client(server->port());
  const std::string answer = client.Request(kGet);
  CHECK(StatusOf(answer) == 500);
  CHECK(answer.find("server_error") != std::string::npos);
  CHECK(StatusOf(client.Request(kGet)) == 500);  // the connection lives on
}

TEST_CASE("a handler that throws answers 500 and the server lives on") {
  auto server = Serve(Local(), [](Request r, std::shared_ptr<Responder> out) {
    if (r.path == "/throw") throw std::runtime_error("a secret");
    if (r.path == "/int") throw 1;
    Echo(std::move(r), std::move(out));
  });
  RawClient client(server->port());
  const std::string answer =
      client.Request("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(StatusOf(answer) == 500);
  CHECK(answer.find("secret") == std::string::npos);
  CHECK(StatusOf(client.Request("GET /int HTTP/1.1\r\nHost: a\r\n\r\n")) ==
        500);
  CHECK(StatusOf(client.Request(kGet)) == 200);
}

TEST_CASE("only the first of two answers is sent") {
  auto server = Serve(Local(), [](Request, std::shared_ptr<Responder> out) {
    out->Send({200, {}, "one"});
    out->Send({200, {}, "two"});
    CHECK_FALSE(out->Stream({})->Send(std::make_shared<std::string>("x")));
  });
  RawClient client(server->port());
  CHECK(client.Request(kGet).ends_with("\r\n\r\none"));
  CHECK(client.Request(kGet).ends_with("\r\n\r\none"));
}

TEST_CASE("an answer may come from another thread, after the server is gone") {
  std::shared_ptr<Responder> kept;
  std::promise<void> handled;
  auto server = Serve(Local(), [&](Request, std::shared_ptr<Responder> r) {
    kept = std::move(r);
    handled.set_value();
  });
  RawClient client(server->port());
  client.Send(kGet);
  handled.get_future().wait();
  server.reset();
  kept->Send({200, {}, "too late"});
  kept.reset();
  CHECK(client.ReadAll().empty());
}

TEST_CASE("a large answer reaches a reader that takes its time") {
  const std::string body(20 << 20, 'b');
  auto server = Serve(Local(), [&](Request, std::shared_ptr<Responder> out) {
    out->Send({200, {}, body});
  });
  RawClient client(server->port(), 64 * 1024);
  client.Send(kGet);
  std::this_thread::sleep_for(milliseconds(50));
  const std::string answer = client.ReadResponse();
  CHECK(answer.ends_with(body));
  CHECK(StatusOf(answer) == 200);
}

TEST_CASE("connections over the limit are closed at once and counted") {
  ServerOptions options = Local();
  options.max_connections = 2;
  auto server = Serve(options);
  RawClient one(server->port());
  RawClient two(server->port());
  CHECK(StatusOf(one.Request(kGet)) == 200);
  CHECK(StatusOf(two.Request(kGet)) == 200);
  RawClient three(server->port());
  bool closed = false;
  CHECK(three.ReadAll(&closed).empty());
  CHECK(closed);
  CHECK(server->stats().refused_connections == 1);
  one.Close();
  CHECK(Eventually([&] { return server->stats().connections == 1; }));
  RawClient four(server->port());
  CHECK(StatusOf(four.Request(kGet)) == 200);
}

TEST_CASE("a thousand idle connections do not keep others from service") {
  REQUIRE(signet::testing::AllowDescriptors(2500));
  auto server = Serve(Local());
  std::vector<RawClient> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.emplace_back(server->port());
    REQUIRE(idle.back().connected());
    if (i % 2 == 0) idle.back().Send("GET / HT");  // half of them mid-request
  }
  CHECK(Eventually([&] { return server->stats().connections == 1000; }));
  RawClient client(server->port());
  CHECK(StatusOf(client.Request(kGet)) == 200);
}

TEST_CASE("running out of descriptors pauses accepting and heals") {
  auto server = Serve(Local());
  RawClient client(server->port());
  CHECK(StatusOf(client.Request(kGet)) == 200);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // The client's socket gets the last descriptor; the server's gets none.
  RawClient waiting = [&] {
    const int next = ::dup(0);
    ::close(next);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(next) + 1;
    setrlimit(RLIMIT_NOFILE, &tight);
    return RawClient(server->port());
  }();
  REQUIRE(waiting.connected());
  CHECK(StatusOf(client.Request(kGet)) == 200);  // others are served
  waiting.Send(kGet);
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(StatusOf(waiting.ReadResponse()) == 200);
}

TEST_CASE("the port that was bound is told, and a taken one is an error") {
  auto server = Serve(Local());
  CHECK(server->port() != 0);
  ServerOptions options = Local();
  options.listen = "127.0.0.1:" + std::to_string(server->port());
  auto second = Server::Start(options, Echo);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == ErrorCode::kUnavailable);
  CHECK(second.error().message.find(options.listen) != std::string::npos);
}

TEST_CASE("a listen address that is none is named") {
  for (const char* listen : {"", "127.0.0.1", ":80", "127.0.0.1:", "a:b",
                             "127.0.0.1:65536", "::1:80", "127.0.0.1:80x"}) {
    CAPTURE(listen);
    ServerOptions options;
    options.listen = listen;
    auto server = Server::Start(options, Echo);
    REQUIRE_FALSE(server.ok());
    CHECK(server.error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("TLS needs two readable PEM files that belong together") {
  ServerOptions options = Local();
  options.tls_certificate = "/nowhere/cert.pem";
  auto half = Server::Start(options, Echo);
  REQUIRE_FALSE(half.ok());
  CHECK(half.error().message == "TLS needs both a certificate and a key");
  options.tls_key = "/nowhere/key.pem";
  auto missing = Server::Start(options, Echo);
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == ErrorCode::kInvalid);
  CHECK(missing.error().message.find("/nowhere/cert.pem") != std::string::npos);
}

TEST_CASE("drain lets the request under way finish and refuses new ones") {
  std::promise<std::shared_ptr<Responder>> kept;
  auto server = Serve(Local(), [&](Request, std::shared_ptr<Responder> r) {
    kept.set_value(std::move(r));
  });
  RawClient busy(server->port());
  RawClient idle(server->port());
  busy.Send(kGet);
  auto responder = kept.get_future().get();
  std::thread drain([&] { server->Drain(std::chrono::seconds(30)); });
  bool closed = false;
  CHECK(idle.ReadAll(&closed).empty());
  CHECK(closed);
  responder->Send({200, {}, "done"});
  const std::string answer = busy.ReadAll(&closed);
  CHECK(answer.ends_with("done"));
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  CHECK(closed);
  busy.Close();
  drain.join();
  CHECK_FALSE(RawClient(server->port()).connected());
  CHECK(server->stats().connections == 0);
}

TEST_CASE("drain does not wait longer than its limit") {
  std::shared_ptr<Responder> kept;
  std::promise<void> handled;
  auto server = Serve(Local(), [&](Request, std::shared_ptr<Responder> r) {
    kept = std::move(r);
    handled.set_value();
  });
  RawClient client(server->port());
  client.Send(kGet);
  handled.get_future().wait();
  server->Drain(milliseconds(50));
  bool closed = false;
  CHECK(client.ReadAll(&closed).empty());
  CHECK(closed);
}

}  // namespace
}  // namespace signet::service::http
