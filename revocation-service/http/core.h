#ifndef SIGNET_SERVICE_HTTP_CORE_H_
#define SIGNET_SERVICE_HTTP_CORE_H_

#include <atomic>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

#include "revocation-service/http/server.h"
#include "signet/mutex.h"

namespace signet::service::http {

namespace net = boost::asio;
using Tcp = net::ip::tcp;
using Strand = net::strand<net::io_context::executor_type>;
// With concrete executors: the type-erased default costs an allocation.
using Socket = net::basic_stream_socket<Tcp, Strand>;
using SteadyClock = std::chrono::steady_clock;
using Timer = net::basic_waitable_timer<SteadyClock,
                                        net::wait_traits<SteadyClock>, Strand>;

// A Connection is one peer. All its work runs on its strand; these calls are
// safe from any thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  virtual ~Connection() = default;
  virtual void Start() = 0;
  // Drain ends the connection once the request under way is answered.
  virtual void Drain() = 0;
  // Abort ends it now.
  virtual void Abort() = 0;
  // Pump writes what its stream's queue holds. Call it on a thread of the
  // server: it may do so at once.
  virtual void Pump() = 0;
};

// Core is what all connections of a server share. A connection owns a share
// of it, so the io_context outlives whoever still holds a Responder. Open
// connections are kept alive by the registry, and by nothing else.
struct Core {
  Core(ServerOptions server_options, Handler request_handler)
      : io(server_options.threads),
        options(std::move(server_options)),
        handler(std::move(request_handler)) {}

  // Add is false if the server is full or draining.
  bool Add(std::shared_ptr<Connection> connection) SIGNET_EXCLUDES(mutex);
  void Remove(Connection* connection) SIGNET_EXCLUDES(mutex);
  void ForEach(void (Connection::*call)()) SIGNET_EXCLUDES(mutex);
  // WaitUntilEmpty is false once `limit` has passed.
  bool WaitUntilEmpty(Duration limit) SIGNET_EXCLUDES(mutex);
  // PumpSoon has a connection pumped. Of many that are named in a row, as when
  // all subscribers are told something, the threads take some dozens at a time:
  // posting for each takes the scheduler's lock, and memory, each time.
  void PumpSoon(std::weak_ptr<Connection> connection)
      SIGNET_EXCLUDES(pump_mutex);
  void PumpSome() SIGNET_EXCLUDES(pump_mutex);
  void PostPump() SIGNET_REQUIRES(pump_mutex);

  net::io_context io;
  const ServerOptions options;
  const Handler handler;
  std::atomic<bool> draining{false};

  std::atomic<uint64_t> connections{0};
  std::atomic<uint64_t> streams{0};
  std::atomic<uint64_t> accepted{0};
  std::atomic<uint64_t> refused_connections{0};
  std::atomic<uint64_t> bad_requests{0};
  std::atomic<uint64_t> streams_cut{0};

  Mutex mutex;
  CondVar empty;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> registry
      SIGNET_GUARDED_BY(mutex);

  Mutex pump_mutex;
  // Weak: what is still queued when the last thread has gone must not keep
  // connection and io_context alive in a circle.
  std::deque<std::weak_ptr<Connection>> to_pump SIGNET_GUARDED_BY(pump_mutex);
  bool pump_posted SIGNET_GUARDED_BY(pump_mutex) = false;
};

}  // namespace signet::service::http

#endif  // SIGNET_SERVICE_HTTP_CORE_H_
