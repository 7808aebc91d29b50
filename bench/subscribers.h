#ifndef SIGNET_BENCH_SUBSCRIBERS_H_
#define SIGNET_BENCH_SUBSCRIBERS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
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
  // AwaitBody reads a whole HTTP answer and returns its body; AwaitHeader
  // returns one of its headers.
  std::string AwaitBody();
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

// Acknowledgers are verifiers that subscribe and say what they have in force
// whenever they are asked, each on a connection of its own, as the library's
// feed does. One epoll on the caller's thread serves them all.
class Acknowledgers {
 public:
  // `headers` is what proves the client to the service.
  Acknowledgers(uint16_t port, size_t count, std::string headers);
  ~Acknowledgers();
  Acknowledgers(const Acknowledgers&) = delete;
  Acknowledgers& operator=(const Acknowledgers&) = delete;

  // ServeWhile answers what is asked until `goes_on` says no.
  void ServeWhile(const std::function<bool()>& goes_on);

 private:
  struct One {
    std::string id;
    std::string received;
  };

  void OnEvents(One& one);
  void Acknowledge(const One& one, std::string_view position);
  void Watch(int fd);

  const uint16_t port_;
  const std::string headers_;
  const int poll_;
  std::unordered_map<int, One> streams_;
  std::unordered_set<int> answers_;  // connections that await a 204
};

}  // namespace signet::bench

#endif  // SIGNET_BENCH_SUBSCRIBERS_H_
