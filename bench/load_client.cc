#include "bench/load_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string_view>

#include "bench/setup.h"

namespace signet::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Connection is one client that keeps its connection and its session.
class Connection {
 public:
  Connection(uint16_t port, std::string& token) : token_(token) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Require(::connect(fd_, reinterpret_cast<sockaddr*>(&address),
                      sizeof address) == 0,
            "connecting to signetd");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }

  void Ask() {
    Send("/token", "application/x-www-form-urlencoded",
         "grant_type=refresh_token&refresh_token=" + token_);
  }

  void Open(size_t number) {
    Send("/v1/sessions", "application/json",
         R"({"subject":"user-)" + std::to_string(number) +
             R"(","audience":"orders","scope":"orders.read orders.write"})");
  }

  // Read takes what has come. True once the answer is whole; `ok` tells
  // whether it was a token.
  bool Read(bool& ok) {
    char buffer[8192];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    Require(n > 0, "signetd closed a connection");
    answer_.append(buffer, static_cast<size_t>(n));
    const size_t head = answer_.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const size_t length = answer_.find("Content-Length: ");
    Require(length < head, "an answer has no length");
    const size_t size =
        std::strtoul(answer_.c_str() + length + 16, nullptr, 10);
    if (answer_.size() < head + 4 + size) return false;
    ok = TakeToken();
    answer_.clear();
    return true;
  }

  double milliseconds() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - asked_)
        .count();
  }

 private:
  void Send(const std::string& path, const std::string& type,
            const std::string& body) {
    // dev:dev-secret
    const std::string request =
        "POST " + path +
        " HTTP/1.1\r\nHost: localhost\r\n"
        "Authorization: Basic ZGV2OmRldi1zZWNyZXQ=\r\n"
        "Content-Type: " +
        type + "\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    asked_ = Clock::now();
    Require(::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(request.size()),
            "sending to signetd");
  }

  bool TakeToken() {
    constexpr std::string_view kName = "\"refresh_token\":\"";
    const size_t at = answer_.find(kName);
    if (at == std::string::npos) return false;
    const size_t start = at + kName.size();
    token_ = answer_.substr(start, answer_.find('"', start) - start);
    return true;
  }

  int fd_ = -1;
  std::string& token_;
  std::string answer_;
  Clock::time_point asked_;
};

}  // namespace

double ResidentBytes(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double Percentile(std::vector<double>& values, double share) {
  std::sort(values.begin(), values.end());
  const auto at = static_cast<size_t>(
      std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<size_t>(at, 1, values.size()) - 1];
}

std::vector<std::string> OpenTokens(uint16_t port, size_t count) {
  std::vector<std::string> tokens(count);
  for (size_t i = 0; i < count; ++i) {
    Connection connection(port, tokens[i]);
    connection.Open(i);
    bool ok = false;
    while (!connection.Read(ok)) {
    }
    Require(ok, "opening a session");
  }
  return tokens;
}

LoadResult RefreshLoad(uint16_t port, std::vector<std::string>& tokens,
                       std::chrono::milliseconds warm_up,
                       std::chrono::milliseconds measured) {
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::string& token : tokens) {
    connections.push_back(std::make_unique<Connection>(port, token));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connections.back().get();
    ::epoll_ctl(poll, EPOLL_CTL_ADD, connections.back()->fd(), &event);
    connections.back()->Ask();
  }
  LoadResult result;
  std::vector<double> times;
  const Clock::time_point start = Clock::now() + warm_up;
  const Clock::time_point end = start + measured;
  while (Clock::now() < end) {
    epoll_event events[64];
    const int count = ::epoll_wait(poll, events, 64, 100);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[i].data.ptr);
      bool ok = false;
      if (!connection->Read(ok)) continue;
      if (Clock::now() >= start) times.push_back(connection->milliseconds());
      if (!ok) ++result.failed;
      connection->Ask();
    }
  }
  ::close(poll);
  Require(!times.empty(), "no answer came");
  const std::chrono::duration<double> seconds = measured;
  result.per_second = static_cast<double>(times.size()) / seconds.count();
  result.p50 = Percentile(times, 0.5);
  result.p99 = Percentile(times, 0.99);
  result.p999 = Percentile(times, 0.999);
  return result;
}

}  // namespace signet::bench
