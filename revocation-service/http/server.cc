#include "revocation-service/http/server.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <optional>
#include <thread>

#include "revocation-service/http/connection.h"
#include "revocation-service/http/core.h"
#include "revocation-service/http/tls.h"

namespace signet::service::http {
namespace {

using boost::system::error_code;
using Acceptor = net::basic_socket_acceptor<Tcp, Strand>;

constexpr int kListenBacklog = 4096;
// How long accepting pauses when the process has no descriptor left.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);
// How long the destructor waits for connections to notice that they end.
constexpr Duration kAbortLimit = std::chrono::seconds(5);

struct Address {
  std::string host;
  std::string port;
};

std::optional<Address> SplitAddress(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  if (colon == listen.npos || colon == 0) return std::nullopt;
  Address address{listen.substr(0, colon), listen.substr(colon + 1)};
  if (address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != address.host.npos) {
    return std::nullopt;  // an IPv6 address stands in brackets
  }
  unsigned port = 0;
  const char* end = address.port.data() + address.port.size();
  const auto [stop, code] = std::from_chars(address.port.data(), end, port);
  if (code != std::errc() || stop != end || port > 65535) return std::nullopt;
  return address;
}

Result<Tcp::endpoint> Resolve(net::io_context& io, const std::string& listen) {
  const auto address = SplitAddress(listen);
  if (!address) {
    return Error{ErrorCode::kInvalid,
                 "listen address \"" + listen + "\" is not HOST:PORT"};
  }
  error_code code;
  Tcp::resolver resolver(io);
  const auto found = resolver.resolve(address->host, address->port,
                                      net::ip::resolver_base::passive, code);
  if (code || found.empty()) {
    return Error{ErrorCode::kUnavailable,
                 "resolving " + listen + ": " + code.message()};
  }
  return found.begin()->endpoint();
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, Handler handler)
      : core(std::make_shared<Core>(std::move(options), std::move(handler))),
        work(core->io.get_executor()),
        acceptor(net::make_strand(core->io)),
        pause(acceptor.get_executor()) {}
  ~Impl() { Stop(Duration::zero()); }

  Status Listen();
  void Run();
  void Accept();
  void OnAccept(error_code code, Socket socket);
  void Stop(Duration limit);
  void Join();

  std::shared_ptr<Core> core;
  std::unique_ptr<net::ssl::context> tls;
  net::executor_work_guard<net::io_context::executor_type> work;
  Acceptor acceptor;
  Timer pause;
  uint16_t port = 0;
  std::vector<std::thread> threads;
};

Status Server::Impl::Listen() {
  Result<Tcp::endpoint> endpoint = Resolve(core->io, core->options.listen);
  if (!endpoint.ok()) return endpoint.error();
  error_code code;
  acceptor.open(endpoint->protocol(), code);
  if (!code) acceptor.set_option(Acceptor::reuse_address(true), code);
  if (!code) acceptor.bind(*endpoint, code);
  if (!code) acceptor.listen(kListenBacklog, code);
  if (!code) port = acceptor.local_endpoint(code).port();
  if (!code) return {};
  return Error{ErrorCode::kUnavailable,
               "listening on " + core->options.listen + ": " + code.message()};
}

void Server::Impl::Run() {
  for (int i = 0; i < core->options.threads; ++i) {
    threads.emplace_back([&io = core->io] {
      for (;;) {
        try {
          io.run();
          return;
        } catch (...) {
          // Memory ran out in one step of one connection: the others go on.
        }
      }
    });
  }
  net::post(acceptor.get_executor(), [this] { Accept(); });
}

void Server::Impl::Accept() {
  acceptor.async_accept(net::make_strand(core->io),
                        [this](error_code code, Socket socket) {
                          OnAccept(code, std::move(socket));
                        });
}

void Server::Impl::OnAccept(error_code code, Socket socket) {
  if (core->draining || code == net::error::operation_aborted) return;
  if (code == net::error::no_descriptors || code == net::error::no_memory ||
      code == net::error::no_buffer_space ||
      code == boost::system::errc::too_many_files_open_in_system) {
    // Trying again at once would spin: the backlog keeps the peers waiting.
    pause.expires_after(kAcceptPause);
    pause.async_wait([this](error_code cancelled) {
      if (!cancelled) Accept();
    });
    return;
  }
  if (!code) {
    ++core->accepted;
    auto connection = NewConnection(core, std::move(socket), tls.get());
    if (connection && core->Add(connection)) {
      connection->Start();
    } else {
      ++core->refused_connections;
    }
  }
  Accept();
}

void Server::Impl::Stop(Duration limit) {
  core->draining = true;
  if (threads.empty()) return;
  net::post(acceptor.get_executor(), [this] {
    error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
  });
  core->ForEach(&Connection::Drain);
  core->WaitUntilEmpty(limit);
  core->ForEach(&Connection::Abort);
  core->WaitUntilEmpty(kAbortLimit);
  Join();
}

void Server::Impl::Join() {
  work.reset();
  for (std::thread& thread : threads) thread.join();
  threads.clear();
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options,
                                              Handler handler) {
  if (options.threads < 1) {
    return Error{ErrorCode::kInvalid, "a server needs at least one thread"};
  }
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return Error{ErrorCode::kInvalid, "TLS needs both a certificate and a key"};
  }
  auto impl = std::make_unique<Impl>(std::move(options), std::move(handler));
  const ServerOptions& kept = impl->core->options;
  if (!kept.tls_certificate.empty()) {
    auto context = NewTlsContext(kept.tls_certificate, kept.tls_key);
    if (!context.ok()) return context.error();
    impl->tls = std::move(*context);
  }
  if (Status listening = impl->Listen(); !listening.ok()) {
    return listening.error();
  }
  impl->Run();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

uint16_t Server::port() const { return impl_->port; }

ServerStats Server::stats() const {
  const Core& core = *impl_->core;
  return {core.connections,         core.streams,      core.accepted,
          core.refused_connections, core.bad_requests, core.streams_cut};
}

void Server::Drain(Duration limit) { impl_->Stop(limit); }

}  // namespace signet::service::http
