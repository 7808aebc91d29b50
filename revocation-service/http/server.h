#ifndef SIGNET_SERVICE_HTTP_SERVER_H_
#define SIGNET_SERVICE_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signet/clock.h"
#include "signet/result.h"

namespace signet::service::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// Request is one HTTP request whose head and body were within the limits. It
// is a value.
struct Request {
  std::string method;  // "GET"
  std::string path;    // as sent, before '?'; never percent-decoded
  std::string query;   // as sent, after '?'
  Headers headers;     // names as sent
  std::string body;
  std::string remote;  // "127.0.0.1"
  // What a router adds: the id of the trace that the request belongs to, and
  // whether it must be served whatever its sender's rate.
  std::string trace = {};
  bool never_shed = false;

  // Header returns the first header of that name (case-insensitive), or "".
  std::string_view Header(std::string_view name) const;
  // CountHeader counts the headers of that name.
  size_t CountHeader(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;  // without Content-Length, Connection and Date
  std::string body;
};

// EventStream is an open answer of unknown length (text/event-stream). Send is
// safe from any thread and never blocks: false means that the client is gone
// or reads too slowly, and was cut off. Dropping the last reference closes it.
class EventStream {
 public:
  virtual ~EventStream() = default;
  virtual bool Send(std::shared_ptr<const std::string> data) = 0;
  virtual void Close() = 0;
  // OnClose sets what runs once when the connection ends, on any thread; at
  // once if it has ended.
  virtual void OnClose(std::function<void()> hook) = 0;
};

// Responder answers one request: call Send or Stream once, from any thread,
// now or later. One that dies unused answers 500.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void Send(Response response) = 0;
  virtual std::shared_ptr<EventStream> Stream(Response head) = 0;
};

// Handler runs on an I/O thread and must not block for long.
using Handler =
    std::function<void(Request request, std::shared_ptr<Responder> responder)>;

// ServerOptions bound what a peer can cost.
struct ServerOptions {
  std::string listen = "127.0.0.1:8420";  // HOST:PORT; port 0: any free one
  std::string tls_certificate;            // PEM files; both or neither
  std::string tls_key;
  size_t max_header_bytes = 8 * 1024;  // request line and all headers
  size_t max_body_bytes = 64 * 1024;
  size_t max_connections = 12'000;
  // From the first byte of a request to its last, and TLS handshakes.
  Duration request_timeout = std::chrono::seconds(10);
  // Between requests of a kept-alive connection.
  Duration idle_timeout = std::chrono::seconds(60);
  // From the last byte of a request to its answer's; streams are exempt.
  Duration response_timeout = std::chrono::seconds(70);
  // What may wait unsent on a stream.
  size_t max_stream_backlog = 256 * 1024;
  int threads = 2;

  bool operator==(const ServerOptions&) const = default;
};

// ServerStats are gauges and counters for the metrics.
struct ServerStats {
  uint64_t connections = 0;          // open now
  uint64_t streams = 0;              // open now
  uint64_t accepted = 0;             // since start
  uint64_t refused_connections = 0;  // over max_connections
  uint64_t bad_requests = 0;         // 400, 408, 413, 414, 431 by the server
  uint64_t streams_cut = 0;          // read too slowly
};

// A Server listens on one address and speaks HTTP/1.1, event-driven: a
// connection costs memory, never a thread. Malformed or oversized requests are
// answered 400, 408, 413, 414, 417 or 431 with a JSON error and never reach
// the handler. Compressed request bodies are answered 415.
class Server {
 public:
  // Start listens and serves. kUnavailable names the address that failed,
  // kInvalid the option.
  static Result<std::unique_ptr<Server>> Start(ServerOptions options,
                                               Handler handler);
  // The destructor is Drain with no time left.
  ~Server();

  // port is the one that was bound.
  uint16_t port() const;
  ServerStats stats() const;

  // Drain stops accepting, closes streams and idle connections, lets requests
  // under way finish within `limit`, then closes everything and returns.
  void Drain(Duration limit);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_SERVER_H_
