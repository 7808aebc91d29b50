#include "bench/redis.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>

#include "bench/setup.h"

namespace signet::bench {
namespace {

sockaddr_in Loopback(in_port_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

in_port_t FreePort() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  Require(::bind(probe, generic, size) == 0 &&
              ::getsockname(probe, generic, &size) == 0,
          "no free port");
  ::close(probe);
  return ntohs(address.sin_port);
}

pid_t Start(in_port_t port) {
  const std::string text = std::to_string(port);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  const int nowhere = ::open("/dev/null", O_RDWR);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
  ::execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port",
           text.c_str(), "--save", "", "--appendonly", "no", "--maxclients",
           "12000", nullptr);
  ::_exit(127);
}

int Connect(in_port_t port) {
  const sockaddr_in address = Loopback(port);
  for (int i = 0; i < 200; ++i) {
    const int connection = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(connection, reinterpret_cast<const sockaddr*>(&address),
                  sizeof(address)) == 0) {
      const int on = 1;
      ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      return connection;
    }
    ::close(connection);
    ::usleep(20'000);
  }
  return -1;
}

}  // namespace

Redis::Redis() {
  port_ = FreePort();
  server_ = Start(port_);
  socket_ = Connect(port_);
  Require(socket_ >= 0, "redis-server does not start: bench/install-peers");
}

Redis::~Redis() {
  ::close(socket_);
  ::kill(server_, SIGTERM);
  ::waitpid(server_, nullptr, 0);
}

// One answer comes as "+OK\r\n" or "$SIZE\r\n…\r\n" (the RESP protocol).
std::string_view Redis::Ask(std::initializer_list<std::string_view> words) {
  request_ = "*" + std::to_string(words.size()) + "\r\n";
  for (std::string_view word : words) {
    request_ += "$" + std::to_string(word.size()) + "\r\n";
    request_ += word;
    request_ += "\r\n";
  }
  Require(::write(socket_, request_.data(), request_.size()) ==
              static_cast<ssize_t>(request_.size()),
          "writing to redis");
  answer_.clear();
  size_t wanted = 1;
  while (answer_.size() < wanted) {
    char piece[16'384];
    const ssize_t got = ::read(socket_, piece, sizeof(piece));
    Require(got > 0, "reading from redis");
    answer_.append(piece, static_cast<size_t>(got));
    const size_t line = answer_.find("\r\n");
    if (line == std::string::npos) {
      wanted = answer_.size() + 1;
      continue;
    }
    int size = -1;
    if (answer_[0] == '$') {
      std::from_chars(answer_.data() + 1, answer_.data() + line, size);
    }
    wanted = line + 2 + (size < 0 ? 0 : static_cast<size_t>(size) + 2);
  }
  return answer_;
}

void Redis::Set(std::string_view key, std::string_view value) {
  Require(Ask({"SET", key, value}) == "+OK\r\n", "redis refuses a SET");
}

int Redis::Get(std::string_view key) {
  const std::string_view answer = Ask({"GET", key});
  int size = -1;
  if (answer.starts_with('$')) {
    std::from_chars(answer.data() + 1, answer.data() + answer.size(), size);
  }
  return size;
}

}  // namespace signet::bench
