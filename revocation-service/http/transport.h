#ifndef SIGNET_SERVICE_HTTP_TRANSPORT_H_
#define SIGNET_SERVICE_HTTP_TRANSPORT_H_

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "revocation-service/http/core.h"

namespace signet::service::http {

// A transport moves the bytes of one connection. The two have the same
// methods; all run on the connection's strand, and a callback keeps alive
// what it needs:
//   Handshake(done)   done(code)
//   Read(done)        done(code, data); `data` is valid during the call
//   TryWrite(buffers, done)
//                     what was written at once, or nullopt: done(code, size)
//                     follows
//   Shutdown(done)    done() when the peer may be told no more; it may be
//                     left uncalled if the socket stays readable

// PlainTransport reads when there is something to read, into the buffer of
// the thread: a connection that waits owns none.
class PlainTransport {
 public:
  explicit PlainTransport(Socket socket) : socket_(std::move(socket)) {}

  Socket& socket() { return socket_; }

  template <class Done>
  void Handshake(Done done) {
    boost::system::error_code code;
    socket_.non_blocking(true, code);
    done(code);
  }

  template <class Done>
  void Read(Done done) {
    socket_.async_wait(
        Socket::wait_read,
        [this, done = std::move(done)](boost::system::error_code code) mutable {
          thread_local std::array<char, 16 * 1024> scratch;
          size_t size = 0;
          if (!code) size = socket_.read_some(net::buffer(scratch), code);
          if (code == net::error::would_block) return Read(std::move(done));
          done(code, std::string_view(scratch.data(), size));
        });
  }

  template <class Buffers, class Done>
  std::optional<size_t> TryWrite(const Buffers& buffers, Done done) {
    boost::system::error_code code;
    const size_t written = socket_.write_some(buffers, code);
    if (!code) return written;
    if (code == net::error::would_block) {
      socket_.async_wait(Socket::wait_write,
                         [done = std::move(done)](boost::system::error_code c) {
                           done(c, 0);
                         });
    } else {
      net::post(socket_.get_executor(),
                [done = std::move(done), code] { done(code, 0); });
    }
    return std::nullopt;
  }

  // Shutdown tells the peer that no more comes; the connection then reads
  // until the peer closes too.
  template <class Done>
  void Shutdown(Done done) {
    boost::system::error_code code;
    socket_.shutdown(Socket::shutdown_send, code);
    if (code) done();
  }

 private:
  Socket socket_;
};

// TlsTransport speaks TLS 1.2 or 1.3.
class TlsTransport {
 public:
  TlsTransport(Socket socket, net::ssl::context& context)
      : stream_(std::move(socket), context) {}

  Socket& socket() { return stream_.next_layer(); }

  template <class Done>
  void Handshake(Done done) {
    stream_.async_handshake(net::ssl::stream_base::server, std::move(done));
  }

  template <class Done>
  void Read(Done done) {
    stream_.async_read_some(net::buffer(input_),
                            [this, done = std::move(done)](
                                boost::system::error_code code, size_t size) {
                              done(code, std::string_view(input_.data(), size));
                            });
  }

  template <class Buffers, class Done>
  std::optional<size_t> TryWrite(const Buffers& buffers, Done done) {
    stream_.async_write_some(buffers, std::move(done));
    return std::nullopt;
  }

  // Shutdown sends close_notify and waits for the peer's.
  template <class Done>
  void Shutdown(Done done) {
    stream_.async_shutdown(
        [done = std::move(done)](boost::system::error_code) { done(); });
  }

 private:
  net::ssl::stream<Socket> stream_;
  std::array<char, 4096> input_;
};

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_TRANSPORT_H_
