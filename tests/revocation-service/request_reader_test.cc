#include "revocation-service/http/request_reader.h"

#include <doctest/doctest.h>

namespace signet::service::http {
namespace {

using std::string_literals::operator""s;
using Status = RequestReader::Status;

ServerOptions SmallLimits() {
  ServerOptions options;
  options.max_header_bytes = 1024;
  options.max_body_bytes = 64;
  return options;
}

const ServerOptions kOptions = SmallLimits();

// Read gives a whole text to a reader: the status of the refusal, or 0.
int Refusal(std::string text) {
  RequestReader reader(kOptions);
  const Status status = reader.Advance(text);
  return status == Status::kFailed ? reader.error().status : 0;
}

struct Outcome {
  Status status;
  Request request;
  std::string rest;
  bool keep_alive = false;
};

// ReadBytewise gives one byte at a time, as the slowest network would.
Outcome ReadBytewise(std::string_view text) {
  RequestReader reader(kOptions);
  std::string input;
  for (size_t i = 0; i < text.size(); ++i) {
    input += text[i];
    const Status status = reader.Advance(input);
    if (status == Status::kNeedMore) continue;
    if (status == Status::kFailed) return {status, {}, {}};
    input += text.substr(i + 1);
    return {status, reader.TakeRequest(), input, reader.keep_alive()};
  }
  return {Status::kNeedMore, {}, input};
}

Outcome ReadWhole(std::string text) {
  RequestReader reader(kOptions);
  const Status status = reader.Advance(text);
  if (status != Status::kReady) return {status, {}, text};
  return {status, reader.TakeRequest(), text, reader.keep_alive()};
}

std::string Post(const std::string& headers, const std::string& body) {
  return "POST /token HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body;
}

TEST_CASE("a request is the same whole and byte by byte") {
  const std::string texts[] = {
      "GET /a/%41?x=1&y=%20 HTTP/1.1\r\nHost: a\r\nX-y:  v w \t\r\n\r\n",
      Post("Content-Length: 5\r\n", "hello"),
      Post("Transfer-Encoding: chunked\r\n",
           "2\r\nhe\r\n3;x=\"y\"\r\nllo\r\n0\r\nTrailer: t\r\n\r\n"),
  };
  for (const std::string& text : texts) {
    CAPTURE(text);
    const Outcome whole = ReadWhole(text + "next");
    const Outcome slow = ReadBytewise(text + "next");
    REQUIRE(whole.status == Status::kReady);
    REQUIRE(slow.status == Status::kReady);
    CHECK(whole.rest == "next");
    CHECK(slow.rest == "next");
    CHECK(whole.request.path == slow.request.path);
    CHECK(whole.request.query == slow.request.query);
    CHECK(whole.request.headers == slow.request.headers);
    CHECK(whole.request.body == slow.request.body);
  }
}

TEST_CASE("path and query are as sent") {
  const Outcome outcome =
      ReadWhole("GET /a/%41//?x=1?&y=%20 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(outcome.request.method == "GET");
  CHECK(outcome.request.path == "/a/%41//");
  CHECK(outcome.request.query == "x=1?&y=%20");
}

TEST_CASE("absolute-form loses scheme and authority") {
  const Outcome outcome =
      ReadWhole("GET http://h:1/p?q HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(outcome.request.path == "/p");
  CHECK(outcome.request.query == "q");
  const Outcome bare = ReadWhole("GET HTTP://h HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(bare.request.path == "/");
  const Outcome query = ReadWhole("GET http://h?q HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(query.request.path == "/");
  CHECK(query.request.query == "q");
}

TEST_CASE("header values are trimmed and found without regard to case") {
  const Outcome outcome =
      ReadWhole("GET / HTTP/1.1\r\nHost: a\r\nX-One: \t1 \r\nx-one: 2\r\n\r\n");
  CHECK(outcome.request.Header("x-ONE") == "1");
  CHECK(outcome.request.CountHeader("X-one") == 2);
  CHECK(outcome.request.Header("absent").empty());
}

TEST_CASE("a chunked body is joined and its trailers are dropped") {
  const Outcome outcome = ReadWhole(
      Post("Transfer-Encoding: Chunked\r\n",
           "A\r\n0123456789\r\n1;ext\r\nx\r\n000\r\nAuthorization: evil\r\n"
           "Content-Length: 3\r\n\r\n"));
  REQUIRE(outcome.status == Status::kReady);
  CHECK(outcome.request.body == "0123456789x");
  CHECK(outcome.request.CountHeader("Authorization") == 0);
}

TEST_CASE("one empty line before a request is ignored, a second is not") {
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  CHECK(ReadBytewise("\r\n" + request).status == Status::kReady);
  CHECK(ReadWhole("\r\n" + request).status == Status::kReady);
  CHECK(Refusal("\r\n\r\n" + request) == 400);
}

TEST_CASE("HTTP/1.0 closes unless it asks not to, 1.1 the other way") {
  CHECK(ReadWhole("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive);
  CHECK_FALSE(
      ReadWhole("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n")
          .keep_alive);
  CHECK_FALSE(ReadWhole("GET / HTTP/1.0\r\n\r\n").keep_alive);
  CHECK(
      ReadWhole("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST_CASE("a Host is a host, with or without a port") {
  for (const char* host :
       {"", "a", "a:1", "[::1]:8420", "127.0.0.1", "x-y.example", "a%20b"}) {
    CAPTURE(host);
    CHECK(ReadWhole("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n")
              .status == Status::kReady);
  }
  for (const char* host : {"a b", "a/b", "u@a", "a?b", "a#b", "a\\b", "a\tb",
                           "a\"b", "\xc3\xa4", "<a>"}) {
    CAPTURE(host);
    CHECK(Refusal("GET / HTTP/1.1\r\nHost: " + std::string(host) +
                  "\r\n\r\n") == 400);
  }
}

TEST_CASE("requests of which two readers may differ are refused") {
  const std::string bad[] = {
      // Two ways to say how long the body is.
      Post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"),
      Post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
      Post("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"),
      Post("Content-Length: 3, 3\r\n", "abc"),
      Post("Content-Length: +3\r\n", "abc"),
      Post("Content-Length: -3\r\n", "abc"),
      Post("Content-Length: 0x3\r\n", "abc"),
      Post("Content-Length: 3 3\r\n", "abc"),
      Post("Content-Length:\r\n", "abc"),
      Post("Content-Length: 18446744073709551616\r\n", "abc"),
      Post("Content-Length: 99999999999999999999999\r\n", "abc"),
      Post("Transfer-Encoding: identity\r\n", "abc"),
      Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding:\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "0\r\n\r\n"),
      Post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
      Post("Content-Length : 3\r\n", "abc"),
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      // Line ends and folds.
      "GET / HTTP/1.1\nHost: a\n\n",
      "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n",
      "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
      // Names, values, controls.
      "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"s,
      "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s,
      "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX y: z\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa9: z\r\n\r\n",
      // Host: RFC 9112 section 3.2.
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
      // Request lines.
      "\r\n\r\n",
      "GET\r\n\r\n",
      "GET /\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / a HTTP/1.1\r\nHost: a\r\n\r\n",
      " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "G\tT / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /#f HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
      "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
      "GET / HTTP/0.9\r\nHost: a\r\n\r\n",
      "GET / http/1.1\r\nHost: a\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "\x16\x03\x01\x02",
  };
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK(Refusal(text) == 400);
    CHECK(ReadBytewise(text).status == Status::kFailed);
  }
}

TEST_CASE("malformed chunks are refused") {
  const std::string bad[] = {
      "\r\n",
      "g\r\n",
      "-1\r\n",
      "0x1\r\na\r\n",
      " 1\r\na\r\n",
      "1 \r\na\r\n",
      "1\na\r\n",
      "1\r\nab\r\n",
      "1\r\na\n",
      "1\r\na\rb",
      "1\r\na0\r\n\r\n",
      "1;\x01\r\na\r\n",
      "1;a\nb\r\na\r\n",
      "0\r\nX: \x01\r\n\r\n",
      "0\r\nX: y\n\r\n",
      "0\r\n\n",
      "0\r\n\rX",
  };
  for (const std::string& body : bad) {
    CAPTURE(body);
    CHECK(Refusal(Post("Transfer-Encoding: chunked\r\n", body)) == 400);
  }
}

TEST_CASE("a body at the limit is accepted, one byte more is 413") {
  const std::string most(64, 'b');
  CHECK(ReadWhole(Post("Content-Length: 64\r\n", most)).status ==
        Status::kReady);
  CHECK(Refusal(Post("Content-Length: 65\r\n", "")) == 413);
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  CHECK(ReadWhole(Post(chunked, "40\r\n" + most + "\r\n0\r\n\r\n")).status ==
        Status::kReady);
  CHECK(Refusal(Post(chunked, "41\r\n")) == 413);
  CHECK(Refusal(Post(chunked, "40\r\n" + most + "\r\n1\r\n")) == 413);
  CHECK(Refusal(Post(chunked, "ffffffffffffffffffff\r\n")) == 413);
  CHECK(Refusal(Post(chunked, "000000000\r\n")) == 413);
}

TEST_CASE("chunk framing is bounded too") {
  std::string body = "1;" + std::string(2000, 'x');
  CHECK(Refusal(Post("Transfer-Encoding: chunked\r\n", body)) == 413);
  body = "0\r\n";
  for (int i = 0; i < 500; ++i) body += "X: y\r\n";
  CHECK(Refusal(Post("Transfer-Encoding: chunked\r\n", body)) == 413);
}

TEST_CASE("a head at the limit is accepted, one byte more is 431") {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string fits = start + std::string(1024 - start.size() - 4, 'x');
  CHECK(ReadWhole(fits + "\r\n\r\n").status == Status::kReady);
  CHECK(ReadBytewise(fits + "\r\n\r\n").status == Status::kReady);
  CHECK(Refusal(fits + "x\r\n\r\n") == 431);
  CHECK(Refusal(start + std::string(5000, 'x')) == 431);
}

TEST_CASE("a request target that fills the head is 414") {
  CHECK(Refusal("GET /" + std::string(5000, 'x')) == 414);
}

TEST_CASE("100 headers are accepted, 101 are 431") {
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 99; ++i) text += "a:\r\n";
  CHECK(ReadWhole(text + "\r\n").status == Status::kReady);
  CHECK(Refusal(text + "a:\r\n\r\n") == 431);
}

TEST_CASE("a compressed body is 415 and an unknown expectation 417") {
  CHECK(Refusal(Post("Content-Encoding: gzip\r\nContent-Length: 1\r\n", "a")) ==
        415);
  CHECK(Refusal(Post("Content-Encoding: identity\r\n", "")) == 415);
  CHECK(Refusal(Post("Expect: 200-ok\r\n", "")) == 417);
}

TEST_CASE("continue is asked for once, and only before the body") {
  RequestReader reader(kOptions);
  std::string input = Post("Expect: 100-Continue\r\nContent-Length: 2\r\n", "");
  REQUIRE(reader.Advance(input) == Status::kNeedMore);
  CHECK(reader.TakeContinue());
  CHECK_FALSE(reader.TakeContinue());

  RequestReader eager(kOptions);
  input = Post("Expect: 100-continue\r\nContent-Length: 2\r\n", "a");
  REQUIRE(eager.Advance(input) == Status::kNeedMore);
  CHECK_FALSE(eager.TakeContinue());
}

TEST_CASE("an unknown method is the handler's to refuse") {
  const Outcome outcome = ReadWhole("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(outcome.status == Status::kReady);
  CHECK(outcome.request.method == "BREW");
  const Outcome options = ReadWhole("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(options.request.path == "*");
}

TEST_CASE("controls in an answer's headers cannot split it") {
  Response response;
  response.headers = {{"X-\r\nA", "b\r\nSet-Cookie: c"}};
  const std::string head = SerializeHead(response, {});
  CHECK(head.find("\r\nSet-Cookie") == std::string::npos);
  CHECK(head.find("b  Set-Cookie: c\r\n") != std::string::npos);
}

TEST_CASE("answers without content carry no length") {
  AnswerOptions options;
  Response response;
  response.status = 204;
  CHECK(SerializeHead(response, options).find("Content-Length") ==
        std::string::npos);
  response.status = 200;
  CHECK(SerializeHead(response, options).find("Content-Length: 0\r\n") !=
        std::string::npos);
  options.stream = true;
  CHECK(SerializeHead(response, options).find("Content-Length") ==
        std::string::npos);
}

}  // namespace
}  // namespace signet::service::http
