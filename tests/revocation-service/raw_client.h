#ifndef SIGNET_TESTS_RAW_CLIENT_H_
#define SIGNET_TESTS_RAW_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/eventually.h"

namespace signet::testing {

// AllowDescriptors raises this process's limit to `count`; false if the system
// does not let it.
inline bool AllowDescriptors(rlim_t count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  if (limit.rlim_cur >= count) return true;
  limit.rlim_cur = count;
  return count <= limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

// RawClient is a TCP connection that says exactly what it is told to.
class RawClient {
 public:
  explicit RawClient(uint16_t port, int receive_buffer = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                   sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address),
                           sizeof address) == 0;
  }
  ~RawClient() { Close(); }
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        connected_(other.connected_),
        received_(std::move(other.received_)) {}

  bool connected() const { return connected_; }

  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  bool Send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  // ReadUntil reads until what has come contains `text`, and returns all of
  // it, through that text.
  std::string ReadUntil(std::string_view text) {
    while (received_.find(text) == std::string::npos && Receive()) {
    }
    const size_t found = received_.find(text);
    const size_t end =
        found == std::string::npos ? received_.size() : found + text.size();
    std::string out = received_.substr(0, end);
    received_.erase(0, end);
    return out;
  }

  // ReadResponse reads one answer with a Content-Length, or head alone.
  std::string ReadResponse(bool with_body = true) {
    std::string head = ReadUntil("\r\n\r\n");
    const size_t at = head.find("Content-Length: ");
    if (at == std::string::npos || !with_body) return head;
    const size_t length = std::stoul(head.substr(at + 16));
    while (received_.size() < length && Receive()) {
    }
    head += received_.substr(0, length);
    received_.erase(0, length);
    return head;
  }

  // ReadAll reads until the peer closes; false in `closed` if it did not.
  std::string ReadAll(bool* closed = nullptr) {
    while (Receive()) {
    }
    if (closed != nullptr) *closed = at_end_;
    return std::exchange(received_, {});
  }

  // Request sends and reads one answer.
  std::string Request(std::string_view text) {
    Send(text);
    return ReadResponse();
  }

 private:
  bool Receive() {
    pollfd waiting{fd_, POLLIN, 0};
    if (::poll(&waiting, 1, 10'000) <= 0) return false;
    char buffer[65536];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) {
      at_end_ = true;
      return false;
    }
    received_.append(buffer, static_cast<size_t>(n));
    return true;
  }

  int fd_;
  bool connected_ = false;
  bool at_end_ = false;
  std::string received_;
};

// StatusOf is the status of an answer, or 0.
inline int StatusOf(std::string_view answer) {
  if (!answer.starts_with("HTTP/1.1 ")) return 0;
  return std::stoi(std::string(answer.substr(9, 3)));
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_RAW_CLIENT_H_
