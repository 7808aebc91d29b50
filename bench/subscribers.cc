#include "bench/subscribers.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "bench/setup.h"

namespace signet::bench {
namespace {

int Connect(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Require(fd >= 0 && ::connect(fd, reinterpret_cast<sockaddr*>(&address),
                               sizeof address) == 0,
          "connecting to a server on loopback");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void SendAll(int fd, std::string_view text) {
  Require(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) ==
              static_cast<ssize_t>(text.size()),
          "sending to a server on loopback");
}

void Receive(int fd, std::string& received) {
  char buffer[65'536];
  const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
  Require(n > 0, "the server closed a connection");
  received.append(buffer, static_cast<size_t>(n));
}

bool Has(const std::string& received, std::string_view mark,
         std::string_view end) {
  const size_t at = received.find(mark);
  return at != std::string::npos &&
         received.find(end, at + mark.size()) != std::string::npos;
}

}  // namespace

Caller::Caller(uint16_t port) : fd_(Connect(port)) {}
Caller::~Caller() { ::close(fd_); }

void Caller::Send(std::string_view text) { SendAll(fd_, text); }

void Caller::Await(std::string_view text) {
  while (received_.find(text) == std::string::npos) Read();
  received_.clear();
}

void Caller::Read() { Receive(fd_, received_); }

void Caller::ReadAnswer() {
  constexpr std::string_view kLength = "Content-Length: ";
  size_t head = received_.find("\r\n\r\n");
  for (; head == std::string::npos; head = received_.find("\r\n\r\n")) Read();
  const size_t length = received_.find(kLength);
  Require(length < head, "an answer has no length");
  body_ = head + 4;
  const size_t size =
      std::strtoul(received_.c_str() + length + kLength.size(), nullptr, 10);
  while (received_.size() < body_ + size) Read();
}

std::string Caller::AwaitBody() {
  ReadAnswer();
  std::string body = received_.substr(body_);
  received_.clear();
  return body;
}

std::string Caller::AwaitHeader(std::string_view name) {
  ReadAnswer();
  const size_t at = received_.find("\r\n" + std::string(name) + ": ");
  Require(at < body_, "an answer lacks a header");
  const size_t start = at + name.size() + 4;
  std::string value =
      received_.substr(start, received_.find("\r\n", start) - start);
  received_.clear();
  return value;
}

Subscribers::Subscribers(uint16_t port, size_t count, std::string_view hello,
                         std::string_view ready)
    : poll_(::epoll_create1(EPOLL_CLOEXEC)), all_(count) {
  for (size_t i = 0; i < count; ++i) {
    all_[i].fd = Connect(port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, all_[i].fd, &event);
    SendAll(all_[i].fd, hello);
  }
  Await(ready, "");
}

Subscribers::~Subscribers() {
  for (const One& one : all_) ::close(one.fd);
  ::close(poll_);
}

void Subscribers::Await(std::string_view mark, std::string_view end) {
  size_t left = all_.size();
  const auto look = [&](One& one) {
    if (one.done || !Has(one.received, mark, end)) return;
    one.done = true;
    one.received.clear();
    --left;
  };
  for (One& one : all_) {
    one.done = false;
    look(one);
  }
  while (left > 0) {
    epoll_event events[512];
    const int count = ::epoll_wait(poll_, events, 512, 30'000);
    Require(count > 0, "a subscriber waits in vain");
    for (int i = 0; i < count; ++i) {
      One& one = all_[events[i].data.u64];
      Receive(one.fd, one.received);
      look(one);
    }
  }
}

Acknowledgers::Acknowledgers(uint16_t port, size_t count, std::string headers)
    : port_(port),
      headers_(std::move(headers)),
      poll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (size_t i = 0; i < count; ++i) {
    const int fd = Connect(port_);
    One& one = streams_[fd];
    one.id = NewId();
    SendAll(fd, "GET /feed/stream HTTP/1.1\r\nHost: localhost\r\n" + headers_ +
                    "Feed-Verifier: " + one.id + "\r\n\r\n");
    // A verifier is connected when its first frame is there.
    while (one.received.find("data: ") == std::string::npos) {
      Receive(fd, one.received);
    }
    Watch(fd);
  }
}

Acknowledgers::~Acknowledgers() {
  for (const auto& [fd, one] : streams_) ::close(fd);
  for (const int fd : answers_) ::close(fd);
  ::close(poll_);
}

void Acknowledgers::Watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
}

void Acknowledgers::ServeWhile(const std::function<bool()>& goes_on) {
  while (goes_on()) {
    epoll_event events[512];
    const int count = ::epoll_wait(poll_, events, 512, 10);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (answers_.erase(fd) > 0) {
        ::close(fd);
        continue;
      }
      One& one = streams_.at(fd);
      Receive(fd, one.received);
      OnEvents(one);
    }
  }
}

void Acknowledgers::OnEvents(One& one) {
  constexpr std::string_view kEnd = "\n\n", kId = "id: ";
  for (size_t end = one.received.find(kEnd); end != std::string::npos;
       end = one.received.find(kEnd)) {
    const std::string event = one.received.substr(0, end + 1);
    one.received.erase(0, end + kEnd.size());
    if (event.find("event: ack\n") == std::string::npos) continue;
    const size_t id = event.find(kId) + kId.size();
    Acknowledge(one, event.substr(id, event.find('\n', id) - id));
  }
}

void Acknowledgers::Acknowledge(const One& one, std::string_view position) {
  const size_t dot = position.find('.');
  const std::string form = "verifier=" + one.id +
                           "&epoch=" + std::string(position.substr(0, dot)) +
                           "&seq=" + std::string(position.substr(dot + 1));
  const int fd = Connect(port_);
  SendAll(fd, "POST /feed/ack HTTP/1.1\r\nHost: localhost\r\n" + headers_ +
                  "Content-Type: application/x-www-form-urlencoded\r\n"
                  "Connection: close\r\nContent-Length: " +
                  std::to_string(form.size()) + "\r\n\r\n" + form);
  answers_.insert(fd);
  Watch(fd);
}

}  // namespace signet::bench
