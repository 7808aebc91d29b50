#ifndef SIGNET_BENCH_SUBSCRIBERS_H_
#define SIGNET_BENCH_SUBSCRIBERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signet::bench {

// A Caller is one connection to a server on loopback, for one call at a time.
// All of these end the program if the connection does.
class Caller {
 public:
  explicit Caller(uint16_t port);
  ~Caller();
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void Send(std::string_view text);
  // Await reads until the text has come, and forgets what was read.
  void Await(std::string_view text);
  // AwaitBody reads a whole HTTP answer and returns the size of its body;
  // AwaitHeader returns one of its headers.
  size_t AwaitBody();
  std::string AwaitHeader(std::string_view name);

 private:
  void ReadAnswer();
  void Read();

  int fd_;
  std::string received_;
  size_t body_ = 0;  // where the answer's begins
};

// Subscribers are connections that wait for what a server sends to all of
// them, watched by one epoll on the caller's thread. It is the same program
// for every protocol: a message is found by texts in it.
class Subscribers {
 public:
  // Each sends `hello` and has begun once `ready` has come.
  Subscribers(uint16_t port, size_t count, std::string_view hello,
              std::string_view ready);
  ~Subscribers();
  Subscribers(const Subscribers&) = delete;
  Subscribers& operator=(const Subscribers&) = delete;

  // Await returns when each has received `mark`, and `end` after it.
  void Await(std::string_view mark, std::string_view end);

 private:
  struct One {
    int fd = -1;
    std::string received;
    bool done = false;
  };

  int poll_;
  std::vector<One> all_;
};

}  // namespace signet::bench

#endif  // SIGNET_BENCH_SUBSCRIBERS_H_
